import { MoneyError } from '../error.ts'
import type { Note, Reservation } from '../ledger.ts'
import { Books, type BooksLimits } from './books.ts'
import { BooksLedger } from './books-ledger.ts'

export interface MemoryLedgerOptions extends Partial<BooksLimits> {
  /** Notes that are kept until somebody drops them: with so many, nothing more is reserved. */
  maxNotes?: number
}

/** Books that end with the process: for networks without a chain and for tests. Every operation takes constant time. */
export class MemoryLedger extends BooksLedger {
  readonly #notes: Map<string, Note>
  readonly #maxNotes: number

  constructor({ maxNotes = 65_536, ...limits }: MemoryLedgerOptions = {}) {
    const books = new Books(limits)
    const kept = new Map<string, Note>()
    super(books, {
      requireSound: () => {},
      // Memory is all the durability there is.
      commit: async () => {
        const { accounts, notes } = books.take()
        for (const account of accounts) account.persisted(account.max, account.committed)
        for (const note of notes) kept.set(note.id, note)
      },
      notes: async most => {
        const oldest: Note[] = []
        for (const note of kept.values()) {
          if (oldest.length >= most) break
          oldest.push(note)
        }
        return oldest
      },
      dropNotes: requestIds => {
        for (const requestId of requestIds) kept.delete(requestId)
      },
      close: async () => {},
    })
    this.#notes = kept
    this.#maxNotes = maxNotes
  }

  override async reserve(reservation: Reservation): Promise<Reservation> {
    if (this.#notes.size >= this.#maxNotes) {
      throw new MoneyError(
        'limit',
        `${this.#notes.size} notes wait to be read, and no more may be. Retry later`,
      )
    }
    return super.reserve(reservation)
  }
}
