import { ed25519 } from '@noble/curves/ed25519.js'
import {
  type LogCrypto,
  type LogStore,
  nobleLogCrypto,
  noteKey,
  type NoteKeyType,
  LogAppender,
  type LogAppenderOptions,
  type LogEntry,
  type NoteSigner,
} from '../../src/log/index.ts'

export const crypto: LogCrypto = nobleLogCrypto
export const origin = 'log.example/receipts'

/** A key made of a number. */
export function signerOf(type: NoteKeyType, name: string, seed: number): NoteSigner {
  const secret = new Uint8Array(32).fill(seed)
  const key = noteKey(crypto, type, name, ed25519.getPublicKey(secret))
  return { key, sign: message => ed25519.sign(message, secret) }
}

export const logSigner: NoteSigner = signerOf('ed25519', origin, 1)

export function openLog(store: LogStore, more: Partial<LogAppenderOptions> = {}): Promise<LogAppender> {
  return LogAppender.open({ store, origin, signer: logSigner, writer: 'queue', ifEmpty: 'create', ...more })
}

/** Entries `first` to `first + count - 1` of a log whose entries are all different. */
export function entriesFrom(first: number, count: number): LogEntry[] {
  return Array.from({ length: count }, (_, at) => entryOf(first + at))
}

export function entryOf(number: number): LogEntry {
  return { id: `id ${number}`, entry: new TextEncoder().encode(`entry ${number}`) }
}
