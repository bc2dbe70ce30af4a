import {
  addressKey,
  type ContractAddress,
  formatAddress,
  isImageAllowed,
  MoneyError,
  type Tally,
} from '@cocoon/money'
import type { Proxy } from '@cocoon/proxy'
import type { ChainSide } from '../roles/chain-side.ts'
import type { Handshakes, ProxySetup } from '../roles/proxy.ts'
import type { ProxyGenerations } from '../roles/proxy-generations.ts'
import { busyTime } from './busy-time.ts'
import { handshakeMetric } from './client-surface.ts'
import { type Metric, metricsOf } from './metrics.ts'
import { grouped, type Section } from './page.ts'
import { Rates } from './rates.ts'
import { RecentWork } from './recent-work.ts'
import { chainProblems, chainStatusJson, proxyActions, walletJson, walletSection } from './chain-faces.ts'
import { rootJson, statusJson } from './root-json.ts'
import type { Action, Faces } from './surface.ts'
import type { Troubles } from './troubles.ts'

export interface ProxyFacesOptions {
  /** The one that serves now. */
  proxy: () => Proxy
  setup: ProxySetup
  wallet: ContractAddress
  rootAddress: ContractAddress
  handshakes: Handshakes
  troubles: Troubles
  onChain: { chainSide: ChainSide; generations: ProxyGenerations; tally: Tally } | undefined
}

/** What a proxy shows of itself. */
export function proxyFaces(options: ProxyFacesOptions): Faces & Disposable {
  const { proxy, setup, onChain } = options
  const rates = proxyRates(proxy, setup)
  const recent = new RecentWork(setup.world, () => proxy().workers)
  const problems = (): string[] => proxyProblems(options)
  return {
    role: 'proxy',
    isSimulated: setup.attestation.isSimulated,
    problems,
    lead: () => {
      const [first] = problems()
      return first === undefined ? 'Open: queries are matched.' : `Not ready: ${first}.`
    },
    sections: () => proxySections(options),
    json: () => proxyJson(options, rates, recent),
    metrics: metricsOf('proxy', proxyMetrics(options)),
    actions: new Map<string, Action>([
      ['/request/enable', () => setEnabled(proxy(), true)],
      ['/request/disable', () => setEnabled(proxy(), false)],
      ...proxyActions(onChain?.generations),
    ]),
    tally: onChain?.tally,
    [Symbol.dispose]: () => {
      rates[Symbol.dispose]()
      recent[Symbol.dispose]()
    },
  }
}

function setEnabled(proxy: Proxy, enabled: boolean): ReturnType<Action> {
  proxy.setEnabled(enabled)
  return { status: 200, body: { enabled: proxy.state === 'open', state: proxy.state } }
}

function proxyProblems({ proxy: current, troubles, onChain }: ProxyFacesOptions): string[] {
  const proxy = current()
  const problems: string[] = []
  const settlement = onChain?.generations.current.settlement
  const obstacle = settlement?.obstacle
  if (obstacle !== undefined) problems.push(obstacle)
  problems.push(...chainProblems(onChain?.chainSide))
  if (settlement?.trouble !== undefined && settlement.trouble !== obstacle) problems.push(settlement.trouble)
  if (troubles.books !== undefined) problems.push(`the books do not balance: ${troubles.books}`)
  if (proxy.state === 'disabled') problems.push('it is disabled; POST /request/enable turns it on')
  if (proxy.state === 'draining') problems.push('it is shutting down')
  const workers = [...proxy.workers].filter(worker => worker.terms !== undefined)
  if (workers.length === 0) problems.push('no worker is connected')
  else if (workers.every(worker => worker.disabled)) problems.push('every connected worker is disabled')
  return problems
}

type ProxyRates = ReturnType<typeof proxyRates>

function proxyRates(proxy: () => Proxy, setup: ProxySetup) {
  const time = busyTime(setup.world, () => proxy().running)
  return new Rates(setup.world, () => {
    const { stats } = proxy()
    return {
      queries: stats.queries,
      success: stats.succeeded,
      failed: stats.failed,
      rejected: stats.rejected,
      bytes_received: stats.bytesReceived,
      bytes_sent: stats.bytesSent,
      time: time(),
      total_adjusted_tokens_used: Number(stats.adjustedTokens.total),
      prompt_adjusted_tokens_used: Number(stats.adjustedTokens.prompt),
      cached_adjusted_tokens_used: Number(stats.adjustedTokens.cached),
      completion_adjusted_tokens_used: Number(stats.adjustedTokens.completion),
      reasoning_adjusted_tokens_used: Number(stats.adjustedTokens.reasoning),
    }
  })
}

function proxyJson(options: ProxyFacesOptions, rates: ProxyRates, recent: RecentWork) {
  const { setup, wallet, rootAddress, onChain } = options
  const { runner } = setup
  const proxy = options.proxy()
  const root = proxy.config()
  const contract = onChain?.generations.current.settlement.data
  const shared = onChain?.chainSide.setup.shared
  const shown = (address: ContractAddress): string => formatAddress(address, { testnet: runner.isTestnet })
  return {
    status: {
      actual_image_hash: isImageAllowed(root.proxyHashes, runner.imageHash),
      enabled: proxy.state === 'open',
      ...statusJson(setup.attestation),
      ...chainStatusJson(onChain?.chainSide),
      // Of several processes on the same books one acts on the chain.
      ...(shared !== undefined && { leads: shared.records.mayAct() }),
    },
    stats: rates.now(),
    wallet: walletJson(shown(wallet), onChain?.chainSide),
    localconfig: {
      root_address: shown(rootAddress),
      owner_address: runner.ownerAddress,
      check_worker_hashes: proxy.checkWorkerHashes,
    },
    smartcontract: {
      address: shown(proxy.contractAddress),
      params_version: root.paramsVersion,
      balance: contract?.balanceNano ?? 0,
      ready_for_withdraw: contract?.balanceNano ?? 0,
      stake: contract?.stakeNano ?? 0,
    },
    old_instances: [...(onChain?.generations.old ?? [])].map(({ settlement }) => ({
      sc_address: shown(settlement.contract),
      state: settlement.data?.phase ?? 'unknown',
      running_message: false,
      close_at: settlement.data?.unlockAtS ?? 0,
    })),
    root_contract_config: rootJson(root),
    workers: workersJson(proxy),
    worker_connections: workerConnectionsJson(proxy, recent),
    clients: clientsJson(proxy),
  }
}

/** By owner: several connections of one owner share an account. */
function workersJson(proxy: Proxy) {
  const owners = new Map<string, Record<string, string | number | bigint | boolean>>()
  for (const { terms, running } of proxy.workers) {
    if (terms === undefined) continue
    const known = owners.get(terms.account.key)
    if (known !== undefined) {
      known.running_queries = Number(known.running_queries) + running
      continue
    }
    const { max, signed } = grades(() => proxy.ledger.worker(terms.account.key))
    owners.set(terms.account.key, {
      owner_address: terms.ownerText,
      sc_address: terms.contractText,
      earned_tokens: max,
      unpayed_tokens: max - signed,
      paying_now: false,
      running_queries: running,
    })
  }
  return [...owners.values()]
}

function workerConnectionsJson(proxy: Proxy, recent: RecentWork) {
  return [...proxy.workers].flatMap(worker => {
    const { terms, coefficient, running, disabled } = worker
    if (terms === undefined) return []
    const { queries, succeeded, seconds } = recent.of(worker)
    return {
      owner_address: terms.ownerText,
      model: terms.fullModel,
      worker_hash: Buffer.from(worker.connection.peer.imageHash).toString('hex'),
      coefficient,
      running_queries: running,
      queries_10m: queries,
      queries_time_10m: seconds,
      worker_queries_time_10m: seconds,
      queries_success_10m: succeeded,
      enabled: !disabled,
    }
  })
}

function clientsJson(proxy: Proxy) {
  const owners = new Map<string, Record<string, string | number | bigint | boolean>>()
  for (const { terms, running } of proxy.clients) {
    if (terms === undefined) continue
    const known = owners.get(terms.account.key)
    if (known !== undefined) {
      known.running_queries = Number(known.running_queries) + running
      continue
    }
    const { max, signed, available, reserved } = grades(() => proxy.ledger.client(terms.account.key))
    owners.set(terms.account.key, {
      owner_address: terms.ownerText,
      sc_address: terms.contractText,
      used_tokens: max,
      tokens_to_charge: max - signed,
      available_tokens: available,
      reserved_tokens: reserved,
      running_queries: running,
      closing: false,
      closed: false,
    })
  }
  return [...owners.values()]
}

/** An account's totals; zeros for one that the ledger has not opened yet. */
function grades(view: () => { max: bigint; signed: bigint; available?: bigint; reserved?: bigint }) {
  try {
    return { available: 0n, reserved: 0n, ...view() }
  } catch (error) {
    if (!(error instanceof MoneyError)) throw error
    return { max: 0n, signed: 0n, available: 0n, reserved: 0n }
  }
}

function proxySections({ proxy: current, setup, wallet, onChain }: ProxyFacesOptions): Section[] {
  const proxy = current()
  const { stats } = proxy
  const root = proxy.config()
  const workers = [...proxy.workers]
  return [
    {
      title: 'Queries since the start',
      facts: [
        ['queries', grouped(stats.queries)],
        ['answered', grouped(stats.succeeded)],
        ['failed', grouped(stats.failed)],
        ['rejected', grouped(stats.rejected)],
        ['tried on another worker', grouped(stats.retried)],
        ['running now', grouped(proxy.running)],
        ['charged', `${grouped(stats.adjustedTokens.total)} adjusted tokens`],
      ],
    },
    {
      title: 'Workers',
      columns: ['address', 'model', 'price', 'slots in use', 'state'],
      rows: workers.map(({ name, terms, coefficient, running, limit, disabled }) => [
        name,
        terms?.model ?? '–',
        `${coefficient / 1000} ×`,
        `${running} of ${limit}`,
        terms === undefined ? 'connecting' : disabled ? 'disabled' : 'enabled',
      ]),
      empty: 'No worker is connected.',
    },
    {
      title: 'Clients',
      columns: ['address', 'version', 'running'],
      rows: [...proxy.clients].map(({ name, terms, running }) => [
        name,
        terms === undefined ? 'connecting' : String(terms.version),
        grouped(running),
      ]),
      empty: 'No client is connected.',
    },
    walletSection(wallet, onChain?.chainSide, setup.runner.isTestnet),
    {
      title: 'Set-up',
      facts: [
        ['contract', addressKey(proxy.contractAddress)],
        ['proof shown', setup.attestation.shown],
        ['proof asked of workers', setup.attestation.asked],
        ['price', `${root.pricePerTokenNano} nanoTON for an adjusted token`],
        ['of which workers get', `${root.workerFeePerTokenNano} nanoTON`],
      ],
    },
  ]
}

function proxyMetrics({ proxy, handshakes }: ProxyFacesOptions): Metric[] {
  const stats = () => proxy().stats
  return [
    { kind: 'counter', name: 'requests_total', help: 'Queries taken.', read: () => stats().queries },
    {
      kind: 'counter',
      name: 'outcomes_total',
      help: 'Queries that ended, by how.',
      label: 'outcome',
      read: () => ({ succeeded: stats().succeeded, failed: stats().failed, rejected: stats().rejected }),
    },
    {
      kind: 'counter',
      name: 'retries_total',
      help: 'Queries given to another worker.',
      read: () => stats().retried,
    },
    {
      kind: 'counter',
      name: 'bytes_total',
      help: 'Bytes of queries and answers.',
      label: 'direction',
      read: () => ({ sent: stats().bytesSent, received: stats().bytesReceived }),
    },
    {
      kind: 'counter',
      name: 'adjusted_tokens_total',
      help: 'Adjusted tokens charged, by kind.',
      label: 'kind',
      read: () => ({
        prompt: Number(stats().adjustedTokens.prompt),
        cached: Number(stats().adjustedTokens.cached),
        completion: Number(stats().adjustedTokens.completion),
        reasoning: Number(stats().adjustedTokens.reasoning),
      }),
    },
    {
      kind: 'counter',
      name: 'ignored_messages_total',
      help: 'Messages that nobody waited for.',
      read: () => stats().ignoredMessages,
    },
    { kind: 'gauge', name: 'running', help: 'Queries under way.', read: () => proxy().running },
    {
      kind: 'gauge',
      name: 'peers',
      help: 'Peers connected.',
      label: 'peer',
      read: () => ({ client: proxy().clients.size, worker: proxy().workers.size }),
    },
    handshakeMetric(handshakes),
  ]
}
