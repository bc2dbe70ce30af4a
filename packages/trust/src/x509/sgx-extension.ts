import type { Bytes } from '../bytes.ts'
import { DerReader, malformed, tag } from '../der.ts'
import type { DerElement } from '../der.ts'
import type { ChainCertificate } from './certificate.ts'
import { oidOf, smallNumber } from './values.ts'

export const sgxExtensionOid = '1.2.840.113741.1.13.1'

/** What a PCK certificate says about its platform. */
export interface PlatformIdentity {
  /** Provisioning id of the processor package, 16 bytes. */
  readonly ppid: Bytes
  /** The 16 component SVNs. */
  readonly components: readonly number[]
  readonly pceSvn: number
  readonly cpuSvn: Bytes
  /** 2 bytes. */
  readonly pceId: Bytes
  /** 6 bytes. */
  readonly fmspc: Bytes
}

const maxFields = 32

/**
 * SGX Extensions ::= SEQUENCE OF SEQUENCE { id OBJECT IDENTIFIER, value ANY }. What a verifier compares has to be
 * there, once each; other fields, such as the platform's configuration, are passed over. Throws
 * `certificate-malformed`.
 */
export function platformIdentity(certificate: ChainCertificate): PlatformIdentity {
  const extension = certificate.extensions.get(sgxExtensionOid)
  if (!extension) throw malformed('it has no SGX extension')
  const fields = parseFields(extension.content, sgxExtensionOid)
  const tcb = parseFields(field(fields, 2, tag.sequence).whole, `${sgxExtensionOid}.2`)
  const components = Array.from({ length: 16 }, (_, index) =>
    smallNumber(field(tcb, index + 1, tag.integer), 0xff),
  )
  return {
    ppid: octets(fields, 1, 16),
    components,
    pceSvn: smallNumber(field(tcb, 17, tag.integer), 0xffff),
    cpuSvn: octets(tcb, 18, 16),
    pceId: octets(fields, 3, 2),
    fmspc: octets(fields, 4, 6),
  }
}

type Fields = ReadonlyMap<string, DerElement>

/** Values by the last arc of their identifier, all of which lie below `parent`. */
function parseFields(der: Bytes, parent: string): Fields {
  const outer = new DerReader(der)
  const list = outer.enter(tag.sequence)
  outer.end()
  const found = new Map<string, DerElement>()
  while (list.more) {
    const pair = list.enter(tag.sequence)
    const id = oidOf(pair)
    const value = pair.next()
    pair.end()
    if (!id.startsWith(`${parent}.`) || found.has(id)) throw malformed(`field ${id} is out of place`)
    if (found.size >= maxFields) throw malformed(`more than ${maxFields} fields in the SGX extension`)
    found.set(id.slice(parent.length + 1), value)
  }
  return found
}

function field(fields: Fields, arc: number, expectedTag: number): DerElement {
  const element = fields.get(String(arc))
  if (element?.tag !== expectedTag) throw malformed(`field ${arc} of the SGX extension is missing or odd`)
  return element
}

function octets(fields: Fields, arc: number, sizeBytes: number): Bytes {
  const { content } = field(fields, arc, tag.octetString)
  if (content.length !== sizeBytes) throw malformed(`field ${arc} of the SGX extension has another length`)
  return content
}
