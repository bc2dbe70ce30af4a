import { type Bytes, fromBase64, toBase64 } from '../bytes.ts'
import { malformed } from '../der.ts'

/** A chain of a handful of certificates. */
export const maxPemBytes = 65_536

const block = /-----BEGIN CERTIFICATE-----\r?\n([A-Za-z\d+/=\r\n]+?)\r?\n-----END CERTIFICATE-----[\r\n]*/y

/**
 * The certificates of a PEM text, in order. Between the blocks there may be line ends, or none, as services put
 * them together; at the end also NULs, where strings of C have theirs; and nothing else anywhere. Throws
 * `certificate-malformed`.
 */
export function parsePem(text: string): Bytes[] {
  if (text.length > maxPemBytes) throw malformed(`the chain has ${text.length} characters`)
  const content = text.slice(0, endOf(text))
  const found: Bytes[] = []
  block.lastIndex = 0
  while (block.lastIndex < content.length) {
    const [, lines = ''] = block.exec(content) ?? []
    const der = fromBase64(lines.replaceAll(/\r?\n/g, ''))
    if (lines === '' || !der) throw malformed('the chain is not PEM')
    found.push(der)
  }
  if (found.length === 0) throw malformed('the chain is empty')
  return found
}

/** Where the line ends and NULs at the end of a text begin. A pattern would look for it from every one of them. */
function endOf(text: string): number {
  let end = text.length
  while (end > 0 && '\r\n\0'.includes(text[end - 1]!)) end -= 1
  return end
}

export function encodePem(certificates: readonly Uint8Array[]): string {
  return certificates.map(der => pemBlock('CERTIFICATE', der)).join('')
}

export function pemBlock(label: string, der: Uint8Array): string {
  const lines = toBase64(der).replaceAll(/.{64}(?=.)/g, '$&\n')
  return `-----BEGIN ${label}-----\n${lines}\n-----END ${label}-----\n`
}
