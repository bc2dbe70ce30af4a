import { modelBaseName } from '@cocoon/money'
import { type Context, print, printJson, stateDirectoryOf, tinted } from '../context.ts'
import type { AttestationFlags } from '../attest/flags.ts'
import type { CommonFlags } from '../flags.ts'
import { checkBackend } from '../doctor/backend.ts'
import type { Check } from '../doctor/check.ts'
import { checkFiles, type Files, type RunnerConfig } from '../doctor/files.ts'
import { checkMachine } from '../doctor/machine.ts'
import { checkPort, type WantedPort } from '../doctor/ports.ts'
import { checkProxies } from '../doctor/proxies.ts'
import { createProgress, type Progress } from '../progress.ts'
import type { RoleName } from '../roles/role.ts'
import { roleAttestation } from './role-attestation.ts'
import { reachOf } from './run-role.ts'

export interface DoctorFlags extends CommonFlags, AttestationFlags {
  config?: string
  disableTon?: string
  role?: RoleName
  router?: true
  maxDifficulty: number
  host: string
  workersPort: number
  clientsPort: number
  backend?: string
  backendModel?: string
  state?: string
}

/** `cocoon doctor`. True if nothing failed. */
export async function runDoctor(context: Context, flags: DoctorFlags): Promise<boolean> {
  const progress = createProgress(context.stderr, flags.json === true || !context.stderr.isTTY)
  let checks: Check[]
  try {
    checks = await checkAll(context, flags, progress)
  } finally {
    progress[Symbol.dispose]()
  }
  const isWell = checks.every(({ result }) => result !== 'failed')
  if (flags.json) printJson(context.stdout, { ok: isWell, checks })
  else print(context.stdout, ...describe(context, checks))
  return isWell
}

async function checkAll(context: Context, flags: DoctorFlags, progress: Progress): Promise<Check[]> {
  const { environment, world } = context
  progress.step('Looking at the machine')
  const stateDirectory = stateDirectoryOf(environment, flags.state)
  const checks = await checkMachine({ nodeVersion: process.versions.node, world, stateDirectory })
  progress.step('Reading the files')
  const { config, disableTon: rootFile, role } = flags
  const files = await checkFiles({ config, rootFile, role, environment })
  checks.push(...files.checks)
  progress.step('Looking at the ports')
  for (const port of wantedPorts(files.runner, flags)) checks.push(await checkPort(port, world))
  progress.step('Going the way to the proxies')
  checks.push(...(await checkWayToProxies(context, flags, files)))
  progress.step('Asking the backend')
  checks.push(...(await checkOwnBackend(flags, files.runner)))
  return checks
}

/** The ports of the configured role; those of `cocoon up` without a configuration. */
function wantedPorts(runner: RunnerConfig | undefined, flags: DoctorFlags): WantedPort[] {
  const loopback = '127.0.0.1'
  const http = (of: RoleName, port: number, setting: string): WantedPort => ({
    host: loopback,
    port,
    of,
    setting,
  })
  const peers = (host: string, port: number, setting: string): WantedPort => ({
    host,
    port,
    of: 'peers',
    setting,
  })
  if (runner === undefined) {
    return [
      http('client', 10_000, '--port'),
      http('proxy', 11_000, '--proxy-port'),
      peers(loopback, 11_001, '--proxy-workers-port'),
      peers(loopback, 11_002, '--proxy-clients-port'),
      http('worker', 12_000, '--worker-port'),
    ]
  }
  const of =
    runner._ === 'proxyRunner.config' ? 'proxy' : runner._ === 'workerRunner.config' ? 'worker' : 'client'
  const wanted = [http(of, runner.httpPort, 'http_port')]
  if (runner._ === 'proxyRunner.config' && flags.router) {
    wanted.push(
      peers(loopback, runner.workersRpcPort, 'workers_rpc_port'),
      peers(loopback, runner.clientRpcPort, 'client_rpc_port'),
    )
  } else if (runner._ === 'proxyRunner.config') {
    wanted.push(
      peers(flags.host, flags.workersPort, '--workers-port'),
      peers(flags.host, flags.clientsPort, '--clients-port'),
    )
  }
  return wanted.filter(({ port }) => port > 0)
}

async function checkWayToProxies(context: Context, flags: DoctorFlags, files: Files): Promise<Check[]> {
  const { runner, root } = files
  if (runner === undefined || root === undefined || runner._ === 'proxyRunner.config') return []
  // Files that do not fit are told of already, and nothing can be dialled with them.
  if (files.checks.some(({ result }) => result === 'failed')) return []
  const { maxDifficulty, router } = flags
  const role = runner._ === 'workerRunner.config' ? 'worker' : 'client'
  // The registry that is looked at here is a file.
  const options = { role, flags, isTest: true, report: () => {} } as const
  using attestation = await roleAttestation({ context, ...options })
  const reach = reachOf({ maxDifficulty, ...(router && { router }) }, attestation, runner.connectToProxyVia)
  return checkProxies({ root, runner, reach, world: context.world })
}

async function checkOwnBackend(flags: DoctorFlags, runner: RunnerConfig | undefined): Promise<Check[]> {
  const configured = runner?._ === 'workerRunner.config' ? runner : undefined
  const address = flags.backend ?? configured?.forwardRequestsTo
  if (address === undefined || address === 'llama') return []
  const key = flags.backend === undefined ? 'forward_requests_to' : '--backend'
  const model = flags.backendModel ?? modelBaseName(configured?.modelName ?? '')
  return checkBackend({ key, address, model })
}

function describe({ stdout }: Context, checks: readonly Check[]): string[] {
  const failing = checks.filter(({ result }) => result === 'failed')
  const lines = failing.flatMap(({ name, found, advice = '' }) => [
    `${tinted('failed', '✗', stdout)} ${tinted('strong', name, stdout)}: ${found}`,
    `  ${advice}`,
  ])
  if (failing.length > 0) lines.push('')
  for (const { name, result, found } of checks) {
    if (result === 'ok') lines.push(`✓ ${name}: ${found}`)
    if (result === 'skipped') lines.push(tinted('faint', `– ${name}: ${found}`, stdout))
  }
  const sum =
    failing.length === 0 ? 'Nothing is wrong.' : `${failing.length} of ${checks.length} checks failed.`
  return [...lines, '', sum]
}
