import type { Cell } from '@ton/core'
import { contractAddress } from '../address.ts'
import { readDictionary } from '../contracts/dictionary.ts'
import { CellReader } from '../contracts/reader.ts'
import type { ChainMessage, ChainTransaction } from './chain.ts'
import { readMessage } from './message.ts'

/** What names a transaction of a known account. `lt` 0 is the one before the first. */
export interface TransactionId {
  readonly lt: bigint
  /** 64 hex digits. */
  readonly hash: string
}

export interface LinkedTransaction {
  readonly transaction: ChainTransaction
  /** The one before it, of the same account. */
  readonly previous: TransactionId
}

/** The virtual machine stops at as many actions. */
const maxOutMessages = 255

/**
 * Reads a transaction from its cell, in time that its size bounds: dictionaries that nobody needs, such as those
 * of extra currencies, are not opened. Throws where the cells are no transaction.
 *
 *     transaction$0111 account:bits256 lt:uint64 prev_hash:bits256 prev_lt:uint64 now:uint32 outmsg_cnt:uint15
 *       orig_status:bits2 end_status:bits2 ^[ in_msg:(Maybe ^Message) out_msgs:(HashmapE 15 ^Message) ]
 *       total_fees:CurrencyCollection state_update:^HASH_UPDATE description:^TransactionDescr
 */
export function readTransaction(cell: Cell, workchain: number): LinkedTransaction {
  const reader = new CellReader(cell, 'transaction')
  if (reader.uint(4) !== 0b0111) throw reader.malformed('it does not begin like one')
  const account = contractAddress(workchain, reader.hex(32))
  const lt = reader.big(64)
  const previousHash = reader.hex(32)
  const previousLt = reader.big(64)
  const timeS = reader.uint(32)
  reader.uint(15)
  reader.uint(4)
  const { inMessage, outMessages } = readMessages(reader.reference())
  const collectedNano = readCurrencies(reader)
  reader.reference()
  const outcome = readDescription(reader.reference())
  if (previousLt >= lt) throw reader.malformed('it does not come after the one before it')
  const feesNano = outMessages.reduce((sum, { forwardFeeNano }) => sum + forwardFeeNano, collectedNano)
  return {
    transaction: {
      account,
      lt,
      hash: cell.hash().toString('hex'),
      timeS,
      inMessage,
      outMessages: outMessages.map(({ message }) => message),
      ...outcome,
      feesNano,
    },
    previous: { lt: previousLt, hash: previousHash },
  }
}

function readMessages(cell: Cell): {
  inMessage: ChainMessage | undefined
  outMessages: ReturnType<typeof readMessage>[]
} {
  const reader = new CellReader(cell, 'transaction')
  const inMessage = reader.maybeReference()
  const outMessages = readDictionary(reader, {
    what: 'dictionary of messages',
    keyBits: 15,
    most: maxOutMessages,
    readValue: value => value.reference(),
  })
  return {
    inMessage: inMessage && readMessage(inMessage).message,
    outMessages: outMessages.map(readMessage),
  }
}

type Outcome = Pick<ChainTransaction, 'isSuccess' | 'exitCode' | 'actionCode'>

/** `trans_ord$0000`, `trans_storage$0001` and `trans_tick_tock$001 is_tock:Bool`; the others do not occur. */
function readDescription(cell: Cell): Outcome {
  const reader = new CellReader(cell, 'description of a transaction')
  const kind = reader.uint(4)
  if (kind === 0b0001) {
    readStorage(reader)
    return { isSuccess: true, exitCode: undefined, actionCode: undefined }
  }
  if (kind === 0b0000) {
    reader.bit()
    if (reader.bit()) readStorage(reader)
    if (reader.bit()) readCredit(reader)
  } else if (kind >> 1 === 0b001) readStorage(reader)
  else throw reader.malformed('its kind is unknown')
  const computed = readCompute(reader)
  const action = reader.maybeReference()
  const acted = action && readAction(action)
  const isAborted = reader.bit()
  return {
    isSuccess: computed?.isSuccess === true && acted?.isSuccess !== false && !isAborted,
    exitCode: computed?.exitCode,
    actionCode: acted?.code,
  }
}

function readCredit(reader: CellReader): void {
  if (reader.bit()) reader.coins()
  readCurrencies(reader)
}

function readStorage(reader: CellReader): void {
  reader.coins()
  if (reader.bit()) reader.coins()
  readStatusChange(reader)
}

/** `0`, `10` or `11`. */
function readStatusChange(reader: CellReader): void {
  if (reader.bit()) reader.bit()
}

/** Undefined where it was skipped. */
function readCompute(reader: CellReader): { isSuccess: boolean; exitCode: number } | undefined {
  if (!reader.bit()) {
    // no_state$00 bad_state$01 no_gas$10 suspended$110
    if (reader.uint(2) === 0b11) reader.bit()
    return undefined
  }
  const isSuccess = reader.bit()
  reader.uint(2)
  reader.coins()
  const details = new CellReader(reader.reference(), 'computation of a transaction')
  details.big(details.uint(3) * 8)
  details.big(details.uint(3) * 8)
  if (details.bit()) details.big(details.uint(2) * 8)
  details.int(8)
  return { isSuccess, exitCode: details.int(32) }
}

function readAction(cell: Cell): { isSuccess: boolean; code: number } {
  const reader = new CellReader(cell, 'actions of a transaction')
  const isSuccess = reader.bit()
  reader.uint(2)
  readStatusChange(reader)
  if (reader.bit()) reader.coins()
  if (reader.bit()) reader.coins()
  return { isSuccess, code: reader.int(32) }
}

/** The coins of a `CurrencyCollection`; extra currencies stay closed. */
export function readCurrencies(reader: CellReader): bigint {
  const coins = reader.coins()
  reader.maybeReference()
  return coins
}
