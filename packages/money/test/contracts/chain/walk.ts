// The walk by which the gas of contracts of this network is compared: the same parties, amounts and order each time.

import { beginCell, Cell, external, internal, storeMessageRelaxed, toNano, type Address } from '@ton/core'
import {
  coins,
  count,
  endpoint,
  message,
  proxyKey,
  ref,
  signed,
  text,
  to,
  uint,
  walletExternal,
} from './bodies.ts'
import { Stage, startS, step, type SendOptions, type Step } from './stage.ts'
import { codes, rootData, stateOf } from './states.ts'

/** Gas of the contracts that a message ran, in order; and what the sender had to pay in all, in nanotons. */
export interface Row {
  readonly name: string
  readonly gas: readonly number[]
  readonly netNano: bigint
}

/** Runs the walk and gives its rows. */
export async function walk(): Promise<Row[]> {
  return [...(await walkNetwork()), ...(await walkWallet()), ...(await walkRoot())]
}

async function walkNetwork(): Promise<Row[]> {
  const stage = await Stage.empty()
  const { proxyOwner: P, clientOwner: Cl, workerOwner: W, anyone: A, proxy, client, worker } = stage
  const rows = new Rows(stage)
  const empty = new Cell()
  await rows.add('deployment of a proxy', P, proxy, '0.3', empty, { init: stage.states.proxy })
  await rows.add('deployment of a client', Cl, client, '0.8', empty, { init: stage.states.client })
  await rows.add('deployment of a worker', W, worker, '0.3', empty, { init: stage.states.worker })
  const charge = (op: 'clientCharge' | 'clientGrantRefund', tokens: number, queryId: number): Cell =>
    count(op, client, tokens, { excesses: A, queryId })
  const payout = (op: 'workerPayout' | 'workerLastPayout', tokens: number, queryId: number): Cell =>
    count(op, worker, tokens, { excesses: A, queryId })
  const close = (op: 'proxyClose' | 'proxyCloseComplete', queryId: number): Cell =>
    signed({ op, queryId, excesses: A, fields: [to(proxy)] })
  const secret = message('clientChangeSecretHashAndTopUp', 4, coins(toNano('5')), uint(2, 256), to(Cl))

  await rows.add('client register', Cl, client, '1', message('clientRegister', 1, uint(777, 64), to(Cl)))
  await rows.add(
    'client change secret hash',
    Cl,
    client,
    '0.7',
    message('clientChangeSecretHash', 2, uint(1, 256), to(Cl)),
  )
  await rows.add(
    'client top up',
    Cl,
    client,
    '15.7',
    message('clientTopUp', 3, coins(toNano('15')), to(Cl)),
    { stays: '15' },
  )
  await rows.add('client secret and top up', Cl, client, '5.7', secret, { stays: '5' })
  await rows.add(
    'client increase stake',
    Cl,
    client,
    '0.7',
    message('clientIncreaseStake', 5, coins(toNano('16')), to(Cl)),
  )
  await rows.add('client charge', A, client, '0.7', charge('clientCharge', 50_000_000, 6))
  await rows.add('client withdraw', Cl, client, '0.7', message('clientWithdraw', 7, to(Cl)), { stays: '-3' })
  await rows.add('worker register', W, worker, '0.5', message('workerRegister', 8, to(W)))
  await rows.add('worker payout', A, worker, '0.5', payout('workerPayout', 50_000_000, 9))
  await rows.add(
    'proxy increase stake',
    A,
    proxy,
    '15.2',
    message('proxyIncreaseStake', 10, coins(toNano('15')), to(A)),
    { stays: '15' },
  )
  await rows.add('proxy payout request', A, proxy, '0.2', message('proxyPayoutRequest', 11, to(A)))
  await stage.send(A, proxy, 1n, message('doNotProcess', 12, uint(0x53109c0f, 32), uint(1, 32), uint(1, 256)))
  await rows.add('client request refund', Cl, client, '0.7', message('clientRequestRefund', 13, to(Cl)))
  const snapshot = stage.chain.snapshot()
  const back = async (): Promise<void> => stage.chain.loadFrom(snapshot)
  await rows.add('client grant refund', A, client, '0.7', charge('clientGrantRefund', 60_000_000, 14))
  await back()
  stage.chain.now = startS + 43_211
  await rows.add('client forced refund', Cl, client, '0.7', message('clientRequestRefund', 15, to(Cl)))
  await back()
  await rows.add('worker last payout', A, worker, '1', payout('workerLastPayout', 60_000_000, 16))
  await rows.add('proxy close', A, proxy, '1', close('proxyClose', 17))
  stage.chain.now = startS + 86_401
  await rows.add('proxy close complete', A, proxy, '1', close('proxyCloseComplete', 18))
  await back()
  await rows.add('proxy owner close', P, proxy, '0.2', message('proxyOwnerClose', 19, to(P)))
  await back()
  await rows.add('proxy text c', P, proxy, '0.2', text('c'))
  await back()
  await rows.add('proxy text w', P, proxy, '0.2', text('w'))
  return rows.rows
}

async function walkWallet(): Promise<Row[]> {
  const stage = await Stage.deployed()
  const { clientOwner: Cl, anyone: A, proxy, wallet } = stage
  const rows = new Rows(stage)
  await rows.add('deployment of a wallet', Cl, wallet, '20', new Cell(), {
    init: stage.states.wallet,
    bounce: false,
  })
  const saveState = (seqno: number): Cell =>
    message('doNotProcess', seqno, uint(0x53109c0f, 32), uint(seqno, 32), uint(77, 256))
  for (const [seqno, size] of [
    [0, 1],
    [1, 4],
  ] as const) {
    const messages = Array.from(
      { length: size },
      (_, index) => [1, relaxed(proxy, 1n, saveState(index))] as const,
    )
    const body = walletExternal({ validUntil: startS + 3600, seqno, messages })
    const before = await stage.balance(wallet)
    const { transactions } = await stage.chain.sendMessage(external({ to: wallet, body }))
    rows.push(
      `wallet external, ${size} message${size > 1 ? 's' : ''}`,
      transactions.map(step),
      before - (await stage.balance(wallet)),
    )
  }
  const inner = relaxed(A, 0n, new Cell())
  await rows.add('wallet forward', Cl, wallet, '0.2', message('walletSend', 1, uint(64, 8), ref(inner)))
  await rows.add('wallet text b', Cl, wallet, '0.05', text('b'))
  await rows.add('wallet text u', Cl, wallet, '0.05', text('u'))
  await rows.add('wallet text w', Cl, wallet, '0.05', text('w'))
  return rows.rows
}

async function walkRoot(): Promise<Row[]> {
  const stage = await Stage.empty()
  const P = stage.proxyOwner
  const data = rootData({ owner: P, managerKey: proxyKey.publicKey })
  const init = stateOf('root', data)
  const rows = new Rows(stage)
  await rows.add('deployment of a root', P, init.address, '1', new Cell(), { init })
  const add = (name: string, body: Cell): Promise<void> =>
    rows.add(`root ${name}`, P, init.address, '0.1', body)
  await add('add proxy type', message('rootAddProxyType', 1, uint(11, 256)))
  await add('add worker type', message('rootAddWorkerType', 1, uint(12, 256)))
  await add('add model type', message('rootAddModelType', 1, uint(13, 256)))
  await add('register proxy', message('rootRegisterProxy', 1, endpoint('91.108.4.11:5222 91.108.4.11:8888')))
  await add('update proxy', message('rootUpdateProxy', 1, uint(1, 32), endpoint('1:1 1')))
  await add('unregister proxy', message('rootUnregisterProxy', 1, uint(1, 32)))
  await add('change price', message('rootChangePrice', 1, coins(30), coins(20)))
  await add(
    'change params',
    message('rootChangeParams', 1, coins(30), coins(20), uint(1, 32), uint(2, 32), coins(1), coins(2)),
  )
  await add(
    'upgrade contracts',
    message('rootUpgradeContracts', 1, ref(codes.proxy), ref(codes.worker), ref(codes.client)),
  )
  await add('upgrade code', message('rootUpgradeCode', 1, ref(codes.root)))
  const key = [uint(77, 256), uint(1, 8), uint(startS + 1000, 32)]
  await add('add public key', message('rootAddPublicKey', 1, ...key))
  await add(
    'add public key, signed',
    signed({
      op: 'rootAddPublicKeySigned',
      queryId: 1,
      excesses: P,
      fields: [uint(78, 256), uint(1, 8), uint(startS + 1000, 32)],
    }),
  )
  await add(
    'change key manager',
    message(
      'rootChangeKeyManager',
      1,
      beginCell().storeBuffer(proxyKey.publicKey),
      uint(0, 256),
      endpoint('1:1 1'),
    ),
  )
  await add('reset', message('rootReset', 1))
  await add('change owner', message('rootChangeOwner', 1, to(P)))
  await add('upgrade full', message('rootUpgradeFull', 1, ref(data), ref(codes.root)))
  return rows.rows
}

class Rows {
  readonly rows: Row[] = []
  readonly #stage: Stage

  constructor(stage: Stage) {
    this.#stage = stage
  }

  async add(
    name: string,
    from: Address,
    at: Address,
    value: string,
    body: Cell,
    options: SendOptions & { readonly stays?: string } = {},
  ): Promise<void> {
    const before = await this.#stage.balance(from)
    const steps = await this.#stage.send(from, at, toNano(value), body, options)
    const received = (await this.#stage.balance(from)) - before
    this.push(name, steps, toNano(value) - received - toNano(options.stays ?? '0'))
  }

  push(name: string, steps: readonly Step[], netNano: bigint): void {
    const failed = steps.find(({ exit, action }) => (exit ?? 0) !== 0 || (action ?? 0) !== 0)
    if (failed !== undefined) throw new Error(`${name}: exit ${failed.exit}, action ${failed.action}`)
    const accounts = new Set(
      [this.#stage.proxyOwner, this.#stage.clientOwner, this.#stage.workerOwner, this.#stage.anyone].map(
        String,
      ),
    )
    const ours = steps.filter(({ at }) => !accounts.has(String(at)))
    this.rows.push({ name, gas: ours.map(({ gas }) => Number(gas)), netNano })
  }
}

/** A message as a wallet sends it; services put the body into a cell of its own. */
export function relaxed(at: Address, value: bigint, body: Cell, forceRef = true): Cell {
  return beginCell()
    .store(storeMessageRelaxed(internal({ to: at, value, bounce: true, body }), { forceRef }))
    .endCell()
}
