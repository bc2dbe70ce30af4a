// Random sequences of everything that anybody can send, by an honest proxy and by one that signs what it likes.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Address, beginCell, Cell, toNano } from '@ton/core'
import fc from 'fast-check'
import { opcodes } from '../../../src/contracts/opcodes.generated.ts'
import { coins, count, message, signed, to, uint } from './bodies.ts'
import { readClient, readProxy, readWorker, sentTo, valueTo } from './reading.ts'
import { Stage, startS, type Step } from './stage.ts'
import { networkParams } from './states.ts'

const { price, workerFee, clientDelay, proxyDelay } = networkParams

const million = fc.integer({ min: 0, max: 600 }).map(count => count * 1_000_000)
const amount = fc.integer({ min: 0, max: 20 }).map(ton => toNano(ton))
const excesses = fc.constantFrom('anyone', 'owner', 'masterchain', 'elsewhere')

/** What parties of the network do. Counts are differences to the greatest that was signed. */
const move = fc.oneof(
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('top-up'), amount, excesses }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('charge'), tokens: million, excesses }) },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('payout'), tokens: million, excesses }) },
  fc.record({ kind: fc.constant('last-payout'), tokens: million, excesses }),
  fc.record({ kind: fc.constant('grant-refund'), tokens: million, excesses }),
  fc.record({ kind: fc.constant('withdraw'), excesses }),
  fc.record({ kind: fc.constant('request-refund'), excesses }),
  fc.record({ kind: fc.constant('stake'), amount, excesses }),
  fc.record({ kind: fc.constant('proxy-payout'), excesses }),
  fc.record({ kind: fc.constant('close'), excesses }),
  fc.record({ kind: fc.constant('close-complete'), excesses }),
  fc.record({ kind: fc.constant('wait'), excesses }),
  fc.record({ kind: fc.constant('again'), which: fc.nat(), excesses }),
)

type Move = typeof move extends fc.Arbitrary<infer T> ? T : never

interface Letter {
  readonly from: Address
  readonly at: Address
  readonly value: bigint
  readonly body: Cell
}

/** Turns moves into messages, and keeps the signed ones, which anybody may send again. */
class Script {
  readonly #stage: Stage
  readonly signed: Letter[] = []
  charged = 0
  paid = 0

  constructor(stage: Stage) {
    this.#stage = stage
  }

  letter(move: Move): Letter | undefined {
    const { client, worker, proxy, clientOwner, anyone } = this.#stage
    const back = this.#address(move.excesses)
    const byOwner = (body: Cell): Letter => ({ from: clientOwner, at: client, value: toNano('0.5'), body })
    const byAnyone = (at: Address, body: Cell, value = toNano('0.5')): Letter => ({
      from: anyone,
      at,
      value,
      body,
    })
    switch (move.kind) {
      case 'top-up':
        return byAnyone(
          client,
          message('clientTopUp', 1, coins(move.amount), to(back)),
          move.amount + toNano('0.5'),
        )
      case 'charge':
      case 'grant-refund': {
        this.charged += move.tokens
        const op = move.kind === 'charge' ? 'clientCharge' : 'clientGrantRefund'
        return this.#sign(byAnyone(client, count(op, client, this.charged, { excesses: back })))
      }
      case 'payout':
      case 'last-payout': {
        this.paid += move.tokens
        const op = move.kind === 'payout' ? 'workerPayout' : 'workerLastPayout'
        return this.#sign(byAnyone(worker, count(op, worker, this.paid, { excesses: back })))
      }
      case 'withdraw':
        return byOwner(message('clientWithdraw', 1, to(back)))
      case 'request-refund':
        return byOwner(message('clientRequestRefund', 1, to(back)))
      case 'stake':
        return byAnyone(
          proxy,
          message('proxyIncreaseStake', 1, coins(move.amount), to(back)),
          move.amount + toNano('0.5'),
        )
      case 'proxy-payout':
        return byAnyone(proxy, message('proxyPayoutRequest', 1, to(back)))
      case 'close':
      case 'close-complete': {
        const op = move.kind === 'close' ? 'proxyClose' : 'proxyCloseComplete'
        return this.#sign(byAnyone(proxy, signed({ op, queryId: 1, excesses: back, fields: [to(proxy)] })))
      }
      case 'again':
        return this.signed[move.which % Math.max(this.signed.length, 1)]
      default:
        this.#stage.chain.now = (this.#stage.chain.now ?? startS) + Math.max(clientDelay, proxyDelay) + 1
        return undefined
    }
  }

  #sign(letter: Letter): Letter {
    this.signed.push(letter)
    return letter
  }

  #address(name: string): Address {
    if (name === 'anyone') return this.#stage.anyone
    if (name === 'owner') return this.#stage.clientOwner
    return new Address(name === 'masterchain' ? -1 : 4, Buffer.alloc(32, 0x77))
  }
}

interface Books {
  readonly client: Awaited<ReturnType<typeof readClient>>
  readonly worker: Awaited<ReturnType<typeof readWorker>>
  readonly proxy: Awaited<ReturnType<typeof readProxy>>
  readonly pool: bigint
}

async function books(stage: Stage): Promise<Books> {
  const [client, worker, proxy, pool] = await Promise.all([
    readClient(stage),
    readWorker(stage),
    readProxy(stage),
    stage.balance(stage.proxy),
  ])
  return { client, worker, proxy, pool }
}

const deployed = await Stage.deployed(toNano('2'))
const fresh = deployed.chain.snapshot()

/** The owner closed without the proxy. */
function isForced(before: Books, after: Books, moved: Move): boolean {
  return moved.kind === 'request-refund' && before.client.state === 1 && after.client.state === 2
}

/** Every coin that went into the pool or out of it is in the books of exactly one of those it belongs to. */
function assertAccounted(
  stage: Stage,
  before: Books,
  after: Books,
  steps: readonly Step[],
  moved: Move,
): void {
  const paid = (address: Address): bigint => valueTo(steps, address, 'payout')
  const [toClient, toWorker, toOwner] = [
    paid(stage.clientOwner),
    paid(stage.workerOwner),
    paid(stage.proxyOwner),
  ]
  const notes = ['clientProxyRequest', 'workerProxyRequest'] as const
  const noted = notes.flatMap(op => sentTo(steps, stage.proxy, op)).filter(({ value }) => value === 1n)
  const rent = steps.filter(({ at }) => at.equals(stage.proxy)).reduce((sum, step) => sum + step.rent, 0n)
  const into = after.pool - before.pool - BigInt(noted.length) + rent + toClient + toWorker + toOwner

  const workerTokens = after.worker.tokens - before.worker.tokens
  assert.equal(toWorker, workerTokens * workerFee, 'the worker is paid for its tokens')
  const wasClosed = before.proxy.state !== 2 && after.proxy.state === 2
  const earned = workerTokens * (price - workerFee) - toOwner
  const stakeAdded = moved.kind === 'stake' ? into : 0n

  const clientTokens = after.client.tokens - before.client.tokens
  const cost = min(clientTokens * price, before.client.balance)
  const wasForced = isForced(before, after, moved)
  const fromStake = wasForced && before.proxy.state !== 2 ? toClient : 0n
  const forfeited = wasForced ? before.client.balance - toClient : 0n
  assert.equal(
    after.client.balance,
    before.client.balance + into - stakeAdded - cost - toClient - forfeited,
    'the client has what it paid in',
  )
  assert.equal(
    after.proxy.balance + after.proxy.stake,
    before.proxy.balance + before.proxy.stake + earned + stakeAdded - fromStake,
    wasClosed ? 'the owner got what was his' : 'the owner has what was earned',
  )
}

async function run(
  moves: readonly Move[],
  signs: (script: Script, move: Move, books: Books) => Move,
): Promise<void> {
  const stage = deployed
  await stage.chain.loadFrom(fresh)
  stage.chain.now = startS
  const script = new Script(stage)
  let before = await books(stage)
  const spent = new Map<string, bigint>()
  for (const planned of moves) {
    const moved = signs(script, planned, before)
    const letter = script.letter(moved)
    if (letter === undefined) continue
    const gasBefore = await stage.balance(stage.client)
    const steps = await stage.send(letter.from, letter.at, letter.value, letter.body)
    const after = await books(stage)
    assertAccounted(stage, before, after, steps, moved)
    // An owner who closes alone names who gets what the contract had for its gas: it is the owner's.
    const own = isForced(before, after, moved) ? gasBefore : 0n
    assert.ok(
      valueTo(steps, stage.anyone, 'excesses') <= letter.value + own,
      'nobody gets more back than came with the message',
    )
    for (const step of steps) assert.ok((step.action ?? 0) === 0, `an action failed with ${step.action}`)
    const key = String(letter.body.hash().toString('hex'))
    spent.set(key, (spent.get(key) ?? 0n) + valueTo(steps, stage.workerOwner, 'payout'))
    before = after
  }
  const most = BigInt(script.paid) * workerFee
  const all = [...spent.values()].reduce((sum, value) => sum + value, 0n)
  assert.ok(all <= most, 'no worker is paid more than was signed')
}

test('whatever is signed and sent, every coin belongs to exactly one, and nothing is paid twice', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(move, { minLength: 8, maxLength: 16 }), async moves =>
      run(moves, (_script, planned) => planned),
    ),
    { numRuns: 5 },
  )
})

test('the pool covers what is owed, while the proxy signs no more than it charged', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(move, { minLength: 8, maxLength: 16 }), async moves => {
      const topUp: Move = { kind: 'top-up', amount: toNano(40), excesses: 'anyone' }
      await run([topUp, ...moves], honest)
      const { client, proxy, pool } = await books(deployed)
      assert.ok(pool >= client.balance + proxy.balance + proxy.stake)
    }),
    { numRuns: 4 },
  )
})

/** Charges no more than the client has, and pays no more than was charged. */
function honest(script: Script, planned: Move, { client }: Books): Move {
  if (planned.kind === 'charge' || planned.kind === 'grant-refund') {
    const room = Number(client.tokens + client.balance / price) - script.charged
    return { ...planned, tokens: Math.min(planned.tokens, Math.max(room, 0)) }
  }
  if (planned.kind === 'payout' || planned.kind === 'last-payout') {
    const room = Number(client.tokens) - script.paid
    return { ...planned, tokens: Math.min(planned.tokens, Math.max(room, 0)) }
  }
  return planned
}

const harmless = new Set<number>([
  opcodes.clientTopUp,
  opcodes.proxyPayoutRequest,
  opcodes.proxyIncreaseStake,
])

test('nothing that an outsider writes moves or freezes anything', async () => {
  const stage = deployed
  await stage.chain.loadFrom(fresh)
  stage.chain.now = startS
  const paidIn = message('clientTopUp', 1, coins(toNano('20')), to(stage.clientOwner))
  await stage.send(stage.clientOwner, stage.client, toNano('20.5'), paidIn)
  const before = await books(stage)
  const known = Object.values(opcodes).filter(op => !harmless.has(op))
  const op = fc.oneof(
    fc.constantFrom(...known),
    fc.nat(0xffffffff).filter(code => !harmless.has(code)),
  )
  const fields = fc.array(
    fc.oneof(
      fc.bigInt({ min: 0n, max: (1n << 64n) - 1n }).map(value => uint(value, 64)),
      fc.constant(coins(toNano('1'))),
      fc.constantFrom(to(stage.anyone), to(stage.clientOwner), to(null)),
      fc.constantFrom(uint(0, 2), uint(1, 1).storeRef(paidIn), beginCell().storeRef(new Cell())),
    ),
    { maxLength: 4 },
  )
  const letters = fc.record({
    op,
    fields,
    at: fc.constantFrom(stage.client, stage.worker, stage.proxy),
    bounce: fc.boolean(),
  })
  await fc.assert(
    fc.asyncProperty(letters, async letter => {
      const body = beginCell().storeUint(letter.op, 32).storeUint(1, 64)
      for (const field of letter.fields) body.storeBuilder(field)
      await stage.send(stage.anyone, letter.at, toNano('0.3'), body.endCell(), { bounce: letter.bounce })
      const { pool, ...after } = await books(stage)
      assert.deepEqual(after, { client: before.client, worker: before.worker, proxy: before.proxy })
      assert.ok(pool >= before.pool)
    }),
    { numRuns: 40 },
  )
})

function min(one: bigint, other: bigint): bigint {
  return one < other ? one : other
}
