import type { ClientCredit } from './credit.ts'

/** What `addressKey` returns for the owner of a client's or worker's contract. */
export type AccountKey = string

/**
 * The books of one proxy contract: what its clients used and its workers earned, in adjusted tokens since the
 * contract was created. A query reserves, then is charged or released, each known by its request id: the name
 * that the proxy gave the query, never one that a client chose. What clients spent and what workers earned is
 * always the same sum.
 *
 * Totals and charges are durable. Reservations are not: the queries that hold them end with the process.
 */
export interface Ledger extends AsyncDisposable {
  /**
   * Opens a client's account, or gives an open one new credit. Rejects with `MoneyError('address')` for a text
   * that is no account key, and with `limit` above the bound of accounts, when there is none that was never used
   * to make room.
   */
  openClient(owner: AccountKey, credit: ClientCredit): Promise<ClientView>
  /** Opens a worker's account; one that is open stays as it is. Rejects as `openClient` does. */
  openWorker(owner: AccountKey): Promise<WorkerView>

  /**
   * Sets tokens of the client aside for one request. Rejects with `MoneyError('balance')` and its figures if they are
   * not available, `account-unknown`, `limit` with too many open reservations, `amount`, and `request-conflict`
   * for an id that was used for something else or has ended. The same call again, while the reservation is open,
   * changes nothing.
   */
  reserve(reservation: Reservation): Promise<Reservation>

  /**
   * Ends a reservation with what the worker says it used: the one commit point. Resolves once the charge is
   * durable. A charge never exceeds its reservation: what is above is cut and reported. The same call again
   * changes nothing and returns the same charge with the totals of now: the note of the first one stands.
   *
   * Rejects with `amount`, `note-size`, `account-unknown` or `request-conflict`, leaving the reservation open, and
   * with `request-released` or `request-unknown`.
   */
  charge(request: ChargeRequest): Promise<Charge>

  /**
   * Ends a reservation without a charge. False if there was none to end: twice, or after a charge, is fine. With a
   * note it resolves once the note is durable, and rejects with `note-size` for one that is too large.
   */
  release(requestId: string, note?: Uint8Array): Promise<boolean>

  /**
   * The oldest notes that were not dropped, `most` of them and no more than `maxNotesAtOnce`, in an order that stays the same; one that
   * another process is writing may come in between later on. Only what is durable is among them. They stay, across
   * crashes, until they are dropped: whoever does something for each note does it again for one that he did it for
   * and could not drop.
   */
  notes(most: number): Promise<Note[]>
  /** Resolves once the notes of these requests are gone for good. Ids without a note are fine. */
  dropNotes(requestIds: readonly string[]): Promise<void>

  /** Looks at what other processes did to the same books; absent where there are none. */
  refresh?(): Promise<void>
  /** The account as it stands. Throws `MoneyError('account-unknown')`. */
  client(owner: AccountKey): ClientView
  /** The account as it stands. Throws `MoneyError('account-unknown')`. */
  worker(owner: AccountKey): WorkerView
  /** All accounts of clients, as they stand. */
  clients(): ClientView[]
  /** All accounts of workers, as they stand. */
  workers(): WorkerView[]

  /**
   * What the chain has paid out to a worker in all, as its contract says; never goes back. Throws
   * `MoneyError('account-unknown')`. Not durable by itself: the chain has it.
   */
  recordPaid(owner: AccountKey, tokens: bigint): void

  /**
   * Numbers the durable totals of now as a state, to be announced to the chain. While a state waits for its
   * confirmation, returns that one's number again.
   */
  announce(): Promise<number>
  /** The chain has this state: its totals may be signed. A number that is not waiting changes nothing. */
  confirm(seqno: number): Promise<void>
  /** `announce` and `confirm` in one, for a network without a chain. */
  commit(): Promise<void>

  /**
   * Notes that a payment for this total was signed. Throws `MoneyError('uncommitted')` above what is committed
   * to the chain: after a crash such a payment would be worth more than the books say.
   */
  recordSigned(party: 'client' | 'worker', owner: AccountKey, tokens: bigint): void

  /**
   * Adds up all accounts. Throws an AssertionError if the books do not balance; from then on `reserve` and `charge`
   * reject with `unbalanced`.
   */
  assertConserved(): void
}

/** One running total, and how much of it is safe: each grade is at most the one before. */
export interface Grades {
  /** Live. */
  readonly max: bigint
  /** Survives a crash of the process. */
  readonly committedToDb: bigint
  /** In a state that the chain has confirmed: the most that may be signed. */
  readonly committedToChain: bigint
  /** In the newest signed payment. */
  readonly signed: bigint
}

export interface WorkerView extends Grades {
  readonly owner: AccountKey
  /** Paid out on chain. */
  readonly paid: bigint
}

export interface ClientView extends Grades {
  readonly owner: AccountKey
  readonly credit: ClientCredit
  /** Set aside for running requests. */
  readonly reserved: bigint
  /** What can still be reserved: never below zero. */
  readonly available: bigint
}

export interface Reservation {
  readonly requestId: string
  readonly client: AccountKey
  readonly tokens: bigint
}

export interface ChargeRequest {
  readonly requestId: string
  readonly worker: AccountKey
  readonly tokens: bigint
  /** Becomes durable with the charge, in the same commit; at most `maxNoteBytes`. Copied. */
  readonly note?: Uint8Array | undefined
}

/** What was noted at the end of a request, whose charge or release is durable exactly when the note is. */
export interface Note {
  /** The request's. */
  readonly id: string
  readonly bytes: Uint8Array
  /** What the request was charged in the end; 0 for one that was released. */
  readonly chargedTokens: bigint
}

/** The bound of one note. */
export const maxNoteBytes = 4_096
/** The bound of the notes that are read at once. */
export const maxNotesAtOnce = 1_000

export interface Charge {
  readonly client: Grades
  readonly worker: Grades
  /** What both totals moved by. */
  readonly chargedTokens: bigint
  /** What the worker asked for above the reservation, and did not get. */
  readonly cutTokens: bigint
}
