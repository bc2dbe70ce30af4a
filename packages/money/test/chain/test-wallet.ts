import { createHash } from 'node:crypto'
import { beginCell, Cell, external, internal, SendMode, storeMessage, type Message } from '@ton/core'
import { keyPairFromSeed } from '@ton/crypto'
import { WalletContractV5R1 } from '@ton/ton'
import { contractAddress, formatAddress, type ContractAddress } from '../../src/address.ts'

/** A wallet of its own for each name, as anybody may have one. */
export class TestWallet {
  readonly #keys
  readonly #contract
  #seqno = 0

  constructor(name: string) {
    this.#keys = keyPairFromSeed(createHash('sha256').update(name).digest())
    this.#contract = WalletContractV5R1.create({ workchain: 0, publicKey: this.#keys.publicKey })
  }

  get address(): ContractAddress {
    return contractAddress(0, this.#contract.address.hash)
  }

  /** One message that sends amounts, in the wallet's next place; the first one deploys the wallet. */
  pay(...gifts: ReadonlyArray<{ to: ContractAddress; amountNano: bigint; bounce?: boolean }>): Uint8Array {
    const seqno = this.#seqno++
    const body = this.#contract.createTransfer({
      seqno,
      secretKey: this.#keys.secretKey,
      sendMode: SendMode.PAY_GAS_SEPARATELY | SendMode.IGNORE_ERRORS,
      messages: gifts.map(({ to, amountNano, bounce = false }) =>
        internal({ to: formatAddress(to), value: amountNano, bounce, body: 'a gift' }),
      ),
    })
    const init = seqno === 0 ? this.#contract.init : undefined
    return boc(external({ to: this.#contract.address, init, body }))
  }

  /** A message that the wallet does not execute: its number is far ahead. */
  wrong(): Uint8Array {
    const body = this.#contract.createTransfer({
      seqno: 1_000_000,
      secretKey: this.#keys.secretKey,
      sendMode: SendMode.PAY_GAS_SEPARATELY,
      messages: [],
    })
    return boc(external({ to: this.#contract.address, body }))
  }
}

function boc(message: Message): Uint8Array {
  return beginCell().store(storeMessage(message)).endCell().toBoc()
}

/** An address at which there is nothing. */
export function emptyAddress(name: string): ContractAddress {
  return contractAddress(0, createHash('sha256').update(`nothing at ${name}`).digest())
}

/** Cells are compared by their hashes. */
export function comparable(value: unknown): unknown {
  return JSON.parse(
    JSON.stringify(value, (_key, item: unknown) => {
      if (item instanceof Cell) return item.hash().toString('hex')
      return typeof item === 'bigint' ? `${item}n` : item
    }),
  )
}
