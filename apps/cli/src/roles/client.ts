import { Client, ClientError, type Endpoint, startEndpoint } from '@cocoon/client'
import { createPaymentKey, nodeWalletAddress, reservationTokens } from '@cocoon/money'
import type { ClientRunnerConfig } from '@cocoon/wire'
import { configuredAddress } from '../config/address.ts'
import { createClientSurface } from '../http/client-surface.ts'
import { createDialer, type Reach } from './dialer.ts'
import { listenError } from './port.ts'
import { checksHashes, type RoleSetup, type RunningRole } from './role.ts'

export interface ClientSetup extends RoleSetup {
  readonly runner: ClientRunnerConfig
  readonly reach: Reach
  /** Which flag or key chooses the HTTP port, for people. */
  readonly httpPortSetting?: string
}

export interface RunningClient extends RunningRole {
  readonly client: Client
}

const httpHost = '127.0.0.1'

/** Starts the client and its OpenAI-compatible endpoint. Rejects with a CliError and leaves nothing open. */
export async function startClient(setup: ClientSetup): Promise<RunningClient> {
  const { runner, root, world, report, httpPort } = setup
  await using stack = new AsyncDisposableStack()
  const owner = configuredAddress('owner_address', runner.ownerAddress)
  const rootAddress = configuredAddress('root_contract_address', runner.rootContractAddress)
  const wallet = nodeWalletAddress({ publicKey: createPaymentKey(runner.nodeWalletKey).publicKey, owner })
  const dialer = stack.use(await createDialer(world, setup.reach, report))
  const surface = createClientSurface(setup, { wallet, rootAddress, dialer })
  const client = new Client({
    world,
    config: root,
    root: rootAddress,
    wallet,
    isTestnet: runner.isTestnet,
    secret: new TextEncoder().encode(runner.secretString),
    checkProxyHashes: checksHashes(runner.checkProxyHashes, runner.isTest),
    proxyConnections: runner.proxyConnections,
    dial: dialer.dial,
    log: surface.report,
  })
  stack.defer(() => client.close(0))
  stack.use(await surface.attach(client))

  let endpoint: Endpoint | undefined
  if (httpPort !== undefined) {
    endpoint = await startEndpoint({
      network: client,
      world,
      host: httpHost,
      port: httpPort,
      protection: () => 'simulated',
      costBound: ({ maxTokens, body, maxCoefficient }) =>
        root.pricePerTokenNano *
        reservationTokens({ maxTokens, queryBytes: body.length, maxCoefficient, multipliers: root.multipliers }),
      extraRoutes: surface.routes,
      log: (what, details) => report({ event: 'endpoint', what, details }),
    }).catch((cause: unknown) => {
      const inUse = cause instanceof ClientError && cause.code === 'port-in-use'
      const reason = cause instanceof ClientError ? (cause.cause ?? cause) : cause
      if (!inUse && !(cause instanceof ClientError)) throw cause
      throw listenError(reason, httpHost, httpPort, setup.httpPortSetting ?? 'http_port')
    })
  }
  client.start()

  const closing = stack.move()
  let closed: Promise<void> | undefined
  const close = async (graceMs: number): Promise<void> => {
    await endpoint?.close(graceMs)
    await client.close(graceMs)
    await closing.disposeAsync()
  }
  return {
    name: 'client',
    client,
    addresses: endpoint ? { http: `${httpHost}:${endpoint.port}` } : {},
    close: graceMs => (closed ??= close(graceMs)),
  }
}
