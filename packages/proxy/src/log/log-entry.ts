import { receiptDigest, type SealCrypto } from '@cocoon/trust/seal'
import { decode, encode, logEntry } from '@cocoon/wire'
import type { Note } from '@cocoon/money'
import type { WorkerFinal } from '../worker-answer.ts'

const none = new Uint8Array(32)

/** What is noted with a charge: an entry of the log, as yet without what was charged. */
export function noteOf(
  crypto: SealCrypto,
  query: { readonly model: string; readonly identity: Uint8Array | undefined },
  receipt: WorkerFinal['receipt'],
): Uint8Array {
  const { signed, receipt: said } = receipt ?? {}
  return encode(logEntry, {
    _: 'log.entry',
    receipt: signed ? receiptDigest(crypto, signed) : none,
    identity: said ? said.identity : none,
    model: said?.model ?? query.model,
    coefficient: said?.coefficient ?? 0,
    chargedTokens: 0n,
  })
}

/** The entry of a note: what was charged is known once it is. */
export function entryOf({ bytes, chargedTokens }: Note): Uint8Array {
  return encode(logEntry, { ...decode(logEntry, bytes), chargedTokens })
}
