import { MoneyError, type OutgoingMessage, type Outcome } from '../../src/index.ts'
import type { Sender } from '../../src/settlement/orders.ts'
import { someAddress } from '../watch/scripted-chain.ts'

/** A wallet that keeps what it is asked for, also across processes, and lets the test say what becomes of it. */
export class RecordedWallet implements Sender {
  readonly address = someAddress(0xaa)
  readonly sent: Array<{ id: string; message: OutgoingMessage }> = []
  readonly #outcomes = new Map<string, PromiseWithResolvers<Outcome>>()
  readonly #open = new Set<string>()
  /** Why the next message is not taken. */
  refusal: Error | undefined

  async send(id: string, message: OutgoingMessage): Promise<void> {
    const { refusal } = this
    this.refusal = undefined
    if (refusal !== undefined) throw refusal
    if (this.#outcomes.has(id)) return
    this.#outcomes.set(id, Promise.withResolvers())
    this.#open.add(id)
    this.sent.push({ id, message })
  }

  outcome(id: string): Promise<Outcome> {
    const known = this.#outcomes.get(id)
    return (
      known?.promise ?? Promise.reject(new MoneyError('request-unknown', `The wallet knows no message ${id}`))
    )
  }

  openIds(): string[] {
    return [...this.#open]
  }

  get ids(): string[] {
    return this.sent.map(({ id }) => id)
  }

  /** The last message arrives at its destination in the transaction with this logical time. */
  deliver(lt: bigint): void {
    this.end({ kind: 'delivered', transaction: { lt: String(lt), hash: '0'.repeat(64) }, isSkipped: false })
  }

  fail(words: string, lt = 0n): void {
    const transaction = { lt: String(lt), hash: '0'.repeat(64) }
    this.end({ kind: 'failed', transaction, exitCode: 1000, actionCode: undefined, isReturned: true, words })
  }

  end(outcome: Outcome): void {
    const { id } = this.sent.at(-1)!
    this.#open.delete(id)
    this.#outcomes.get(id)!.resolve(outcome)
  }

  /** The process ends: whoever waits is told so, and the message stays. */
  close(): void {
    for (const id of this.#open) {
      this.#outcomes.get(id)!.reject(new MoneyError('closed', 'The wallet was closed'))
      this.#outcomes.set(id, Promise.withResolvers())
    }
  }
}
