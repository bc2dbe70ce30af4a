import { ed25519 } from '@noble/curves/ed25519.js'
import {
  encodeBundle,
  type GetResource,
  type KnownLog,
  LogAppender,
  type LogAppenderOptions,
  type LogCrypto,
  type LogEntry,
  type LogStore,
  MemoryLogStore,
  nobleLogCrypto,
  noteKey,
  type NoteKeyType,
  type NoteSigner,
  parseResourcePath,
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

export interface ServedLog {
  readonly store: MemoryLogStore
  readonly log: KnownLog
  readonly get: GetResource
  readonly append: LogAppender['append']
}

/** A log in memory, as its readers see it. */
export async function servedLog(more: Partial<LogAppenderOptions> = {}): Promise<ServedLog> {
  const store = new MemoryLogStore()
  const appender = await openLog(store, more)
  return {
    store,
    log: { origin, keys: [logSigner.key] },
    get: async path => {
      const resource = parseResourcePath(path)
      if (resource?.kind === 'tile') {
        const tile = await store.tile(resource.level, resource.index)
        return tile !== undefined && tile.length >= resource.width * 32
          ? tile.subarray(0, resource.width * 32)
          : undefined
      }
      if (resource?.kind === 'entries') {
        const entries = await store.entries(resource.index * 256, resource.width)
        return entries.length === resource.width ? encodeBundle(entries) : undefined
      }
      return new TextEncoder().encode((await store.published())?.checkpoint)
    },
    append: batch => appender.append(batch),
  }
}
