import { TrustError } from '@cocoon/trust'
import {
  type Equivocation,
  type GetResource,
  type KnownLog,
  LogReader,
  LogWatcher,
  type VerifiedCheckpoint,
  verifyCheckpoint,
} from '@cocoon/trust/log'
import { decode, encode, type LogEntry, logEntry, sameBytes } from '@cocoon/wire'
import { reasonOf } from '../error.ts'
import { type BuiltTile, GrowingTree } from './growing-tree.ts'
import { logCrypto } from './log-http.ts'
import type { Knot } from './thread.ts'

/** One thing that was looked at. */
export interface AuditFinding {
  readonly name: 'Head' | 'History' | 'Entries' | 'Tiles' | 'Anchors' | 'Chain' | 'Money'
  readonly state: Exclude<Knot, 'pending'>
  readonly sentence: string
}

/** What a log says of itself, from its signed head to its last tile. */
export interface ReadLog {
  readonly head: VerifiedCheckpoint
  readonly findings: readonly AuditFinding[]
  /** Whether all entries could be read. */
  readonly isWhole: boolean
  /** Adjusted tokens that the entries charge, in all. */
  readonly charged: bigint
  /** Entries with a receipt. */
  readonly sealed: number
  /** Roots at the sizes that were asked for. */
  readonly roots: ReadonlyMap<number, Uint8Array>
  /** Two histories under one key. */
  readonly fork: Equivocation | undefined
}

export interface ReadLogOptions {
  readonly get: GetResource
  readonly log: KnownLog
  /** Signed checkpoints from before. */
  readonly known: readonly string[]
  /** Sizes to tell the root at. */
  readonly sizes: ReadonlySet<number>
  readonly step: (entries: number, size: number) => void
  readonly signal: AbortSignal | undefined
}

/** Entries between two steps of progress. */
const stepEntries = 1_024

/**
 * Reads a whole log, entry by entry, and builds its tree anew. Rejects with a TrustError where there is no signed head
 * to begin with, and with what `get` rejects with.
 */
export async function readWholeLog(options: ReadLogOptions): Promise<ReadLog> {
  const { get, log, signal } = options
  const note = await get('checkpoint', { maxBytes: 1 << 17, signal })
  if (note === undefined) throw new TrustError('log-unverified', 'There is no checkpoint.')
  const head = verifyCheckpoint(logCrypto, log, note)
  const reader = new LogReader({ log, get, crypto: logCrypto })
  const history = await compareHistory(reader, head, options)
  const read = await readEntries(reader, head, options)
  const { entries, tiles, ...rest } = read
  const findings: AuditFinding[] = [headFinding(head), history.finding, entries, tiles]
  return { head, findings, fork: history.fork, ...rest }
}

function headFinding({ size, cosignatures }: VerifiedCheckpoint): AuditFinding {
  const witnesses = cosignatures.length === 0 ? '' : `, and by ${cosignatures.length} witnesses`
  return {
    name: 'Head',
    state: 'checked',
    sentence: `The proxy’s key has signed it${witnesses}: ${count(size, 'entry')}.`,
  }
}

/** Whether the log continues each checkpoint that was known. */
async function compareHistory(
  reader: LogReader,
  head: VerifiedCheckpoint,
  { log, known, signal }: ReadLogOptions,
): Promise<{ finding: AuditFinding; fork: Equivocation | undefined }> {
  const finding = (state: AuditFinding['state'], sentence: string): AuditFinding => ({
    name: 'History',
    state,
    sentence,
  })
  let largest = 0
  for (const trusted of known) {
    try {
      const watcher = new LogWatcher({ log, trusted, crypto: logCrypto })
      const { size } = watcher.trusted!
      const prefix = (newer: VerifiedCheckpoint, oldSize: number): Promise<Uint8Array[]> =>
        reader.prefixProof(newer, oldSize, signal)
      const seen = await watcher.observe(head.note, { prefix })
      if (seen.kind === 'equivocation') {
        const sentence = `It has signed two histories: one of ${size} entries, and this one of ${head.size}.`
        return { finding: finding('failed', sentence), fork: seen.evidence }
      }
      if (seen.kind === 'older') {
        const sentence = `It shows ${count(head.size, 'entry')}, and has signed ${size} before.`
        return { finding: finding('failed', sentence), fork: undefined }
      }
      largest = Math.max(largest, size)
    } catch (error) {
      if (!(error instanceof TrustError)) throw error
      return {
        finding: finding('failed', `It does not continue what was known: ${reasonOf(error)}`),
        fork: undefined,
      }
    }
  }
  if (known.length === 0) {
    return {
      finding: finding('not-checked', 'Not compared: --from names no checkpoint of before.'),
      fork: undefined,
    }
  }
  return {
    finding: finding('checked', `It continues the ${count(largest, 'entry')} known before.`),
    fork: undefined,
  }
}

type ReadEntries = Pick<ReadLog, 'isWhole' | 'charged' | 'sealed' | 'roots'> & {
  readonly entries: AuditFinding
  readonly tiles: AuditFinding
}

async function readEntries(
  reader: LogReader,
  head: VerifiedCheckpoint,
  { get, sizes, step, signal }: ReadLogOptions,
): Promise<ReadEntries> {
  const tree = new GrowingTree(logCrypto.sha256)
  const roots = new Map<number, Uint8Array>()
  let [charged, sealed] = [0n, 0]
  let malformed: number | undefined
  let badTile: string | undefined
  let broken: string | undefined
  const compare = async (tiles: readonly BuiltTile[]): Promise<void> => {
    for (const tile of tiles) if (!(await isServed(get, tile, signal))) badTile ??= tile.path
  }
  if (sizes.has(0)) roots.set(0, tree.root())
  try {
    for await (const { index, entry: bytes } of reader.entries(head, signal && { signal })) {
      await compare(tree.push(bytes))
      const entry = readEntry(bytes)
      if (entry === undefined) malformed ??= index
      else {
        charged += entry.chargedTokens
        if (entry.receipt.some(byte => byte !== 0)) sealed++
      }
      if (sizes.has(tree.size)) roots.set(tree.size, tree.root())
      if (tree.size % stepEntries === 0) step(tree.size, head.size)
    }
    await compare(tree.edge())
  } catch (error) {
    if (!(error instanceof TrustError)) throw error
    broken = reasonOf(error)
  }
  const isWhole = broken === undefined && sameBytes(tree.root(), head.root)
  return {
    isWhole,
    charged,
    sealed,
    roots,
    entries: entriesFinding({ broken, malformed, isWhole, charged, size: tree.size }),
    tiles: tilesFinding(badTile, isWhole),
  }
}

function entriesFinding({
  broken,
  malformed,
  isWhole,
  charged,
  size,
}: {
  broken: string | undefined
  malformed: number | undefined
  isWhole: boolean
  charged: bigint
  size: number
}): AuditFinding {
  const finding = (state: AuditFinding['state'], sentence: string): AuditFinding => ({
    name: 'Entries',
    state,
    sentence,
  })
  if (broken !== undefined) return finding('failed', `After ${count(size, 'entry')}: ${broken}`)
  if (!isWhole) return finding('failed', 'The entries do not lead to the root that was signed.')
  if (malformed !== undefined)
    return finding('failed', `Entry ${malformed} is none, or not in the one form that it has.`)
  return finding('checked', `All lead to the signed root. They charge ${grouped(charged)} units.`)
}

function tilesFinding(bad: string | undefined, isWhole: boolean): AuditFinding {
  if (bad !== undefined)
    return { name: 'Tiles', state: 'failed', sentence: `${bad} is not that of the entries.` }
  if (!isWhole)
    return {
      name: 'Tiles',
      state: 'not-checked',
      sentence: 'Not checked: the entries come to an end before.',
    }
  return { name: 'Tiles', state: 'checked', sentence: 'All tiles are those of the entries.' }
}

/** A partial tile may be gone once it is full: C2SP tlog-tiles, "Partial Tiles". */
async function isServed(
  get: GetResource,
  { path, hashes }: BuiltTile,
  signal: AbortSignal | undefined,
): Promise<boolean> {
  const served =
    (await get(path, { maxBytes: hashes.length, signal })) ??
    (await get(path.replace(/\.p\/\d+$/, ''), { maxBytes: 8_192, signal }))
  return served !== undefined && sameBytes(served.subarray(0, hashes.length), hashes)
}

/** Undefined unless it is in the one form that it has. */
function readEntry(bytes: Uint8Array): LogEntry | undefined {
  try {
    const entry = decode(logEntry, bytes)
    return entry.chargedTokens >= 0n && sameBytes(encode(logEntry, entry), bytes) ? entry : undefined
  } catch {
    return undefined
  }
}

export function count(number: number, what: 'entry' | 'anchor'): string {
  const many = what === 'entry' ? 'entries' : 'anchors'
  return `${grouped(number)} ${number === 1 ? what : many}`
}

export function grouped(value: bigint | number): string {
  return String(value).replace(/\B(?=(\d{3})+$)/g, ',')
}
