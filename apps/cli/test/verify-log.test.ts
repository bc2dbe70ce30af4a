import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { after, describe, test } from 'node:test'
import { anchorHash, type ChainAnchor, contractAddress } from '@cocoon/money'
import { serveLog } from '@cocoon/proxy'
import { toBase64 } from '@cocoon/trust'
import { LogAppender, MemoryLogStore, noteKey } from '@cocoon/trust/log'
import { nodeSeal } from '@cocoon/trust/node'
import { encode, logEntry, toHex } from '@cocoon/wire'
import { contract, makeReceipt } from '../../../packages/client/test/receipt/fixture.ts'
import { judgeAnchors, judgeChain, judgeSettlement } from '../src/verify/chain-audit.ts'
import { GrowingTree } from '../src/verify/growing-tree.ts'
import type { ReadLog } from '../src/verify/log-audit.ts'
import { logCrypto } from '../src/verify/log-http.ts'
import { openedHash, type PublishedAnchor } from '../src/verify/published-anchors.ts'
import { runToEnd } from './support/console.ts'
import { makeFolder } from './support/files.ts'

const folder = await makeFolder()
after(() => folder[Symbol.asyncDispose]())
const proxy = nodeSeal.signingKey(new Uint8Array(32).fill(5))
const key = toHex(proxy.publicKey)
const origin = `cocoon/${contract}`
const servers: Server[] = []
after(() => {
  for (const server of servers) {
    server.close()
    server.closeAllConnections()
  }
})

function entryOf(number: number, changed = 0): Uint8Array {
  return encode(logEntry, {
    _: 'log.entry',
    receipt: new Uint8Array(32).fill(1 + (number % 200)),
    identity: new Uint8Array(32).fill(2),
    model: `model ${number} ${changed}`,
    coefficient: 1_000,
    chargedTokens: 10n,
  })
}

interface Log {
  readonly store: MemoryLogStore
  readonly url: string
  anchors: PublishedAnchor[] | undefined
  /** Served in the place of what the store has. */
  readonly altered: Map<string, Uint8Array>
  append(entries: readonly Uint8Array[]): Promise<void>
}

/** A log with a key that several can have, over HTTP. */
async function startLog(): Promise<Log> {
  const store = new MemoryLogStore()
  const signer = {
    key: noteKey(logCrypto, 'ed25519', origin, proxy.publicKey),
    sign: (message: Uint8Array) => proxy.sign(message),
  }
  const appender = await LogAppender.open({ store, origin, signer, writer: 'test', ifEmpty: 'create' })
  const log: Log = {
    store,
    url: '',
    anchors: undefined,
    altered: new Map(),
    append: async entries => {
      const { size } = (await store.head())!
      await appender.append(entries.map((entry, at) => ({ id: `${size + at}`, entry })))
    },
  }
  const server = createServer((request, response) => {
    void (async () => {
      const path = request.url!.replace(/^\/log/, '')
      if (path === '/anchors' && log.anchors !== undefined) return response.end(JSON.stringify(log.anchors))
      const altered = log.altered.get(path)
      if (altered !== undefined) return response.end(altered)
      const served = await serveLog(store, path)
      return response.writeHead(served?.status ?? 404, served?.headers).end(served?.body)
    })()
  })
  servers.push(server)
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  return Object.assign(log, { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/log` })
}

function range(count: number, first = 0): Uint8Array[] {
  return Array.from({ length: count }, (_, at) => entryOf(first + at))
}

/** Without a chain: the key is named. */
const offline = ['--offline', '--key', key]

function audit(log: Log, ...flags: string[]) {
  return runToEnd(['log', 'audit', log.url, ...offline, ...flags])
}

async function auditJson(log: Log, ...flags: string[]) {
  const { stdout, exitCode } = await audit(log, '--json', ...flags)
  const read = JSON.parse(stdout) as {
    holds: boolean
    charged: string
    size: number
    findings: Array<{ name: string; state: string; sentence: string }>
  }
  const failed = read.findings.filter(({ state }) => state === 'failed').map(({ name }) => name)
  assert.equal(read.holds, failed.length === 0)
  assert.equal(exitCode, read.holds ? 0 : 1)
  return { ...read, failed }
}

describe('a log', () => {
  test('is read to its end, and continues what was saved of it', async () => {
    const log = await startLog()
    await log.append(range(600))
    const saved = `${folder.path}/saved.txt`
    const first = await auditJson(log, '--save', saved)
    assert.deepEqual([first.size, first.charged, first.failed], [600, '6000', []])
    await log.append(range(300, 600))
    const second = await auditJson(log, '--from', saved, '--save', saved)
    assert.deepEqual([second.size, second.failed], [900, []])
    assert.match(second.findings.find(({ name }) => name === 'History')!.sentence, /600 entries known before/)
    assert.match(await readFile(saved, 'utf8'), /^cocoon\/.*\n900\n/)
    const { stdout } = await audit(log, '--from', saved)
    assert.match(stdout, /^The log holds\. 4 of 7 checks made here\.\n/)
    for (const line of stdout.split('\n')) assert.ok(line.length <= 80, line)
  })

  test('without entries is one, too', async () => {
    assert.deepEqual((await auditJson(await startLog())).failed, [])
  })

  test('that shows fewer entries than before does not hold', async () => {
    const [long, short] = [await startLog(), await startLog()]
    await long.append(range(40))
    await short.append(range(30))
    const saved = `${folder.path}/long.txt`
    await audit(long, '--save', saved)
    assert.deepEqual((await auditJson(short, '--from', saved)).failed, ['History'])
  })

  test('with an entry that is none does not hold', async () => {
    const log = await startLog()
    await log.append([...range(3), Uint8Array.of(1, 2, 3), ...range(3, 4)])
    const { findings, failed } = await auditJson(log)
    assert.deepEqual(failed, ['Entries'])
    assert.match(findings.find(({ name }) => name === 'Entries')!.sentence, /^Entry 3 is none/)
  })

  test('that serves other tiles or entries than it signed does not hold', async () => {
    const log = await startLog()
    await log.append(range(300))
    log.altered.set('/tile/0/000', new Uint8Array(8_192))
    assert.deepEqual((await auditJson(log)).failed, ['Tiles'])
    log.altered.clear()
    log.altered.set('/tile/entries/000', (await serveLog(log.store, '/tile/entries/000'))!.body.with(40, 7))
    assert.deepEqual((await auditJson(log)).failed, ['Entries'])
    log.altered.clear()
    log.altered.set('/tile/1/000.p/1', new Uint8Array(32))
    assert.ok((await auditJson(log)).failed.includes('Entries'))
  })

  test('whose key is another, or is not known, is not audited', async () => {
    const log = await startLog()
    const other = await runToEnd(['log', 'audit', log.url, '--offline', '--key', 'ab'.repeat(32)])
    assert.deepEqual([other.exitCode, other.stdout], [2, ''])
    assert.match(other.stderr, /No known key of the log/)
    const unknown = await runToEnd(['log', 'audit', log.url, '--offline'])
    assert.equal(unknown.exitCode, 2)
    assert.match(unknown.stderr, /The key of the log is not known/)
    const nothing = await runToEnd(['log', 'audit', `${log.url}/none`, ...offline])
    assert.equal(nothing.exitCode, 2)
    const nobody = await runToEnd(['log', 'audit', 'http://127.0.0.1:1/log', ...offline])
    assert.equal(nobody.exitCode, 2)
  })
})

describe('a log that was forked on purpose', () => {
  /** Two logs of one key, which have the first entries in common. */
  async function forked(common: number, [older, newer]: readonly [number, number]) {
    const [first, second] = [await startLog(), await startLog()]
    await first.append([
      ...range(common),
      ...Array.from({ length: older - common }, (_, at) => entryOf(at, 1)),
    ])
    await second.append([
      ...range(common),
      ...Array.from({ length: newer - common }, (_, at) => entryOf(at, 2)),
    ])
    const saved = `${folder.path}/saved-${common}-${older}.txt`
    await audit(first, '--save', saved)
    return { second, saved }
  }

  for (const sizes of [
    [300, 300],
    [300, 700],
    [256, 300],
    [512, 513],
    [1, 2],
  ] as const) {
    test(`of ${sizes.join(' and ')} entries: the proof is saved, and holds by itself`, async () => {
      const { second, saved } = await forked(0, sizes)
      const proof = `${folder.path}/fork-${sizes.join('-')}.json`
      const { stdout, exitCode } = await audit(second, '--from', saved, '--proof', proof)
      assert.equal(exitCode, 1)
      assert.match(stdout, /^The log does not hold\.\n/)
      assert.match(stdout, /✗ History {3}does not hold\n {4}It has signed two histories/)
      assert.match(stdout, /`cocoon log\s+verify-fork`\s+checks/)
      const checked = await runToEnd(['log', 'verify-fork', proof])
      assert.equal(checked.exitCode, 0, checked.stdout)
      assert.match(checked.stdout, /^✗ This log has shown two histories\.\n/)
      assert.match(checked.stdout, new RegExp(`key {2}${key}`))
      assert.equal(
        JSON.parse((await runToEnd(['log', 'verify-fork', proof, '--json'])).stdout).verdict,
        'fork',
      )
    })
  }

  test('a receipt does for a checkpoint', async () => {
    const { file } = await makeReceipt()
    const log = await startLog()
    await log.append(range(20))
    const receipt = await folder.write('receipt.json', file)
    // It is of another key: nothing is proved by it.
    assert.deepEqual((await auditJson(log, '--from', receipt)).failed, ['History'])
    const unlogged = await folder.write('unlogged.json', (await makeReceipt({ log: 'none' })).file)
    assert.equal((await audit(log, '--from', unlogged)).exitCode, 2)
  })

  test('no proof comes of a log that goes on', async () => {
    const { second, saved } = await forked(300, [300, 700])
    assert.deepEqual((await auditJson(second, '--from', saved)).failed, [])
  })

  test('a proof that was changed proves nothing', async () => {
    const { second, saved } = await forked(3, [300, 700])
    const proof = `${folder.path}/fork.json`
    await audit(second, '--from', saved, '--proof', proof)
    const good = JSON.parse(await readFile(proof, 'utf8'))
    const changes = [
      { older: good.newer },
      { newer: good.older },
      { proof: good.proof.slice(1) },
      { log: 'cocoon/other' },
      { key: good.key.replace(/.$/, 'A') },
      { proof: [toBase64(new Uint8Array(32)), ...good.proof.slice(1)] },
    ]
    for (const change of changes) {
      const path = await folder.write('changed.json', { ...good, ...change })
      const { exitCode, stdout } = await runToEnd(['log', 'verify-fork', path])
      assert.notEqual(exitCode, 0, `${JSON.stringify(change)} ${stdout}`)
    }
    const nothing = await runToEnd(['log', 'verify-fork', await folder.write('none.json', '{}')])
    assert.equal(nothing.exitCode, 2)
    assert.match(nothing.stderr, /version does not fit/)
  })
})

describe('anchors', () => {
  const nonce = new Uint8Array(32).fill(3)

  function anchorOf(seqno: number, entries: readonly Uint8Array[]): PublishedAnchor {
    const tree = new GrowingTree(logCrypto.sha256)
    for (const entry of entries) tree.push(entry)
    return {
      seqno,
      nonce: toHex(nonce),
      size: String(entries.length),
      root: toHex(tree.root()),
      transaction: seqno.toString(16).padStart(64, '0'),
      lt: String(1_000 * seqno),
      at: new Date(1_000_000 * seqno).toISOString(),
    }
  }

  function onChain({ seqno, transaction, lt, at, ...rest }: PublishedAnchor): ChainAnchor {
    return {
      seqno,
      sessionHash: Buffer.from(openedHash({ seqno, transaction, lt, at, ...rest }), 'hex'),
      source: contractAddress(0, new Uint8Array(32)),
      transactionHash: transaction,
      lt: BigInt(lt),
      timeS: Date.parse(at) / 1000,
    }
  }

  test('open to heads of the log, in its order', async () => {
    const log = await startLog()
    await log.append(range(300))
    const good = [anchorOf(1, []), anchorOf(2, range(256)), anchorOf(3, range(256)), anchorOf(4, range(300))]
    log.anchors = good
    assert.deepEqual((await auditJson(log)).failed, [])
    const bad = [
      [anchorOf(1, range(5)), { ...anchorOf(2, range(256)), root: '00'.repeat(32) }],
      [anchorOf(1, range(50)), anchorOf(2, range(40))],
      [anchorOf(1, range(301))],
      [anchorOf(1, range(9, 1))],
    ]
    for (const anchors of bad) {
      log.anchors = anchors
      assert.deepEqual((await auditJson(log)).failed, ['Anchors'])
    }
    log.anchors = [{ ...anchorOf(1, []), root: '00'.repeat(32) }]
    assert.deepEqual((await auditJson(log)).failed, [], 'no log yet')
  })

  test('are not judged by a log that ends before its end', () => {
    const read = { isWhole: false, head: { size: 3 }, roots: new Map() } as unknown as ReadLog
    assert.equal(judgeAnchors([], read).state, 'not-checked')
    assert.equal(judgeSettlement({ clients: 0n, workers: 0n }, read, false).state, 'not-checked')
  })

  test('are on the chain as they are published, and the other way round', () => {
    const published = [anchorOf(1, range(1)), anchorOf(2, range(2)), anchorOf(3, range(3))]
    const chain = published.map(onChain)
    const at = { nowS: 10_000, isSimulated: false }
    assert.equal(judgeChain(published, chain, at).state, 'checked')
    assert.equal(judgeChain(published, chain, { ...at, isSimulated: true }).state, 'simulated')
    assert.equal(judgeChain(published.slice(0, 2), chain, at).state, 'failed', 'one that nothing opens')
    assert.equal(
      judgeChain(published.slice(0, 2), chain, { ...at, nowS: 3_050 }).state,
      'checked',
      'a new one',
    )
    assert.equal(
      judgeChain(published, chain.slice(0, 2), at).state,
      'checked',
      'newer than the look at the chain',
    )
    assert.equal(judgeChain(published, chain.with(1, { ...chain[1]!, seqno: 9 }), at).state, 'failed')
    assert.equal(
      judgeChain(published, [chain[0]!, chain[2]!], at).state,
      'failed',
      'one that the chain has not',
    )
    assert.equal(judgeChain([published[0]!, published[2]!], chain, at).state, 'failed')
    assert.equal(
      judgeChain(published.slice(1), chain, at).state,
      'not-checked',
      'openings of old ones are gone',
    )
    assert.equal(judgeChain(undefined, chain, at).state, 'failed')
    assert.equal(judgeChain(undefined, [], at).state, 'not-checked')
    assert.equal(judgeChain([], chain, at).state, 'failed')
  })

  test('what opens one is what the settlement announces', () => {
    const anchor = anchorOf(1, range(7))
    const root = Buffer.from(anchor.root, 'hex')
    assert.equal(openedHash(anchor), Buffer.from(anchorHash({ nonce, size: 7n, root })).toString('hex'))
  })

  test('no more may be settled than is logged, on either side', () => {
    const read = { isWhole: true, charged: 100n } as unknown as ReadLog
    assert.match(
      judgeSettlement({ clients: 100n, workers: 60n }, read, false).sentence,
      /nothing is open.*40 are open/,
    )
    assert.equal(judgeSettlement({ clients: 100n, workers: 100n }, read, true).state, 'simulated')
    const over = judgeSettlement({ clients: 90n, workers: 101n }, read, false)
    assert.equal(over.state, 'failed')
    assert.match(over.sentence, /workers were paid for 101 units, 1 more than the log has/)
    assert.equal(judgeSettlement({ clients: 1_000n, workers: 0n }, read, false).state, 'failed')
    assert.equal(judgeSettlement(undefined, read, false).state, 'not-checked')
  })
})
