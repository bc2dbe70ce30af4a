import { beginCell, type Cell, external, storeMessage } from '@ton/core'
import { keyPairFromSeed } from '@ton/crypto'
import { internal, SendMode, WalletContractV4 } from '@ton/ton'
import { type ContractAddress, parseAddress } from '../../src/address.ts'

const keys = keyPairFromSeed(Buffer.alloc(32, 3))
const contract = WalletContractV4.create({ workchain: 0, publicKey: keys.publicKey })

/** A wallet V4 as its owner uses it, by messages alone. */
export const wallet = {
  address: parseAddress(contract.address.toString()),
  contract,

  /** An external message that sends coins; the first one deploys the wallet. */
  transfer(
    seqno: number,
    gifts: ReadonlyArray<{
      to: ContractAddress
      nano: bigint
      bounce?: boolean
      body?: Cell | string
      init?: { code: Cell; data: Cell }
    }>,
    timeout = 4_000_000_000,
  ): Buffer {
    const body = contract.createTransfer({
      seqno,
      secretKey: keys.secretKey,
      timeout,
      sendMode: SendMode.PAY_GAS_SEPARATELY,
      messages: gifts.map(({ to, nano, bounce = false, body, init }) =>
        internal({
          to: `${to.workchain}:${to.hash}`,
          value: nano,
          bounce,
          body: body ?? null,
          init: init ?? null,
        }),
      ),
    })
    const init = seqno === 0 ? contract.init : undefined
    const message = external({ to: contract.address, init, body })
    return beginCell().store(storeMessage(message)).endCell().toBoc()
  },
}

/** An address that nobody has a contract for. */
export function someone(digit: number): ContractAddress {
  return { workchain: 0, hash: digit.toString(16).padStart(2, '0').repeat(32) }
}
