import type { Address, Message } from '@ton/core'
import { keyOf } from '../accounts.ts'
import { transactionOf } from '../devnet-chain.ts'
import { devnetLimits } from '../limits.ts'
import type { TransactionRecord } from '../records.ts'
import type { Call } from './call.ts'
import { missing, wrongly } from './parameters.ts'
import { type Json, rawTransaction } from './shapes.ts'

/** The transaction that executed a message, by the message's source and logical time. */
export function tryLocateResultTx(call: Call): Json {
  return rawTransaction(located(call, 'destination', isExecutedBy))
}

/** The transaction that sent it. */
export function tryLocateSourceTx(call: Call): Json {
  return rawTransaction(located(call, 'source', isSentBy))
}

interface SoughtMessage {
  source: Address
  destination: Address
  lt: bigint
}

function located(
  { view, parameters }: Call,
  side: 'source' | 'destination',
  matches: (record: TransactionRecord, sought: SoughtMessage) => boolean,
): TransactionRecord {
  const sought = {
    source: parameters.address('source'),
    destination: parameters.address('destination'),
    lt: parameters.big('created_lt') ?? wrongly('created_lt is missing'),
  }
  const isSource = side === 'source'
  const candidates = view.search([keyOf(sought[side])], {
    // A transaction is before the messages that it sends, and after the one that it executes.
    ...(isSource ? { toLt: sought.lt } : { fromLt: sought.lt }),
    most: devnetLimits.located,
    isNewestFirst: isSource,
  })
  return candidates.find(record => matches(record, sought)) ?? missing('transaction')
}

function isExecutedBy(record: TransactionRecord, sought: SoughtMessage): boolean {
  const { inMessage } = transactionOf(record)
  return inMessage ? isSought(inMessage, sought) : false
}

function isSentBy(record: TransactionRecord, sought: SoughtMessage): boolean {
  return [...transactionOf(record).outMessages.values()].some(message => isSought(message, sought))
}

function isSought({ info }: Message, { source, destination, lt }: SoughtMessage): boolean {
  return (
    info.type === 'internal' &&
    info.createdLt === lt &&
    info.src.equals(source) &&
    info.dest.equals(destination)
  )
}
