const encoder = new TextEncoder()

/** The text in ASCII and one zero byte, which no other label goes on with. */
function label(text: string): Uint8Array {
  return encoder.encode(`${text}\0`)
}

/** What keeps the purposes apart that one key or hash serves: docs/PROTOCOL.md has each. */
export const labels = {
  identity: label('cocoon identity v1'),
  identityQuote: label('cocoon identity quote v1'),
  announcement: label('cocoon identity announcement v1'),
  session: label('cocoon sealing session v1'),
  sessionChain: label('cocoon session chain v1'),
  ratchet: label('cocoon ratchet v1'),
  singleMessage: label('cocoon single message v1'),
  wrap: label('cocoon wrap v1'),
  query: label('cocoon query v1'),
  receipt: label('cocoon receipt v1'),
  receiptDigest: label('cocoon receipt digest v1'),
  requestCommitment: label('cocoon request commitment v1'),
  answerCommitment: label('cocoon answer commitment v1'),
} as const

export function u32(value: number): Uint8Array {
  return Uint8Array.of(value, value >>> 8, value >>> 16, value >>> 24)
}
