import { createHash } from 'node:crypto'
import { Cell, loadMessage, type Message } from '@ton/core'
import { type AccountBoc, emptyAccount, keyOf } from './accounts.ts'
import { type ExternalMessage, hexOf, messageCell, normalisedHash } from './message.ts'
import type { BlockChange, BlockRecord, TransactionRecord } from './records.ts'
import { isRefusal, type Moment, type Refusal, type Tvm } from './tvm.ts'
import { devnetLimits } from './limits.ts'

/** Blocks begin at multiples of it, as they do on the real chain. */
const ltPerBlock = 1_000_000n

/** What a block is made of. */
export interface BlockInput {
  readonly parent: BlockRecord
  readonly timeS: number
  /** Internal messages that the block before had no room for. */
  readonly carried: readonly Uint8Array[]
  readonly externals: readonly ExternalMessage[]
}

export interface BlockDraft extends BlockChange {
  /** Externals that their accounts did not take, by hash. */
  readonly refusals: ReadonlyMap<string, Refusal>
}

/**
 * Executes messages as a collator does: what was left over, the externals, then all that they send to each other
 * until nothing is left or the block is full. Writes nothing.
 */
export async function makeBlock(
  tvm: Tvm,
  accountAt: (key: string) => AccountBoc | undefined,
  input: BlockInput,
): Promise<BlockDraft> {
  const draft = new Draft(tvm, accountAt, input)
  const refusals = new Map<string, Refusal>()
  const taken: string[] = []
  for (const boc of input.carried) draft.queue.push(Cell.fromBoc(Buffer.from(boc))[0]!)
  await draft.drain()
  for (const { cell, message, hash } of input.externals) {
    if (draft.isFull) break
    const refusal = await draft.execute(cell, message)
    if (refusal !== undefined) refusals.set(hash, refusal)
    taken.push(hash)
  }
  await draft.drain()
  return {
    block: draft.block(),
    transactions: draft.transactions,
    taken,
    carried: draft.queue.map(cell => cell.toBoc()),
    refusals,
  }
}

/** The moment at which the first transaction of the block after `parent` would be executed. */
export function momentAfter(parent: BlockRecord, timeS: number): Moment {
  const seed = createHash('sha256').update(`seed ${parent.hash} ${timeS}`).digest()
  return { timeS, lt: startLtAfter(parent) + 1n, seed }
}

/** The block before all others. */
export function genesisBlock(timeS: number): BlockRecord {
  const hash = createHash('sha256').update('genesis').digest('hex')
  return { seqno: 1, timeS, startLt: ltPerBlock, endLt: ltPerBlock, hash, transactionCount: 0 }
}

function startLtAfter({ endLt }: BlockRecord): bigint {
  return (endLt / ltPerBlock + 1n) * ltPerBlock
}

class Draft {
  readonly transactions: TransactionRecord[] = []
  /** Internal messages that were not executed yet, oldest first. */
  readonly queue: Cell[] = []
  readonly #tvm: Tvm
  readonly #accountAt: (key: string) => AccountBoc | undefined
  readonly #accounts = new Map<string, AccountBoc>()
  readonly #input: BlockInput
  #moment: Moment

  constructor(tvm: Tvm, accountAt: (key: string) => AccountBoc | undefined, input: BlockInput) {
    this.#tvm = tvm
    this.#accountAt = accountAt
    this.#input = input
    this.#moment = momentAfter(input.parent, input.timeS)
  }

  get isFull(): boolean {
    return this.transactions.length >= devnetLimits.transactionsPerBlock
  }

  async drain(): Promise<void> {
    while (!this.isFull) {
      const cell = this.queue.shift()
      if (cell === undefined) return
      // A message that the machine itself cannot handle is lost, and nothing else with it.
      await this.execute(cell, loadMessage(cell.beginParse()))
    }
  }

  /** Undefined once it is executed. */
  async execute(cell: Cell, message: Message): Promise<Refusal | undefined> {
    const to = message.info.dest
    if (message.info.type === 'external-out' || to === null || to === undefined || !('workChain' in to)) {
      return { reason: 'The message is for no account', exitCode: undefined, log: '' }
    }
    const key = keyOf(to)
    const account = this.#accounts.get(key) ?? this.#accountAt(key) ?? emptyAccount(to)
    const outcome = await this.#tvm.execute(account, cell, this.#moment)
    if (isRefusal(outcome)) return outcome
    const { lt, outMessagesCount, outMessages } = outcome.transaction
    this.#accounts.set(key, outcome.account)
    this.#moment = { ...this.#moment, lt: lt + BigInt(outMessagesCount) + 1n }
    const inMessageHash = hexOf(cell)
    this.transactions.push({
      account: key,
      lt,
      hash: hexOf(outcome.cell),
      seqno: this.#input.parent.seqno + 1,
      boc: outcome.cell.toBoc(),
      accountAfter: outcome.account,
      inMessageHash,
      inMessageNormHash: normalisedHash(message, inMessageHash),
    })
    for (const sent of outMessages.values()) {
      if (sent.info.type === 'internal') this.queue.push(messageCell(sent))
    }
    return undefined
  }

  block(): BlockRecord {
    const { parent, timeS } = this.#input
    const seqno = parent.seqno + 1
    const content = this.transactions.map(({ hash }) => hash).join()
    return {
      seqno,
      timeS,
      startLt: startLtAfter(parent),
      endLt: this.#moment.lt,
      hash: createHash('sha256').update(`${parent.hash} ${seqno} ${timeS} ${content}`).digest('hex'),
      transactionCount: this.transactions.length,
    }
  }
}
