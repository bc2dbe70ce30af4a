// A chain in memory with one network on it: a root's address, a proxy contract, one client and one worker, and a
// wallet. Messages are injected, so nobody's balance pays for what is attached.

import {
  Blockchain,
  createShardAccount,
  internal as internalMessage,
  type BlockchainTransaction,
} from '@ton/sandbox'
import { Address, beginCell, Cell, toNano, type StateInit } from '@ton/core'
import { proxyKey, walletKey } from './bodies.ts'
import {
  clientData,
  proxyData,
  stateOf,
  walletData,
  workerData,
  type Contract,
  type Params,
} from './states.ts'

export const startS = 1_800_000_000

/** What one transaction of a contract came to. */
export interface Step {
  readonly at: Address
  /** Exit code of the computation; undefined if none ran. */
  readonly exit: number | undefined
  readonly action: number | undefined
  readonly gas: bigint
  readonly bounced: boolean
  /** What the account paid for its rent, in nanotons. */
  readonly rent: bigint
  readonly out: readonly Sent[]
}

export interface Sent {
  readonly to: Address
  readonly value: bigint
  readonly body: Cell
  readonly bounce: boolean
  readonly bounced: boolean
}

export interface SendOptions {
  /** Deploys what the message goes to. */
  readonly init?: StateInit
  /** Whether the message may come back; it may, unless said otherwise. */
  readonly bounce?: boolean
}

export class Stage {
  readonly chain: Blockchain
  readonly proxyOwner = party(1)
  readonly clientOwner = party(2)
  readonly workerOwner = party(3)
  readonly anyone = party(4)
  readonly root = party(5)
  readonly proxy: Address
  readonly client: Address
  readonly worker: Address
  readonly wallet: Address
  readonly states: Readonly<Record<Exclude<Contract, 'root'>, StateInit>>

  constructor(chain: Blockchain, params?: Params) {
    this.chain = chain
    const publicKey = proxyKey.publicKey
    const proxy = stateOf('proxy', proxyData({ owner: this.proxyOwner, publicKey, root: this.root, params }))
    const child = { proxy: proxy.address, publicKey, params }
    const client = stateOf('client', clientData({ owner: this.clientOwner, ...child }))
    const worker = stateOf('worker', workerData({ owner: this.workerOwner, ...child }))
    const wallet = stateOf('wallet', walletData({ publicKey: walletKey.publicKey, owner: this.clientOwner }))
    this.states = { proxy, client, worker, wallet }
    this.proxy = proxy.address
    this.client = client.address
    this.worker = worker.address
    this.wallet = wallet.address
  }

  static async empty(params?: Params): Promise<Stage> {
    const chain = await Blockchain.create()
    chain.now = startS
    const stage = new Stage(chain, params)
    // Accounts that answer nothing and take everything.
    for (const address of [
      stage.proxyOwner,
      stage.clientOwner,
      stage.workerOwner,
      stage.anyone,
      stage.root,
    ]) {
      await chain.setShardAccount(address, sink(address))
    }
    return stage
  }

  /** With all contracts deployed, by an empty message of `value` each. */
  static async deployed(value = toNano('0.5'), params?: Params): Promise<Stage> {
    const stage = await Stage.empty(params)
    await stage.send(stage.proxyOwner, stage.proxy, value, new Cell(), { init: stage.states.proxy })
    await stage.send(stage.clientOwner, stage.client, value, new Cell(), { init: stage.states.client })
    await stage.send(stage.workerOwner, stage.worker, value, new Cell(), { init: stage.states.worker })
    return stage
  }

  /** Injects a message; gives what each contract that it reached did, in order. */
  async send(
    from: Address,
    at: Address,
    value: bigint,
    body: Cell,
    options: SendOptions = {},
  ): Promise<Step[]> {
    const { transactions } = await this.chain.sendMessage(
      internalMessage({
        from,
        to: at,
        value,
        body,
        bounce: options.bounce ?? true,
        ...(options.init && { stateInit: options.init }),
      }),
    )
    return transactions.map(step)
  }

  async balance(address: Address): Promise<bigint> {
    return (await this.chain.getContract(address)).balance
  }

  async data(address: Address): Promise<Cell> {
    const { accountState } = await this.chain.getContract(address)
    if (accountState?.type !== 'active' || !accountState.state.data) throw new Error('no data')
    return accountState.state.data
  }
}

export function step(transaction: BlockchainTransaction): Step {
  const { description, outMessages } = transaction
  if (description.type !== 'generic') throw new Error(`a ${description.type} transaction`)
  const { computePhase, actionPhase, bouncePhase, storagePhase } = description
  return {
    at: new Address(0, Buffer.from(transaction.address.toString(16).padStart(64, '0'), 'hex')),
    exit: computePhase.type === 'vm' ? computePhase.exitCode : undefined,
    action: actionPhase?.resultCode,
    gas: computePhase.type === 'vm' ? computePhase.gasUsed : 0n,
    bounced: bouncePhase?.type === 'ok',
    rent: storagePhase?.storageFeesCollected ?? 0n,
    out: outMessages
      .values()
      .flatMap(({ info, body }) =>
        info.type === 'internal'
          ? [{ to: info.dest, value: info.value.coins, body, bounce: info.bounce, bounced: info.bounced }]
          : [],
      ),
  }
}

/** An address that nothing but a test stands behind. */
export function party(byte: number): Address {
  return new Address(0, Buffer.alloc(32, byte))
}

function sink(address: Address) {
  // SETCP0 ACCEPT: whatever comes is kept.
  const code = beginCell().storeUint(0xff00f800, 32).endCell()
  return createShardAccount({ address, code, data: new Cell(), balance: toNano('100') })
}
