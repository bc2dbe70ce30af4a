import assert from 'node:assert/strict'
import { after, before, beforeEach, describe, test } from 'node:test'
import { gzipSync } from 'node:zlib'
import { systemWorld as world } from '@cocoon/wire/node'
import * as fc from 'fast-check'
import type { MoneyError } from '../../src/error.ts'
import { headLimits } from '../../src/chain/head-watch.ts'
import { TonCenterChain } from '../../src/chain/toncenter.ts'
import { startDevnet, type Devnet } from '../../src/devnet/index.ts'
import { ScriptedApi, type ScriptedAnswer, type ScriptedCall } from './scripted-api.ts'
import { emptyAddress, TestWallet } from './test-wallet.ts'

const apiKey = 'a-key-that-nobody-may-see'
const address = emptyAddress('toncenter faults')
const wallet = new TestWallet('toncenter faults')
const nowS = (): number => Math.floor(world.now() / 1000)

let api: ScriptedApi
before(async () => {
  api = await ScriptedApi.start()
})
beforeEach(() => {
  api.calls.length = 0
})
after(() => api[Symbol.asyncDispose]())

function chainOf(options: { timeoutMs?: number; perSecond?: number; url?: string } = {}): TonCenterChain {
  const { timeoutMs = 1_000, perSecond = Infinity, url = api.url } = options
  const endpoint = { url, apiKey, source: 'the source' }
  return new TonCenterChain({ endpoint, world, timeoutMs, perSecond, heads: headLimits })
}

/** Answers to `head` of a chain at a block. */
function headAt(seqno: number, timeS = nowS()): (call: ScriptedCall) => ScriptedAnswer {
  return ({ method }) =>
    method === 'getMasterchainInfo'
      ? { result: { last: { workchain: -1, seqno } } }
      : { result: { gen_utime: timeS, id: { workchain: -1, seqno, root_hash: 'ab'.repeat(32) } } }
}

async function errorOf(promise: Promise<unknown>): Promise<MoneyError> {
  return promise.then(
    () => assert.fail('it was answered'),
    (error: MoneyError) => error,
  )
}

describe('a source that cannot be reached', () => {
  test('is asked again until it answers', async () => {
    let failures = 2
    api.answer = call => (failures-- > 0 ? undefined : headAt(7)(call))
    await using chain = chainOf({ timeoutMs: 5_000 })
    assert.equal((await chain.head()).seqno, 7)
  })

  test('is unreachable at the deadline, whether it is down, silent, or stops in the middle', async () => {
    await using down = chainOf({ url: 'http://127.0.0.1:1/' })
    assert.equal((await errorOf(down.head())).code, 'chain-unreachable')
    await using chain = chainOf()
    api.answer = () => 'never'
    assert.equal((await errorOf(chain.head())).code, 'chain-unreachable')
    api.answer = () => ({ headers: { 'content-length': '100' }, body: '{"ok":' })
    assert.equal((await errorOf(chain.head())).code, 'chain-unreachable')
    api.answer = () => ({ status: 503, body: 'no healthy upstream' })
    assert.equal((await errorOf(chain.head())).code, 'chain-unreachable')
  })

  test('is left at once when the chain is closed', async () => {
    api.answer = () => 'never'
    const chain = chainOf({ timeoutMs: 60_000 })
    const waiting = errorOf(chain.head())
    await chain[Symbol.asyncDispose]()
    assert.equal((await waiting).code, 'chain-unreachable')
  })
})

describe('a source that is busy', () => {
  test('is asked again when it says so', async () => {
    let isFirst = true
    api.answer = call => {
      if (!isFirst) return headAt(7)(call)
      isFirst = false
      return {
        status: 429,
        headers: { 'retry-after': '1' },
        body: '{"ok":false,"error":"Ratelimit exceed","code":429}',
      }
    }
    await using chain = chainOf({ timeoutMs: 5_000 })
    const beginMs = world.monotonic()
    assert.equal((await chain.head()).seqno, 7)
    assert.ok(world.monotonic() - beginMs >= 990)
  })

  test('is busy at the deadline', async () => {
    api.answer = () => ({ status: 429, headers: { 'retry-after': '3600' }, body: 'busy' })
    await using chain = chainOf()
    assert.equal((await errorOf(chain.head())).code, 'chain-busy')
    assert.equal(api.calls.length, 1)
  })

  test('is not asked more than our own rate allows', async () => {
    api.answer = headAt(7)
    await using chain = chainOf({ timeoutMs: 300, perSecond: 2 })
    await chain.head()
    const refused = await errorOf(chain.head())
    assert.equal(refused.code, 'chain-busy')
    assert.equal(api.calls.length, 2)
  })
})

describe('answers that make no sense', () => {
  test('are chain-answer', async () => {
    await using chain = chainOf()
    const bodies = [
      '<html>',
      '',
      '{',
      '[]',
      'null',
      '{"ok":true}',
      '{"ok":true,"result":{}}',
      '{"ok":true,"result":[]}',
    ]
    for (const body of bodies) {
      api.answer = () => ({ body })
      assert.match((await errorOf(chain.head())).code, /^chain-(?:answer|unreachable)$/, body)
    }
    api.answer = () => ({ result: { last: { workchain: 0, seqno: 5 } } })
    assert.equal((await errorOf(chain.head())).code, 'chain-answer')
  })

  test('of any kind are an error of the chain', async () => {
    await using chain = chainOf({ timeoutMs: 200 })
    const calls = [
      () => chain.head(),
      () => chain.account(address),
      () => chain.transactions(address, { afterLt: 0n }),
      () => chain.fees(),
    ]
    const names = [
      'last',
      'seqno',
      'workchain',
      'balance',
      'code',
      'data',
      'state',
      'lt',
      'hash',
      'block_id',
      'config',
    ]
    const key = fc.oneof(fc.constantFrom(...names, 'bytes', 'last_transaction_id', 'sync_utime'), fc.string())
    const { tree } = fc.letrec<{ tree: unknown }>(tie => ({
      tree: fc.oneof(
        { depthSize: 'small' },
        fc.constantFrom<unknown>(
          'active',
          'uninitialized',
          '0',
          -1,
          0,
          1,
          '',
          null,
          true,
          'te6cckEBAQEAAgAAAEysuc0=',
        ),
        fc.base64String(),
        fc.dictionary(key, tie('tree')),
        fc.array(tie('tree'), { maxLength: 3 }),
      ),
    }))
    await fc.assert(
      fc.asyncProperty(tree, fc.nat(calls.length - 1), async (result, which) => {
        api.answer = () => ({ result: result ?? false })
        await calls[which]!().then(
          () => {},
          (error: MoneyError) => assert.match(error.code, /^chain-/),
        )
      }),
      { numRuns: 100 },
    )
  })

  test('that are too large are not read to their end, packed or not', async () => {
    await using chain = chainOf()
    const body = Buffer.alloc(5 * 1024 * 1024, 0x20)
    api.answer = () => ({ body })
    assert.match((await errorOf(chain.head())).message, /more than 4194304 bytes/)
    api.answer = () => ({ body: gzipSync(body), headers: { 'content-encoding': 'gzip' } })
    assert.match((await errorOf(chain.head())).message, /more than 4194304 bytes/)
  })

  test('lead nowhere else: a redirect is no answer', async () => {
    await using other = await ScriptedApi.start()
    api.answer = () => ({ status: 307, headers: { location: other.url }, body: '' })
    await using chain = chainOf()
    assert.match((await errorOf(chain.head())).code, /^chain-/)
    assert.equal(other.calls.length, 0)
  })
})

test('the key is sent, and never shown', async () => {
  api.answer = ({ headers }) => ({
    status: 403,
    body: JSON.stringify({ ok: false, error: `no such key: ${String(headers['x-api-key'])}`, code: 403 }),
  })
  await using chain = chainOf()
  const error = await errorOf(chain.head())
  assert.equal(api.calls[0]?.headers['x-api-key'], apiKey)
  assert.equal(error.code, 'chain-unreachable')
  assert.match(error.message, /no such key: \*\*\*/)
  assert.ok(!JSON.stringify([error.message, error.stack, String(error.cause)]).includes(apiKey))
})

describe('blocks', () => {
  test('that go back are stale, by a few they are those of before', async () => {
    await using chain = chainOf()
    api.answer = headAt(1000)
    assert.equal((await chain.head()).seqno, 1000)
    api.answer = headAt(990)
    assert.equal((await chain.head()).seqno, 1000)
    api.answer = headAt(900)
    assert.equal((await errorOf(chain.head())).code, 'chain-stale')
    api.answer = headAt(1001)
    assert.equal((await chain.head()).seqno, 1001)
  })

  test('that jump ahead are stale, and do not stand in the way of the right ones', async () => {
    await using chain = chainOf()
    api.answer = headAt(1000)
    await chain.head()
    api.answer = headAt(2_000_000_000)
    assert.equal((await errorOf(chain.head())).code, 'chain-stale')
    api.answer = headAt(1001)
    assert.equal((await chain.head()).seqno, 1001)
  })

  test('that were made long ago, or in the future, are stale', async () => {
    await using chain = chainOf()
    for (const offsetS of [-45, 45]) {
      api.answer = headAt(1000, nowS() + offsetS)
      assert.equal((await errorOf(chain.head())).code, 'chain-stale')
    }
  })
})

describe('a message', () => {
  const message = wallet.pay({ to: address, amountNano: 1n })

  test('that an earlier attempt has handed in is handed in', async () => {
    let isFirst = true
    api.answer = () => {
      if (!isFirst)
        return {
          status: 500,
          body: '{"ok":false,"error":"LITE_SERVER_UNKNOWN: duplicate message","code":500}',
        }
      isFirst = false
      return undefined
    }
    await using chain = chainOf()
    await chain.send(message)
    assert.equal(api.calls.length, 2)
    assert.equal(api.calls[1]?.params['boc'], Buffer.from(message).toString('base64'))
  })

  test('that the account does not take is refused with the reason', async () => {
    const error =
      'LITE_SERVER_UNKNOWN: cannot apply external message to current state : exitcode=33, steps=20'
    api.answer = () => ({ status: 500, body: JSON.stringify({ ok: false, error, code: 500 }) })
    await using chain = chainOf()
    const refused = await errorOf(chain.send(message))
    assert.equal(refused.code, 'chain-refused')
    assert.match(refused.message, /exitcode=33, steps=20$/)
    assert.equal(api.calls.length, 1)
    let isFirst = true
    api.answer = () => {
      if (!isFirst) return { status: 500, body: JSON.stringify({ ok: false, error, code: 500 }) }
      isFirst = false
      return undefined
    }
    assert.match((await errorOf(chain.send(message))).message, /exitcode=33.*may have been executed/)
  })
})

describe('histories', () => {
  let devnet: Devnet
  /** `data` of the transactions of the faucet, newest first. */
  let entries: Array<{ data: string; transaction_id: { lt: string; hash: string } }>

  before(async () => {
    devnet = await startDevnet({ world, blockTimeMs: 0 })
    for (let index = 0; index < 40; index++) await devnet.faucet(address, 1_000_000_000n)
    const response = await fetch(`${devnet.url}/api/v2/jsonRPC`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({
        jsonrpc: '2.0',
        id: 1,
        method: 'getTransactions',
        params: { address: `0:${devnet.faucetAddress.hash}`, limit: 100 },
      }),
    })
    entries = ((await response.json()) as { result: typeof entries }).result
    assert.ok(entries.length >= 40)
  })
  after(() => devnet[Symbol.asyncDispose]())

  /** Serves them as they are, except for what `change` makes of each page. */
  function tell(
    change: (page: typeof entries, lt: string) => unknown,
  ): (call: ScriptedCall) => ScriptedAnswer {
    return ({ method, params }) => {
      if (method === 'getAddressInformation') {
        return {
          result: {
            balance: '1',
            code: '',
            data: '',
            state: 'active',
            sync_utime: nowS(),
            block_id: { workchain: -1, seqno: 1 },
            last_transaction_id: entries[0]!.transaction_id,
          },
        }
      }
      const from = entries.findIndex(({ transaction_id: { lt } }) => lt === params['lt'])
      const page = from < 0 ? [] : entries.slice(from, from + Number(params['limit']))
      const changed = change(page, String(params['lt']))
      return typeof changed === 'string' ? { status: 500, body: changed } : { result: changed }
    }
  }

  const all = (chain: TonCenterChain): Promise<unknown[]> =>
    chain.transactions(devnet.faucetAddress, { afterLt: 0n, most: 1000 })

  test('are complete where the source is honest', async () => {
    api.answer = tell(page => page)
    await using chain = chainOf()
    assert.equal((await all(chain)).length, entries.length)
  })

  test('that end too early are chain-history', async () => {
    await using chain = chainOf()
    api.answer = tell((page, lt) => (lt === entries[0]!.transaction_id.lt ? page : []))
    assert.equal((await errorOf(all(chain))).code, 'chain-history')
    api.answer = tell((page, lt) =>
      lt === entries[0]!.transaction_id.lt
        ? page
        : '{"ok":false,"error":"LITE_SERVER_UNKNOWN: lt not in db","code":500}',
    )
    assert.equal((await errorOf(all(chain))).code, 'chain-history')
  })

  test('with a gap, a wrong order, another account or other cells are chain-answer', async () => {
    await using chain = chainOf()
    const wrongs: Array<(page: typeof entries) => unknown> = [
      page => page.filter((_, index) => index !== 1),
      page => page.toReversed(),
      page => page.map(({ data }) => ({ data: data.slice(0, -8) })),
      page => page.map(() => ({ data: 'te6cckEBAQEAAgAAAEysuc0=' })),
      page => page.map(() => ({ data: 7 })),
      page => [...page, ...page],
    ]
    for (const wrong of wrongs) {
      api.answer = tell(wrong)
      assert.equal((await errorOf(all(chain))).code, 'chain-answer')
    }
  })

  test('whose pages are too large are read in smaller ones', async () => {
    const padding = ' '.repeat(700_000)
    api.answer = tell(page => page.map(entry => ({ ...entry, padding })))
    await using chain = chainOf({ timeoutMs: 20_000 })
    const told = await chain.transactions(devnet.faucetAddress, {
      afterLt: BigInt(entries[6]!.transaction_id.lt),
    })
    assert.equal(told.length, 6)
    assert.deepEqual([...new Set(api.calls.map(({ params }) => params['limit']))], [undefined, 16, 4])
  })

  test('that one call has no time for are read by several', async () => {
    let calls = 0
    api.answer = call => {
      const answer = tell(page => page)(call)
      // The first call comes by one page, the next one is not answered.
      return call.method === 'getTransactions' && ++calls === 2 ? 'never' : answer
    }
    await using chain = chainOf({ timeoutMs: 400 })
    assert.equal((await errorOf(all(chain))).code, 'chain-unreachable')
    api.calls.length = 0
    let afterLt = 0n
    let count = 0
    for (;;) {
      const told = await chain.transactions(devnet.faucetAddress, { afterLt, most: 1000 })
      if (told.length === 0) break
      count += told.length
      afterLt = told.at(-1)!.lt
    }
    assert.equal(count, entries.length)
    const first = api.calls.find(({ method }) => method === 'getTransactions')
    assert.equal(first?.params['lt'], entries[16]!.transaction_id.lt)
  })
})

test('a block that the source does not know, and the header of another one', async () => {
  await using chain = chainOf()
  for (const answer of [
    { status: 404, body: '{"ok":false,"error":"nothing here","code":404}' },
    {
      status: 500,
      body: '{"ok":false,"error":"LITE_SERVER_NOTREADY: cannot find block: seqno not in db","code":500}',
    },
  ]) {
    api.answer = () => answer
    assert.equal((await errorOf(chain.blockHash(7))).code, 'chain-history')
  }
  const root = 'ab'.repeat(32)
  api.answer = () => ({ result: { gen_utime: 5, id: { seqno: 8, root_hash: root } } })
  assert.equal((await errorOf(chain.blockHash(7))).code, 'chain-answer')
  api.answer = () => ({ result: { gen_utime: 5, id: { seqno: 7 } } })
  assert.equal((await errorOf(chain.blockHash(7))).code, 'chain-answer')
  api.answer = () => ({ result: { gen_utime: 5, id: { seqno: 7, root_hash: root } } })
  assert.deepEqual(await chain.blockHash(7), { rootHash: root, timeS: 5 })
})
