/**
 * Small durable records of a role: what it has seen of the chain, which transactions it is about to send. Keys
 * are short paths such as `outbox/7`, values JSON text. All of them fit in memory.
 */
export interface Store extends AsyncDisposable {
  /** Undefined if there is none. */
  get(key: string): string | undefined
  /** All records whose key begins so, by key. */
  entries(prefix: string): Array<[key: string, value: string]>
  /**
   * Writes all changes or none; undefined deletes. Resolves once they are durable, and reads see them from then
   * on. Rejects with `MoneyError('storage')`; the store then refuses everything until it is opened again, since
   * the changes may be there or not.
   */
  write(changes: ReadonlyMap<string, string | undefined>): Promise<void>
}
