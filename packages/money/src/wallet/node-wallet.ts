import type { World } from '@cocoon/wire'
import { addressKey, type ContractAddress } from '../address.ts'
import type { AccountState, Chain } from '../chain/chain.ts'
import type { Code } from '../code.ts'
import { compiledCode } from '../contracts/compiled.ts'
import { walletReserveNano } from '../contracts/fees.ts'
import { nodeWalletAddress } from '../contracts/node-wallet.ts'
import { MoneyError } from '../error.ts'
import type { PaymentKey } from '../payment-key.ts'
import type { Store } from '../store/store.ts'
import { AccountWatch } from '../watch/account-watch.ts'
import { withDeadline } from '../watch/deadline.ts'
import { watchLimits } from '../watch/limits.ts'
import type { PollInterval } from '../watch/poll.ts'
import { Deliveries } from './deliveries.ts'
import { walletLimits } from './limits.ts'
import { messageDigest, writeMessage, type OutgoingMessage } from './message.ts'
import { Outbox, type OpenMessage } from './outbox.ts'
import type { Outcome } from './outcome.ts'
import { readWallet, Sender } from './sender.ts'
import { Waiters } from './waiters.ts'

export interface NodeWalletOptions {
  readonly chain: Chain
  readonly store: Store
  readonly world: World
  /** The hot key, which signs what the wallet sends. */
  readonly key: PaymentKey
  /** May block and drain the wallet. */
  readonly owner: ContractAddress
  /** Any wallet with the same data and messages; default this project's. Deploying it takes its cell. */
  readonly code?: Code | undefined
  /** The wallet sends nothing that would leave it less; default 2.1 TON, as the contract refuses below 2. */
  readonly keepNano?: bigint
  /** How addresses are shown. */
  readonly isTest?: boolean
  /** Between two looks at the chain; default 5 to 10 s. */
  readonly interval?: PollInterval
  readonly callTimeoutMs?: number
}

/** Above what the contract wants, for storage and for what an external message costs. */
const marginNano = 100_000_000n

/** The wallet as people see it. */
export interface NodeWalletView {
  readonly address: ContractAddress
  /** Undefined before the first look at the chain, as the number. */
  readonly balanceNano: bigint | undefined
  readonly seqno: number | undefined
  /** Messages that have not left the wallet; undefined where the store does not say. */
  readonly waiting: number | undefined
  /** Messages that have, and whose outcome is not known yet; undefined where the store does not say. */
  readonly onTheirWay: number | undefined
  /** Why it does not send, or does not know; undefined if all is well. */
  readonly problem: Error | undefined
}

/**
 * The hot wallet of a service. Whatever it accepts is durable, leaves the wallet at most once, and has an outcome,
 * across ends of the process at any moment. Begins with the first thing that is asked of it and ends with its disposal.
 */
export class NodeWallet implements AsyncDisposable {
  readonly address: ContractAddress
  readonly #options: NodeWalletOptions
  readonly #outbox: Outbox
  readonly #sender: Sender
  readonly #watch: AccountWatch
  readonly #deliveries: Deliveries
  readonly #waiters = new Waiters()
  readonly #accepting = new Map<string, { digest: string; written: Promise<void> }>()
  readonly #closing = new AbortController()
  #nextNumber: number
  #resumes = false
  #problem: Error | undefined

  constructor(options: NodeWalletOptions) {
    const {
      store,
      world,
      key,
      owner,
      code = compiledCode('wallet'),
      keepNano = walletReserveNano + marginNano,
      isTest = false,
    } = options
    this.#options = options
    this.address = nodeWalletAddress({ publicKey: key.publicKey, owner, code })
    this.#outbox = new Outbox(store, `wallet/${addressKey(this.address)}`, world)
    this.#nextNumber = this.#outbox.nextNumber()
    const { address } = this
    const outbox = this.#outbox
    this.#sender = new Sender({ wallet: { owner, code }, key, address, outbox, world, keepNano, isTest })
    this.#deliveries = new Deliveries({
      wallet: address,
      outbox,
      ask: (destination, range) => this.#call(() => options.chain.transactions(destination, range)),
    })
    this.#watch = new AccountWatch({
      ...options,
      address,
      cursorKey: outbox.cursorKey,
      begin: 'now',
      onTransaction: transaction => this.#sender.take(transaction),
      onState: state => this.#onState(state),
      onProblem: problem => {
        // The store may have it or not: only the next process will know.
        if (problem instanceof MoneyError && problem.code === 'storage') this.#waiters.fail(problem)
      },
    })
  }

  /**
   * Accepts a message; resolves when it is durable. The id says which message this is: the same one again changes
   * nothing, also after a restart, as long as it is among the last 4096 that were settled or is not settled yet.
   * Messages are sent in the order in which they are accepted as far as the balance allows; what is sent first
   * need not arrive first.
   *
   * Rejects with `MoneyError`: `request-conflict` for another message under a known id, `amount` and `limit` for one
   * that cannot be sent, `limit` too where 1000 others are open, `storage`, `closed`. Another id than 1 to 200
   * printable characters without spaces is a RangeError of the caller.
   */
  async send(id: string, message: OutgoingMessage): Promise<void> {
    if (this.#closing.signal.aborted) throw closed()
    if (id.length > walletLimits.idCharacters || !/^[!-~]+$/.test(id)) {
      throw new RangeError(`A message of a wallet cannot have the id ${JSON.stringify(id.slice(0, 300))}`)
    }
    const record = writeMessage(message)
    const digest = messageDigest(message)
    const known = this.#outbox.openMessage(id) ?? this.#outbox.settled(id) ?? this.#accepting.get(id)
    if (known !== undefined) {
      if (known.digest !== digest) {
        throw new MoneyError('request-conflict', `The wallet knows another message under the id ${id}`)
      }
      await this.#accepting.get(id)?.written
      this.#begin()
      return
    }
    if (this.#outbox.openCount + this.#accepting.size >= walletLimits.maxOpen) {
      throw new MoneyError(
        'limit',
        `${walletLimits.maxOpen} messages of the wallet are open. Wait for some to end`,
      )
    }
    const number = this.#nextNumber++
    const { deadlineS } = message
    const open: OpenMessage = { id, number, digest, message: record, deadlineS, sent: undefined }
    const written = this.#outbox.write(this.#outbox.change().put(open))
    this.#accepting.set(id, { digest, written })
    try {
      await written
    } finally {
      this.#accepting.delete(id)
    }
    void this.poke()
  }

  /**
   * What became of a message, when it is certain: final at the wallet and at the destination. Waits as long as that
   * takes, or until the signal aborts. Rejects with `MoneyError`: `request-unknown` for an id that was never accepted
   * or is forgotten, `storage`, `closed`.
   */
  async outcome(id: string, { signal }: { signal?: AbortSignal } = {}): Promise<Outcome> {
    await this.#accepting.get(id)?.written
    const settled = this.#outbox.settled(id)
    if (settled !== undefined) return settled.outcome
    if (this.#outbox.openMessage(id) === undefined) {
      throw new MoneyError('request-unknown', `The wallet knows no message under the id ${id}`)
    }
    if (this.#closing.signal.aborted) throw closed()
    this.#begin()
    return this.#waiters.wait(id, signal)
  }

  /** Of the messages whose outcome is not known yet, in the order in which they were accepted. */
  openIds(): string[] {
    return this.#outbox.open().map(({ id }) => id)
  }

  get view(): NodeWalletView {
    const state = this.#watch.state
    const of = {
      address: this.address,
      balanceNano: state?.balanceNano,
      seqno: state === undefined ? undefined : seqnoOf(state),
    }
    try {
      const open = this.#outbox.open()
      const waiting = open.filter(({ sent }) => sent === undefined).length
      const problem = this.#watch.problem ?? this.#problem
      return { ...of, waiting, onTheirWay: open.length - waiting, problem }
    } catch (error) {
      return { ...of, waiting: undefined, onTheirWay: undefined, problem: error as Error }
    }
  }

  /** Looks at the chain at once, and from then on. Resolves when such a look has ended; never rejects. */
  async poke(): Promise<void> {
    await this.#watch.poke()
  }

  /**
   * Sends again after `rolled-back`, once the other copy is stopped. What had not left the wallet is given up, as
   * the other copy may have sent it: its outcome is `not-sent`, and whoever asked for it looks at the destination.
   * Rejects with what keeps the wallet from looking at the chain; the next look that succeeds then makes up for it.
   */
  async resumeAfterSecondCopy(): Promise<void> {
    this.#resumes = true
    await this.poke()
    if (this.#resumes) throw this.#watch.problem ?? closed()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing.abort()
    await this.#watch[Symbol.asyncDispose]()
    this.#waiters.fail(closed())
  }

  /** Whoever asks for something gets it without a poke of his own. */
  #begin(): void {
    if (this.#watch.state === undefined) void this.poke()
  }

  async #onState(state: AccountState): Promise<void> {
    if (this.#resumes) {
      await this.#sender.abandon('A second copy of the wallet may have sent it. Look at the destination')
      this.#resumes = false
    }
    const problems: unknown[] = []
    const steps = [
      () => this.#sender.advance(state, message => this.#call(() => this.#options.chain.send(message))),
      () => this.#deliveries.follow(state.at.timeS),
    ]
    for (const step of steps) {
      await step().catch((error: unknown) => problems.push(error))
    }
    this.#waiters.tell(id => this.#outbox.settled(id)?.outcome)
    const [first] = problems
    this.#problem = first === undefined ? undefined : (first as Error)
  }

  #call<T>(call: () => Promise<T>): Promise<T> {
    const { world, callTimeoutMs: timeoutMs = watchLimits.callTimeoutMs } = this.#options
    return withDeadline(world, call, { timeoutMs, signal: this.#closing.signal })
  }
}

function seqnoOf(state: AccountState): number | undefined {
  try {
    return readWallet(state).seqno
  } catch {
    return undefined
  }
}

function closed(): MoneyError {
  return new MoneyError('closed', 'The wallet was closed. Open it again and ask')
}
