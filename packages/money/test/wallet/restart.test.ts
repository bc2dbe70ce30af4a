import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { beginCell, type Cell } from '@ton/core'
import fc from 'fast-check'
import { VirtualWorld } from '../../../wire/test/virtual-world.ts'
import { type Chain, MoneyError, NodeWallet, type OutgoingMessage } from '../../src/index.ts'
import { Disk, faultAt, type WriteFault, type WriteFaults } from '../watch/faulty-store.ts'
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
type QuestionFault =
  | 'killed before it is asked'
  | 'killed after it is answered'
  | 'fails'
  | 'fails but executed'

/** What goes wrong: everything is counted from 0, over all processes. */
interface Faults {
  readonly write?: WriteFaults
  readonly question?: (question: number) => QuestionFault | undefined
  /** How a block comes about; see `WalletModel.mine`. */
  readonly block?: () => { seconds: number; loses: boolean }
}

/** Counts the questions of all processes, and ends the process that asks the wrong one. */
class DeadlyChain {
  questions = 0
  isDead = false
  readonly #chain: ScriptedChain
  readonly #faultOf: (question: number) => QuestionFault | undefined

  constructor(chain: ScriptedChain, { question = () => undefined }: Faults) {
    this.#chain = chain
    this.#faultOf = question
  }

  open(): Chain {
    const chain = this.#chain
    return {
      head: () => this.#ask(() => chain.head()),
      blockHash: seqno => this.#ask(() => chain.blockHash(seqno)),
      account: address => this.#ask(() => chain.account(address)),
      transactions: (address, range) => this.#ask(() => chain.transactions(address, range)),
      send: message => this.#ask(() => chain.send(message)),
      fees: () => chain.fees(),
      [Symbol.asyncDispose]: () => Promise.resolve(),
    }
  }

  async #ask<T>(question: () => Promise<T>): Promise<T> {
    const fault = this.#faultOf(this.questions++)
    if (fault === undefined) return question()
    if (fault === 'killed after it is answered' || fault === 'fails but executed') await question()
    if (fault.startsWith('fails')) throw new MoneyError('chain-unreachable', 'no source answers')
    this.isDead = true
    return new Promise<T>(() => undefined)
  }
}

/** Sends all messages through processes that end at a fault and begin again, and checks what has arrived. */
async function runThrough(faults: Faults): Promise<{ writes: number; questions: number; processes: number }> {
  const [world, chain, disk] = [new VirtualWorld(), new ScriptedChain(), new Disk()]
  const model = new WalletModel(chain)
  const deadly = new DeadlyChain(chain, faults)
  const ended = new Set<string>()
  let processes = 0
  for (let isDone = false; !isDone;) {
    if (++processes > 100) throw new Error('it comes to no end')
    deadly.isDead = false
    const wallet = new NodeWallet({
      chain: deadly.open(),
      store: disk.open(faults.write),
      world,
      key,
      owner,
      code,
    })
    isDone = await live(wallet, { deadly, world, model, ended, block: faults.block ?? steadyBlock })
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

function steadyBlock(): { seconds: number; loses: boolean } {
  return { seconds: 10, loses: false }
}

/** One process: true when all messages are delivered, false when it ended before. */
async function live(
  wallet: NodeWallet,
  of: {
    deadly: DeadlyChain
    world: VirtualWorld
    model: WalletModel
    ended: Set<string>
    block: () => { seconds: number; loses: boolean }
  },
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
    of.model.mine(of.block())
    if (isBroken || of.deadly.isDead) break
  }
  await wallet[Symbol.asyncDispose]()
  await Promise.all(waiting)
  return of.ended.size === messages.length
}

const questionFaults: readonly QuestionFault[] = [
  'killed before it is asked',
  'killed after it is answered',
  'fails',
  'fails but executed',
]

describe('a process that ends at any moment loses nothing and sends nothing twice', async () => {
  const { writes, questions, processes } = await runThrough({})

  test('without a fault', () => {
    assert.equal(processes, 1)
    assert.ok(writes > 12 && questions > 15, `${writes} writes, ${questions} questions`)
  })

  for (const how of ['fails', 'fails but persisted'] as const) {
    for (let at = 0; at < writes; at++) {
      test(`write ${at} ${how}`, async () => {
        assert.equal((await runThrough({ write: faultAt(at, how) })).processes, 2)
      })
    }
  }

  for (const how of questionFaults) {
    for (let at = 0; at < questions; at++) {
      test(`question ${at}: ${how}`, async () => {
        const question = (index: number) => (index === at ? how : undefined)
        const { processes } = await runThrough({ question })
        assert.ok(processes <= (how.startsWith('killed') ? 2 : 1))
      })
    }
  }

  test('many faults at once, blocks that lose messages, and long silence', async () => {
    const oneIn = (most: number) => fc.nat({ max: most - 1 }).map(number => number === 0)
    const anyFaults = fc.record({
      writes: fc.infiniteStream(fc.tuple(oneIn(12), fc.constantFrom('fails', 'fails but persisted'))),
      questions: fc.infiniteStream(fc.tuple(oneIn(8), fc.constantFrom(...questionFaults))),
      blocks: fc.infiniteStream(fc.tuple(oneIn(4), oneIn(5))),
    })
    const property = fc.asyncProperty(anyFaults, async ({ writes, questions, blocks }) => {
      const next = <T>(faults: Iterator<[boolean, T]>): T | undefined => {
        const [happens, fault] = faults.next().value as [boolean, T]
        return happens ? fault : undefined
      }
      await runThrough({
        write: () => next<WriteFault>(writes as Iterator<[boolean, WriteFault]>),
        question: () => next<QuestionFault>(questions as Iterator<[boolean, QuestionFault]>),
        block: () => {
          const [loses, isLate] = blocks.next().value as [boolean, boolean]
          return { loses, seconds: isLate ? 700 : 10 }
        },
      })
    })
    await fc.assert(property, { numRuns: 60 })
  })
})
