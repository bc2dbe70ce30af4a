import type { Bytes } from '../bytes.ts'
import { Fields } from './fields.ts'
import { invalidJson, parseStrictJson, type StrictJson } from './strict-json.ts'
import { componentStatus, type ComponentStatus, platformStatus, type PlatformStatus } from './tcb-status.ts'

/** A level with what Intel says about it. */
export interface Level<Status extends PlatformStatus = PlatformStatus> {
  readonly status: Status
  /** Milliseconds since the Unix epoch. */
  readonly dateMs: number
  readonly advisoryIds: readonly string[]
}

export interface PlatformLevel extends Level {
  /** The SVNs that a platform needs at least, 16 each; those of TDX are absent in TCB info for SGX. */
  readonly sgxComponents: readonly number[]
  readonly tdxComponents?: readonly number[]
  readonly pceSvn: number
}

/** A level of a TDX module or of a quoting enclave. */
export interface ComponentLevel extends Level<ComponentStatus> {
  readonly isvSvn: number
}

/** What a TDX module has to look like. */
export interface ModuleIdentity {
  readonly mrSigner: Bytes
  readonly attributes: Bytes
  readonly attributesMask: Bytes
}

export interface VersionedModuleIdentity extends ModuleIdentity {
  /** Such as `TDX_03`, in upper case. */
  readonly id: string
  readonly levels: readonly ComponentLevel[]
}

/** When something signed is valid. Milliseconds since the Unix epoch. */
export interface Dated {
  readonly issueDateMs: number
  readonly nextUpdateMs: number
}

export interface TcbInfo extends Dated {
  readonly tee: 'sgx' | 'tdx'
  readonly evaluationDataNumber: number
  /** 6 bytes. */
  readonly fmspc: Bytes
  /** 2 bytes. */
  readonly pceId: Bytes
  /** Best first, as Intel has them. */
  readonly levels: readonly PlatformLevel[]
  /** For TDX. */
  readonly module?: ModuleIdentity
  readonly moduleIdentities: readonly VersionedModuleIdentity[]
}

const knownVersion = 3

/** Reads the object that Intel signs, version 3. Throws `evidence-invalid`. */
export function parseTcbInfo(text: string): TcbInfo {
  const info = new Fields(parseStrictJson(text))
  const version = info.number('version', 0xffff)
  if (version !== knownVersion) throw invalidJson(`TCB info of version ${version}, not ${knownVersion}`)
  const id = info.text('id')
  if (id !== 'SGX' && id !== 'TDX') throw invalidJson(`the TCB info is for ${id.slice(0, 40)}`)
  const tee = id === 'SGX' ? 'sgx' : 'tdx'
  // The kind of comparison that the levels are made for; no other one exists.
  info.number('tcbType', 0)
  return {
    tee,
    issueDateMs: info.time('issueDate'),
    nextUpdateMs: info.time('nextUpdate'),
    evaluationDataNumber: info.number('tcbEvaluationDataNumber', 0xffff_ffff),
    fmspc: info.hex('fmspc', 6),
    pceId: info.hex('pceId', 2),
    levels: nonEmpty(info, 'tcbLevels').map(value => parsePlatformLevel(new Fields(value), tee)),
    ...(tee === 'tdx' && { module: parseModule(info.object('tdxModule')) }),
    moduleIdentities: parseModuleIdentities(info, tee),
  }
}

/** One level of a TDX module or a quoting enclave, which both have the same shape. */
export function parseComponentLevel(value: StrictJson): ComponentLevel {
  const level = new Fields(value)
  return {
    isvSvn: level.object('tcb').number('isvsvn', 0xffff),
    status: componentStatus(level.text('tcbStatus')),
    ...parseRest(level),
  }
}

/** A list that has to have entries: without levels nothing could ever match. */
export function nonEmpty(fields: Fields, name: string): readonly StrictJson[] {
  const list = fields.list(name)
  if (list.length === 0) throw invalidJson(`${name} is empty`)
  return list
}

function parsePlatformLevel(level: Fields, tee: TcbInfo['tee']): PlatformLevel {
  const tcb = level.object('tcb')
  return {
    sgxComponents: parseComponents(tcb, 'sgxtcbcomponents'),
    ...(tee === 'tdx' && { tdxComponents: parseComponents(tcb, 'tdxtcbcomponents') }),
    pceSvn: tcb.number('pcesvn', 0xffff),
    status: platformStatus(level.text('tcbStatus')),
    ...parseRest(level),
  }
}

function parseComponents(tcb: Fields, name: string): number[] {
  const components = tcb.list(name)
  if (components.length !== 16) throw invalidJson(`${name} has ${components.length} entries, not 16`)
  return components.map(value => new Fields(value).number('svn', 0xff))
}

function parseRest(level: Fields): Pick<Level, 'dateMs' | 'advisoryIds'> {
  return { dateMs: level.time('tcbDate'), advisoryIds: level.texts('advisoryIDs') }
}

function parseModule(module: Fields): ModuleIdentity {
  return {
    mrSigner: module.hex('mrsigner', 48),
    attributes: module.hex('attributes', 8),
    attributesMask: module.hex('attributesMask', 8),
  }
}

function parseModuleIdentities(info: Fields, tee: TcbInfo['tee']): VersionedModuleIdentity[] {
  if (tee === 'sgx' && (info.has('tdxModule') || info.has('tdxModuleIdentities'))) {
    throw invalidJson('TCB info for SGX names TDX modules')
  }
  if (!info.has('tdxModuleIdentities')) return []
  const identities = info.list('tdxModuleIdentities').map(value => {
    const identity = new Fields(value)
    const levels = nonEmpty(identity, 'tcbLevels').map(parseComponentLevel)
    return { id: identity.text('id').toUpperCase(), ...parseModule(identity), levels }
  })
  if (new Set(identities.map(({ id }) => id)).size < identities.length) {
    throw invalidJson('it names a TDX module twice')
  }
  return identities
}
