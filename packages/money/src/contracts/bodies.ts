import type { Cell } from '@ton/core'
import type { ContractAddress } from '../address.ts'
import { CellWriter } from '../cell.ts'
import { MoneyError } from '../error.ts'
import { opcodes } from './opcodes.generated.ts'

/** Every message names the query it belongs to, an unsigned 64-bit number, and where what is left of its value goes. */
interface Query {
  readonly queryId: bigint
  readonly excessesTo: ContractAddress
}

/**
 * Bodies of messages to a client's contract. All but `topUp` are for its owner alone. Amounts and numbers that
 * do not fit are `MoneyError('amount')`, in all bodies.
 */
export const clientBody = {
  /** Shows the proxy a nonce, and with it who owns the contract. */
  register: ({ nonce, ...query }: Query & { nonce: bigint }): Cell =>
    operation(opcodes.clientRegister, query)
      .uint(fitting('A nonce', nonce, 64), 64)
      .address(reachable(query.excessesTo))
      .build(),
  topUp: ({ nano, ...query }: Query & { nano: bigint }): Cell =>
    operation(opcodes.clientTopUp, query).coins(coins(nano)).address(reachable(query.excessesTo)).build(),
  /** `secretHash` has 32 bytes. */
  changeSecretHash: ({ secretHash, ...query }: Query & { secretHash: Uint8Array }): Cell =>
    operation(opcodes.clientChangeSecretHash, query)
      .bytes(hash256(secretHash))
      .address(reachable(query.excessesTo))
      .build(),
  changeSecretHashAndTopUp: ({
    secretHash,
    nano,
    ...query
  }: Query & { secretHash: Uint8Array; nano: bigint }): Cell =>
    operation(opcodes.clientChangeSecretHashAndTopUp, query)
      .coins(coins(nano))
      .bytes(hash256(secretHash))
      .address(reachable(query.excessesTo))
      .build(),
  /** Sets the stake, which only grows, below 2^63: not everybody reads more. No coins move. */
  increaseStake: ({ stakeNano, ...query }: Query & { stakeNano: bigint }): Cell =>
    operation(opcodes.clientIncreaseStake, query)
      .coins(fitting('A stake in nanotons', stakeNano, 63))
      .address(reachable(query.excessesTo))
      .build(),
  /** Pays back what exceeds the stake. */
  withdraw: (query: Query): Cell =>
    operation(opcodes.clientWithdraw, query).address(reachable(query.excessesTo)).build(),
  /** Begins to close the contract; again, after the delay, closes it without the proxy. */
  requestRefund: (query: Query): Cell =>
    operation(opcodes.clientRequestRefund, query).address(reachable(query.excessesTo)).build(),
} as const

/** Bodies of messages to a worker's contract; for payouts see `paymentBody`. */
export const workerBody = {
  register: (query: Query): Cell =>
    operation(opcodes.workerRegister, query).address(reachable(query.excessesTo)).build(),
} as const

/** Bodies of messages to a proxy's contract; for signed ones see `paymentBody`. */
export const proxyBody = {
  /** Sends the owner what the proxy has earned. Anybody may ask. */
  requestPayout: (query: Query): Cell =>
    operation(opcodes.proxyPayoutRequest, query).address(reachable(query.excessesTo)).build(),
  /** Adds to the owner's guarantee. Anybody may. */
  increaseStake: ({ nano, ...query }: Query & { nano: bigint }): Cell =>
    operation(opcodes.proxyIncreaseStake, query)
      .coins(coins(nano))
      .address(reachable(query.excessesTo))
      .build(),
  /** From the owner: begins to close. */
  close: (query: Query): Cell =>
    operation(opcodes.proxyOwnerClose, query).address(reachable(query.excessesTo)).build(),
  /** From the owner: begins to close, as text. */
  textClose: (): Cell => text('c'),
  /** From the owner: sends what the proxy has earned, as text. */
  textWithdraw: (): Cell => text('w'),
  /**
   * A note of the proxy to itself, which no contract reads: the state of its books up to `seqno` is the one of
   * this session. `seqno` is below 2^31, `sessionHash` has 32 bytes.
   */
  saveState: (note: { queryId: bigint; seqno: number; sessionHash: Uint8Array }): Cell =>
    operation(opcodes.doNotProcess, note)
      .uint(opcodes.saveState, 32)
      .uint(fitting('A sequence number', BigInt(note.seqno), 31), 32)
      .bytes(hash256(note.sessionHash))
      .build(),
} as const

/** Bodies of messages to the wallet of a node, from its owner. */
export const walletBody = {
  /** Has the wallet send a whole message, with a mode of TON. */
  send: ({ queryId, mode, message }: { queryId: bigint; mode: number; message: Cell }): Cell =>
    operation(opcodes.walletSend, { queryId }).uint(mode, 8).reference(message).build(),
  /** Sends the owner everything but the rent. */
  withdraw: (): Cell => text('w'),
  /** From now on the wallet sends nothing that its key signs. */
  block: (): Cell => text('b'),
  unblock: (): Cell => text('u'),
} as const

/** `op:uint32 query_id:uint64`, with which all messages but texts begin. */
export function operation(opcode: number, { queryId }: { queryId: bigint }): CellWriter {
  return new CellWriter().uint(opcode, 32).uint(fitting('A query id', queryId, 64), 64)
}

/** Nanotons that a contract can store. Throws `MoneyError('amount')`. */
export function coins(nano: bigint): bigint {
  return fitting('An amount in nanotons', nano, 120)
}

/** Throws `MoneyError('amount')` for what does not fit so many bits, unsigned. */
export function fitting(what: string, value: bigint, bits: number): bigint {
  if (BigInt.asUintN(bits, value) !== value) {
    throw new MoneyError(
      'amount',
      `${what} is at least 0 and has at most ${bits} bits: ${value} does not fit`,
    )
  }
  return value
}

/** An address where coins can arrive. Throws `MoneyError('address')` for workchains that there are not. */
export function reachable(address: ContractAddress): ContractAddress {
  if (address.workchain !== 0 && address.workchain !== -1) {
    throw new MoneyError(
      'address',
      `Nothing arrives in workchain ${address.workchain}. Give an address in 0 or -1`,
    )
  }
  return address
}

/** Throws `MoneyError('amount')` for what has not 32 bytes. */
export function hash256(bytes: Uint8Array): Uint8Array {
  if (bytes.length !== 32) throw new MoneyError('amount', `A hash has 32 bytes, not ${bytes.length}`)
  return bytes
}

/** A command that people type into their wallet: no query id, one letter. */
function text(letter: string): Cell {
  return new CellWriter().uint(0, 32).bytes(Buffer.from(letter)).build()
}
