import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { beginCell, type Cell } from '@ton/core'
import { VirtualWorld } from '../../../wire/test/virtual-world.ts'
import {
  addressKey,
  formatAddress,
  MoneyError,
  NodeWallet,
  outcomeError,
  type NodeWalletOptions,
  type Outcome,
  type OutgoingMessage,
} from '../../src/index.ts'
import { Disk, faultAt } from '../watch/faulty-store.ts'
import { internalMessage, ScriptedChain, someAddress } from '../watch/scripted-chain.ts'
import { code, key, owner, parseOrder, WalletModel } from './wallet-model.ts'

const ton = 1_000_000_000n
const shop = someAddress(1)

function bodyOf(number: number): Cell {
  return beginCell().storeUint(number, 64).endCell()
}

function order(number: number, change: Partial<OutgoingMessage> = {}): OutgoingMessage {
  return { destination: shop, valueNano: ton / 10n, body: bodyOf(number), isBounceable: true, ...change }
}

class Scene implements AsyncDisposable {
  readonly world = new VirtualWorld()
  readonly chain = new ScriptedChain()
  readonly disk = new Disk()
  readonly model: WalletModel
  wallet: NodeWallet

  constructor({
    balanceNano = 10n * ton,
    ...options
  }: { balanceNano?: bigint } & Partial<NodeWalletOptions> = {}) {
    this.model = new WalletModel(this.chain, balanceNano)
    this.wallet = this.open(options)
  }

  open(options: Partial<NodeWalletOptions> = {}): NodeWallet {
    const { chain, world, disk } = this
    return new NodeWallet({ chain, store: disk.open(), world, key, owner, code, ...options })
  }

  /** The process ends and another one begins. */
  async restart(): Promise<void> {
    await this.wallet[Symbol.asyncDispose]()
    this.wallet = this.open()
  }

  /** The wallet hands in what it has, a block is made of it, and the wallet sees that. */
  async round(of: { seconds?: number; loses?: boolean } = {}): Promise<void> {
    await this.wallet.poke()
    this.model.mine(of)
    await this.wallet.poke()
  }

  get problem(): string | undefined {
    const { problem } = this.wallet.view
    return problem instanceof MoneyError ? problem.code : problem?.message
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.wallet[Symbol.asyncDispose]()
    assert.equal(this.world.timers, 0)
  }
}

async function outcomes(wallet: NodeWallet, ...ids: string[]): Promise<Outcome[]> {
  return Promise.all(ids.map(id => wallet.outcome(id)))
}

describe('sending', () => {
  test('a message is durable, sent once, and delivered', async () => {
    await using scene = new Scene()
    const { wallet, model } = scene
    await wallet.send('top-up/1', order(1))
    const waiting = wallet.outcome('top-up/1')
    await scene.round()
    const [arrival] = scene.chain.history(shop)
    assert.deepEqual(await waiting, {
      kind: 'delivered',
      transaction: { lt: String(arrival!.lt), hash: arrival!.hash },
      isSkipped: false,
    })
    assert.equal(outcomeError(await waiting), undefined)
    assert.deepEqual(model.arrived, [`${addressKey(shop)} ${bodyOf(1).hash().toString('hex')}`])
    assert.deepEqual(
      { ...wallet.view, address: undefined },
      {
        address: undefined,
        balanceNano: 10n * ton - ton / 10n,
        seqno: 1,
        waiting: 0,
        onTheirWay: 0,
        problem: undefined,
      },
    )
    await scene.round()
    assert.equal(scene.chain.sent.length, 1)
  })

  test('the same id again changes nothing, whatever has become of it', async () => {
    await using scene = new Scene()
    const [first, second] = [scene.wallet.send('a', order(1)), scene.wallet.send('a', order(1))]
    await Promise.all([first, second])
    await scene.wallet.send('a', order(1, { deadlineS: 2_000_000_000 }))
    await scene.round()
    await scene.wallet.send('a', order(1))
    await scene.restart()
    await scene.wallet.send('a', order(1))
    await scene.round()
    assert.equal(scene.model.arrived.length, 1)
    assert.equal((await scene.wallet.outcome('a')).kind, 'delivered')
  })

  test('another message under a known id is refused', async () => {
    await using scene = new Scene()
    const others: OutgoingMessage[] = [
      order(2),
      order(1, { valueNano: 1n }),
      order(1, { destination: someAddress(2) }),
      order(1, { isBounceable: false }),
      order(1, { stateInit: bodyOf(0) }),
    ]
    const accepted = scene.wallet.send('a', order(1))
    for (const other of others) {
      await assert.rejects(scene.wallet.send('a', other), { code: 'request-conflict' })
      await accepted
    }
    await scene.round()
    for (const other of others)
      await assert.rejects(scene.wallet.send('a', other), { code: 'request-conflict' })
  })

  test('what no wallet can send is refused', async () => {
    await using scene = new Scene()
    const { wallet } = scene
    await assert.rejects(wallet.send('a', order(1, { valueNano: 0n })), { code: 'amount' })
    await assert.rejects(wallet.send('a', order(1, { valueNano: -1n })), { code: 'amount' })
    await assert.rejects(wallet.send('a', order(1, { valueNano: 1n << 120n })), { code: 'amount' })
    let large = beginCell().endCell()
    for (let depth = 0; depth < 110; depth++)
      large = beginCell().storeBuffer(Buffer.alloc(120, depth)).storeRef(large).endCell()
    await assert.rejects(wallet.send('a', order(1, { body: large })), { code: 'limit' })
    for (const id of ['', 'a b', 'ü', 'x'.repeat(201)])
      await assert.rejects(wallet.send(id, order(1)), RangeError)
    await assert.rejects(wallet.outcome('a'), { code: 'request-unknown' })
  })

  test('a thousand messages may be open', async () => {
    await using scene = new Scene({ balanceNano: 0n })
    const all = Array.from({ length: 1000 }, (_, number) => scene.wallet.send(`m/${number}`, order(number)))
    await Promise.all(all)
    await assert.rejects(scene.wallet.send('more', order(1)), { code: 'limit' })
    await scene.wallet.send('m/999', order(999))
  })

  test('up to four messages go together, in their order, with modes that let each fail alone', async () => {
    await using scene = new Scene()
    for (let number = 0; number < 9; number++)
      await scene.wallet.send(`m/${number}`, order(number, number === 3 ? { valueNano: 1n } : {}))
    for (let block = 0; block < 4; block++) await scene.round()
    const orders = scene.chain.sent.map(parseOrder)
    assert.equal(
      scene.model.batches.reduce((sum, size) => sum + size, 0),
      9,
    )
    assert.ok(Math.max(...scene.model.batches) === 4 && scene.model.batches.length <= 4)
    assert.deepEqual(
      orders.flatMap(({ messages }) => messages.map(({ body }) => body.beginParse().loadUint(64))),
      [0, 1, 2, 3, 4, 5, 6, 7, 8],
    )
    assert.deepEqual(
      orders.flatMap(({ modes }) => modes),
      [2, 2, 2, 3, 2, 2, 2, 2, 2],
    )
    assert.deepEqual(
      orders.map(({ seqno }) => seqno),
      orders.map((_, index) => index),
    )
  })

  test('messages that look the same are told apart by going one after the other', async () => {
    await using scene = new Scene()
    let failures = 1
    scene.model.reactions.set(addressKey(shop), () =>
      failures-- > 0 ? { isSuccess: false, exitCode: 1001, actionCode: undefined } : {},
    )
    await scene.wallet.send('a', order(1))
    await scene.wallet.send('b', order(1))
    for (let block = 0; block < 3; block++) await scene.round()
    assert.deepEqual(
      (await outcomes(scene.wallet, 'a', 'b')).map(({ kind }) => kind),
      ['failed', 'delivered'],
    )
    assert.deepEqual(scene.model.batches, [1, 1])
  })
})

describe('outcomes', () => {
  test('of two messages that look the same and are on their way together, each has its own', async () => {
    await using scene = new Scene()
    const { model } = scene
    model.isSlow = true
    await scene.wallet.send('a', order(1))
    await scene.wallet.send('b', order(1))
    for (let block = 0; block < 3; block++) await scene.round()
    assert.deepEqual([model.onTheWay.length, scene.wallet.view.onTheirWay], [2, 2])
    model.reactions.set(addressKey(shop), () => failed)
    model.arrive(model.onTheWay.shift()!)
    await scene.wallet.poke()
    // The next process knows which transaction was of the first one.
    await scene.restart()
    await scene.wallet.poke()
    assert.deepEqual(scene.wallet.openIds(), ['b'])
    model.reactions.clear()
    model.arrive(model.onTheWay.shift()!)
    await scene.wallet.poke()
    const kinds = (await outcomes(scene.wallet, 'a', 'b')).map(({ kind }) => kind)
    assert.deepEqual(kinds, ['failed', 'delivered'])
  })

  const failed = { isSuccess: false, exitCode: 1001, actionCode: undefined }
  const bounce = internalMessage({ destination: new Scene().model.address, isBounced: true })
  const skipped = { isSuccess: false, exitCode: undefined, actionCode: undefined }
  const cases = [
    ['a message without gas counts as delivered', skipped, { kind: 'delivered', isSkipped: true }],
    ['a destination that fails', failed, { kind: 'failed', exitCode: 1001, isReturned: false }],
    [
      'one that fails and returns the coins',
      { ...failed, outMessages: [bounce] },
      { kind: 'failed', isReturned: true },
    ],
    ['one without code returns the coins', { ...skipped, outMessages: [bounce] }, { kind: 'bounced' }],
    [
      'one whose actions fail',
      { isSuccess: false, exitCode: 0, actionCode: 37 },
      { kind: 'failed', exitCode: 0, actionCode: 37 },
    ],
  ] as const
  for (const [what, reaction, expected] of cases) {
    test(what, async () => {
      await using scene = new Scene()
      scene.model.reactions.set(addressKey(shop), () => reaction)
      await scene.wallet.send('a', order(1))
      await scene.round()
      const outcome = await scene.wallet.outcome('a')
      assert.deepEqual({ ...outcome, ...expected }, outcome)
      if (outcome.kind === 'delivered') return
      assert.ok(outcome.words.length > 10, outcome.words)
      assert.equal(outcomeError(outcome)?.code, 'transaction-failed')
    })
  }

  test('a failure says the exit code in words', async () => {
    await using scene = new Scene()
    scene.model.reactions.set(addressKey(shop), () => failed)
    await scene.wallet.send('a', order(1))
    await scene.round()
    assert.match(outcomeError(await scene.wallet.outcome('a'))!.message, /balance.*too low.*1001/i)
  })

  test('a message that the wallet left out is not sent', async () => {
    await using scene = new Scene()
    await scene.wallet.send('a', order(1, { valueNano: 2n * ton }))
    await scene.wallet.send('b', order(2, { valueNano: 5n * ton }))
    await scene.wallet.poke()
    scene.model.balanceNano = 3n * ton
    await scene.round()
    assert.deepEqual(
      (await outcomes(scene.wallet, 'a', 'b')).map(({ kind }) => kind),
      ['delivered', 'not-sent'],
    )
  })

  test('what others send there, or the wallet sent before, is not taken for it', async () => {
    await using scene = new Scene()
    const { model, chain, wallet } = scene
    const alike = internalMessage({ source: model.address, destination: shop, body: bodyOf(1) })
    model.arrive(alike)
    await wallet.send('a', order(1))
    await wallet.poke()
    const lost = chain.history(shop)
    model.mine()
    const arrival = lost.pop()!
    for (const change of [
      { source: owner },
      { isBounced: true },
      { body: bodyOf(2) },
      { kind: 'external-in' },
    ] as const)
      model.arrive({ ...alike, ...change })
    await wallet.poke()
    assert.deepEqual([wallet.view.onTheirWay, wallet.openIds()], [1, ['a']])
    chain.addTransaction(shop, { ...arrival, lt: 9000n })
    await wallet.poke()
    assert.deepEqual((await wallet.outcome('a')) satisfies Outcome, {
      kind: 'delivered',
      transaction: { lt: '9000', hash: arrival.hash },
      isSkipped: false,
    })
  })

  test('what the chain does not show for a day is unknown', async () => {
    await using scene = new Scene()
    await scene.wallet.send('a', order(1))
    await scene.wallet.poke()
    scene.model.mine()
    scene.chain.history(shop).length = 0
    await scene.wallet.poke()
    scene.chain.passTime(86_000)
    scene.chain.fail('transactions', new MoneyError('chain-history', 'no archive'))
    await scene.wallet.poke()
    assert.equal(scene.problem, 'chain-history')
    scene.chain.passTime(500)
    await scene.wallet.poke()
    assert.equal((await scene.wallet.outcome('a')).kind, 'unknown')
  })

  test('who waits can stop waiting', async () => {
    const scene = new Scene()
    await scene.wallet.send('a', order(1))
    const stop = new AbortController()
    const stopped = assert.rejects(scene.wallet.outcome('a', { signal: stop.signal }), /enough/)
    const closed = assert.rejects(scene.wallet.outcome('a'), { code: 'closed' })
    stop.abort(new Error('enough'))
    await stopped
    await scene[Symbol.asyncDispose]()
    await closed
    await assert.rejects(scene.wallet.outcome('a'), { code: 'closed' })
    await assert.rejects(scene.wallet.send('b', order(1)), { code: 'closed' })
  })

  test('the last 4096 settled messages are remembered', async () => {
    await using scene = new Scene()
    const prefix = `wallet/${addressKey(scene.model.address)}/settled/`
    for (let number = 1; number <= 5200; number++) {
      const settled = {
        number,
        settledAtMs: number,
        digest: 'd',
        outcome: { kind: 'not-sent', words: 'old' },
      }
      scene.disk.records.set(`${prefix}old/${number}`, JSON.stringify(settled))
    }
    await scene.restart()
    await scene.wallet.send('a', order(1))
    await scene.round()
    assert.equal((await scene.wallet.outcome('a')).kind, 'delivered')
    assert.equal((await scene.wallet.outcome('old/5200')).kind, 'not-sent')
    await assert.rejects(scene.wallet.outcome('old/1'), { code: 'request-unknown' })
    const left = [...scene.disk.records.keys()].filter(record => record.startsWith(prefix)).length
    assert.equal(left, 4097)
  })
})

describe('an external message', () => {
  test('is handed in again every 30 s until it is executed', async () => {
    await using scene = new Scene()
    await scene.wallet.send('a', order(1))
    await scene.wallet.poke()
    scene.model.mine({ loses: true })
    await scene.world.advance(100_000)
    assert.ok(scene.chain.sent.length >= 3 && scene.chain.sent.length <= 4, `${scene.chain.sent.length}`)
    assert.equal(new Set(scene.chain.sent.map(boc => parseOrder(boc).bodyHash)).size, 1)
    await scene.round()
    assert.equal((await scene.wallet.outcome('a')).kind, 'delivered')
    assert.equal(scene.model.arrived.length, 1)
  })

  test('is given up when a final block is past its end, and its messages go into another one', async () => {
    await using scene = new Scene()
    await scene.wallet.send('a', order(1))
    await scene.round({ loses: true })
    scene.chain.passTime(650)
    await scene.wallet.send('b', order(2))
    await scene.wallet.poke()
    assert.equal(new Set(scene.chain.sent.map(boc => parseOrder(boc).bodyHash)).size, 1)
    scene.chain.passTime(20)
    await scene.wallet.poke()
    const last = parseOrder(scene.chain.sent.at(-1)!)
    assert.deepEqual([last.messages.length, last.seqno], [2, 0])
    await scene.round()
    assert.deepEqual(
      (await outcomes(scene.wallet, 'a', 'b')).map(({ kind }) => kind),
      ['delivered', 'delivered'],
    )
    assert.equal(scene.model.arrived.length, 2)
  })

  test('is not given up on the word of a source that is behind', async () => {
    await using scene = new Scene()
    await scene.wallet.send('a', order(1))
    await scene.wallet.poke()
    const before = await scene.chain.account(scene.model.address)
    scene.model.mine()
    const after = await scene.chain.account(scene.model.address)
    // The old state under a new head: the newest transaction is missing, and its number looks unused.
    scene.chain.setAccount(scene.model.address, { ...before, lastLt: after.lastLt })
    scene.chain.passTime(700)
    await scene.wallet.poke()
    assert.equal(scene.problem, 'chain-stale')
    assert.equal(scene.chain.sent.length, 1)
    scene.model.publish()
    await scene.wallet.poke()
    assert.deepEqual([scene.problem, scene.model.arrived.length], [undefined, 1])
  })

  test('given up on the word of a faulty source is taken for executed when it shows', async () => {
    await using scene = new Scene()
    const { model, wallet, chain } = scene
    await wallet.send('a', order(1))
    await wallet.poke()
    const before = await chain.account(model.address)
    model.mine()
    const history = chain.history(model.address).splice(0)
    const honest = await chain.account(model.address)
    chain.setAccount(model.address, before)
    chain.passTime(700)
    await wallet.send('b', order(2))
    await wallet.poke()
    assert.deepEqual(
      parseOrder(chain.sent.at(-1)!).messages.map(({ body }) => body.beginParse().loadUint(64)),
      [1, 2],
    )
    chain.history(model.address).push(...history)
    chain.setAccount(model.address, honest)
    await wallet.poke()
    assert.equal((await wallet.outcome('a')).kind, 'delivered')
    await scene.round()
    assert.equal((await wallet.outcome('b')).kind, 'delivered')
    assert.deepEqual([model.arrived.length, model.seqno, scene.problem], [2, 2, undefined])
  })

  test('a number that nothing explains stops the sending until it is explained', async () => {
    await using scene = new Scene()
    const { model, wallet, chain } = scene
    await wallet.poke()
    for (const lie of [5, 1]) {
      model.seqno = lie
      model.publish()
      await wallet.send(`m/${lie}`, order(lie))
      await wallet.poke()
      assert.deepEqual([scene.problem, chain.sent.length], ['chain-answer', 0])
    }
    model.seqno = 0
    model.publish()
    await wallet.poke()
    model.seqno = 4
    model.publish()
    await wallet.poke()
    assert.equal(scene.problem, 'chain-answer')
    model.seqno = 0
    await scene.round()
    assert.equal(model.arrived.length, 2)
    model.seqno = 0
    model.publish()
    await wallet.poke()
    assert.equal(scene.problem, 'chain-stale')
  })

  test('one that the wallet could not execute is not repeated, and its messages are not sent', async () => {
    await using scene = new Scene()
    await scene.wallet.send('a', order(1))
    await scene.wallet.poke()
    const { body } = parseOrder(scene.chain.sent[0]!)
    const inMessage = { ...internalMessage({ body }), kind: 'external-in' as const }
    const burnt = { isSuccess: false, exitCode: 0, actionCode: 40 }
    scene.chain.addTransaction(scene.model.address, { lt: 2000n, inMessage, ...burnt })
    await scene.wallet.poke()
    assert.equal(scene.problem, 'transaction-failed')
    await scene.world.advance(100_000)
    assert.equal(scene.chain.sent.length, 1)
    scene.chain.passTime(700)
    await scene.wallet.poke()
    const outcome = await scene.wallet.outcome('a')
    assert.equal(outcome.kind, 'not-sent')
    assert.match(outcomeError(outcome)!.message, /could not execute.*40/)
  })

  test('a message with a deadline leaves the wallet before it or never', async () => {
    await using scene = new Scene()
    const nowS = scene.chain.headNow.timeS
    await scene.wallet.send('a', order(1, { deadlineS: nowS + 100 }))
    await scene.round({ loses: true })
    assert.equal(parseOrder(scene.chain.sent[0]!).validUntilS, nowS + 100)
    await scene.wallet.send('b', order(2, { deadlineS: nowS + 100 }))
    scene.chain.passTime(200)
    await scene.wallet.poke()
    assert.deepEqual(
      (await outcomes(scene.wallet, 'a', 'b')).map(({ kind }) => kind),
      ['not-sent', 'not-sent'],
    )
    assert.equal(scene.chain.sent.length, 1)
  })

  test('a chain that does not answer costs time only', async () => {
    await using scene = new Scene()
    await scene.wallet.send('a', order(1))
    for (const question of ['account', 'send', 'transactions'] as const) scene.chain.fail(question, 'hang')
    await scene.world.advance(70_000)
    for (let block = 0; block < 4; block++) {
      scene.model.mine()
      await scene.world.advance(70_000)
    }
    assert.equal((await scene.wallet.outcome('a')).kind, 'delivered')
    assert.equal(scene.model.arrived.length, 1)
  })
})

describe('what keeps a wallet from sending', () => {
  test('a store that fails: who waits hears of it, also without asking again', async () => {
    const scene = new Scene()
    const wallet = new NodeWallet({
      chain: scene.chain,
      store: new Disk().open(faultAt(3, 'fails')),
      world: scene.world,
      key,
      owner,
      code,
    })
    await wallet.send('a', order(1))
    const waiting = assert.rejects(wallet.outcome('a'), { code: 'storage' })
    scene.model.mine()
    await scene.world.advance(20_000)
    await waiting
    assert.equal((wallet.view.problem as MoneyError).code, 'storage')
    await assert.rejects(wallet.send('b', order(2)), { code: 'storage' })
    await wallet[Symbol.asyncDispose]()
    await scene[Symbol.asyncDispose]()
  })

  test('too few coins: it says how many and where to', async () => {
    await using scene = new Scene({ balanceNano: 1_500_000_000n })
    await scene.wallet.poke()
    assert.equal(scene.problem, 'wallet-balance')
    const { message } = scene.wallet.view.problem!
    assert.ok(message.includes('1.5 TON') && message.includes('lacks 0.6 TON'), message)
    assert.ok(message.includes(formatAddress(scene.model.address)), message)
    await scene.wallet.send('a', order(1, { valueNano: 3n * ton }))
    await scene.wallet.poke()
    assert.match(scene.wallet.view.problem!.message, /lacks 3.65 TON/)
    assert.equal(scene.chain.sent.length, 0)
    scene.model.receive(3_650_000_000n)
    await scene.round()
    assert.equal((await scene.wallet.outcome('a')).kind, 'delivered')
    assert.equal(scene.problem, undefined)
  })

  test('what it cannot pay for lets smaller messages pass', async () => {
    await using scene = new Scene({ balanceNano: 4n * ton })
    await scene.wallet.send('deposit', order(1, { valueNano: 50n * ton }))
    await scene.wallet.send('save', order(2, { valueNano: 1n }))
    await scene.round()
    assert.equal((await scene.wallet.outcome('save')).kind, 'delivered')
    assert.deepEqual([scene.problem, scene.wallet.view.waiting], ['wallet-balance', 1])
  })

  test('its owner', async () => {
    await using scene = new Scene()
    scene.model.isBlocked = true
    scene.model.publish()
    await scene.wallet.send('a', order(1))
    await scene.round()
    assert.deepEqual([scene.problem, scene.chain.sent.length], ['wallet-blocked', 0])
    scene.model.isBlocked = false
    scene.model.publish()
    await scene.round()
    assert.equal((await scene.wallet.outcome('a')).kind, 'delivered')
  })

  test('a refusal is a problem, and it is tried again', async () => {
    await using scene = new Scene()
    scene.chain.fail('send', new MoneyError('chain-refused', 'exit code 1031'))
    await scene.wallet.send('a', order(1))
    await scene.world.settle()
    assert.equal(scene.problem, 'chain-refused')
    await scene.round()
    assert.equal((await scene.wallet.outcome('a')).kind, 'delivered')
  })

  test('an account that is no wallet, or frozen', async () => {
    await using scene = new Scene()
    scene.chain.setAccount(scene.model.address, { data: bodyOf(1) })
    await scene.wallet.poke()
    assert.equal(scene.problem, 'contract-data')
    scene.chain.setAccount(scene.model.address, { data: undefined, status: 'frozen' })
    await scene.wallet.poke()
    assert.equal(scene.problem, 'wallet-blocked')
    assert.equal(scene.wallet.view.seqno, undefined)
  })
})
