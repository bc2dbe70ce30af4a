import type { Client } from '@cocoon/client/role'
import {
  addressKey,
  type Channel,
  type ClientSettlement,
  type ContractAddress,
  formatAddress,
  parseAddress,
  type Tally,
} from '@cocoon/money'
import type { ChainSide } from '../roles/chain-side.ts'
import type { ClientSetup } from '../roles/client.ts'
import type { Dialer } from '../roles/dialer.ts'
import { checksHashes } from '../roles/role.ts'
import { busyTime } from './busy-time.ts'
import { type Metric, metricsOf } from './metrics.ts'
import { grouped, type Section } from './page.ts'
import { Rates } from './rates.ts'
import { chainProblems, chainStatusJson, clientActions, walletJson, walletSection } from './chain-faces.ts'
import { rootJson, statusJson } from './root-json.ts'
import type { Faces } from './surface.ts'
import { proxyProblems, type Troubles } from './troubles.ts'

export interface ClientFacesOptions {
  client: Client
  setup: ClientSetup
  wallet: ContractAddress
  rootAddress: ContractAddress
  dialer: Dialer
  troubles: Troubles
  onChain: { chainSide: ChainSide; settlement: ClientSettlement; tally: Tally } | undefined
}

/** What a client shows of itself. */
export function clientFaces(options: ClientFacesOptions): Faces & Disposable {
  const { client, setup, troubles, onChain } = options
  const rates = clientRates(client, setup)
  const problems = (): string[] => [
    ...proxyProblems(client.proxies(), troubles, setup.runner.proxyConnections),
    ...chainProblems(onChain?.chainSide),
    ...depositProblems(onChain?.settlement),
  ]
  return {
    role: 'client',
    isSimulated: setup.reach.attestation.isSimulated,
    problems,
    lead: () => {
      const [first] = problems()
      return first === undefined ? 'Connected: requests are served.' : `Not ready: ${first}.`
    },
    sections: () => clientSections(options),
    json: () => clientJson(options, rates),
    metrics: metricsOf('client', clientMetrics(options)),
    actions: new Map(clientActions(onChain?.settlement)),
    tally: onChain?.tally,
    [Symbol.dispose]: () => rates[Symbol.dispose](),
  }
}

type ClientRates = ReturnType<typeof clientRates>

function clientRates(client: Client, setup: ClientSetup) {
  const time = busyTime(setup.world, () => client.running)
  return new Rates(setup.world, () => ({
    queries: client.stats.queries,
    success: client.stats.succeeded,
    failed: client.stats.failed,
    bytes_received: client.stats.bytesReceived,
    bytes_sent: client.stats.bytesSent,
    time: time(),
  }))
}

function clientJson({ client, setup, wallet, rootAddress, onChain }: ClientFacesOptions, rates: ClientRates) {
  const { runner } = setup
  const root = client.config
  const shown = (address: ContractAddress): string => formatAddress(address, { testnet: runner.isTestnet })
  const targets = client.proxies()
  return {
    status: { enabled: true, ...statusJson(setup.reach.attestation), ...chainStatusJson(onChain?.chainSide) },
    stats: rates.now(),
    wallet: walletJson(shown(wallet), onChain?.chainSide),
    localconf: {
      root_address: shown(rootAddress),
      owner_address: runner.ownerAddress,
      check_proxy_hash: checksHashes(runner.checkProxyHashes, runner.isTest),
    },
    root_contract_config: rootJson(root),
    proxy_connections: targets.map(({ endpoint, session }) => ({
      address: `${endpoint.host}:${endpoint.port}`,
      is_ready: session?.isReady ?? false,
      ...(session?.terms && { proxy_sc_address: session.proxyText }),
    })),
    proxies: onChain === undefined ? connectedJson(targets, shown) : accountsJson(onChain.settlement, shown),
  }
}

type Shown = (address: ContractAddress) => string

/** Without a chain there is an account where there is a connection. */
function connectedJson(targets: ReturnType<Client['proxies']>, shown: Shown) {
  return targets.flatMap(({ session }) => {
    const { terms, channel } = session ?? {}
    if (terms === undefined || channel === undefined) return []
    return {
      ...channelJson(channel, addressKey(terms.contract), shown),
      state: 0,
      tokens_charged: 0,
      tokens_payed: 0,
    }
  })
}

function accountsJson(settlement: ClientSettlement, shown: Shown) {
  return settlement.views().map(({ channel, proxyContract, contract, isClosed }) => ({
    ...channelJson(channel, proxyContract, shown),
    state: isClosed || contract?.phase === 'closed' ? 2 : contract?.phase === 'closing' ? 1 : 0,
    tokens_charged: contract?.chargedTokens ?? 0,
    tokens_payed:
      contract === undefined
        ? 0
        : contract.chargedTokens + contract.balanceNano / (contract.params.pricePerTokenNano || 1n),
    balance: contract?.balanceNano ?? 0,
    stake: contract?.stakeNano ?? 0,
  }))
}

function channelJson(channel: Channel, proxyContract: string, shown: Shown) {
  return {
    proxy_sc_address: shown(parseAddress(proxyContract)),
    proxy_public_key: Buffer.from(channel.publicKey).toString('hex'),
    sc_address: shown(channel.contract),
    tokens_used_proxy_committed_to_blockchain: channel.signedTokens,
    tokens_used_proxy_committed_to_db: channel.dbTokens,
    tokens_used_proxy_max: channel.maxTokens,
  }
}

/** Nothing can be charged before the first deposit has arrived. */
function depositProblems(settlement: ClientSettlement | undefined): string[] {
  if (settlement === undefined) return []
  const views = settlement.views().filter(({ isClosed }) => !isClosed)
  if (views.some(({ contract }) => contract?.phase === 'open' && contract.balanceNano > 0n)) return []
  const trouble = views.find(view => view.trouble !== undefined)?.trouble
  return [trouble === undefined ? 'the first deposit is on its way' : `nothing is deposited: ${trouble}`]
}

function clientSections({ client, setup, wallet, troubles, onChain }: ClientFacesOptions): Section[] {
  const { stats } = client
  return [
    {
      title: 'Answers since the start',
      facts: [
        ['requests', grouped(stats.queries)],
        ['answered', grouped(stats.succeeded)],
        ['failed', grouped(stats.failed)],
        ['moved to another proxy', grouped(stats.retried)],
        ['running now', grouped(client.running)],
        ['charged', `${grouped(stats.costNano)} nanoTON, simulated`],
      ],
    },
    {
      title: 'Proxies',
      columns: ['address', 'state', 'version', 'used', 'signed for'],
      rows: client.proxies().map(({ endpoint, session }) => {
        const address = `${endpoint.host}:${endpoint.port}`
        return [
          address,
          session?.isReady ? 'connected' : (troubles.proxy(address) ?? 'connecting'),
          String(session?.terms?.version ?? '–'),
          grouped(session?.channel?.maxTokens ?? 0n),
          grouped(session?.channel?.signedTokens ?? 0n),
        ]
      }),
      empty: 'No proxy is wanted.',
    },
    walletSection(wallet, onChain?.chainSide, setup.runner.isTestnet),
    {
      title: 'Set-up',
      facts: [
        ['proof shown', setup.reach.attestation.shown],
        ['proof asked of proxies', setup.reach.attestation.asked],
        ['root configuration', `version ${client.config.version}`],
      ],
    },
  ]
}

function clientMetrics({ client, dialer }: ClientFacesOptions): Metric[] {
  const { stats } = client
  const { counts } = dialer
  return [
    { kind: 'counter', name: 'requests_total', help: 'Queries taken.', read: () => stats.queries },
    {
      kind: 'counter',
      name: 'outcomes_total',
      help: 'Queries that ended, by how.',
      label: 'outcome',
      read: () => ({ succeeded: stats.succeeded, failed: stats.failed }),
    },
    {
      kind: 'counter',
      name: 'retries_total',
      help: 'Queries sent again after a loss.',
      read: () => stats.retried,
    },
    {
      kind: 'counter',
      name: 'bytes_total',
      help: 'Bytes of queries and answers.',
      label: 'direction',
      read: () => ({ sent: stats.bytesSent, received: stats.bytesReceived }),
    },
    {
      kind: 'counter',
      name: 'adjusted_tokens_total',
      help: 'Adjusted tokens charged.',
      read: () => Number(stats.tokens),
    },
    {
      kind: 'counter',
      name: 'cost_nanotons_total',
      help: 'What they cost.',
      read: () => Number(stats.costNano),
    },
    { kind: 'gauge', name: 'running', help: 'Queries under way.', read: () => client.running },
    {
      kind: 'gauge',
      name: 'peers',
      help: 'Proxies connected.',
      label: 'peer',
      read: () => ({ proxy: client.proxies().filter(({ session }) => session?.isReady).length }),
    },
    handshakeMetric(counts),
  ]
}

/** Connections by what became of them. */
export function handshakeMetric(counts: { established: number; failed: number }): Metric {
  return {
    kind: 'counter',
    name: 'connection_handshakes_total',
    help: 'Connections by what became of their proof of work, TLS and peer check.',
    label: 'outcome',
    read: () => ({ established: counts.established, failed: counts.failed }),
  }
}
