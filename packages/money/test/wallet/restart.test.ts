import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { beginCell, type Cell } from '@ton/core'
import { VirtualWorld } from '../../../wire/test/virtual-world.ts'
import { type Chain, MoneyError, NodeWallet, type OutgoingMessage } from '../../src/index.ts'
import { Disk, type WriteFault } from '../watch/faulty-store.ts'
import { ScriptedChain, someAddress } from '../watch/scripted-chain.ts'
import { code, key, owner, WalletModel } from './wallet-model.ts'

function bodyOf(number: number): Cell {
  return beginCell().storeUint(number, 64).endCell()
}

/** Two to one destination, a deposit, a note, and two that look the same; one of them is sent later. */
const messages: ReadonlyArray<[id: string, message: OutgoingMessage]> = [
  [1, 1, 100_000_000n],
  [1, 2, 100_000_000n],
  [2, 3, 1_500_000_000n],
  [3, 4, 1n],
  [4, 5, 100_000_000n],
  [4, 5, 100_000_000n],
].map(([to = 0, number = 0, valueNano = 0], index) => [
  `message/${index}`,
  {
    destination: someAddress(Number(to)),
    valueNano: BigInt(valueNano),
    body: bodyOf(Number(number)),
    isBounceable: true,
  },
])

/** What happens to one question to the chain, and with it to the process. */
type Death = 'before it is asked' | 'after it is answered'

/** Counts the questions of all processes, and has one of them kill the process that asks. */
class DeadlyChain {
  questions = 0
  isDead = false
  readonly #chain: ScriptedChain
  readonly #death: { at: number; how: Death } | undefined

  constructor(chain: ScriptedChain, death: { at: number; how: Death } | undefined) {
    this.#chain = chain
    this.#death = death
  }

  open(): Chain {
    const chain = this.#chain
    return {
      head: () => this.#ask(() => chain.head()),
      account: address => this.#ask(() => chain.account(address)),
      transactions: (address, range) => this.#ask(() => chain.transactions(address, range)),
      send: message => this.#ask(() => chain.send(message)),
      fees: () => chain.fees(),
      [Symbol.asyncDispose]: () => Promise.resolve(),
    }
  }

  async #ask<T>(question: () => Promise<T>): Promise<T> {
    const isDeadly = this.questions++ === this.#death?.at
    if (!isDeadly) return question()
    if (this.#death.how === 'after it is answered') await question()
    this.isDead = true
    return new Promise<T>(() => undefined)
  }
}

interface Faults {
  readonly write?: { at: number; how: WriteFault }
  readonly death?: { at: number; how: Death }
}

/** Sends all messages through processes that end at the fault and begin again, and checks what has arrived. */
async function runThrough(faults: Faults): Promise<{ writes: number; questions: number; processes: number }> {
  const [world, chain, disk] = [new VirtualWorld(), new ScriptedChain(), new Disk()]
  const model = new WalletModel(chain)
  const deadly = new DeadlyChain(chain, faults.death)
  const ended = new Set<string>()
  let processes = 0
  for (let isDone = false; !isDone;) {
    if (++processes > 3) throw new Error('one fault ends one process')
    deadly.isDead = false
    const store = disk.open(faults.write)
    const wallet = new NodeWallet({ chain: deadly.open(), store, world, key, owner, code })
    isDone = await live(wallet, { deadly, world, model, ended })
    await wallet[Symbol.asyncDispose]()
  }
  assert.equal(world.timers, 0)
  const wanted = messages.map(
    ([, { destination, body }]) => `0:${destination.hash} ${body.hash().toString('hex')}`,
  )
  assert.deepEqual(model.arrived.toSorted(), wanted.toSorted())
  assert.equal(ended.size, messages.length)
  return { writes: disk.writes, questions: deadly.questions, processes }
}

/** One process: true when all messages are delivered, false when it ended before. */
async function live(
  wallet: NodeWallet,
  of: { deadly: DeadlyChain; world: VirtualWorld; model: WalletModel; ended: Set<string> },
): Promise<boolean> {
  let isBroken = false
  const broken = (error: unknown): void => {
    if (!(error instanceof MoneyError) || !['storage', 'closed'].includes(error.code)) throw error
    isBroken ||= error.code === 'storage'
  }
  const waiting: Array<Promise<void>> = []
  const send = async (index: number): Promise<void> => {
    const [id, message] = messages[index]!
    await wallet.send(id, message)
    const outcome = await wallet.outcome(id)
    assert.equal(outcome.kind, 'delivered')
    of.ended.add(id)
  }
  for (let block = 0; block < 30 && of.ended.size < messages.length; block++) {
    if (block === 0) for (let index = 0; index < 5; index++) waiting.push(send(index).catch(broken))
    if (block === 2) waiting.push(send(5).catch(broken))
    await of.world.advance(10_000)
    // The next block comes whether the process lives or not.
    of.model.mine({ seconds: 10 })
    if (isBroken || of.deadly.isDead) break
  }
  await wallet[Symbol.asyncDispose]()
  await Promise.all(waiting)
  return of.ended.size === messages.length
}

describe('a process that ends at any moment loses nothing and sends nothing twice', async () => {
  const { writes, questions, processes } = await runThrough({})

  test('without a fault', () => {
    assert.equal(processes, 1)
    assert.ok(writes > 12 && questions > 15, `${writes} writes, ${questions} questions`)
  })

  for (const how of ['fails', 'fails but persisted'] as const) {
    for (let at = 0; at < writes; at++) {
      test(`write ${at} ${how}`, async () => {
        assert.equal((await runThrough({ write: { at, how } })).processes, 2)
      })
    }
  }

  for (const how of ['before it is asked', 'after it is answered'] as const) {
    for (let at = 0; at < questions; at++) {
      test(`it is killed at question ${at}, ${how}`, async () => {
        const { processes } = await runThrough({ death: { at, how } })
        assert.ok(processes <= 2)
      })
    }
  }
})
