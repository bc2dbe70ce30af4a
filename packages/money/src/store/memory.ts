import { Records } from './records.ts'

/** Records that end with the process: for tests, and for roles without a chain. */
export class MemoryStore extends Records {
  protected async persist(): Promise<void> {}

  protected async close(): Promise<void> {}
}
