import { hash } from 'node:crypto'
import type { World } from '@cocoon/wire'
import type { ContractAddress } from '../address.ts'
import { MoneyError } from '../error.ts'
import type { OutgoingMessage } from '../wallet/message.ts'
import type { Outcome } from '../wallet/outcome.ts'
import type { SettlementReport } from './event.ts'

/** The part of a wallet that settlement needs. */
export interface Sender {
  readonly address: ContractAddress
  /** Durable once it resolves; the same id again changes nothing. */
  send(id: string, message: OutgoingMessage): Promise<void>
  outcome(id: string): Promise<Outcome>
  /** Ids of messages whose outcome is not known yet. */
  openIds(): string[]
}

/** What is ordered. The same slot, purpose and attempt are the same order for good, also after a restart. */
export interface Order {
  /** What it is about, such as a contract and an aspect of it: one order at a time. */
  readonly slot: string
  /** What makes it due, such as a running total or the state that was seen. */
  readonly purpose: string
  /** Same input, same message: it may be asked again after a restart. */
  readonly message: (queryId: bigint) => OutgoingMessage
}

const firstRetryMs = 5_000
/** What a delivered message causes further on, another contract and the next look at the chain may need this long. */
const firstRepeatMs = 60_000
const longestRetryMs = 600_000
const separator = '#'

interface Slot {
  /** A message of this slot is open in the wallet. */
  isOpen: boolean
  /** What the last order was for, and how often that was ordered before. */
  purpose: string | undefined
  attempt: number
  /** When the last order was delivered; undefined if it was not. */
  deliveredAt: number | undefined
  /** In a row. */
  failures: number
  retryAt: number
  /** The next decision must know of what happened up to here at the destination. */
  seenLt: bigint
  /** Why the last one failed. */
  trouble: string | undefined
}

/**
 * Orders to the wallet, one at a time for each slot: settled, failed or not, before the next one. A failed order is
 * tried again after a while, under another id, and so is one that was delivered and is due all the same: what it
 * caused has failed further on. Nothing else is ordered twice, since an id says what it is for.
 */
export class Orders {
  readonly #wallet: Sender
  readonly #world: World
  readonly #report: SettlementReport
  readonly #mayAct: () => boolean
  readonly #slots = new Map<string, Slot>()
  /** Called whenever an order ended. */
  onEnd: () => void = () => {}

  /** `mayAct` is looked at right before each order; absent where nobody else acts. */
  constructor(options: { wallet: Sender; world: World; report: SettlementReport; mayAct?: () => boolean }) {
    this.#wallet = options.wallet
    this.#mayAct = options.mayAct ?? (() => true)
    this.#world = options.world
    this.#report = options.report
  }

  /** Takes up what an earlier process has left open among the slots that begin so. */
  resume(prefix: string): void {
    for (const id of this.#wallet.openIds()) {
      const [slot = ''] = id.split(separator)
      if (!slot.startsWith(prefix)) continue
      this.#slot(slot).isOpen = true
      void this.#follow(slot, id)
    }
  }

  /**
   * Orders it, unless the slot is taken, waits after a failure, or the decision rests on a state older than what the
   * last order did: `stateLt` is the account's newest transaction in the state that was looked at. Whether it was
   * ordered.
   */
  place(order: Order, stateLt?: bigint): boolean {
    if (!this.#mayAct()) return false
    const slot = this.#slot(order.slot)
    const now = this.#world.monotonic()
    if (slot.isOpen || now < slot.retryAt) return false
    if (stateLt !== undefined && stateLt < slot.seenLt) return false
    if (slot.purpose !== order.purpose) {
      slot.purpose = order.purpose
      slot.attempt = 0
    } else if (slot.deliveredAt !== undefined) {
      if (now < slot.deliveredAt + Math.min(longestRetryMs, firstRepeatMs * 2 ** slot.attempt)) return false
      slot.attempt++
    }
    slot.isOpen = true
    slot.deliveredAt = undefined
    void this.#run(order, slot)
    return true
  }

  /** Why the last order of a slot failed; undefined if it did not. */
  trouble(slot: string): string | undefined {
    return this.#slots.get(slot)?.trouble
  }

  isOpen(slot: string): boolean {
    return this.#slots.get(slot)?.isOpen ?? false
  }

  async #run(order: Order, slot: Slot): Promise<void> {
    const id = [order.slot, order.purpose, slot.attempt].join(separator)
    try {
      const message = order.message(queryIdOf(id))
      this.#report({ event: 'chain-order', order: id, valueNano: message.valueNano })
      await this.#wallet.send(id, message)
    } catch (error) {
      return this.#failed(slot, id, error)
    }
    await this.#follow(order.slot, id)
  }

  async #follow(slotName: string, id: string): Promise<void> {
    const slot = this.#slot(slotName)
    try {
      const outcome = await this.#wallet.outcome(id)
      if ('transaction' in outcome) slot.seenLt = BigInt(outcome.transaction.lt)
      if (outcome.kind !== 'delivered') return this.#failed(slot, id, outcome.words)
      slot.isOpen = false
      slot.deliveredAt = this.#world.monotonic()
      slot.failures = 0
      slot.trouble = undefined
      this.#report({ event: 'chain-order-done', order: id })
      this.onEnd()
    } catch (error) {
      this.#failed(slot, id, error)
    }
  }

  /** `reason`: an error, or words. */
  #failed(slot: Slot, id: string, reason: unknown): void {
    // The wallet keeps it: the next process takes it up again.
    if (reason instanceof MoneyError && reason.code === 'closed') return
    const why = reason instanceof Error ? reason.message : String(reason)
    slot.isOpen = false
    slot.trouble = why
    slot.retryAt = this.#world.monotonic() + Math.min(longestRetryMs, firstRetryMs * 2 ** slot.failures)
    slot.failures++
    slot.attempt++
    this.#report({ event: 'chain-order-failed', order: id, why })
    this.onEnd()
  }

  #slot(name: string): Slot {
    let slot = this.#slots.get(name)
    if (slot === undefined) {
      slot = {
        isOpen: false,
        purpose: undefined,
        attempt: 0,
        deliveredAt: undefined,
        failures: 0,
        retryAt: 0,
        seenLt: 0n,
        trouble: undefined,
      }
      this.#slots.set(name, slot)
    }
    return slot
  }
}

/** The number by which contracts name what belongs together: it follows from the order. */
export function queryIdOf(id: string): bigint {
  return BigInt(`0x${hash('sha256', id, 'hex').slice(0, 16)}`)
}
