import { createHash, createPrivateKey, sign } from 'node:crypto'
import { type Address, type Cell, external, SendMode } from '@ton/core'
import { keyPairFromSeed } from '@ton/crypto'
import { internal, WalletContractV5R1 } from '@ton/ton'
import { type AccountBoc, activeAccount } from './accounts.ts'
import { messageCell } from './message.ts'

/**
 * The wallet that gives coins away, a wallet contract like any other. Its key is no secret: it is the same on every
 * devnet, since what it guards is worth nothing.
 */
const seed = createHash('sha256').update('Cocoon devnet faucet').digest()
const { publicKey } = keyPairFromSeed(seed)
/** The same key for the signatures of Node, which are much faster: an Ed25519 seed in PKCS #8. */
const signingKey = createPrivateKey({
  key: Buffer.concat([Buffer.from('302e020100300506032b657004220420', 'hex'), seed]),
  format: 'der',
  type: 'pkcs8',
})
const contract = WalletContractV5R1.create({ workchain: 0, publicKey })

/** Coins that exist at the beginning: about as many as on the main network. */
const supplyNano = 5_000_000_000n * 1_000_000_000n
/** How long a transfer of the faucet may wait for its block. */
const validS = 3600

export interface Gift {
  readonly to: Address
  readonly amountNano: bigint
}

export const faucetAddress: Address = contract.address

/** The faucet's account in the first block. */
export function faucetAccount(): AccountBoc {
  return activeAccount(contract.address, contract.init, supplyNano)
}

/** One message that sends all gifts, signed for the wallet's `seqno`. */
export async function giftsMessage(gifts: readonly Gift[], seqno: number, timeS: number): Promise<Cell> {
  const body = await contract.createTransfer({
    seqno,
    signer: async message => sign(null, message.hash(), signingKey),
    sendMode: SendMode.PAY_GAS_SEPARATELY | SendMode.IGNORE_ERRORS,
    timeout: timeS + validS,
    messages: gifts.map(({ to, amountNano }) => internal({ to, value: amountNano, bounce: false })),
  })
  return messageCell(external({ to: contract.address, body }))
}

/** The number that the wallet's next message carries, from its data. */
export function walletSeqno(data: Cell): number {
  const slice = data.beginParse()
  slice.skip(1)
  return slice.loadUint(32)
}
