import type { DatabaseSync, SQLInputValue, StatementSync } from 'node:sqlite'
import type {
  BlockChange,
  BlockRecord,
  TransactionRange,
  TransactionRecord,
  WaitingMessage,
} from './records.ts'
import { blockOf, columnsOf, guarded, openTables, type Row, tableNames, transactionOf } from './tables.ts'

/**
 * All that the devnet remembers, in one SQLite database: in a folder, where everything is durable once a call
 * returns, or in memory. Every failure is `MoneyError('storage')`.
 */
export class Archive implements Disposable {
  readonly #database: DatabaseSync
  readonly #statements = new Map<string, StatementSync>()

  constructor(directory: string | undefined) {
    this.#database = openTables(directory)
  }

  head(): BlockRecord | undefined {
    return this.#one('SELECT * FROM block ORDER BY seqno DESC LIMIT 1').map(blockOf)[0]
  }

  block(seqno: number): BlockRecord | undefined {
    return this.#one('SELECT * FROM block WHERE seqno = ?', seqno).map(blockOf)[0]
  }

  /** The first block that ends at this logical time or after it. */
  blockOfLt(lt: bigint): BlockRecord | undefined {
    return this.#one('SELECT * FROM block WHERE end_lt >= ? ORDER BY seqno LIMIT 1', lt).map(blockOf)[0]
  }

  /** The last block that was made at this time or before it. */
  blockOfTime(timeS: number): BlockRecord | undefined {
    return this.#one('SELECT * FROM block WHERE time_s <= ? ORDER BY seqno DESC LIMIT 1', timeS).map(
      blockOf,
    )[0]
  }

  blocks(fromSeqno: number, most: number): BlockRecord[] {
    return this.#all('SELECT * FROM block WHERE seqno >= ? ORDER BY seqno LIMIT ?', fromSeqno, most).map(
      blockOf,
    )
  }

  account(address: string): string | undefined {
    return this.#one('SELECT state FROM account WHERE address = ?', address)[0]?.['state'] as
      | string
      | undefined
  }

  transactionsIn(seqno: number): TransactionRecord[] {
    return this.#all('SELECT * FROM transfer WHERE seqno = ? ORDER BY lt', seqno).map(transactionOf)
  }

  /** Transactions of these accounts, or of all if there are none, by logical time. */
  search(accounts: readonly string[], range: TransactionRange): TransactionRecord[] {
    const { fromLt, toLt = largestLt, most, skip = 0, isNewestFirst } = range
    const among = accounts.length === 0 ? '' : `account IN (${accounts.map(() => '?').join()}) AND `
    return this.#all(
      `SELECT * FROM transfer WHERE ${among}lt >= ? AND lt <= ? ORDER BY lt ${isNewestFirst ? 'DESC' : 'ASC'} LIMIT ? OFFSET ?`,
      ...accounts,
      fromLt,
      toLt,
      most,
      skip,
    ).map(transactionOf)
  }

  transactionByHash(hash: string): TransactionRecord | undefined {
    return this.#one('SELECT * FROM transfer WHERE hash = ?', hash).map(transactionOf)[0]
  }

  /** Those that executed this message, by its hash or its normalised one. */
  transactionsByMessage(hash: string): TransactionRecord[] {
    return this.#all('SELECT * FROM transfer WHERE message = ?1 OR norm = ?1 ORDER BY lt LIMIT 16', hash).map(
      transactionOf,
    )
  }

  transactionCount(): number {
    return Number(this.#one('SELECT count(*) AS n FROM transfer')[0]?.['n'] ?? 0)
  }

  /** External messages that wait, oldest first. */
  waiting(): WaitingMessage[] {
    return this.#all('SELECT hash, boc FROM waiting ORDER BY position').map(row => ({
      hash: row['hash'] as string,
      boc: row['boc'] as Uint8Array,
    }))
  }

  waitingCount(): number {
    return Number(this.#one('SELECT count(*) AS n FROM waiting')[0]?.['n'] ?? 0)
  }

  /** Internal messages that the newest block left for the next one, in order. */
  carried(seqno: number): Uint8Array[] {
    return this.#all('SELECT boc FROM carried WHERE seqno = ? ORDER BY position', seqno).map(
      row => row['boc'] as Uint8Array,
    )
  }

  setting(name: string): string | undefined {
    return this.#one('SELECT value FROM setting WHERE name = ?', name)[0]?.['value'] as string | undefined
  }

  set(name: string, value: string): void {
    this.#run('INSERT OR REPLACE INTO setting VALUES (?, ?)', name, value)
  }

  /** A message that waits already is kept once. */
  enqueue(message: WaitingMessage): void {
    this.#run('INSERT OR IGNORE INTO waiting (hash, boc) VALUES (?, ?)', message.hash, message.boc)
  }

  putAccount(address: string, state: string): void {
    this.#run('INSERT OR REPLACE INTO account VALUES (?, ?)', address, state)
  }

  /** Writes a block with all that it changes. */
  append({ block, transactions, taken, carried }: BlockChange): void {
    this.atOnce(() => {
      const { seqno, timeS, startLt, endLt, hash, transactionCount } = block
      this.#run(
        'INSERT INTO block VALUES (?, ?, ?, ?, ?, ?)',
        seqno,
        timeS,
        startLt,
        endLt,
        hash,
        transactionCount,
      )
      for (const record of transactions) this.#insert(record)
      const after = new Map(transactions.map(({ account, accountAfter }) => [account, accountAfter]))
      for (const [address, state] of after) this.putAccount(address, state)
      for (const message of taken) this.#run('DELETE FROM waiting WHERE hash = ?', message)
      for (const [position, boc] of carried.entries()) {
        this.#run('INSERT INTO carried VALUES (?, ?, ?)', seqno, position, boc)
      }
      // What the block before left is needed only if this one is undone.
      this.#run('DELETE FROM carried WHERE seqno < ?', seqno - 1)
    })
  }

  /** Takes the newest block away; `genesisOf` tells what an account is without transactions. */
  undo(genesisOf: (account: string) => string | undefined): void {
    const head = this.head()
    if (head === undefined) return
    this.atOnce(() => {
      const touched = new Set(this.transactionsIn(head.seqno).map(({ account }) => account))
      this.#run('DELETE FROM transfer WHERE seqno = ?', head.seqno)
      this.#run('DELETE FROM carried WHERE seqno = ?', head.seqno)
      this.#run('DELETE FROM block WHERE seqno = ?', head.seqno)
      for (const account of touched) {
        const [last] = this.search([account], { fromLt: 0n, most: 1, isNewestFirst: true })
        const state = last?.accountAfter ?? genesisOf(account)
        if (state === undefined) this.#run('DELETE FROM account WHERE address = ?', account)
        else this.putAccount(account, state)
      }
    })
  }

  snapshots(): Array<{ name: string; seqno: number }> {
    return this.#all(
      'SELECT name, (SELECT max(seqno) FROM saved_block b WHERE b.snapshot = s.name) AS seqno FROM snapshot s ORDER BY name',
    ).map(row => ({ name: row['name'] as string, seqno: Number(row['seqno'] ?? 0) }))
  }

  /** Keeps a copy of everything under a name; an earlier one of that name is replaced. */
  save(name: string): void {
    this.atOnce(() => {
      this.#forget(name)
      this.#run('INSERT INTO snapshot VALUES (?)', name)
      for (const table of tableNames) this.#run(`INSERT INTO saved_${table} SELECT ?, * FROM ${table}`, name)
    })
  }

  /** Puts the copy in the place of everything; the copy stays. False where there is none of this name. */
  restore(name: string): boolean {
    if (this.#one('SELECT name FROM snapshot WHERE name = ?', name).length === 0) return false
    this.atOnce(() => {
      for (const table of tableNames) {
        const columns = columnsOf(table)
        this.#run(`DELETE FROM ${table}`)
        this.#run(
          `INSERT INTO ${table} (${columns}) SELECT ${columns} FROM saved_${table} WHERE snapshot = ?`,
          name,
        )
      }
    })
    return true
  }

  /** All that `change` writes becomes durable at once, or nothing of it. */
  atOnce(change: () => void): void {
    if (this.#database.isTransaction) return change()
    guarded(() => this.#database.exec('BEGIN IMMEDIATE'))
    try {
      change()
      guarded(() => this.#database.exec('COMMIT'))
    } catch (error) {
      if (this.#database.isTransaction) this.#database.exec('ROLLBACK')
      throw error
    }
  }

  [Symbol.dispose](): void {
    if (this.#database.isOpen) this.#database.close()
  }

  #forget(name: string): void {
    this.#run('DELETE FROM snapshot WHERE name = ?', name)
    for (const table of tableNames) this.#run(`DELETE FROM saved_${table} WHERE snapshot = ?`, name)
  }

  #insert(record: TransactionRecord): void {
    const { lt, account, hash, seqno, boc, accountAfter, inMessageHash, inMessageNormHash } = record
    this.#run(
      'INSERT INTO transfer VALUES (?, ?, ?, ?, ?, ?, ?, ?)',
      lt,
      account,
      hash,
      seqno,
      boc,
      accountAfter,
      inMessageHash,
      inMessageNormHash,
    )
  }

  #all(sql: string, ...values: SQLInputValue[]): Row[] {
    return guarded(() => this.#statement(sql).all(...values))
  }

  #one(sql: string, ...values: SQLInputValue[]): Row[] {
    const row = guarded(() => this.#statement(sql).get(...values))
    return row === undefined ? [] : [row]
  }

  #run(sql: string, ...values: SQLInputValue[]): void {
    guarded(() => this.#statement(sql).run(...values))
  }

  #statement(sql: string): StatementSync {
    let statement = this.#statements.get(sql)
    if (statement === undefined) this.#statements.set(sql, (statement = this.#database.prepare(sql)))
    return statement
  }
}

const largestLt = 2n ** 63n - 1n
