/** What a column holds. Amounts are decimal text: the integers of SQLite have a sign and end at 2^63. */
export type SqlValue = string | number | Uint8Array | null

/** Rows by the names of their columns. */
export type SqlRow = Readonly<Record<string, SqlValue>>

/** A file of a database: how it is made, and all that is ever asked of it. */
export interface DiskSchema {
  /** Written into the file, so that no other program's file is taken for it. */
  readonly applicationId: number
  /** What the contents are, for messages. */
  readonly what: string
  /** SQL that makes version 1 of an empty file, version 2 of version 1, and so on. */
  readonly migrations: readonly string[]
  /** Statements by number: prepared once. */
  readonly statements: readonly string[]
}

/** One prepared statement with the parameters of every time that it is run. */
export interface Write {
  readonly statement: number
  readonly rows: readonly (readonly SqlValue[])[]
}

/**
 * A database file that one owner has open. Calls are done in the order in which they are made. Once one has
 * rejected, with `MoneyError('storage')`, all others do: what was asked may be there or not.
 */
export interface Disk extends AsyncDisposable {
  read(statement: number, parameters?: readonly SqlValue[]): Promise<SqlRow[]>
  /** One transaction, done in order. Resolves once it is durable. */
  write(writes: readonly Write[]): Promise<void>
  /** Keeps the process alive until the end, for whoever has something to write that is not handed in yet. */
  hold(): Disposable
}
