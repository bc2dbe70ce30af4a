import { anchorHash } from '@cocoon/money'
import type { GetResource } from '@cocoon/trust/log'
import { z } from 'zod'
import { parseJson } from '../api.ts'

/** Of some 250 bytes each. */
const maxAnchorsBytes = 256 << 20

const hash = z.string().regex(/^[\da-f]{64}$/)
const decimal = z.string().regex(/^(?:0|[1-9]\d{0,18})$/)
const published = z.object({
  seqno: z.int(),
  nonce: hash,
  size: decimal,
  root: hash,
  transaction: hash,
  lt: decimal,
  at: z.iso.datetime(),
})

/** The opening of an anchor, as a log publishes it: docs/VERIFY.md, "Anchors of a log". */
export type PublishedAnchor = z.infer<typeof published>

/** All of them, newest last; undefined where the log publishes none, or something else. */
export async function readPublishedAnchors(
  get: GetResource,
  signal: AbortSignal | undefined,
): Promise<readonly PublishedAnchor[] | undefined> {
  const bytes = await get('anchors', { maxBytes: maxAnchorsBytes, signal })
  if (bytes === undefined) return undefined
  const parsed = z.array(published).safeParse(parseJson(new TextDecoder().decode(bytes)))
  return parsed.success ? parsed.data : undefined
}

/** What the chain has of it: 64 hexadecimal digits. */
export function openedHash({ nonce, size, root }: PublishedAnchor): string {
  const opening = { nonce: bytesOf(nonce), size: BigInt(size), root: bytesOf(root) }
  return Buffer.from(anchorHash(opening)).toString('hex')
}

function bytesOf(hex: string): Uint8Array {
  return Uint8Array.from(Buffer.from(hex, 'hex'))
}
