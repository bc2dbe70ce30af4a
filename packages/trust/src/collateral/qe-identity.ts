import type { Bytes } from '../bytes.ts'
import { Fields } from './fields.ts'
import { invalidJson, parseStrictJson } from './strict-json.ts'
import { type ComponentLevel, type Dated, nonEmpty, parseComponentLevel } from './tcb-info.ts'

/** What a quoting enclave has to look like. */
export interface QeIdentity extends Dated {
  readonly tee: 'sgx' | 'tdx'
  readonly evaluationDataNumber: number
  readonly miscSelect: Bytes
  readonly miscSelectMask: Bytes
  readonly attributes: Bytes
  readonly attributesMask: Bytes
  readonly mrSigner: Bytes
  readonly isvProdId: number
  /** Best first, as Intel has them. */
  readonly levels: readonly ComponentLevel[]
}

const knownVersion = 2

/** Reads the object that Intel signs, version 2. Throws `evidence-invalid`. */
export function parseQeIdentity(text: string): QeIdentity {
  const identity = new Fields(parseStrictJson(text))
  const version = identity.number('version', 0xffff)
  if (version !== knownVersion) throw invalidJson(`a QE identity of version ${version}, not ${knownVersion}`)
  const id = identity.text('id')
  if (id !== 'QE' && id !== 'TD_QE') throw invalidJson(`the QE identity is of ${id.slice(0, 40)}`)
  return {
    tee: id === 'QE' ? 'sgx' : 'tdx',
    issueDateMs: identity.time('issueDate'),
    nextUpdateMs: identity.time('nextUpdate'),
    evaluationDataNumber: identity.number('tcbEvaluationDataNumber', 0xffff_ffff),
    miscSelect: identity.hex('miscselect', 4),
    miscSelectMask: identity.hex('miscselectMask', 4),
    attributes: identity.hex('attributes', 16),
    attributesMask: identity.hex('attributesMask', 16),
    mrSigner: identity.hex('mrsigner', 32),
    isvProdId: identity.number('isvprodid', 0xffff),
    levels: nonEmpty(identity, 'tcbLevels').map(parseComponentLevel),
  }
}
