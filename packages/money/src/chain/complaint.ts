/** What nodes of TON say in words, through whichever interface; numbers alone do not tell these cases apart. */

/** Whether the account would not execute a message. */
export function isRefusal(text: string): boolean {
  return /not accepted|exitcode|exit code|cannot apply external message|rejected by/i.test(text)
}

/** Whether the message is known already: an earlier attempt came through, and its answer did not. */
export function isDuplicate(text: string): boolean {
  return /duplicate message/i.test(text)
}

/** Whether a block or transaction is older than what the node keeps. */
export function isGone(text: string): boolean {
  return /not in db|not found|cannot (?:find|locate|load)|too old|garbage|archive/i.test(text)
}

/** Whether the node wants fewer questions. */
export function isBusy(text: string): boolean {
  return /rate ?limit|too many/i.test(text)
}
