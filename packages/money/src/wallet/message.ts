import { hash } from 'node:crypto'
import { Cell } from '@ton/core'
import { addressKey, parseAddress, type ContractAddress } from '../address.ts'
import type { WalletMessage } from '../contracts/wallet-external.ts'
import { MoneyError } from '../error.ts'
import { walletLimits } from './limits.ts'

/** What a service has its wallet send. The wallet chooses the mode, so that a message that fails harms no other. */
export interface OutgoingMessage {
  readonly destination: ContractAddress
  /** At least 1. A message of 1 nanoton runs nothing where it arrives: it tells what it tells by being there. */
  readonly valueNano: bigint
  readonly body: Cell
  /** Deploys the destination where it is not there yet. */
  readonly stateInit?: Cell | undefined
  /** Whether a destination that fails gives the coins back. */
  readonly isBounceable: boolean
  /** Unix seconds of the chain: what has not left the wallet by then never does. */
  readonly deadlineS?: number | undefined
}

/** A message in the store; cells are bags of cells in base64. */
export interface MessageRecord {
  readonly destination: string
  readonly valueNano: string
  readonly body: string
  readonly stateInit?: string
  readonly isBounceable: boolean
}

/** Greater values no message can carry. */
const valueBits = 120n

/** Throws `MoneyError('amount')` for a value that no message can carry, `limit` for a message that is too large. */
export function writeMessage(message: OutgoingMessage): MessageRecord {
  const { destination, valueNano, isBounceable } = message
  if (valueNano < 1n || valueNano >> valueBits > 0n) {
    throw new MoneyError('amount', `A message cannot carry ${valueNano} nanotons`)
  }
  const [body, stateInit] = [message.body.toBoc(), message.stateInit?.toBoc()]
  const sizeBytes = body.length + (stateInit?.length ?? 0)
  if (sizeBytes > walletLimits.messageBytes) {
    throw new MoneyError(
      'limit',
      `A message of ${sizeBytes} bytes is too large: a wallet sends up to ${walletLimits.messageBytes}`,
    )
  }
  return {
    destination: addressKey(destination),
    valueNano: String(valueNano),
    body: body.toString('base64'),
    ...(stateInit && { stateInit: stateInit.toString('base64') }),
    isBounceable,
  }
}

/** The message as the wallet's external message carries it. */
export function readMessage(record: MessageRecord): WalletMessage {
  const { destination, valueNano, body, stateInit, isBounceable } = record
  return {
    to: parseAddress(destination),
    valueNano: BigInt(valueNano),
    body: Cell.fromBase64(body),
    isBounceable,
    ...(stateInit !== undefined && { stateInit: Cell.fromBase64(stateInit) }),
  }
}

/** The same for two messages exactly if they are the same but for their deadlines: 64 hex digits. */
export function messageDigest({
  destination,
  valueNano,
  body,
  stateInit,
  isBounceable,
}: OutgoingMessage): string {
  const cells = [hexHash(body), stateInit ? hexHash(stateInit) : '']
  return hash('sha256', [addressKey(destination), valueNano, isBounceable, ...cells].join(' '), 'hex')
}

/** Representation hash, 64 hex digits. */
export function hexHash(cell: Cell): string {
  return cell.hash().toString('hex')
}
