import { Cell } from '@ton/core'
import type { ContractAddress } from '../address.ts'
import { CellWriter } from '../cell.ts'
import type { ChainMessage, ChainTransaction } from '../chain/chain.ts'
import { sameAddress } from '../address.ts'
import type { PaymentKey } from '../payment-key.ts'
import { coins } from './bodies.ts'
import { nodeWalletAddress, nodeWalletStateInit, type NodeWalletParties } from './node-wallet.ts'

/** Messages that one external can have the wallet of a node send. */
export const maxWalletMessages = 4

/** What the wallet of a node is to send. */
export interface WalletMessage {
  readonly to: ContractAddress
  /** Nanotons; the fee for the way is taken from them, unless it is one nanoton, which is sent for its body alone. */
  readonly valueNano: bigint
  readonly body?: Cell | undefined
  /** Deploys the account. Coins for an account that is not there yet must not come back. */
  readonly stateInit?: Cell | undefined
  /** Whether an account that fails gives the coins back; without it, unless it is deployed. */
  readonly isBounceable?: boolean | undefined
  /** Mode of TON; without it chosen by the value, and always such that one that cannot be sent leaves the others be. */
  readonly mode?: number | undefined
}

/** An external message to the wallet of a node, signed. */
export interface WalletExternal {
  readonly wallet: ContractAddress
  readonly seqno: number
  /** Unix seconds from which on the wallet refuses it. */
  readonly validUntilS: number
  readonly messages: readonly WalletMessage[]
  /** Hash of its body, by which its transaction is found: 64 hex digits. */
  readonly bodyHash: string
  /** What to hand to the chain, a bag of cells. */
  readonly bytes: Uint8Array
}

const payFeesSeparately = 1
const ignoreErrors = 2

/**
 * Signs an external message that has the wallet send up to four messages:
 *
 *     body: signature:bits512 subwallet:uint32(=0) valid_until:uint32 seqno:uint32 (mode:uint8 ^message)*
 *
 * The signature covers the hash of the cell that all behind it makes. With `seqno` 0 the message deploys the
 * wallet, for which `wallet.code` must be known as a cell, `MoneyError('config')` otherwise. Amounts that do not
 * fit are `MoneyError('amount')`; more messages are a RangeError of the caller.
 *
 * A message that cannot be sent is left out, so that the wallet's number advances with every external that it
 * executes; see `sentMessages`.
 */
export function signWalletExternal(external: {
  wallet: Omit<NodeWalletParties, 'publicKey'>
  key: PaymentKey
  seqno: number
  validUntilS: number
  messages: readonly WalletMessage[]
}): WalletExternal {
  const { key, seqno, validUntilS, messages } = external
  if (messages.length > maxWalletMessages) {
    throw new RangeError(`A wallet sends ${maxWalletMessages} messages at a time, not ${messages.length}`)
  }
  const order = (writer: CellWriter) => {
    writer.uint(0, 32).uint(validUntilS, 32).uint(seqno, 32)
    for (const message of messages) writer.uint(modeOf(message), 8).reference(messageCell(message))
    return writer
  }
  const signature = key.sign(order(new CellWriter()).finish().hash)
  const body = order(new CellWriter().bytes(signature)).build()

  const parties = { ...external.wallet, publicKey: key.publicKey }
  const wallet = nodeWalletAddress(parties)
  const envelope = new CellWriter().uint(0b1000, 4).address(wallet).coins(0n)
  if (seqno === 0) envelope.uint(0b11, 2).reference(nodeWalletStateInit(parties))
  else envelope.bit(false)
  const bytes = new Uint8Array(envelope.bit(true).reference(body).build().toBoc())
  return { wallet, seqno, validUntilS, messages, bodyHash: body.hash().toString('hex'), bytes }
}

/**
 * What a transaction of a wallet sent of an external: one entry for each of its messages, undefined for those
 * that it could not send. Undefined altogether where the transaction is of something else.
 */
export function sentMessages(
  transaction: ChainTransaction,
  external: Pick<WalletExternal, 'wallet' | 'bodyHash' | 'messages'>,
): ReadonlyArray<ChainMessage | undefined> | undefined {
  const { inMessage } = transaction
  if (inMessage?.kind !== 'external-in' || !sameAddress(transaction.account, external.wallet))
    return undefined
  if (inMessage.body.hash().toString('hex') !== external.bodyHash) return undefined
  const left = [...transaction.outMessages]
  return external.messages.map(message => {
    // The wallet keeps the order, so what was passed over was of no other message.
    const at = left.findIndex(sent => isSame(sent, message))
    return at < 0 ? undefined : left.splice(0, at + 1).at(-1)
  })
}

/** A whole message as the wallet of a node sends it; also what `walletBody.send` takes. */
export function messageCell(message: WalletMessage): Cell {
  const { stateInit, body, isBounceable = stateInit === undefined } = message
  const flags = isBounceable ? 0x18 : 0x10
  const writer = new CellWriter()
    .uint(flags, 6)
    .address(message.to)
    .coins(coins(message.valueNano))
    .uint(0, 1 + 4 + 4 + 64 + 32) // no other currencies; fees and times are filled in by the chain
  if (stateInit === undefined) writer.bit(false)
  else writer.uint(0b11, 2).reference(stateInit)
  return writer.maybeReference(body).build()
}

function modeOf({ mode, valueNano }: WalletMessage): number {
  return mode ?? (valueNano > 1n ? ignoreErrors : payFeesSeparately | ignoreErrors)
}

function isSame(sent: ChainMessage, wanted: WalletMessage): boolean {
  const { destination } = sent
  if (destination === undefined || !sameAddress(destination, wanted.to)) return false
  return sent.body.equals(wanted.body ?? Cell.EMPTY)
}
