import { rmSync } from 'node:fs'
import { mkdtemp, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { fileURLToPath } from 'node:url'
import { join } from 'node:path'
import { contractAddress, formatAddress, modelHash, writePseudoConfig } from '@cocoon/money'
import { imageHash, zeroMeasurements } from '@cocoon/trust'
import { freePort, Program } from './processes.ts'
import { benchModel } from './scenarios.ts'

export const roleNames = ['client', 'proxy', 'worker'] as const
export type RoleName = (typeof roleNames)[number]

const readyMs = 30_000

/** A backend, and a network of three processes in front of it. */
export class Deployment implements AsyncDisposable {
  readonly backend: Program
  readonly roles: Readonly<Record<RoleName, Program>>
  readonly backendPort: number
  readonly clientPort: number
  readonly #dispose: () => Promise<void>

  private constructor(
    parts: Pick<Deployment, 'backend' | 'roles' | 'backendPort' | 'clientPort'>,
    dispose: () => Promise<void>,
  ) {
    this.backend = parts.backend
    this.roles = parts.roles
    this.backendPort = parts.backendPort
    this.clientPort = parts.clientPort
    this.#dispose = dispose
  }

  /** Starts all of it and resolves once the client offers the model. */
  static async start(options: {
    cpuProfiles: string | undefined
    /** Queries are sealed to a simulated machine, in a session or each by itself. */
    sealed?: 'session' | 'query'
    /** Nothing is spent on Ed25519: receipts are signed and verified, and it means nothing. */
    withoutSignatures?: boolean
  }): Promise<Deployment> {
    await using started = new AsyncDisposableStack()
    const folder = await mkdtemp(join(tmpdir(), 'cocoon-bench-'))
    // On exit, since that comes after interruptions too.
    process.once('exit', () => rmSync(folder, { recursive: true, force: true }))
    const backend = started.use(Program.start('backend', [besides('backend.ts')]))
    const backendPort = Number(await backend.firstLine())
    const ports = { clients: await freePort(), workers: await freePort(), endpoint: await freePort() }
    await writeConfigs(folder, { ...ports, backend: backendPort })
    const { sealed } = options
    // One simulated maker of processors for all three.
    const shared = join(folder, 'state')
    const attested = ['--evidence', 'simulated', '--policy', join(folder, 'policy.json')]

    const startRole = (name: RoleName, args: string[]): Program => {
      const files = ['--config', join(folder, `${name}.json`), '--disable-ton', join(folder, 'root.json')]
      const state = sealed === undefined ? join(folder, `${name}-state`) : shared
      const quietly = ['--log-level', 'error', '--state', state, ...(sealed === undefined ? [] : attested)]
      const profile = profileOptions(options.cpuProfiles, name)
      if (options.withoutSignatures === true) profile.push('--import', besides('without-signatures.ts'))
      return started.use(
        Program.start(name, [...profile, commandLine, name, ...files, ...quietly, ...args], 'quiet'),
      )
    }
    const listens = ['--workers-port', String(ports.workers), '--clients-port', String(ports.clients)]
    const roles = {
      proxy: startRole('proxy', [...listens, '--difficulty', '8', '--host', '127.0.0.1']),
      worker: startRole('worker', []),
      client: startRole('client', sealed === 'query' ? ['--unlinked'] : []),
    }
    await modelOffered(ports.endpoint, Object.values(roles))
    const running = started.move()
    return new Deployment({ backend, roles, backendPort, clientPort: ports.endpoint }, () =>
      running.disposeAsync(),
    )
  }

  /** Throws if a process has ended by itself. */
  check(): void {
    this.backend.check()
    for (const role of Object.values(this.roles)) role.check()
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#dispose()
  }
}

const commandLine = besides('../apps/cli/src/main.ts')

/** As the launcher apps/cli/bin/cocoon.mjs starts a role, and a profile where one is wanted. */
function profileOptions(folder: string | undefined, name: RoleName): string[] {
  const launcherFlags = ['--max-semi-space-size=8', '--initial-old-space-size=64']
  if (folder === undefined) return launcherFlags
  return [...launcherFlags, '--cpu-prof', `--cpu-prof-dir=${folder}`, `--cpu-prof-name=${name}.cpuprofile`]
}

export function besides(file: string): string {
  return fileURLToPath(new URL(file, import.meta.url))
}

interface Ports {
  clients: number
  workers: number
  endpoint: number
  backend: number
}

/** A network without a chain, and the runner configuration of each role. */
async function writeConfigs(folder: string, ports: Ports): Promise<void> {
  const owner = contractAddress(0, '22'.repeat(32))
  const host = '127.0.0.1'
  const image = Buffer.from(await imageHash(zeroMeasurements())).toString('hex')
  const root = writePseudoConfig({
    ownerAddress: owner,
    // A token of the least price leaves the client without a chain the most tokens to spend.
    pricePerTokenNano: 1n,
    workerFeePerTokenNano: 1n,
    proxyHashes: [image],
    workerHashes: [image],
    modelHashes: [modelHash(`${benchModel}@0:0`)],
    proxies: [
      {
        seqno: 1,
        workerEndpoint: { host, port: ports.workers },
        clientEndpoint: { host, port: ports.clients },
      },
    ],
  })
  const common = {
    is_test: true,
    is_testnet: false,
    owner_address: formatAddress(owner),
    root_contract_address: formatAddress(contractAddress(0, '11'.repeat(32))),
    http_port: 0,
  }
  const key = (byte: number): string => Buffer.alloc(32, byte).toString('base64')
  const files = {
    policy: { allowSimulated: true },
    root,
    client: { ...common, node_wallet_key: key(1), proxy_connections: 1, http_port: ports.endpoint },
    proxy: {
      ...common,
      node_wallet_key: key(2),
      machine_specific_private_key: key(3),
      db_path: join(folder, 'proxy-db'),
    },
    worker: {
      ...common,
      node_wallet_key: key(4),
      proxy_connections: 1,
      model_name: `${benchModel}@0:0`,
      coefficient: 1000,
      max_active_requests: 10_000,
      forward_requests_to: `${host}:${ports.backend}`,
    },
  }
  for (const [name, json] of Object.entries(files)) {
    await writeFile(join(folder, `${name}.json`), JSON.stringify(json, null, 2))
  }
}

async function modelOffered(port: number, roles: Program[]): Promise<void> {
  const until = performance.now() + readyMs
  while (performance.now() < until) {
    for (const role of roles) role.check()
    await new Promise(resolve => setTimeout(resolve, 100))
    try {
      const answer = await fetch(`http://127.0.0.1:${port}/v1/models`, { signal: AbortSignal.timeout(2_000) })
      const { data } = (await answer.json()) as { data?: Array<{ id: string }> }
      if (data?.some(({ id }) => id === benchModel)) return
    } catch {
      // The endpoint does not listen yet.
    }
  }
  throw new Error(`The client does not offer ${benchModel} after ${readyMs} ms.`)
}
