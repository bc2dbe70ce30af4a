import type { View } from '../view.ts'
import type { Parameters } from './parameters.ts'

/** One call of a method, whichever way it came. */
export interface Call {
  readonly parameters: Parameters
  readonly view: View
  /** Number of the newest block, as it is told. */
  readonly shownSeqno: number
  /** Hands a message in; hashes are 64 hex digits. */
  send(boc: Uint8Array): Promise<{ hash: string; normHash: string }>
}
