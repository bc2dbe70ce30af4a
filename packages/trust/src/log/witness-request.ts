import { fromBase64, toBase64 } from '../bytes.ts'
import { TrustError } from '../error.ts'
import { type Checkpoint, parseCheckpoint, parseSize } from './checkpoint.ts'
import { logLimits } from './limits.ts'
import { hashBytes } from './merkle.ts'
import { type Note, parseNote } from './note.ts'

/** What a witness is asked to cosign: the body of add-checkpoint, C2SP tlog-witness. */
export interface AddCheckpoint {
  /** Size of the checkpoint that the witness cosigned last, as far as the log knows. */
  readonly oldSize: number
  /** Consistency proof of RFC 6962 from this size. */
  readonly proof: readonly Uint8Array[]
  /** Signed checkpoint. */
  readonly note: string
}

/** `old <size>`, a line in base64 for each hash, an empty line, and the signed checkpoint. */
export function formatAddCheckpoint({ oldSize, proof, note }: AddCheckpoint): string {
  return [`old ${oldSize}\n`, ...proof.map(hash => `${toBase64(hash)}\n`), '\n', note].join('')
}

/** Reads a request, of which nothing is verified. Throws `log-malformed`. */
export function parseAddCheckpoint(
  body: string | Uint8Array,
): AddCheckpoint & { readonly parsed: Note; readonly checkpoint: Checkpoint } {
  if (body.length > logLimits.requestBytes) throw malformed('it is too long')
  const text = typeof body === 'string' ? body : decodeUtf8(body)
  const end = text.indexOf('\n\n')
  const [first = '', ...lines] = text.slice(0, Math.max(0, end)).split('\n')
  const oldSize = first.startsWith('old ') ? parseSize(first.slice(4)) : undefined
  if (oldSize === undefined) throw malformed('its old size is none')
  if (lines.length > logLimits.proofHashes) throw malformed(`its proof has ${lines.length} hashes`)
  const note = text.slice(end + 2)
  const parsed = parseNote(note)
  return { oldSize, proof: lines.map(parseHash), note, parsed, checkpoint: parseCheckpoint(parsed.text) }
}

function parseHash(line: string): Uint8Array {
  const hash = fromBase64(line)
  if (hash?.length !== hashBytes) throw malformed('a hash of its proof is none')
  return hash
}

function decodeUtf8(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch (cause) {
    throw new TrustError('log-malformed', 'The request to a witness is malformed: it is not UTF-8.', {
      cause,
    })
  }
}

function malformed(why: string): TrustError {
  return new TrustError('log-malformed', `The request to a witness is malformed: ${why}.`)
}
