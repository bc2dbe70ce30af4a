import { Books, type BooksLimits } from './books.ts'
import { BooksLedger } from './books-ledger.ts'

export type MemoryLedgerOptions = Partial<BooksLimits>

/** Books that end with the process: for networks without a chain and for tests. Every operation takes constant time. */
export class MemoryLedger extends BooksLedger {
  constructor(options: MemoryLedgerOptions = {}) {
    const books = new Books(options)
    super(books, {
      requireSound: () => {},
      // Memory is all the durability there is.
      commit: async () => {
        for (const account of books.take().accounts) account.persisted(account.max, account.committed)
      },
      close: async () => {},
    })
  }
}
