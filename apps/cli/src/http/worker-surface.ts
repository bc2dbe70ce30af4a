import {
  type ContractAddress,
  formatAddress,
  isImageAllowed,
  isModelAllowed,
  parseAddress,
  type Tally,
  type WorkerSettlement,
} from '@cocoon/money'
import type { Worker } from '@cocoon/worker'
import { reasonOf } from '../error.ts'
import type { ChainSide } from '../roles/chain-side.ts'
import type { Dialer } from '../roles/dialer.ts'
import { checksHashes } from '../roles/role.ts'
import type { WorkerSetup } from '../roles/worker.ts'
import { busyTime } from './busy-time.ts'
import { handshakeMetric } from './client-surface.ts'
import { type Metric, metricsOf } from './metrics.ts'
import { grouped, type Section } from './page.ts'
import { Rates } from './rates.ts'
import { chainProblems, chainStatusJson, walletJson, walletSection, workerActions } from './chain-faces.ts'
import { rootJson, statusJson } from './root-json.ts'
import { type Action, errorBody, type Faces } from './surface.ts'
import { proxyProblems, type Troubles } from './troubles.ts'

export interface WorkerFacesOptions {
  worker: Worker
  setup: WorkerSetup
  wallet: ContractAddress
  rootAddress: ContractAddress
  backendName: string
  dialer: Dialer
  troubles: Troubles
  onChain: { chainSide: ChainSide; settlement: WorkerSettlement; tally: Tally } | undefined
}

/** What a worker shows of itself. */
export function workerFaces(options: WorkerFacesOptions): Faces & Disposable {
  const { worker, setup, onChain } = options
  const rates = workerRates(worker, setup)
  const problems = (): string[] => workerProblems(options)
  return {
    role: 'worker',
    isSimulated: setup.reach.attestation.isSimulated,
    problems,
    lead: () => {
      const [first] = problems()
      return first === undefined ? `Open: ${worker.model} is on offer.` : `Not ready: ${first}.`
    },
    sections: () => workerSections(options),
    json: () => workerJson(options, rates),
    metrics: metricsOf('worker', workerMetrics(options)),
    actions: new Map<string, Action>([
      ['/request/enable', () => setEnabled(worker, true)],
      ['/request/disable', () => setEnabled(worker, false)],
      ['/request/change_coefficient', parameters => changeCoefficient(worker, parameters)],
      ...workerActions(onChain?.settlement),
    ]),
    tally: onChain?.tally,
    [Symbol.dispose]: () => rates[Symbol.dispose](),
  }
}

function setEnabled(worker: Worker, enabled: boolean): ReturnType<Action> {
  worker.setEnabled(enabled)
  return { status: 200, body: { enabled: worker.isEnabled } }
}

/** `coefficient` is decimal: 1.5 is 1500 thousandths. */
function changeCoefficient(worker: Worker, parameters: URLSearchParams): ReturnType<Action> {
  const text = parameters.get('coefficient') ?? ''
  if (!/^\d{1,6}(\.\d{1,9})?$/.test(text)) {
    const message = 'Name the new price factor: ?coefficient=1.5, from 0 to 999999.'
    return { status: 400, body: errorBody('invalid-coefficient', message) }
  }
  try {
    worker.setCoefficient(Math.round(Number(text) * 1000))
  } catch (error) {
    return { status: 400, body: errorBody('invalid-coefficient', reasonOf(error)) }
  }
  return { status: 200, body: { coefficient: worker.coefficient } }
}

function workerProblems(options: WorkerFacesOptions): string[] {
  const { worker, setup, backendName, troubles, onChain } = options
  const { runner } = setup
  const root = worker.config
  const problems: string[] = []
  if (!worker.backendIsUp) {
    problems.push(`the backend ${backendName} is not up: ${troubles.backend ?? 'no answer yet'}`)
  } else if (worker.usageSource === 'none') {
    problems.push(
      `the backend ${backendName} states no usage and counts no tokens, so nothing can be charged`,
    )
  }
  if (!worker.isEnabled) problems.push('it is disabled; POST /request/enable turns it on')
  problems.push(...proxyProblems(worker.proxies(), troubles, runner.proxyConnections))
  if (checksHashes(runner.checkProxyHashes, runner.isTest)) {
    if (!isImageAllowed(root.workerHashes, runner.imageHash)) {
      problems.push('image_hash is not among the worker_hashes of the root configuration')
    }
    if (!isModelAllowed(root, worker.model)) {
      problems.push('the model is not among the model_hashes of the root configuration')
    }
  }
  problems.push(...chainProblems(onChain?.chainSide))
  return problems
}

type WorkerRates = ReturnType<typeof workerRates>

function workerRates(worker: Worker, setup: WorkerSetup) {
  const time = busyTime(setup.world, () => worker.running)
  const { stats } = worker
  return new Rates(setup.world, () => ({
    queries: stats.queries,
    success: stats.succeeded,
    failed: stats.failed + stats.cancelled,
    bytes_received: stats.bytesReceived,
    bytes_sent: stats.bytesSent,
    time: time(),
    total_adjusted_tokens_used: Number(stats.adjustedTokens.total),
    prompt_adjusted_tokens_used: Number(stats.adjustedTokens.prompt),
    cached_adjusted_tokens_used: Number(stats.adjustedTokens.cached),
    completion_adjusted_tokens_used: Number(stats.adjustedTokens.completion),
    reasoning_adjusted_tokens_used: Number(stats.adjustedTokens.reasoning),
  }))
}

function workerJson({ worker, setup, wallet, rootAddress, onChain }: WorkerFacesOptions, rates: WorkerRates) {
  const { runner } = setup
  const root = worker.config
  const shown = (address: ContractAddress): string => formatAddress(address, { testnet: runner.isTestnet })
  return {
    status: {
      actual_image_hash: isImageAllowed(root.workerHashes, runner.imageHash),
      actual_model: isModelAllowed(root, worker.model),
      enabled: worker.isEnabled,
      ...statusJson(setup.reach.attestation),
      ...chainStatusJson(onChain?.chainSide),
    },
    stats: rates.now(),
    wallet: walletJson(shown(wallet), onChain?.chainSide),
    localconfig: {
      root_address: shown(rootAddress),
      owner_address: runner.ownerAddress,
      model: worker.model,
      coefficient: worker.coefficient,
      check_proxy_hash: checksHashes(runner.checkProxyHashes, runner.isTest),
    },
    root_contract_config: rootJson(root),
    proxies: accountsJson(worker, root.paramsVersion, shown, paidBy(onChain?.settlement)),
  }
}

/** What the chain has paid out, by proxy contract. */
function paidBy(settlement: WorkerSettlement | undefined): ReadonlyMap<string, bigint> {
  return new Map(settlement?.views().map(({ proxyContract, paidTokens }) => [proxyContract, paidTokens]))
}

function accountsJson(
  worker: Worker,
  paramsVersion: number,
  shown: (address: ContractAddress) => string,
  paid: ReadonlyMap<string, bigint>,
) {
  const running = new Map<unknown, number>()
  for (const { session } of worker.proxies()) {
    if (session?.channel !== undefined) running.set(session.channel, session.running)
  }
  return [...worker.channels()].map(([proxyContract, channel]) => ({
    sc_inited: true,
    proxy_sc_address: shown(parseAddress(proxyContract)),
    proxy_public_key: Buffer.from(channel.publicKey).toString('hex'),
    sc_address: shown(channel.contract),
    earned_tokens_committed_to_blockchain: channel.signedTokens,
    earned_tokens_committed_to_proxy_db: channel.dbTokens,
    earned_tokens_max_known: channel.maxTokens,
    cached_out_tokens: paid.get(proxyContract) ?? 0,
    expected_cached_out_tokens: paid.get(proxyContract) ?? 0,
    running_request: running.get(channel) ?? 0,
    params_version: paramsVersion,
  }))
}

function workerSections({
  worker,
  setup,
  wallet,
  backendName,
  troubles,
  onChain,
}: WorkerFacesOptions): Section[] {
  const { stats } = worker
  return [
    {
      title: 'Queries since the start',
      facts: [
        ['queries', grouped(stats.queries)],
        ['answered', grouped(stats.succeeded)],
        ['failed', grouped(stats.failed)],
        ['taken back', grouped(stats.cancelled)],
        ['slots in use', `${worker.running} of ${worker.maxActiveRequests}`],
        ['earned', `${grouped(stats.adjustedTokens.total)} adjusted tokens, simulated`],
      ],
    },
    {
      title: 'Offer',
      facts: [
        ['model', worker.model],
        ['price', `${worker.coefficient / 1000} ×`],
        ['backend', `${backendName}, ${worker.backendIsUp ? 'up' : 'not up'}`],
        ['tokens are counted by', worker.usageSource],
        ['state', worker.isEnabled ? 'enabled' : 'disabled'],
      ],
    },
    {
      title: 'Proxies',
      columns: ['address', 'state', 'version', 'earned', 'signed'],
      rows: worker.proxies().map(({ endpoint, session }) => {
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
        ['owner', setup.runner.ownerAddress],
        ['proof shown', setup.reach.attestation.shown],
        ['proof asked of proxies', setup.reach.attestation.asked],
      ],
    },
  ]
}

function workerMetrics({ worker, dialer }: WorkerFacesOptions): Metric[] {
  const { stats } = worker
  const { adjustedTokens } = stats
  return [
    { kind: 'counter', name: 'requests_total', help: 'Queries taken.', read: () => stats.queries },
    {
      kind: 'counter',
      name: 'outcomes_total',
      help: 'Queries that ended, by how.',
      label: 'outcome',
      read: () => ({ succeeded: stats.succeeded, failed: stats.failed, cancelled: stats.cancelled }),
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
      help: 'Adjusted tokens earned, by kind.',
      label: 'kind',
      read: () => ({
        prompt: Number(adjustedTokens.prompt),
        cached: Number(adjustedTokens.cached),
        completion: Number(adjustedTokens.completion),
        reasoning: Number(adjustedTokens.reasoning),
      }),
    },
    { kind: 'gauge', name: 'running', help: 'Queries under way.', read: () => worker.running },
    {
      kind: 'gauge',
      name: 'peers',
      help: 'Proxies connected.',
      label: 'peer',
      read: () => ({ proxy: worker.proxies().filter(({ session }) => session?.isReady).length }),
    },
    {
      kind: 'gauge',
      name: 'backend_up',
      help: '1 while the backend answers.',
      read: () => (worker.backendIsUp ? 1 : 0),
    },
    handshakeMetric(dialer.counts),
  ]
}
