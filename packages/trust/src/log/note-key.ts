import { fromBase64, join, toBase64 } from '../bytes.ts'
import { TrustError } from '../error.ts'
import type { LogCrypto, Sha256 } from './crypto.ts'
import { isKeyName, isNoteText, type Note, type NoteSignature } from './note.ts'

/** What a key signs: the text of a note, or a statement of a witness about a checkpoint and a time. */
export type NoteKeyType = 'ed25519' | 'cosignature-v1'

/** C2SP signed-note, "Signature types". */
const typeBytes: Readonly<Record<NoteKeyType, number>> = { ed25519: 1, 'cosignature-v1': 4 }

/** A key that notes are verified with. */
export interface NoteKey {
  readonly name: string
  /** The first 4 bytes of SHA-256(name ‖ 0a ‖ type ‖ key), big-endian. */
  readonly id: number
  readonly type: NoteKeyType
  /** Ed25519, 32 bytes. */
  readonly publicKey: Uint8Array
}

/** A key that signs. The secret stays with whoever made the function. */
export interface NoteSigner {
  readonly key: NoteKey
  /** Ed25519 of RFC 8032 over exactly these bytes: 64 bytes. */
  readonly sign: (message: Uint8Array) => Uint8Array | Promise<Uint8Array>
}

/** A signature that holds. */
export interface VerifiedSignature {
  readonly key: NoteKey
  readonly signature: NoteSignature
  /** Of a cosignature: Unix seconds. */
  readonly timestampS?: number
}

/** Throws `log-malformed` for a name or a key that is none. */
export function noteKey(
  { sha256 }: { sha256: Sha256 },
  type: NoteKeyType,
  name: string,
  publicKey: Uint8Array,
): NoteKey {
  if (!isKeyName(name)) throw malformed('its name is empty, or has spaces or plus signs')
  if (publicKey.length !== 32) throw malformed(`it has ${publicKey.length} bytes`)
  const typed = join(Uint8Array.of(typeBytes[type]), publicKey)
  const hash = sha256(join(new TextEncoder().encode(`${name}\n`), typed))
  return {
    name,
    id: new DataView(hash.buffer, hash.byteOffset).getUint32(0),
    type,
    publicKey: typed.slice(1),
  }
}

/** Reads `name+id+base64(type ‖ key)`: a "vkey" of C2SP signed-note. Throws `log-malformed`. */
export function parseNoteKey(crypto: { sha256: Sha256 }, text: string): NoteKey {
  const [, name = '', id = '', base64 = ''] = /^([^+]+)\+([\da-f]{8})\+(.+)$/.exec(text) ?? []
  const typed = fromBase64(base64)
  const type = (Object.keys(typeBytes) as NoteKeyType[]).find(known => typeBytes[known] === typed?.[0])
  if (typed === undefined || type === undefined) throw malformed('it is not of the form name+id+key')
  const key = noteKey(crypto, type, name, typed.subarray(1))
  if (hexId(key) !== id) throw malformed('its id is that of another key')
  return key
}

/** The form that `parseNoteKey` reads. */
export function formatNoteKey(key: NoteKey): string {
  return `${key.name}+${hexId(key)}+${toBase64(join(Uint8Array.of(typeBytes[key.type]), key.publicKey))}`
}

/** Signs a text. Throws `log-malformed` for one that no note can have. */
export async function signNote({ key, sign }: NoteSigner, text: string): Promise<NoteSignature> {
  expectType(key, 'ed25519')
  if (!isNoteText(text)) throw new TrustError('log-malformed', 'This text cannot be signed as a note.')
  return { name: key.name, keyId: key.id, signature: await sign(new TextEncoder().encode(text)) }
}

/** Signs that at this time, Unix seconds, the checkpoint was the largest known: C2SP tlog-cosignature. */
export async function cosign(
  { key, sign }: NoteSigner,
  text: string,
  timestampS: number,
): Promise<NoteSignature> {
  expectType(key, 'cosignature-v1')
  const timestamp = new Uint8Array(8)
  new DataView(timestamp.buffer).setBigUint64(0, BigInt(timestampS))
  const signature = await sign(cosignedMessage(text, timestampS))
  return { name: key.name, keyId: key.id, signature: join(timestamp, signature) }
}

/**
 * The signatures of known keys, one for each. Those of unknown keys are passed over, whatever they are. Throws
 * `log-unverified` where one of a known key does not hold.
 */
export function verifyNote(
  crypto: Pick<LogCrypto, 'verify'>,
  { text, signatures }: Note,
  keys: readonly NoteKey[],
): VerifiedSignature[] {
  const verified: VerifiedSignature[] = []
  for (const key of keys) {
    const signature = signatures.find(({ name, keyId }) => name === key.name && keyId === key.id)
    if (signature === undefined) continue
    const holds = verifySignature(crypto, text, key, signature)
    if (holds === undefined) {
      throw new TrustError('log-unverified', `The signature of ${key.name} does not hold.`)
    }
    verified.push(holds)
  }
  return verified
}

/** Undefined where the signature does not hold. Its name and id are not looked at. */
function verifySignature(
  crypto: Pick<LogCrypto, 'verify'>,
  text: string,
  key: NoteKey,
  signature: NoteSignature,
): VerifiedSignature | undefined {
  const bytes = signature.signature
  if (key.type === 'ed25519') {
    const holds = crypto.verify(key.publicKey, new TextEncoder().encode(text), bytes)
    return holds ? { key, signature } : undefined
  }
  if (bytes.length !== 8 + 64) return undefined
  const timestamp = new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0)
  // Later than any number that is exact, and than the end of the sun.
  if (timestamp > BigInt(Number.MAX_SAFE_INTEGER)) return undefined
  const timestampS = Number(timestamp)
  const holds = crypto.verify(key.publicKey, cosignedMessage(text, timestampS), bytes.subarray(8))
  return holds ? { key, signature, timestampS } : undefined
}

function cosignedMessage(text: string, timestampS: number): Uint8Array {
  return new TextEncoder().encode(`cosignature/v1\ntime ${timestampS}\n${text}`)
}

function expectType(key: NoteKey, type: NoteKeyType): void {
  if (key.type !== type) throw malformed(`it is of the type ${key.type} in the place of ${type}`)
}

function hexId({ id }: NoteKey): string {
  return id.toString(16).padStart(8, '0')
}

function malformed(why: string): TrustError {
  return new TrustError('log-malformed', `The key of a note is malformed: ${why}.`)
}
