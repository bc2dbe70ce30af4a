import { Cell, loadTransaction, type Address, type Transaction, type TupleItem, parseTuple } from '@ton/core'
import { defaultConfig, Executor } from '@ton/sandbox'
import { MoneyError } from '../error.ts'

/** The configuration of the chain, a bag of cells in base64: the main network's, as the sandbox brings it. */
export const configBoc: string = defaultConfig

/** What the virtual machine says of a message that an account does not take. */
export interface Refusal {
  readonly reason: string
  /** Undefined where nothing was computed. */
  readonly exitCode: number | undefined
  readonly log: string
}

export interface Execution {
  /** The transaction as a cell; its hash is the transaction's. */
  readonly cell: Cell
  readonly transaction: Transaction
  /** The account afterwards: a `ShardAccount`, a bag of cells in base64. */
  readonly account: string
}

/** When and under which seed of the block something is executed. */
export interface Moment {
  readonly timeS: number
  readonly lt: bigint
  readonly seed: Buffer
}

export interface GetResult {
  readonly exitCode: number
  readonly gasUsed: number
  readonly stack: readonly TupleItem[]
}

/** Gas of a get method, as liteservers give. */
const getMethodGas = 1_000_000n

/** One for the whole process: it remembers nothing from call to call, and takes a while to start. */
let started: Promise<Executor> | undefined

function executor(): Promise<Executor> {
  return (started ??= Executor.create())
}

/** The virtual machine of the real chain, compiled to WebAssembly. Calls are synchronous inside. */
export class Tvm {
  static async create(): Promise<Tvm> {
    await executor()
    return new Tvm()
  }

  /**
   * Executes a message on an account. Never throws for what the message or the account hold: a message that brings
   * nothing into being is a refusal.
   */
  async execute(
    account: string,
    message: Cell,
    moment: Moment,
    options: { ignoreSignatures?: boolean } = {},
  ): Promise<Execution | Refusal> {
    const run = (executor: Executor): ReturnType<Executor['runTransaction']> =>
      executor.runTransaction({
        config: configBoc,
        libs: null,
        verbosity: 'short',
        shardAccount: account,
        now: moment.timeS,
        lt: moment.lt,
        randomSeed: moment.seed,
        ignoreChksig: options.ignoreSignatures === true,
        debugEnabled: false,
        message,
      })
    try {
      const { result } = await this.#guarded(run)
      if (result.success) return executionOf(result.transaction, result.shardAccount)
      const { vmExitCode, vmLog = '' } = result.vmResults ?? {}
      return { reason: result.error, exitCode: vmExitCode, log: vmLog }
    } catch (error) {
      return { reason: error instanceof Error ? error.message : String(error), exitCode: undefined, log: '' }
    }
  }

  /** Runs a get method of an active account. */
  async get(
    address: Address,
    state: { code: Cell; data: Cell; balanceNano: bigint },
    method: { id: number; stack: TupleItem[] },
    moment: Pick<Moment, 'timeS' | 'seed'>,
  ): Promise<GetResult> {
    const { output } = await this.#guarded(executor =>
      executor.runGetMethod({
        code: state.code,
        data: state.data,
        methodId: method.id,
        stack: method.stack,
        config: configBoc,
        verbosity: 'short',
        address,
        unixTime: moment.timeS,
        balance: state.balanceNano,
        randomSeed: moment.seed,
        gasLimit: getMethodGas,
        debugEnabled: false,
      }),
    )
    if (!output.success) {
      throw new MoneyError('devnet', `The get method cannot be run: ${output.error}`)
    }
    return {
      exitCode: output.vm_exit_code,
      gasUsed: Number(output.gas_used),
      stack: parseTuple(Cell.fromBase64(output.stack)),
    }
  }

  /** A machine that broke off may hold anything: the next call gets a fresh one. */
  async #guarded<T>(run: (executor: Executor) => Promise<T>): Promise<T> {
    try {
      return await run(await executor())
    } catch (cause) {
      started = undefined
      throw new MoneyError(
        'devnet',
        'The virtual machine cannot execute this: check the message and its cells',
        { cause },
      )
    }
  }
}

function executionOf(transaction: string, account: string): Execution {
  const cell = Cell.fromBase64(transaction)
  return { cell, transaction: loadTransaction(cell.beginParse()), account }
}

export function isRefusal(outcome: Execution | Refusal): outcome is Refusal {
  return 'reason' in outcome
}
