import { maxWalletMessages } from '../contracts/wallet-external.ts'
import { MoneyError } from '../error.ts'
import { formatAddress, type ContractAddress } from '../address.ts'
import { walletLimits } from './limits.ts'
import type { OpenMessage } from './outbox.ts'

/** What sending one message may cost beside its value, state init included; what is not used stays in the wallet. */
const messageFeeNano = 50_000_000n

/** What the next external message is to hold, and what the wallet lacks for everything that waits. */
export interface Batch {
  readonly messages: readonly OpenMessage[]
  /** 0 where all that waits can be paid for. */
  readonly missingNano: bigint
}

/**
 * The first messages that fit one external message and that the wallet can pay for, keeping `keepNano`. A message
 * that it cannot pay for lets smaller ones pass: what a proxy tells the chain for a nanoton cannot wait for a deposit.
 */
export function chooseBatch(
  waiting: readonly OpenMessage[],
  { balanceNano, keepNano }: { balanceNano: bigint; keepNano: bigint },
): Batch {
  let leftNano = balanceNano - keepNano
  const wantedNano = waiting.reduce((sum, message) => sum + costNano(message), 0n)
  const missingNano = wantedNano > leftNano ? wantedNano - leftNano : 0n
  const messages: OpenMessage[] = []
  // Of two messages that look the same only one goes: of which one the transaction shows the sending is then clear.
  const looks = new Set<string>()
  for (const message of waiting) {
    if (messages.length === maxWalletMessages) break
    const look = `${message.message.destination} ${message.message.body}`
    if (costNano(message) > leftNano || looks.has(look)) continue
    leftNano -= costNano(message)
    looks.add(look)
    messages.push(message)
  }
  return { messages, missingNano }
}

/** How long an external message of these is good for, unix seconds: not beyond the deadline of any of them. */
export function validUntil(messages: readonly OpenMessage[], nowS: number): number {
  return messages.reduce(
    (earliest, { deadlineS = Infinity }) => Math.min(earliest, deadlineS),
    nowS + walletLimits.validForS,
  )
}

/** `MoneyError('wallet-balance')` with what is missing and where to send it. */
export function lowBalance(
  missingNano: bigint,
  of: { address: ContractAddress; balanceNano: bigint; keepNano: bigint; isTest: boolean },
): MoneyError {
  return new MoneyError(
    'wallet-balance',
    `The wallet has ${tons(of.balanceNano)} TON, of which it keeps ${tons(of.keepNano)}, and lacks ` +
      `${tons(missingNano)} TON. Send them to ${formatAddress(of.address, { testnet: of.isTest })}`,
  )
}

function costNano({ message }: OpenMessage): bigint {
  return BigInt(message.valueNano) + messageFeeNano
}

/** Decimal, without zeros at the end. */
function tons(nano: bigint): string {
  const [whole, rest] = [nano / 1_000_000_000n, nano % 1_000_000_000n]
  const digits = String(rest).padStart(9, '0').replace(/0+$/, '')
  return digits === '' ? String(whole) : `${whole}.${digits}`
}
