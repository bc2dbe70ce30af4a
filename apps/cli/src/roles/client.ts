import { Client, ClientError, type Endpoint, startEndpoint } from '@cocoon/client'
import { createPaymentKey, nodeWalletAddress, reservationTokens } from '@cocoon/money'
import type { ClientRunnerConfig } from '@cocoon/wire'
import { configuredAddress } from '../config/address.ts'
import { createAccess, leaveToken } from '../http/access.ts'
import { clientFaces } from '../http/client-surface.ts'
import { type Routes, routesOf } from '../http/surface.ts'
import { Troubles } from '../http/troubles.ts'
import { createDialer, type Reach } from './dialer.ts'
import { listenError } from './port.ts'
import { checksHashes, closeOnce, type RoleSetup, type RunningRole } from './role.ts'

export interface ClientSetup extends RoleSetup {
  readonly runner: ClientRunnerConfig
  readonly reach: Reach
}

export interface RunningClient extends RunningRole {
  readonly client: Client
}

const httpHost = '127.0.0.1'

/** Starts the client and its OpenAI-compatible endpoint. Rejects with a CliError and leaves nothing open. */
export async function startClient(setup: ClientSetup): Promise<RunningClient> {
  const { runner, root, world, report, stateDirectory } = setup
  const troubles = new Troubles(report)
  const rootAddress = configuredAddress('root_contract_address', runner.rootContractAddress)
  const owner = configuredAddress('owner_address', runner.ownerAddress)
  const wallet = nodeWalletAddress({ publicKey: createPaymentKey(runner.nodeWalletKey).publicKey, owner })

  await using stack = new AsyncDisposableStack()
  const dialer = stack.use(await createDialer(world, setup.reach, report))
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
    log: troubles.report,
  })
  stack.defer(() => client.close(0))
  const faces = stack.use(clientFaces({ client, setup, wallet, rootAddress, dialer, troubles }))
  const access = createAccess(runner.httpAccessHash, world)
  const endpoint = await openEndpoint(client, setup, routesOf(faces, access, report))
  if (endpoint !== undefined) {
    stack.defer(() => endpoint.close(0))
    stack.use(await leaveToken(access, { role: 'client', port: endpoint.port, stateDirectory, report }))
  }
  client.start()

  const closing = stack.move()
  return {
    name: 'client',
    client,
    addresses: endpoint ? { http: `${httpHost}:${endpoint.port}` } : {},
    problems: () => faces.problems(),
    close: closeOnce(world, async leftMs => {
      await endpoint?.close(leftMs())
      await client.close(leftMs())
      await closing.disposeAsync()
    }),
  }
}

async function openEndpoint(
  client: Client,
  setup: ClientSetup,
  extraRoutes: Routes,
): Promise<Endpoint | undefined> {
  const { root, world, report, httpPort, httpPortSetting = 'http_port' } = setup
  if (httpPort === undefined) return undefined
  const { pricePerTokenNano, multipliers } = root
  try {
    return await startEndpoint({
      network: client,
      world,
      host: httpHost,
      port: httpPort,
      protection: () => 'simulated',
      costBound: ({ maxTokens, body: { length: queryBytes }, maxCoefficient }) =>
        pricePerTokenNano * reservationTokens({ maxTokens, queryBytes, maxCoefficient, multipliers }),
      extraRoutes,
      log: (what, details) => report({ event: 'endpoint', what, details }),
    })
  } catch (error) {
    if (!(error instanceof ClientError)) throw error
    throw listenError(error.cause ?? error, httpHost, httpPort, httpPortSetting)
  }
}
