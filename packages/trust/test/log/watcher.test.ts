import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { toBase64 } from '../../src/bytes.ts'
import {
  type Equivocation,
  formatCheckpoint,
  formatNote,
  type LogEntry,
  LogReader,
  LogWatcher,
  type Observation,
  signNote,
  verifyEquivocation,
} from '../../src/log/index.ts'
import { crypto, entriesFrom, logSigner, origin, servedLog, type ServedLog, signerOf } from './fixture.ts'

const unverified = { code: 'log-unverified' }

/** Entries of which those from `fork` on are others. */
function forked(count: number, fork: number): LogEntry[] {
  return entriesFrom(0, count).map(({ id, entry }, index) => ({
    id,
    entry: index < fork ? entry : Uint8Array.of(0, ...entry),
  }))
}

async function logOf(entries: LogEntry[]): Promise<ServedLog & { reader: LogReader; note: string }> {
  const served = await servedLog()
  for (let at = 0; at < entries.length; at += 10_000) await served.append(entries.slice(at, at + 10_000))
  const reader = new LogReader(served)
  return { ...served, reader, note: (await reader.checkpoint()).note }
}

/** Shows a watcher that trusts one log the checkpoint of another, with proofs of the larger one. */
async function show(
  trusted: Awaited<ReturnType<typeof logOf>>,
  shown: Awaited<ReturnType<typeof logOf>>,
  kind: 'prefix' | 'consistency',
): Promise<Observation> {
  const watcher = new LogWatcher({ log: trusted.log, trusted: trusted.note })
  const sizes = await Promise.all(
    [trusted, shown].map(async ({ reader }) => (await reader.checkpoint()).size),
  )
  const { reader } = sizes[0]! > sizes[1]! ? trusted : shown
  const observed = await watcher.observe(
    shown.note,
    kind === 'prefix'
      ? { prefix: (newer, oldSize) => reader.prefixProof(newer, oldSize) }
      : { consistency: (newer, oldSize) => reader.consistencyProof(newer, oldSize) },
  )
  assert.equal(watcher.trusted?.note, observed.kind === 'accepted' ? shown.note : trusted.note)
  return observed
}

test('what continues is accepted, and what forks is proved to anybody', async () => {
  const length = fc.oneof(fc.nat(12), fc.nat(600))
  await fc.assert(
    fc.asyncProperty(length, length, fc.nat(), async (one, other, at) => {
      const [smaller, larger] = [Math.min(one, other), Math.max(one, other)]
      const fork = at % (larger + 1)
      const [old, young] = [await logOf(forked(smaller, smaller)), await logOf(forked(larger, fork))]
      const isForked = fork < smaller
      const kinds = [await show(old, young, 'prefix'), await show(young, old, 'prefix')]
      for (const [index, observation] of kinds.entries()) {
        const honest = index === 0 || smaller === larger ? 'accepted' : 'older'
        assert.equal(observation.kind, isForked ? 'equivocation' : honest)
        if (observation.kind !== 'equivocation') continue
        const evidence = JSON.parse(JSON.stringify(observation.evidence)) as Equivocation
        assert.ok(verifyEquivocation(crypto, old.log, evidence))
        assert.ok(
          !verifyEquivocation(crypto, { origin, keys: [signerOf('ed25519', origin, 3).key] }, evidence),
        )
      }
    }),
    { numRuns: 25 },
  )
})

test('a proof of RFC 6962 shows that the log continues, and most forks', async () => {
  const [six, seven, otherSeven] = [
    await logOf(forked(6, 6)),
    await logOf(forked(7, 7)),
    await logOf(forked(7, 3)),
  ]
  assert.equal((await show(six, seven, 'consistency')).kind, 'accepted')
  assert.equal((await show(six, otherSeven, 'consistency')).kind, 'equivocation')
  const four = await logOf(forked(4, 4))
  assert.equal((await show(four, seven, 'consistency')).kind, 'accepted')
  // Of a power of two the proof has no hash of its own: it is worth nothing, and so is the checkpoint.
  await assert.rejects(show(four, otherSeven, 'consistency'), unverified)
  assert.equal((await show(four, otherSeven, 'prefix')).kind, 'equivocation')
})

test('nobody can accuse an honest log', async () => {
  const [older, newer] = [await logOf(forked(300, 300)), await logOf(forked(600, 600))]
  const honest = await newer.reader.prefixProof(await newer.reader.checkpoint(), 300)
  const proof = honest.map(toBase64)
  const against = (evidence: Partial<Equivocation>): boolean =>
    verifyEquivocation(crypto, newer.log, { older: older.note, newer: newer.note, proof, ...evidence })
  assert.ok(!against({}))
  assert.ok(!against({ older: newer.note, newer: older.note }))
  assert.ok(!against({ older: newer.note, proof: [] }))
  assert.ok(!against({ proof: ['?'] }))
  assert.ok(!against({ proof: Array.from({ length: 65 }, () => proof[0]!) }))
  fc.assert(
    fc.property(
      fc.nat(honest.length - 1),
      fc.nat(31),
      fc.integer({ min: 1, max: 255 }),
      (which, at, change) => {
        const hash = honest[which]!
        const changed = honest.with(which, hash.with(at, hash[at]! ^ change))
        assert.ok(!against({ proof: changed.map(toBase64) }))
        assert.ok(!against({ proof: honest.toSpliced(which, 1).map(toBase64) }))
      },
    ),
  )
  // What one key has signed is not held against another.
  const stranger = signerOf('ed25519', 'other.example', 7)
  const text = formatCheckpoint({ origin, size: 300, root: new Uint8Array(32), extensions: [] })
  const forged = formatNote({ text, signatures: [await signNote(stranger, text)] })
  const both = { origin, keys: [logSigner.key, stranger.key] }
  assert.ok(!verifyEquivocation(crypto, both, { older: older.note, newer: forged, proof: [] }))
  const own = formatNote({ text, signatures: [await signNote(logSigner, text)] })
  assert.ok(verifyEquivocation(crypto, both, { older: older.note, newer: own, proof: [] }))
})

test('a checkpoint without a proof that holds is not accepted', async () => {
  const [older, newer] = [await logOf(forked(5, 5)), await logOf(forked(9, 9))]
  const watcher = new LogWatcher({ log: older.log, trusted: older.note })
  for (const proof of [[], [new Uint8Array(32)], Array.from({ length: 4 }, () => new Uint8Array(32))]) {
    await assert.rejects(watcher.observe(newer.note, { prefix: async () => proof }), unverified)
    await assert.rejects(watcher.observe(newer.note, { consistency: async () => proof }), unverified)
  }
  const text = formatCheckpoint({ origin, size: 0, root: new Uint8Array(32), extensions: [] })
  const nothing = formatNote({ text, signatures: [await signNote(logSigner, text)] })
  await assert.rejects(watcher.observe(nothing, { prefix: async () => [] }), unverified)
  assert.equal(watcher.trusted!.size, 5)
})
