import type { Cell } from '@ton/core'
import { contractAddress, type ContractAddress } from '../address.ts'
import { CellReader } from '../contracts/reader.ts'
import type { ChainMessage } from './chain.ts'

/**
 * Reads a message and what forwarding it cost. Throws where the cells are no message.
 *
 *     int_msg_info$0 ihr_disabled:Bool bounce:Bool bounced:Bool src dest value:CurrencyCollection
 *       extra_flags:(VarUInteger 16) fwd_fee:Grams created_lt:uint64 created_at:uint32
 *     ext_in_msg_info$10 src dest import_fee:Grams
 *     ext_out_msg_info$11 src dest created_lt:uint64 created_at:uint32
 *     message info init:(Maybe (Either StateInit ^StateInit)) body:(Either X ^X)
 */
export function readMessage(cell: Cell): { message: ChainMessage; forwardFeeNano: bigint } {
  const reader = new CellReader(cell, 'message')
  const info = readInfo(reader)
  if (reader.bit()) skipStateInit(reader)
  const body = reader.bit() ? reader.reference() : reader.rest()
  const { forwardFeeNano, ...message } = info
  return { message: { ...message, body }, forwardFeeNano }
}

function readInfo(reader: CellReader): Omit<ChainMessage, 'body'> & { forwardFeeNano: bigint } {
  if (!reader.bit()) return readInternal(reader)
  if (!reader.bit()) {
    readAddress(reader)
    const destination = reader.address()
    reader.coins()
    const nothing = { valueNano: 0n, isBounced: false, forwardFeeNano: 0n }
    return { kind: 'external-in', source: undefined, destination, ...nothing }
  }
  const source = reader.address()
  readAddress(reader)
  reader.big(64)
  reader.uint(32)
  return {
    kind: 'external-out',
    source,
    destination: undefined,
    valueNano: 0n,
    isBounced: false,
    forwardFeeNano: 0n,
  }
}

function readInternal(reader: CellReader): Omit<ChainMessage, 'body'> & { forwardFeeNano: bigint } {
  reader.uint(2)
  const isBounced = reader.bit()
  const source = readAddress(reader)
  const destination = readAddress(reader)
  const valueNano = reader.coins()
  reader.maybeReference()
  reader.coins()
  const forwardFeeNano = reader.coins()
  reader.big(64)
  reader.uint(32)
  return { kind: 'internal', source, destination, valueNano, isBounced, forwardFeeNano }
}

/** Undefined for none and for one outside of the chain. */
function readAddress(reader: CellReader): ContractAddress | undefined {
  const kind = reader.uint(2)
  if (kind === 0b00) return undefined
  if (kind === 0b01) {
    reader.big(reader.uint(9))
    return undefined
  }
  if (kind !== 0b10 || reader.bit()) throw reader.malformed('an address in it is not that of an account')
  return contractAddress(reader.int(8), reader.hex(32))
}

function skipStateInit(reader: CellReader): void {
  if (reader.bit()) reader.reference()
  else readStateInit(reader)
}

/** `fixed_prefix_length:(Maybe (## 5)) special:(Maybe TickTock) code:(Maybe ^) data:(Maybe ^) library:(HashmapE 256)` */
export function readStateInit(reader: CellReader): { code: Cell | undefined; data: Cell | undefined } {
  if (reader.bit()) reader.uint(5)
  if (reader.bit()) reader.uint(2)
  const code = reader.maybeReference()
  const data = reader.maybeReference()
  reader.maybeReference()
  return { code, data }
}
