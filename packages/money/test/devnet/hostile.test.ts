import assert from 'node:assert/strict'
import { after, afterEach, before, describe, test } from 'node:test'
import fc from 'fast-check'
import { beginCell, Cell } from '@ton/core'
import { systemWorld as world } from '@cocoon/wire/node'
import { formatAddress } from '../../src/address.ts'
import { MoneyError } from '../../src/error.ts'
import { v2Methods } from '../../src/devnet/http/v2.ts'
import { v3Methods } from '../../src/devnet/http/v3.ts'
import { type Devnet, startDevnet } from '../../src/devnet/index.ts'
import { someone, wallet } from './wallet.ts'

const coin = 1_000_000_000n
const runs = { numRuns: 150 }
const known = new Set([200, 401, 403, 404, 405, 409, 413, 422, 429, 500])

let devnet: Devnet
before(async () => {
  devnet = await startDevnet({ world, blockTimeMs: 0 })
  await devnet.faucet(wallet.address, 10n * coin)
})
after(() => devnet[Symbol.asyncDispose]())
afterEach(async () => {
  // Whatever was asked, the chain still does its work.
  await devnet.snapshot('before')
  await devnet.chain.send(wallet.transfer(0, [{ to: someone(1), nano: coin }]))
  assert.equal((await devnet.chain.account(someone(1))).balanceNano, coin)
  await devnet.restore('before')
})

/** Answers in JSON, with a status that is told, and without a fault of ours. */
async function isAnswered(path: string, init: RequestInit = {}): Promise<void> {
  const response = await fetch(`${devnet.url}${path}`, init)
  const text = await response.text()
  assert.ok(known.has(response.status), `${path}: ${response.status}`)
  const body = JSON.parse(text) as { error?: string }
  assert.notEqual(body.error, 'internal error', `${path} ${String(init.body)}`)
}

const post = (body: unknown): RequestInit => ({ method: 'POST', body: JSON.stringify(body) })

const texts = fc.oneof(
  fc.string({ maxLength: 60 }),
  fc.constantFrom(formatAddress(wallet.address), formatAddress(someone(9)), `-1:${'33'.repeat(32)}`),
  fc.integer().map(String),
  fc.bigInt().map(String),
  fc.base64String({ maxLength: 200 }),
)
const values = fc.oneof(
  texts,
  fc.integer(),
  fc.boolean(),
  fc.constant(null),
  fc.array(fc.array(texts, { maxLength: 2 }), { maxLength: 3 }),
)
const names = [
  'address',
  'account',
  'limit',
  'lt',
  'hash',
  'to_lt',
  'method',
  'stack',
  'boc',
  'seqno',
  'workchain',
  'shard',
  'unixtime',
  'config_id',
  'source',
  'destination',
  'created_lt',
  'body',
  'init_code',
  'init_data',
  'msg_hash',
  'offset',
  'sort',
  'start_utime',
]
const parameters = fc.dictionary(fc.constantFrom(...names), values, { maxKeys: 6 })

describe('whatever is asked, it is answered', () => {
  test('by JSON-RPC', async () => {
    const methods = fc.constantFrom(...v2Methods.keys())
    await fc.assert(
      fc.asyncProperty(methods, parameters, async (method, params) => {
        await isAnswered('/api/v2/jsonRPC', post({ id: 1, jsonrpc: '2.0', method, params }))
      }),
      runs,
    )
  })

  test('by paths and queries', async () => {
    const paths = fc.constantFrom(
      ...[...v2Methods.keys()].map(name => `/api/v2/${name}`),
      ...[...v3Methods.keys()].map(name => `/api/v3/${name}`),
      '/faucet',
      '/devnet/mine',
      '/devnet/status',
      '/devnet/restore',
      '/',
      '//',
      '/%ff',
    )
    const queries = fc.dictionary(fc.constantFrom(...names), texts, { maxKeys: 5 })
    await fc.assert(
      fc.asyncProperty(paths, queries, fc.boolean(), async (path, query, isPost) => {
        await isAnswered(`${path}?${new URLSearchParams(query).toString()}`, isPost ? post({}) : {})
      }),
      runs,
    )
  })

  test('by bodies that are no JSON, or deep', async () => {
    for (const body of [
      '',
      '{',
      '7',
      '"x"',
      `${'['.repeat(50_000)}${']'.repeat(50_000)}`,
      '\u0000',
      '{"a":1e999}',
    ]) {
      await isAnswered('/api/v2/jsonRPC', { method: 'POST', body })
    }
  })
})

describe('whatever is sent, the chain goes on', () => {
  const refusal = { code: 'chain-refused' }

  test('any bytes', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 300 }), async bytes => {
        await assert.rejects(devnet.chain.send(bytes), refusal)
      }),
      runs,
    )
  })

  test('a message with one of its bytes changed', async () => {
    const good = wallet.transfer(0, [{ to: someone(2), nano: 1n }])
    // The sum at the end of a bag would find every change, so the bag is written without one.
    const bag = Cell.fromBoc(good)[0]!.toBoc({ crc32: false, idx: false })
    const total = devnet.status().faucetNano + (await devnet.chain.account(wallet.address)).balanceNano
    const change = fc.record({ at: fc.nat(bag.length - 1), bits: fc.integer({ min: 1, max: 255 }) })
    await devnet.snapshot('begin')
    await fc.assert(
      fc.asyncProperty(change, async ({ at, bits }) => {
        const bytes = Buffer.from(bag)
        bytes[at]! ^= bits
        try {
          await devnet.chain.send(bytes)
        } catch (error) {
          assert.ok(error instanceof MoneyError && error.code === 'chain-refused', String(error))
          return
        }
        // Some bytes are not signed. What is executed then sends what was signed, and no more.
        const sent = (await devnet.chain.account(someone(2))).balanceNano
        const left = devnet.status().faucetNano + (await devnet.chain.account(wallet.address)).balanceNano
        assert.ok(sent <= 1n && left + sent < total)
        await devnet.restore('begin')
      }),
      runs,
    )
  })

  test('cells that are too deep, and a small bag that stands for a huge tree', async () => {
    let deep = beginCell().endCell()
    for (let level = 0; level < 600; level++) deep = beginCell().storeRef(deep).endCell()
    await assert.rejects(devnet.chain.send(deep.toBoc()), refusal)
    let wide = beginCell().endCell()
    for (let level = 0; level < 200; level++) {
      wide = beginCell().storeRef(wide).storeRef(wide).storeRef(wide).storeRef(wide).endCell()
    }
    await assert.rejects(devnet.chain.send(wide.toBoc()), refusal)
    const call = { address: formatAddress(wallet.address), method: 'seqno' }
    const stack = [['tvm.Cell', wide.toBoc().toString('base64')]]
    await isAnswered('/api/v2/runGetMethod', post({ ...call, stack }))
  })
})
