import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createPaymentKey, MemoryLedger, type SeenAnchor } from '@cocoon/money'
import {
  leafHash,
  type LogStore,
  MemoryLogStore,
  MemoryWitnessStore,
  noteKey,
  parseNote,
  verifyCheckpoint,
  verifyConsistency,
  verifyInclusion,
  Witness,
} from '@cocoon/trust/log'
import { nodeSeal } from '@cocoon/trust/node'
import { decode, encode, logEntry } from '@cocoon/wire'
import { systemWorld } from '@cocoon/wire/node'
import { nodeLogCrypto } from '../../src/log/node-log-crypto.ts'
import { logOrigin, ProxyLog, type ProxyLogOptions } from '../../src/log/proxy-log.ts'

const contract = `0:${'ab'.repeat(32)}`
const key = createPaymentKey(new Uint8Array(32).fill(9))
const client = `0:${'11'.repeat(32)}`
const worker = `0:${'22'.repeat(32)}`
const none = new Uint8Array(32)
const { sha256 } = nodeLogCrypto

class Bench {
  readonly ledger = new MemoryLedger()
  readonly store = new MemoryLogStore()
  readonly failures: unknown[] = []
  anchors: SeenAnchor[] = []
  isLeading = true
  #next = 1

  async open(change: Partial<ProxyLogOptions> = {}): Promise<ProxyLog> {
    return ProxyLog.open({
      world: systemWorld,
      ledger: this.ledger,
      store: lasting(this.store),
      key,
      contract,
      ifEmpty: 'create',
      intervalMs: 600_000,
      mayAct: () => this.isLeading,
      anchors: () => this.anchors,
      onFailure: cause => this.failures.push(cause),
      ...change,
    })
  }

  /** Charges so many tokens, with a note; gives the entry that is due. */
  async charge(tokens: bigint): Promise<Uint8Array> {
    const requestId = `request ${this.#next++}`
    await this.ledger.openClient(client, { paid: 10n ** 9n, stake: 10n ** 9n, charged: 0n, lt: 0n })
    await this.ledger.openWorker(worker)
    await this.ledger.reserve({ requestId, client, tokens: 1_000n })
    const fields = {
      _: 'log.entry' as const,
      receipt: none,
      identity: none,
      model: requestId,
      coefficient: 1_000,
      chargedTokens: 0n,
    }
    const { chargedTokens } = await this.ledger.charge({
      requestId,
      worker,
      tokens,
      note: encode(logEntry, fields),
    })
    return encode(logEntry, { ...fields, chargedTokens })
  }

  async entries(): Promise<Uint8Array[]> {
    return this.store.entries(0, 256)
  }
}

/** The store itself, which outlives the log that is opened on it. */
function lasting(store: LogStore): LogStore {
  return {
    head: () => store.head(),
    published: () => store.published(),
    tile: (...of) => store.tile(...of),
    entries: (...of) => store.entries(...of),
    find: leaf => store.find(leaf),
    lastBatch: writer => store.lastBatch(writer),
    commit: commit => store.commit(commit),
    publish: head => store.publish(head),
    [Symbol.asyncDispose]: async () => {},
  }
}

test('each charge is an entry with what was charged, once, and everybody can prove where it is', async () => {
  const bench = new Bench()
  await using log = await bench.open()
  const entries = [await bench.charge(10n), await bench.charge(2_000n), await bench.charge(7n)]
  assert.equal(decode(logEntry, entries[1]!).chargedTokens, 1_000n, 'cut to what was reserved')
  await log.append()
  assert.deepEqual((await bench.entries()).map(String), entries.map(String))
  const known = {
    origin: logOrigin(contract),
    keys: [noteKey(nodeLogCrypto, 'ed25519', logOrigin(contract), key.publicKey)],
  }
  for (const [index, entry] of entries.entries()) {
    const leaf = leafHash(sha256, entry)
    const found = await log.inclusion(leaf)
    assert.equal(found?.index, BigInt(index))
    const { size, root } = verifyCheckpoint(nodeLogCrypto, known, found!.checkpoint)
    assert.ok(verifyInclusion(sha256, { index, size, root, leaf, proof: found!.proof }))
  }
  assert.equal(await log.inclusion(none), undefined)
  assert.equal((await bench.ledger.notes(10)).length, 0)
})

test('whatever is stopped between the log and the ledger, nothing is lost and nothing is there twice', async () => {
  const bench = new Bench()
  const entries: Uint8Array[] = []
  for (let round = 0; round < 5; round++) {
    const failing = {
      notes: (most: number) => bench.ledger.notes(most),
      dropNotes: async () => {
        throw new Error('stopped')
      },
    }
    await using log = await bench.open({ ledger: failing })
    entries.push(await bench.charge(BigInt(round + 1)))
    await assert.rejects(log.append(), /stopped/)
  }
  await using log = await bench.open()
  entries.push(await bench.charge(99n))
  await log.append()
  assert.deepEqual((await bench.entries()).map(String).toSorted(), entries.map(String).toSorted())
})

test('the log goes on from what it was, and a process that does not lead writes nothing', async () => {
  const bench = new Bench()
  await using log = await bench.open()
  await bench.charge(1n)
  await log.append()
  const older = (await log.headNow())!
  bench.isLeading = false
  await bench.charge(2n)
  await log.append()
  assert.equal((await bench.entries()).length, 1)
  bench.isLeading = true
  await log.append()
  const newer = (await log.headNow())!
  const [oldSize, size] = [Number(older.size), Number(newer.size)]
  const proved = await log.consistency(older.size, newer.size)
  const claim = { oldSize, oldRoot: older.root, size, root: newer.root, proof: proved!.proof }
  assert.ok(verifyConsistency(sha256, claim))
  assert.equal(await log.consistency(1n, 3n), undefined, 'it has no third entry')
  assert.equal(await log.consistency(-1n, 2n), undefined)
})

test('the head for the chain is over all that was charged before, or the newest that there is', async () => {
  const bench = new Bench()
  let isBroken = false
  const ledger = {
    notes: async (most: number) => {
      if (isBroken) throw new Error('out of order')
      return bench.ledger.notes(most)
    },
    dropNotes: (ids: string[]) => bench.ledger.dropNotes(ids),
  }
  await using log = await bench.open({ ledger })
  await bench.charge(1n)
  const appending = log.append()
  await bench.charge(2n)
  assert.equal((await log.headNow())?.size, 2n)
  await appending
  await bench.charge(3n)
  isBroken = true
  assert.equal((await log.headNow())?.size, 2n)
  assert.deepEqual(bench.failures.map(String), ['Error: out of order'])
})

test('an anchor is shown with the proof that the entry is under it', async () => {
  const bench = new Bench()
  await using log = await bench.open()
  const entry = await bench.charge(1n)
  await log.append()
  const { size, root } = (await log.headNow())!
  bench.anchors = [{ seqno: 3, nonce: none, size, root, transactionHash: 'cd'.repeat(32), lt: 5n, timeS: 6 }]
  await bench.charge(2n)
  await log.append()
  const leaf = leafHash(sha256, entry)
  const { anchor } = (await log.inclusion(leaf))!
  assert.ok(verifyInclusion(sha256, { index: 0, size: 1, root: anchor!.root, leaf, proof: anchor!.proof }))
})

test('witnesses cosign what is published, and one that does not answer holds nothing up', async () => {
  const bench = new Bench()
  await using log = await bench.open()
  const signing = nodeSeal.signingKey(new Uint8Array(32).fill(3))
  const witnessKey = noteKey(
    nodeLogCrypto,
    'cosignature-v1',
    'a witness'.replace(' ', '-'),
    signing.publicKey,
  )
  const origin = logOrigin(contract)
  const witness = new Witness({
    signer: { key: witnessKey, sign: message => signing.sign(message) },
    logs: [{ origin, keys: [noteKey(nodeLogCrypto, 'ed25519', origin, key.publicKey)] }],
    store: new MemoryWitnessStore(),
    nowMs: () => systemWorld.now(),
    crypto: nodeLogCrypto,
  })
  using witnesses = new DisposableStack()
  witnesses.use(log.addWitness({ key: witnessKey, submit: body => witness.addCheckpoint(body) }))
  const deaf = noteKey(nodeLogCrypto, 'cosignature-v1', 'deaf', nodeSeal.signingKey(none).publicKey)
  witnesses.use(log.addWitness({ key: deaf, submit: () => Promise.reject(new Error('gone')) }))
  for (let round = 0; round < 3; round++) {
    await bench.charge(1n)
    await log.append()
    const published = await bench.store.published()
    assert.equal(published?.size, round + 1)
    const names = parseNote(published!.checkpoint).signatures.map(({ name }) => name)
    assert.deepEqual(names, [origin, 'a-witness'])
  }
})
