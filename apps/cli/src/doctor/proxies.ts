import { Client } from '@cocoon/client/role'
import {
  ChannelsWithoutChain,
  contractAddress,
  createPaymentKey,
  nodeWalletAddress,
  parseAddress,
  type RootConfig,
} from '@cocoon/money'
import type { ClientRunnerConfig, Transport, WorkerRunnerConfig, World } from '@cocoon/wire'
import { WireError } from '@cocoon/wire'
import { Worker, WorkerError, type Backend } from '@cocoon/worker'
import { foreign } from '../context.ts'
import { reasonOf } from '../error.ts'
import { createDialer, type Reach } from '../roles/dialer.ts'
import { checksHashes } from '../roles/role.ts'
import { type Check, failed, passed, skipped } from './check.ts'

/** More proxies than a person wants to read about are left out. */
const maxProxies = 4
const handshakeTimeoutMs = 15_000

const directSteps = ['TCP', 'proof of work', 'TLS', 'policy', 'handshake'] as const
const routedSteps = ['router', 'handshake'] as const

/** Goes the way to each registered proxy, step by step, as the role itself would. */
export async function checkProxies(options: {
  root: RootConfig
  runner: ClientRunnerConfig | WorkerRunnerConfig
  reach: Reach
  world: World
}): Promise<Check[]> {
  const checks: Check[] = []
  for (const proxy of options.root.proxies.slice(0, maxProxies)) {
    const root: RootConfig = { ...options.root, proxies: [proxy] }
    const { host, port } =
      options.runner._ === 'workerRunner.config' ? proxy.workerEndpoint : proxy.clientEndpoint
    checks.push(...(await checkProxy(`${host}:${port}`, { ...options, root })))
  }
  return checks
}

async function checkProxy(address: string, options: Parameters<typeof checkProxies>[0]): Promise<Check[]> {
  const { world, reach } = options
  const steps: readonly string[] = reach.router ? routedSteps : directSteps
  const name = (step: string): string => `proxy ${address}: ${step}`
  const brokenAt = (step: string, found: string): Check[] => {
    const at = steps.indexOf(step)
    return [
      ...steps.slice(0, at).map(before => passed(name(before), 'passed')),
      failed(name(step), found, advices[step] ?? ''),
      ...steps.slice(at + 1).map(later => skipped(name(later), `not reached`)),
    ]
  }
  using dialer = await createDialer(world, reach, () => {})
  const [host = '', port = ''] = address.split(':')
  let transport: Transport
  try {
    transport = await dialer.dial({ host, port: Number(port) }, AbortSignal.timeout(60_000))
  } catch (error) {
    return brokenAt(reach.router ? 'router' : stepOf(error), foreign(reasonOf(error), 400))
  }
  const trouble = await shakeHands(transport, options)
  if (trouble !== undefined) return brokenAt('handshake', foreign(trouble, 400))
  return steps.map(step => passed(name(step), 'passed'))
}

const advices: Record<string, string> = {
  TCP: 'Start the proxy, or correct its address in registered_proxies of the root configuration.',
  'proof of work':
    'Allow harder proofs of work with --max-difficulty, or check that a proxy listens there and no router port.',
  TLS: 'Check that the proxy and this side are of compatible versions, and that no other program listens there.',
  policy:
    'Ask for less with --policy any, or let the proxy show evidence. Compare the clocks of both machines.',
  handshake:
    'Give both sides the same root configuration, is_test and hash settings; look into the log of the proxy.',
  router: 'Start the router at connect_to_proxy_via with --serialize-info, or leave --router away.',
}

/** Which step a failed dial stopped in, by the phase that its message names. */
function stepOf(error: unknown): (typeof directSteps)[number] {
  const message = reasonOf(error)
  if (error instanceof WireError && error.code === 'proof-of-work') return 'proof of work'
  if (/certificate of .* was refused|peer check/.test(message)) return 'policy'
  if (/\bTLS\b/.test(message) || (error instanceof WireError && error.code === 'tls')) return 'TLS'
  if (/proof of work/.test(message) || (error instanceof WireError && error.code === 'malformed')) {
    return 'proof of work'
  }
  return 'TCP'
}

/** Runs the session's handshake over a connection that stands. Resolves with what went wrong, if anything. */
async function shakeHands(
  transport: Transport,
  options: Parameters<typeof checkProxies>[0],
): Promise<string | undefined> {
  const { runner, root, world } = options
  const { promise, resolve } = Promise.withResolvers<string | undefined>()
  let dialled = false
  const dial = async (): Promise<Transport> => {
    if (dialled) throw new WireError('closed', 'one attempt is enough')
    dialled = true
    return transport
  }
  const log = (event: { event: string; why?: string }): void => {
    if (event.event === 'proxy-ready') resolve(undefined)
    if (event.event === 'proxy-lost') resolve(event.why ?? 'the connection was lost')
  }
  const role = runner._ === 'workerRunner.config' ? silentWorker(runner) : silentClient(runner)
  const timer = world.after(handshakeTimeoutMs, () => resolve(`no end after ${handshakeTimeoutMs / 1000} s`))
  role.start()
  const trouble = await promise
  timer.cancel()
  await role.close(0)
  return trouble

  function silentClient(of: ClientRunnerConfig): Client {
    return new Client({
      world,
      config: root,
      root: parseAddress(of.rootContractAddress),
      wallet: nodeWalletAddress({
        publicKey: createPaymentKey(of.nodeWalletKey).publicKey,
        owner: parseAddress(of.ownerAddress),
      }),
      isTestnet: of.isTestnet,
      channels: new ChannelsWithoutChain('client-charge', new TextEncoder().encode(of.secretString)),
      checkProxyHashes: checksHashes(of.checkProxyHashes, of.isTest),
      proxyConnections: 1,
      dial,
      log,
    })
  }

  /** Offers nothing, since its backend never comes up, and earns for nobody. */
  function silentWorker(of: WorkerRunnerConfig): Worker {
    return new Worker({
      world,
      config: root,
      root: parseAddress(of.rootContractAddress),
      owner: contractAddress(0, world.random(32)),
      channels: new ChannelsWithoutChain('worker-payout'),
      isTestnet: of.isTestnet,
      model: of.modelName,
      coefficient: of.coefficient,
      maxActiveRequests: 1,
      proxyConnections: 1,
      checkProxyHashes: checksHashes(of.checkProxyHashes, of.isTest),
      backend: absentBackend,
      dial,
      log,
    })
  }
}

const absentBackend: Backend = {
  name: 'none',
  models: () => Promise.reject(new WorkerError('backend-unreachable', 'there is none')),
  run: (_request, events) => {
    queueMicrotask(() => events.failed(new WorkerError('backend-unreachable', 'there is none')))
    return { resume: () => {}, cancel: () => {} }
  },
  close: () => Promise.resolve(),
}
