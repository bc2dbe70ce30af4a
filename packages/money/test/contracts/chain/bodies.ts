// Bodies of messages, cell by cell as the network lays them out; vectors.test.ts holds them against the vectors.

import { beginCell, type Address, type Builder, type Cell, type Slice } from '@ton/core'
import { keyPairFromSeed, sign, type KeyPair } from '@ton/crypto'
import { opcodes } from '../../../src/contracts/opcodes.generated.ts'

export const proxyKey = keyOf(0x11)
export const walletKey = keyOf(0x22)
export const managerKey = keyOf(0x33)

export type Op = keyof typeof opcodes

/** Begins with the opcode and the query. */
export function message(op: Op, queryId: bigint | number, ...fields: readonly Builder[]): Cell {
  const body = beginCell().storeUint(opcodes[op], 32).storeUint(queryId, 64)
  for (const field of fields) body.storeBuilder(field)
  return body.endCell()
}

/** Begins with the opcode alone. */
export function payload(op: Op, ...fields: readonly Builder[]): Cell {
  const body = beginCell().storeUint(opcodes[op], 32)
  for (const field of fields) body.storeBuilder(field)
  return body.endCell()
}

export function uint(value: bigint | number, bits: number): Builder {
  return beginCell().storeUint(value, bits)
}

export function coins(nano: bigint | number): Builder {
  return beginCell().storeCoins(nano)
}

export function to(address: Address | null): Builder {
  return beginCell().storeAddress(address)
}

export function ref(cell: Cell): Builder {
  return beginCell().storeRef(cell)
}

export function maybe(cell: Cell | null): Builder {
  return beginCell().storeMaybeRef(cell)
}

/** An endpoint of a proxy: type, length, text. */
export function endpoint(text: string): Builder {
  return beginCell().storeUint(0, 1).storeUint(text.length, 7).storeBuffer(Buffer.from(text))
}

export function text(letter: string): Cell {
  return beginCell().storeUint(0, 32).storeStringTail(letter).endCell()
}

export interface Envelope {
  readonly op: Op
  readonly queryId: bigint | number
  readonly excesses: Address | null
  /** What the signed cell says behind its header. */
  readonly fields: readonly Builder[]
  readonly key?: KeyPair
  /** Of the signed cell, if it differs. */
  readonly signedOp?: Op
  readonly signedQueryId?: bigint | number
}

export function signed(of: Envelope): Cell {
  const cell = message(of.signedOp ?? of.op, of.signedQueryId ?? of.queryId, ...of.fields)
  const signature = sign(cell.hash(), (of.key ?? proxyKey).secretKey)
  return message(of.op, of.queryId, to(of.excesses), beginCell().storeBuffer(signature), ref(cell))
}

/** A signed count of tokens for one contract. */
export function count(
  op: 'clientCharge' | 'clientGrantRefund' | 'workerPayout' | 'workerLastPayout',
  contract: Address,
  tokens: bigint | number,
  rest: { excesses: Address | null; queryId?: bigint | number; key?: KeyPair },
): Cell {
  return signed({ op, queryId: 1, fields: [uint(tokens, 64), to(contract)], ...rest })
}

/** A signed external message to a wallet. */
export function walletExternal(of: {
  key?: KeyPair
  subwallet?: number
  validUntil: number
  seqno: number
  messages: ReadonlyArray<readonly [mode: number, message: Cell]>
}): Cell {
  const unsigned = uint(of.subwallet ?? 0, 32)
    .storeUint(of.validUntil, 32)
    .storeUint(of.seqno, 32)
  for (const [mode, cell] of of.messages) unsigned.storeUint(mode, 8).storeRef(cell)
  const signature = sign(unsigned.endCell().hash(), (of.key ?? walletKey).secretKey)
  return beginCell().storeBuffer(signature).storeBuilder(unsigned).endCell()
}

/** Opcode and query of a body. */
export function headerOf(body: Cell): { op: number; queryId: bigint; rest: Slice } {
  const rest = body.beginParse()
  return { op: rest.loadUint(32), queryId: rest.loadUintBig(64), rest }
}

function keyOf(byte: number): KeyPair {
  return keyPairFromSeed(Buffer.alloc(32, byte))
}
