import { fromBase64, join, toBase64 } from '../bytes.ts'
import { TrustError } from '../error.ts'
import { logLimits } from './limits.ts'

/** A text and who signed it: C2SP signed-note. */
export interface Note {
  /** Ends in a newline, which is signed too. */
  readonly text: string
  readonly signatures: readonly NoteSignature[]
}

export interface NoteSignature {
  /** Name of the key. */
  readonly name: string
  /** Id of the key, u32. */
  readonly keyId: number
  /** What the algorithm of the key makes. */
  readonly signature: Uint8Array
}

const dash = '\u2014'

/**
 * Reads a note: the text, an empty line, and a line for each signature, `— name base64(u32 key id ‖ signature)`.
 * Nothing of it is verified. Throws `log-malformed`.
 */
export function parseNote(note: string | Uint8Array): Note {
  const all = noteString(note)
  const split = all.lastIndexOf('\n\n')
  if (split < 0) throw malformed('it has no empty line before its signatures')
  return { text: all.slice(0, split + 1), signatures: parseSignatureLines(all.slice(split + 2)) }
}

/** Lines of signatures as they stand at the end of a note; at least one. Throws `log-malformed`. */
export function parseSignatureLines(lines: string): NoteSignature[] {
  if (!lines.endsWith('\n')) throw malformed('its last line does not end')
  const list = lines.slice(0, -1).split('\n')
  if (list.length > logLimits.noteSignatures) throw malformed(`it has ${list.length} signatures`)
  return list.map(parseSignatureLine)
}

export function formatNote({ text, signatures }: Note): string {
  return `${text}\n${signatures.map(formatSignatureLine).join('')}`
}

/** With its newline. */
export function formatSignatureLine({ name, keyId, signature }: NoteSignature): string {
  const id = new Uint8Array(4)
  new DataView(id.buffer).setUint32(0, keyId)
  return `${dash} ${name} ${toBase64(join(id, signature))}\n`
}

/** Whether a key may have the name: not empty, without spaces and plus signs. */
export function isKeyName(name: string): boolean {
  return name.length > 0 && name.length <= logLimits.keyNameLength && !/[\p{White_Space}\p{Cc}+]/u.test(name)
}

/** Text that can be signed: UTF-8 without control characters, which ends in a newline. */
export function isNoteText(text: string): boolean {
  // eslint-disable-next-line no-control-regex
  return text.endsWith('\n') && text.isWellFormed() && !/[\0-\x09\x0b-\x1f]/.test(text)
}

function parseSignatureLine(line: string): NoteSignature {
  const [mark, name = '', base64 = '', ...rest] = line.split(' ')
  const bytes = fromBase64(base64)
  if (mark !== dash || rest.length > 0 || !isKeyName(name) || bytes === undefined || bytes.length < 5) {
    throw malformed('a line of its signatures is none')
  }
  return { name, keyId: new DataView(bytes.buffer).getUint32(0), signature: bytes.subarray(4) }
}

function noteString(note: string | Uint8Array): string {
  if (note.length > logLimits.noteBytes) throw malformed('it is too long')
  const text = typeof note === 'string' ? note : decodeUtf8(note)
  if (!isNoteText(text)) throw malformed('its text is none')
  return text
}

function decodeUtf8(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch (cause) {
    throw new TrustError('log-malformed', 'The note is malformed: it is not UTF-8.', { cause })
  }
}

function malformed(why: string): TrustError {
  return new TrustError('log-malformed', `The note is malformed: ${why}.`)
}
