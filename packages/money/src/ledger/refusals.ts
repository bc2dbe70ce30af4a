import type { ClientCredit } from '../credit.ts'
import { MoneyError } from '../error.ts'
import { maxNoteBytes } from '../ledger.ts'

/** Throws `MoneyError('amount')`. */
export function requireAmount(tokens: bigint): void {
  if (BigInt.asUintN(64, tokens) !== tokens) {
    throw new MoneyError('amount', `${tokens} tokens is not an amount from 0 to 2^64 - 1`)
  }
}

/** Throws `MoneyError('note-size')`. */
export function requireNote(note: Uint8Array | undefined): void {
  if (note !== undefined && note.length > maxNoteBytes) {
    throw new MoneyError('note-size', `A note has ${note.length} bytes; at most ${maxNoteBytes} are kept`)
  }
}

export function requestUnknown(requestId: string): MoneyError {
  return new MoneyError('request-unknown', `Nothing is reserved for request ${requestId}`)
}

export function requestReleased(requestId: string): MoneyError {
  return new MoneyError('request-released', `The reservation of request ${requestId} was released`)
}

export function usedBefore(requestId: string): MoneyError {
  return new MoneyError(
    'request-conflict',
    `Request ${requestId} is known already, with other figures or as ended`,
  )
}

export function balanceTooLow(account: {
  requested: bigint
  available: bigint
  credit: ClientCredit
  used: bigint
  reserved: bigint
}): MoneyError {
  const { requested, available, used, reserved } = account
  const { paid, stake } = account.credit
  return new MoneyError(
    'balance',
    `The balance is too low: ${requested} tokens are asked for, ${available} are available ` +
      `(paid ${paid}, stake ${stake}, used ${used}, reserved ${reserved})`,
    { figures: { requested, available, paid, stake, used, reserved } },
  )
}
