import { hash } from 'node:crypto'
import {
  addressKey,
  compiledCode,
  nodeWalletAddress,
  type ProxyPolicy,
  ProxySettlement,
  type SettlementEvent,
  SharedRecords,
} from '@cocoon/money'
import {
  auditChain,
  type AuditedParties,
  type ChainAudit,
  type Ground,
  identityOf,
  keepAlive,
  nobody,
  oneTon,
  openPaidClient,
  openPaidWorker,
  type PaidClient,
  type PartySetup,
  paymentKeyOf,
  pipeStreet,
  type Place,
  quickPolicies,
  ScriptedBackend,
  startGround,
  testModel,
  wholeAnswer,
} from '@cocoon/testnet/paid'
import type { World } from '@cocoon/wire'
import { systemWorld } from '@cocoon/wire/node'
import { PostgresServer } from '../../../../packages/money/test/database/postgres-server.ts'
import { ask } from '../../../../packages/testnet/test/asked.ts'
import { openChainSide } from '../../src/roles/chain-side.ts'
import { ProxyGenerations } from '../../src/roles/proxy-generations.ts'
import { makeFolder } from './files.ts'

/** Looks at the database twenty times a second, and at a leader's lock five times. */
const quickWorld: World = {
  ...systemWorld,
  after: (delayMs, run) =>
    systemWorld.after(delayMs >= 1_000 && delayMs <= 3_000 ? delayMs / 15 : delayMs, run),
}
const interval = { fromMs: 20, toMs: 40 }
const proxyPolicy: ProxyPolicy = quickPolicies.proxy
const fundedNano = 50n * oneTon

/** One process of a proxy. */
export interface ProxyProcess extends AsyncDisposable {
  readonly records: SharedRecords
  readonly generations: ProxyGenerations
  readonly events: SettlementEvent[]
  readonly settlement: ProxySettlement
}

/** A chain, a database, and two places at which processes of one proxy are found, each with a client and a worker. */
export interface SharedBooks extends AsyncDisposable {
  readonly server: PostgresServer
  readonly ground: Ground
  readonly clients: readonly PaidClient[]
  /** Opens a process at one of the places. */
  open(at: 0 | 1, url?: string): Promise<ProxyProcess>
  /** Asks one client for answers one after the other; gives the tokens that it was told of. */
  ask(at: 0 | 1, count: number): Promise<bigint>
  /** `instead` tells what there was, where it does not come to pass. */
  until(what: string, condition: () => boolean | Promise<boolean>, instead?: () => string): Promise<void>
  audit(): Promise<ChainAudit>
  /** Until the chain has charged and paid so much. */
  settled(tokens: bigint): Promise<void>
}

export async function startSharedBooks(): Promise<SharedBooks> {
  const world = systemWorld
  await using stack = new AsyncDisposableStack()
  const alive = keepAlive()
  stack.defer(() => alive.close())
  const folder = stack.use(await makeFolder())
  const server = stack.use(await PostgresServer.start())
  const street = stack.use(pipeStreet(world))
  const places = [await street.open(), await street.open()]
  for (const place of places) place.accept = nobody
  const ground = stack.use(
    await startGround({ world, proxies: places, imageHash: street.imageHash, model: testModel }),
  )
  const { chain, root, config } = ground
  await ground.devnet.faucet(walletOf('proxy'), fundedNano)
  const clients: PaidClient[] = []
  const names = ['0', '1']
  for (const name of names) {
    const setup = (party: string): PartySetup => ({
      name: party,
      world,
      chain,
      street,
      root,
      // Each finds one of the places.
      config: { ...config, proxies: [config.proxies[Number(name)]!] },
      directory: folder.path,
      report: () => {},
    })
    for (const party of ['client', 'worker']) await ground.devnet.faucet(walletOf(party + name), fundedNano)
    const backend = new ScriptedBackend(wholeAnswer('Hello', { prompt: 20, completion: 480 }))
    const served = { backend, model: testModel }
    stack.use(await openPaidWorker(setup(`worker${name}`), quickPolicies.worker, served))
    clients.push(stack.use(await openPaidClient(setup(`client${name}`), quickPolicies.client)))
  }
  const audited = auditedParties(ground, names)
  const until: SharedBooks['until'] = async (what, condition, instead = () => '') => {
    const end = world.monotonic() + 40_000
    while (!(await condition())) {
      if (world.monotonic() > end) throw new Error(`It did not come to pass: ${what} ${instead()}`)
      await new Promise<void>(resolve => void world.after(10, resolve))
    }
  }
  const closing = stack.move()
  return {
    server,
    ground,
    clients,
    until,
    open: (at, url = server.url) => openProcess(ground, places[at]!, { url, directory: folder.path }),
    ask: async (at, count) => {
      let tokens = 0n
      let answers = 0
      let refusal = 'none'
      const askOnce = async (): Promise<boolean> => {
        const asked = ask(clients[at]!.client, { maxCoefficient: 1_000, timeoutMs: 10_000 })
        await until('the query has ended', () => asked.ended !== undefined)
        if (asked.ended?.kind === 'end' && asked.status === 200) {
          tokens += asked.ended.tokens
          answers++
        } else refusal = asked.ended?.kind === 'failed' ? asked.ended.code : `${asked.status} ${asked.text}`
        return answers === count
      }
      await until(
        `client ${at} has ${count} answers`,
        askOnce,
        () => `${answers} by now; refusal: ${refusal}`,
      )
      return tokens
    },
    audit: () => auditChain(audited),
    settled: tokens =>
      until(`${tokens} tokens are charged and paid`, async () => {
        await new Promise<void>(resolve => void world.after(200, resolve))
        // While messages are on their way the sums differ.
        const audit = await auditChain(audited).catch(() => undefined)
        return audit?.chargedTokens === tokens && audit.paidTokens === tokens
      }),
    [Symbol.asyncDispose]: () => closing.disposeAsync(),
  }
}

async function openProcess(
  { chain, root, config }: Ground,
  place: Place,
  { url, directory }: { url: string; directory: string },
): Promise<ProxyProcess> {
  const world = quickWorld
  await using stack = new AsyncDisposableStack()
  const records = stack.use(await SharedRecords.open({ url, name: 'proxy/test', world }))
  const { owner } = identityOf('proxy')
  const chainSide = stack.use(
    await openChainSide({
      world,
      setup: { chain, store: records, shared: { records, url }, directory, isSimulated: true, interval },
      walletKey: new Uint8Array(hash('sha256', 'wallet key of proxy', 'buffer')),
      owner,
      root,
      isTest: config.isTest,
    }),
  )
  const events: SettlementEvent[] = []
  const generations = stack.use(
    await ProxyGenerations.start({
      world,
      chainSide,
      root,
      owner,
      key: paymentKeyOf('proxy'),
      policy: proxyPolicy,
      report: event => void events.push(event as SettlementEvent),
      proxy: { isTestnet: false, checkWorkerHashes: true },
    }),
  )
  place.accept = {
    worker: transport => generations.proxy.acceptWorker(transport),
    client: transport => generations.proxy.acceptClient(transport),
  }
  stack.defer(() => {
    place.accept = nobody
  })
  const closing = stack.move()
  return {
    records,
    generations,
    events,
    get settlement() {
      return generations.current.settlement
    },
    [Symbol.asyncDispose]: () => closing.disposeAsync(),
  }
}

function walletOf(name: string): ReturnType<typeof nodeWalletAddress> {
  const { walletKey, owner } = identityOf(name)
  return nodeWalletAddress({ publicKey: walletKey.publicKey, owner, code: compiledCode('wallet') })
}

function auditedParties({ chain, config, root }: Ground, names: readonly string[]): AuditedParties {
  const key = paymentKeyOf('proxy')
  const { owner } = identityOf('proxy')
  return {
    chain,
    config,
    contract: ProxySettlement.contractOf({ config, root, key, owner }),
    proxyPublicKey: key.publicKey,
    proxyOwner: owner,
    clients: names.map(name => walletOf(`client${name}`)),
    workers: names.map(name => identityOf(`worker${name}`).owner),
  }
}

export function serves({ generations }: ProxyProcess): boolean {
  return generations.proxy.isOpen()
}

/** The client's account, as books name it. */
export function clientKey(at: 0 | 1): string {
  return addressKey(walletOf(`client${at}`))
}
