import { Cell } from '@ton/core'
import { WalletContractV4, WalletContractV5R1 } from '@ton/ton'
import { contractAddress, type ContractAddress } from '../address.ts'
import { CellWriter, type Cell as WrittenCell } from '../cell.ts'
import type { AccountState, ChainFees } from '../chain/chain.ts'
import { contentOf, gasFee, messageFee } from '../contracts/fees.ts'
import { CellReader } from '../contracts/reader.ts'
import { messageCell } from '../contracts/wallet-external.ts'
import { MoneyError } from '../error.ts'
import type { PaymentKey } from '../payment-key.ts'
import { commentBody } from './comment.ts'

/** Which standard wallet contract: its newest two versions, both widely used. */
export type OwnerWalletKind = 'v5r1' | 'v4r2'

export const ownerWalletKinds: readonly OwnerWalletKind[] = ['v5r1', 'v4r2']

export interface OwnerTransfer {
  readonly to: ContractAddress
  /** Nanotons that arrive; `everything` empties the wallet, and the fees are taken from it. */
  readonly valueNano: bigint | 'everything'
  /** Whether an account that fails, or is not there, gives the coins back. */
  readonly isBounceable: boolean
  /** For people. */
  readonly comment?: string | undefined
  /** For contracts, in place of a comment. */
  readonly body?: Cell | undefined
}

/** A transfer that is signed and may be handed to the chain. */
export interface SignedTransfer {
  /** Hash of its body, by which its transaction is found: 64 hex digits. */
  readonly bodyHash: string
  /** Hash of the body of the message that it has the wallet send. */
  readonly messageBodyHash: string
  /** A bag of cells. */
  readonly bytes: Uint8Array
}

const payFeesSeparately = 1
const ignoreErrors = 2
const carryAll = 128
/** Upper bounds for one message, measured on the virtual machine, a tenth added. */
const gasOf: Readonly<Record<OwnerWalletKind, number>> = { v5r1: 5_500, v4r2: 4_000 }
const networkIds = { main: -239, test: -3 }

/**
 * A person's wallet: a standard contract that every TON wallet app opens from the same 24 words. It knows its
 * address without the key, and signs with it.
 */
export class OwnerWallet {
  readonly kind: OwnerWalletKind
  readonly address: ContractAddress
  readonly publicKey: Uint8Array
  readonly #init: { readonly code: Cell; readonly data: Cell }

  /** `isTestnet`: of TON's test network, where v5r1 has another address. A key of another length: `MoneyError('key')`. */
  constructor(options: { kind: OwnerWalletKind; publicKey: Uint8Array; isTestnet?: boolean }) {
    const { kind, publicKey, isTestnet = false } = options
    if (publicKey.length !== 32) {
      throw new MoneyError('key', `A public key has 32 bytes, not ${publicKey.length}`)
    }
    this.kind = kind
    this.publicKey = publicKey
    const contract = contractOf(kind, Buffer.from(publicKey), isTestnet)
    this.#init = contract.init
    this.address = contractAddress(0, contract.address.hash)
  }

  /** Number of the next transfer. Throws `MoneyError`: `wallet-blocked` where it is frozen, `contract-data`. */
  seqnoIn(state: Pick<AccountState, 'status' | 'data'>): number {
    if (state.status === 'frozen') {
      throw new MoneyError(
        'wallet-blocked',
        'The wallet is frozen, as it owes for storage. Pay that, and unfreeze it',
      )
    }
    if (state.data === undefined) return 0
    const reader = new CellReader(state.data, "data of a person's wallet")
    if (this.kind === 'v5r1') reader.bit()
    return reader.uint(32)
  }

  /** Signs a transfer; with `deploys` it also brings the contract. Amounts that do not fit: `MoneyError('amount')`. */
  sign(
    transfer: OwnerTransfer,
    by: { key: PaymentKey; seqno: number; validUntilS: number; deploys: boolean },
  ): SignedTransfer {
    const { message, mode } = this.#message(transfer)
    const body = this.#signedBody(message, mode, by)
    return {
      bodyHash: body.hash().toString('hex'),
      messageBodyHash: bodyOf(transfer).hash().toString('hex'),
      bytes: new Uint8Array(this.#external(body, by.deploys).toBoc()),
    }
  }

  /** The most that a transfer costs the wallet besides its amount. */
  estimateFee(transfer: OwnerTransfer, fees: ChainFees, deploys: boolean): bigint {
    const { message, mode } = this.#message(transfer)
    const unsigned = { sign: () => new Uint8Array(64), publicKey: this.publicKey }
    const body = this.#signedBody(message, mode, { key: unsigned, seqno: 0, validUntilS: 0 })
    const arrival = contentOf(this.#external(body, deploys))
    const way = contentOf(message)
    return (
      messageFee(fees, arrival.bits, arrival.cells) +
      gasFee(fees, gasOf[this.kind]) +
      messageFee(fees, way.bits, way.cells)
    )
  }

  #message(transfer: OwnerTransfer): { message: Cell; mode: number } {
    const { to, valueNano, isBounceable } = transfer
    const isAll = valueNano === 'everything'
    const message = messageCell({
      to,
      valueNano: isAll ? 0n : valueNano,
      isBounceable,
      body: bodyOf(transfer),
    })
    // With a failure ignored, the wallet's number advances with every transfer that it executes.
    return { message, mode: ignoreErrors | (isAll ? carryAll : payFeesSeparately) }
  }

  /**
   *     v4r2: signature:bits512 subwallet:uint32 valid_until:uint32 seqno:uint32 op:uint8(=0) mode:uint8 ^message
   *     v5r1: op:uint32 wallet_id:int32 valid_until:uint32 seqno:uint32 actions:(Maybe ^OutList) others:bit(=0)
   *           signature:bits512
   */
  #signedBody(
    message: Cell,
    mode: number,
    { key, seqno, validUntilS }: { key: PaymentKey; seqno: number; validUntilS: number },
  ): Cell {
    const walletId = this.#walletId()
    if (this.kind === 'v4r2') {
      const order = (writer: CellWriter): CellWriter =>
        writer
          .uint(walletId, 32)
          .uint(validUntilS, 32)
          .uint(seqno, 32)
          .uint(0, 8)
          .uint(mode, 8)
          .reference(message)
      return order(new CellWriter().bytes(signed(key, order(new CellWriter()).finish()))).build()
    }
    const actions = new CellWriter()
      .reference(Cell.EMPTY)
      .uint(0x0ec3c86d, 32)
      .uint(mode, 8)
      .reference(message)
    const order = (): CellWriter =>
      new CellWriter()
        .uint(0x7369676e, 32)
        .uint(walletId, 32)
        .uint(validUntilS, 32)
        .uint(seqno, 32)
        .bit(true)
        .reference(actions.build())
        .bit(false)
    return order().bytes(signed(key, order().finish())).build()
  }

  /** Which of the wallets of this key it is, as its data have it. */
  #walletId(): number {
    const reader = new CellReader(this.#init.data, "data of a person's wallet")
    if (this.kind === 'v5r1') reader.bit()
    reader.uint(32)
    return reader.uint(32)
  }

  #external(body: Cell, deploys: boolean): Cell {
    const envelope = new CellWriter().uint(0b1000, 4).address(this.address).coins(0n)
    if (deploys) {
      const { code, data } = this.#init
      envelope
        .uint(0b11, 2)
        .reference(new CellWriter().uint(0b00110, 5).reference(code).reference(data).build())
    } else envelope.bit(false)
    return envelope.bit(true).reference(body).build()
  }
}

function contractOf(
  kind: OwnerWalletKind,
  publicKey: Buffer,
  isTestnet: boolean,
): WalletContractV4 | WalletContractV5R1 {
  if (kind === 'v4r2') return WalletContractV4.create({ workchain: 0, publicKey })
  const networkGlobalId = isTestnet ? networkIds.test : networkIds.main
  return WalletContractV5R1.create({ publicKey, workchain: 0, walletId: { networkGlobalId } })
}

function bodyOf({ comment, body }: OwnerTransfer): Cell {
  return body ?? (comment === undefined || comment === '' ? Cell.EMPTY : commentBody(comment))
}

function signed(key: PaymentKey, order: WrittenCell): Uint8Array {
  return key.sign(order.hash)
}
