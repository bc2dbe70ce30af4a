import type { MoneyError } from '../error.ts'
import { chainError } from './failure.ts'

/** What nodes of TON say in words, through whichever interface; numbers alone do not tell these cases apart. */

/** Whether the account would not execute a message. */
function isRefusal(text: string): boolean {
  return /not accepted|exitcode|exit code|cannot apply external message|rejected by/i.test(text)
}

/** Whether the message is known already: an earlier attempt came through, and its answer did not. */
function isDuplicate(text: string): boolean {
  return /duplicate message/i.test(text)
}

/** Whether a block or transaction is older than what the node keeps. */
export function isGone(text: string): boolean {
  return /not in db|not found|cannot (?:find|locate|load)|too old|garbage|archive/i.test(text)
}

/** What becomes of a node's words about a block that it was asked for, if they say that it does not know it. */
export function judgeBlock(source: string, text: string, seqno: number): MoneyError | undefined {
  return isGone(text) || /not ?ready|not applied/i.test(text) ? unknownBlock(source, seqno, text) : undefined
}

export function unknownBlock(source: string, seqno: number, why: string): MoneyError {
  return chainError(
    'chain-history',
    source,
    `knows no block ${seqno} of the masterchain: ${why}. Wait for it, or name a source with an archive`,
  )
}

/** Whether the node wants fewer questions. */
export function isBusy(text: string): boolean {
  return /rate ?limit|too many/i.test(text)
}

/** What becomes of a node's words about a message that was handed in for the `attempt`th time, if they are of it. */
export function judgeSending(
  source: string,
  text: string,
  attempt: number,
): MoneyError | { readonly value: undefined } | undefined {
  if (isDuplicate(text)) return { value: undefined }
  if (!isRefusal(text)) return undefined
  const lost = attempt > 1 ? '. An earlier attempt went without an answer and may have been executed' : ''
  return chainError(
    'chain-refused',
    source,
    `says that the account would not execute the message: ${text}${lost}`,
  )
}
