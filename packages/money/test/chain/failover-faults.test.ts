import assert from 'node:assert/strict'
import { after, afterEach, before, describe, test } from 'node:test'
import type { World } from '@cocoon/wire'
import { systemWorld } from '@cocoon/wire/node'
import type { MoneyError } from '../../src/error.ts'
import type { OpenedChain } from '../../src/chain/open.ts'
import { openChain } from '../../src/chain/open.ts'
import { compareHeads } from '../../src/chain/standing.ts'
import { headLimits } from '../../src/chain/head-watch.ts'
import { startDevnet, type Devnet } from '../../src/devnet/index.ts'
import { ScriptedApi } from './scripted-api.ts'
import { emptyAddress, TestWallet } from './test-wallet.ts'

const ton = 1_000_000_000n
const wallet = new TestWallet('failover faults')

/** Waits take a fourth of their time. The clock is the real one. */
const world: World = {
  ...systemWorld,
  monotonic: () => systemWorld.monotonic() * 4,
  after: (delayMs, run) => systemWorld.after(delayMs / 4, run),
}

let devnet: Devnet
/** Says what the devnet says, unless a test wants it otherwise. */
let liar: ScriptedApi

before(async () => {
  devnet = await startDevnet({ world, blockTimeMs: 0 })
  liar = await ScriptedApi.start()
  await devnet.faucet(wallet.address, 50n * ton)
})
afterEach(() => {
  Object.assign(devnet.faults, {
    delayMs: 0,
    isDown: false,
    isBusy: false,
    staleBlocks: 0,
    seqnoShift: 0,
    dropsMessages: false,
    failsAfterSending: false,
    garbles: false,
  })
})
after(async () => {
  await liar[Symbol.asyncDispose]()
  await devnet[Symbol.asyncDispose]()
})

const devnetUrl = (): string => `${devnet.url}/api/v2/jsonRPC`

function chainOver(...urls: string[]): OpenedChain {
  return openChain(
    urls.map(url => ({ url })),
    { world, timeoutMs: 12_000 },
  )
}

/** Passes calls on to the devnet, past its faults where they are about what is passed on, and changes the result. */
async function passOn(change: (method: string, result: unknown) => unknown): Promise<void> {
  const answers = new Map<string, unknown>()
  for (const [method, params] of [
    ['getMasterchainInfo', {}],
    ['getAddressInformation', { address: `0:${wallet.address.hash}` }],
  ] as const) {
    const response = await fetch(devnetUrl(), {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ jsonrpc: '2.0', id: 1, method, params }),
    })
    answers.set(method, ((await response.json()) as { result: unknown }).result)
  }
  liar.answer = ({ method, params }) => {
    const nowS = Math.floor(world.now() / 1000)
    const result =
      method === 'getBlockHeader'
        ? { gen_utime: nowS, id: { seqno: params['seqno'], root_hash: 'ab'.repeat(32) } }
        : answers.get(method)
    return { result: change(method, structuredClone(result)) }
  }
}

/** The same chain, told as if it were `by` blocks further. */
function shifted(by: number): (method: string, result: unknown) => unknown {
  return (method, result) => {
    const told = result as { last?: { seqno: number }; block_id?: { seqno: number } }
    if (told.last) told.last.seqno += by
    if (told.block_id) told.block_id.seqno += by
    return told
  }
}

describe('one source of two', () => {
  for (const [name, fault] of [
    ['down', { isDown: true }],
    ['busy', { isBusy: true }],
    ['garbled', { garbles: true }],
    ['slow', { delayMs: 40_000 }],
  ] as const) {
    test(`that is ${name} is passed over`, async () => {
      await passOn((_method, result) => result)
      Object.assign(devnet.faults, fault)
      await using chain = chainOver(devnetUrl(), liar.url)
      assert.equal((await chain.account(wallet.address)).balanceNano, 50n * ton)
      const beginMs = world.monotonic()
      assert.equal((await chain.account(wallet.address)).balanceNano, 50n * ton)
      assert.ok(world.monotonic() - beginMs < 6_000)
    })
  }

  test('that fails later is asked last for a while, and says why', async () => {
    await passOn((_method, result) => result)
    await using chain = chainOver(devnetUrl(), liar.url)
    await chain.account(wallet.address)
    assert.equal(chain.sources()[0]?.problem, undefined)
    devnet.faults.garbles = true
    await chain.account(wallet.address)
    assert.match(chain.sources()[0]?.problem ?? '', /cannot be read/)
    liar.calls.length = 0
    await chain.account(wallet.address)
    assert.equal(liar.calls.filter(({ method }) => method === 'getAddressInformation').length, 1)
  })
})

describe('a source that contradicts the others', () => {
  test('is set aside, behind or far ahead', async () => {
    for (let index = 0; index < 40; index++) await devnet.mine()
    for (const by of [-30, 5_000_000]) {
      await passOn(shifted(by))
      await using chain = chainOver(liar.url, devnetUrl(), `${devnet.url}/`)
      const head = await chain.head()
      assert.equal(head.seqno, (await devnet.chain.head()).seqno)
      assert.equal((await chain.account(wallet.address)).at.seqno, head.seqno)
      assert.match(chain.sources()[0]?.problem ?? '', by < 0 ? /is behind/ : /is ahead/)
      assert.equal(chain.sources()[1]?.problem, undefined)
    }
  })

  test('of two, is set aside too', async () => {
    for (const by of [-30, 5_000_000]) {
      await passOn(shifted(by))
      await using chain = chainOver(liar.url, devnetUrl())
      assert.equal((await chain.head()).seqno, (await devnet.chain.head()).seqno)
    }
  })

  test('by its clock, is set aside', async () => {
    await passOn((method, result) => {
      if (method === 'getBlockHeader') return { ...(result as object), gen_utime: 1_000_000_000 }
      return result
    })
    await using chain = chainOver(liar.url, devnetUrl())
    assert.equal((await chain.head()).seqno, (await devnet.chain.head()).seqno)
    assert.match(chain.sources()[0]?.problem ?? '', /a block made \d+ s ago/)
  })

  test('leaves chain-stale where there is no other', async () => {
    devnet.faults.staleBlocks = 0
    await passOn((method, result) =>
      method === 'getBlockHeader' ? { ...(result as object), gen_utime: 1_000_000_000 } : result,
    )
    await using chain = chainOver(liar.url)
    await assert.rejects(chain.head(), { code: 'chain-stale' })
  })

  test('about the past, has its transactions refused', async () => {
    // A chain of its own: the same wallet, with other transactions.
    await using fork = await startDevnet({ world, blockTimeMs: 0 })
    await fork.faucet(wallet.address, 7n * ton)
    const forkUrl = `${fork.url}/api/v2/jsonRPC`
    await using chain = chainOver(forkUrl)
    const [known] = await devnet.chain.transactions(wallet.address, { afterLt: 0n, most: 1 })
    const told = await chain.transactions(wallet.address, { afterLt: 0n })
    assert.ok(told.every(({ hash }) => hash !== known!.hash))
    await fork.undoBlock()
    await fork.faucet(wallet.address, 9n * ton)
    const again = await chain.transactions(wallet.address, { afterLt: 0n })
    assert.equal(again.at(-1)?.inMessage?.valueNano, 9n * ton)
  })
})

describe('a message', () => {
  test('comes through where one source forgets it', async () => {
    await using other = await startDevnet({ world, blockTimeMs: 0 })
    devnet.faults.dropsMessages = true
    // Both stand for the same network; the second one takes what the first one forgets.
    await other.faucet(wallet.address, 50n * ton)
    const { seqno } = await devnet.chain.head()
    while ((await other.chain.head()).seqno < seqno) await other.mine()
    await using chain = chainOver(devnetUrl(), `${other.url}/`)
    const before = await other.chain.account(wallet.address)
    await chain.send(new TestWallet('failover faults').pay({ to: emptyAddress('gift'), amountNano: ton }))
    await untilTrue(async () => (await other.chain.account(wallet.address)).lastLt > before.lastLt)
  })

  test('that was taken and answered with an error is not executed twice', async () => {
    devnet.faults.failsAfterSending = true
    await using chain = chainOver(devnetUrl())
    const error: MoneyError = await chain
      .send(wallet.pay({ to: emptyAddress('once'), amountNano: ton }))
      .then(
        () => assert.fail('it was answered'),
        (cause: MoneyError) => cause,
      )
    // The second attempt finds the number of the first one used.
    assert.equal(error.code, 'chain-refused')
    await devnet.mine()
    const gifts = await devnet.chain.transactions(emptyAddress('once'), { afterLt: 0n })
    assert.equal(gifts.length, 1)
  })
})

test('all sources down is one error that names each', async () => {
  await using chain = openChain([{ url: 'http://127.0.0.1:1/' }, { url: 'http://127.0.0.1:2/' }], {
    world,
    timeoutMs: 2_000,
  })
  const error: MoneyError = await chain.head().then(
    () => assert.fail('it was answered'),
    (cause: MoneyError) => cause,
  )
  assert.equal(error.code, 'chain-unreachable')
  assert.match(error.message, /127\.0\.0\.1:1\//)
  assert.match(error.message, /127\.0\.0\.1:2\//)
})

describe('newest blocks are compared', () => {
  const verdicts = (seqnos: number[], agreed?: number): string[] => [
    ...compareHeads(seqnos, headLimits, agreed).verdicts,
  ]

  for (const [what, seqnos, agreed, due] of [
    ['that are close', [100, 101, 99], undefined, ['fine', 'fine', 'fine']],
    ['of one source', [100], undefined, ['fine']],
    ['of which one is behind', [100, 200, 201], undefined, ['behind', 'fine', 'fine']],
    ['of which one is ahead', [100, 101, 10_000], undefined, ['fine', 'fine', 'ahead']],
    ['of two, a little apart', [100, 150], undefined, ['behind', 'fine']],
    ['of two, absurdly apart', [100, 1e9], undefined, ['fine', 'ahead']],
    ['of two, of which one goes back', [1000, 2001], 2000, ['behind', 'fine']],
    ['of two, of which one jumps', [2001, 2900], 2000, ['fine', 'ahead']],
    ['after a long time', [9000, 9001], 2000, ['fine', 'fine']],
  ] as const) {
    test(what, () => assert.deepEqual(verdicts([...seqnos], agreed), due))
  }
})

async function untilTrue(condition: () => Promise<boolean>): Promise<void> {
  for (let attempt = 0; attempt < 100; attempt++) {
    if (await condition()) return
    await new Promise<void>(resolve => world.after(20, resolve))
  }
  assert.fail('it never came true')
}
