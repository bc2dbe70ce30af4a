import { type Bytes, fromBase64, fromHex } from '../bytes.ts'
import { invalidQuote } from './byte-reader.ts'
import { maxQuoteBufferBytes } from './parse-quote.ts'

/**
 * The bytes of a quote from a file that holds it raw, in hexadecimal or in base64; white space in the text forms
 * does not count. Throws `evidence-invalid`.
 */
export function readQuoteFile(content: Uint8Array): Bytes {
  if (content.length > 4 * maxQuoteBufferBytes) throw invalidQuote(`the file has ${content.length} bytes`)
  // A raw quote begins with its version, whose second byte is zero; no text has a zero.
  if (content[1] === 0) return Uint8Array.from(content)
  const text = new TextDecoder('latin1').decode(content).replaceAll(/\s/g, '')
  const bytes = fromHex(text.replace(/^0x/i, '')) ?? fromBase64(text)
  if (!bytes || bytes.length === 0)
    throw invalidQuote('the file is neither a quote nor one in hexadecimal or base64')
  return bytes
}
