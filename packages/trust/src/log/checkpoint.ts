import { fromBase64, toBase64 } from '../bytes.ts'
import { TrustError } from '../error.ts'
import type { LogCrypto } from './crypto.ts'
import { logLimits } from './limits.ts'
import { hashBytes, isTreeSize } from './merkle.ts'
import { isNoteText, parseNote } from './note.ts'
import { type NoteKey, type VerifiedSignature, verifyNote } from './note-key.ts'

/** The head of a log's tree: C2SP tlog-checkpoint. */
export interface Checkpoint {
  /** Names the log. */
  readonly origin: string
  /** Leaves of the tree, below 2^53. */
  readonly size: number
  /** 32 bytes. */
  readonly root: Uint8Array
  /** Further lines, which are signed and mean nothing here. */
  readonly extensions: readonly string[]
}

/** A log that somebody knows, and what they ask of its checkpoints. */
export interface KnownLog {
  readonly origin: string
  /** Keys of the log, of type `ed25519`. One signature suffices. */
  readonly keys: readonly NoteKey[]
  /** Keys of witnesses, of type `cosignature-v1`, and how many of them have to have cosigned. */
  readonly witnesses?: { readonly keys: readonly NoteKey[]; readonly quorum: number }
}

/** A checkpoint that the log signed, and enough of its witnesses. */
export interface VerifiedCheckpoint extends Checkpoint {
  /** As it was signed, with all of its signatures. */
  readonly note: string
  readonly signatures: readonly VerifiedSignature[]
  readonly cosignatures: readonly VerifiedSignature[]
}

/** The text that is signed: origin, size and root in base64, each on a line, and the extensions. */
export function formatCheckpoint({ origin, size, root, extensions }: Checkpoint): string {
  const text = [origin, String(size), toBase64(root), ...extensions].map(line => `${line}\n`).join('')
  if (!isNoteText(text)) throw malformed('its origin or an extension cannot be signed')
  return text
}

/** Reads the text of a checkpoint, in the one form that it has. Throws `log-malformed`. */
export function parseCheckpoint(text: string): Checkpoint {
  const [origin = '', decimal = '', base64 = '', ...extensions] = text.slice(0, -1).split('\n')
  const size = parseSize(decimal)
  const root = fromBase64(base64)
  if (!isNoteText(text) || origin === '') throw malformed('it has no origin')
  if (size === undefined) throw malformed('its size is none')
  if (root?.length !== hashBytes) throw malformed('its root is none')
  if (extensions.length > logLimits.extensionLines || extensions.includes('')) {
    throw malformed('its extensions are empty, or too many')
  }
  return { origin, size, root, extensions }
}

/** A size in decimal without leading zeros. */
export function parseSize(text: string): number | undefined {
  const size = /^(?:0|[1-9]\d{0,15})$/.test(text) ? Number(text) : undefined
  return size !== undefined && isTreeSize(size) ? size : undefined
}

/**
 * Reads and verifies a signed checkpoint. Throws `log-malformed`, and `log-unverified` where it is of another log,
 * or the log or a quorum of its witnesses has not signed it.
 */
export function verifyCheckpoint(
  crypto: Pick<LogCrypto, 'verify'>,
  { origin, keys, witnesses }: KnownLog,
  note: string | Uint8Array,
): VerifiedCheckpoint {
  const parsed = parseNote(note)
  const checkpoint = parseCheckpoint(parsed.text)
  if (checkpoint.origin !== origin) {
    throw new TrustError('log-unverified', `The checkpoint is not of the log ${origin}.`)
  }
  const signatures = verifyNote(crypto, parsed, keys)
  if (signatures.length === 0) {
    throw new TrustError('log-unverified', `No known key of the log ${origin} has signed the checkpoint.`)
  }
  const cosignatures = verifyNote(crypto, parsed, witnesses?.keys ?? [])
  const quorum = witnesses?.quorum ?? 0
  if (cosignatures.length < quorum) {
    const found = `${cosignatures.length} of ${quorum} witnesses`
    throw new TrustError('log-unverified', `Only ${found} have cosigned the checkpoint of ${origin}.`)
  }
  return {
    ...checkpoint,
    note: typeof note === 'string' ? note : new TextDecoder('utf-8', { ignoreBOM: true }).decode(note),
    signatures,
    cosignatures,
  }
}

function malformed(why: string): TrustError {
  return new TrustError('log-malformed', `The checkpoint is malformed: ${why}.`)
}
