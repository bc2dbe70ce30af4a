import type { AttestationFlags } from '../attest/flags.ts'
import { configuredEndpoint } from '../config/address.ts'
import { variableOf } from '../config/runner-config.ts'
import { type Context, print, printJson, stateDirectoryOf, tinted } from '../context.ts'
import type { Report } from '../event.ts'
import { type LogFlags, logLevelOf } from '../flags.ts'
import { simulatedNotice } from '../http/page.ts'
import { createLog } from '../log.ts'
import type { Attestation } from '../roles/attestation.ts'
import type { Reach } from '../roles/dialer.ts'
import type { NetworkSetup, RoleName, RunningRole } from '../roles/role.ts'
import type { ChainRunner } from './open-network.ts'

/** Flags of the three roles. */
export interface RoleFlags extends LogFlags, AttestationFlags {
  config: string
  disableTon?: string
  chain?: string[]
  chainKey?: string
  checkHashes?: true
  router?: true
}

export interface DialFlags extends RoleFlags {
  maxDifficulty: number
  witness: boolean
}

/** How long running answers may take once a stop was asked for. */
export const stopGraceMs = 10_000

/** What the mains of the roles have in common, read and checked. */
export interface RoleBasics {
  /** Where the registry is: a file, or the chain that the role's configuration or the flags name. */
  network: (runner: ChainRunner) => Promise<NetworkSetup>
  /** What this role shows of its machine and asks of its peers'. */
  attestation: (runner: { isTest: boolean }, registry: NetworkSetup) => Promise<Attestation>
  report: Report
  stateDirectory: string
  /** Aborted when a stop is asked for, also before the role runs. */
  signal: AbortSignal
  /** Hears how far a long start is. */
  progress: (text: string) => void
}

/** Starts a role, says where it listens, and stops it when asked to. */
export async function runRole(
  context: Context,
  role: RoleName,
  flags: RoleFlags,
  start: (basics: RoleBasics) => Promise<RunningRole>,
): Promise<void> {
  using stop = context.awaitStop()
  const { signal } = stop
  const { stdout, stderr } = context
  const log = createLog({ stream: stderr, level: logLevelOf(flags, 'info') })
  await using opened = new AsyncDisposableStack()
  let attestation: Attestation | undefined
  const report: Report = event => log.report(role, event)
  const running = await begin(context, flags, start, {
    network: async runner =>
      (await import('./open-network.ts')).openNetwork({ context, role, flags, runner, opened }),
    attestation: async ({ isTest }, { root }) =>
      (attestation = opened.use(
        await (
          await import('./role-attestation.ts')
        ).roleAttestation({ context, role, flags, isTest: isTest || root !== undefined, report }),
      )),
    report,
    signal,
    progress: text => log.note('info', text, { role }),
  })
  if (running === undefined) return
  const { addresses } = running
  const isSimulated = attestation?.isSimulated ?? true
  if (flags.json) printJson(stdout, { event: 'started', role, addresses, simulated: isSimulated })
  else {
    const places = Object.entries(addresses).map(([what, address]) => `${what} ${address}`)
    if (isSimulated) print(stdout, tinted('simulated', simulatedNotice, stdout))
    print(stdout, `${role} runs${places.length > 0 ? `: ${places.join(', ')}` : ''}`)
  }
  // Where a person watches, the line above has said it.
  log.note(stderr.isTTY ? 'debug' : 'info', 'started', { role, ...addresses })
  await stopped(signal)
  log.note('info', 'stopping; a second signal stops at once', { role, graceMs: stopGraceMs })
  await running.close(stopGraceMs)
  if (flags.json) printJson(stdout, { event: 'stopped', role })
  log.note('info', 'stopped', { role })
}

/** Undefined when a stop was asked for before the role ran. */
async function begin(
  context: Context,
  flags: RoleFlags,
  start: (basics: RoleBasics) => Promise<RunningRole>,
  basics: Omit<RoleBasics, 'stateDirectory'>,
): Promise<RunningRole | undefined> {
  try {
    return await start({
      ...basics,
      stateDirectory: stateDirectoryOf(context.environment, flags.state),
    })
  } catch (error) {
    if (basics.signal.aborted) return undefined
    throw error
  }
}

export function stopped(signal: AbortSignal): Promise<void> {
  return new Promise(resolve => {
    if (signal.aborted) resolve()
    else signal.addEventListener('abort', () => resolve(), { once: true })
  })
}

/** How proxies are reached: directly, or with `--router` through the router that the configuration names. */
export function reachOf(
  flags: Pick<DialFlags, 'maxDifficulty' | 'router'>,
  attestation: Attestation,
  connectToProxyVia: string,
): Reach {
  const { maxDifficulty } = flags
  if (!flags.router) return { attestation, maxDifficulty }
  return { attestation, maxDifficulty, router: configuredEndpoint('connect_to_proxy_via', connectToProxyVia) }
}

/** Which key or variable chooses the HTTP port, for a message. */
export function httpPortSettingOf(flags: RoleFlags): string {
  return `http_port in ${flags.config} or the variable ${variableOf('http_port')}`
}

/** Settings that are allowed and seldom meant. */
export function warnOfSettings(
  runner: { isTest: boolean; proxyConnections?: number },
  { root }: NetworkSetup,
  report: Report,
): void {
  const warn = (why: string): void => report({ event: 'setting-doubtful', why })
  if (root !== undefined && runner.isTest !== root.isTest) {
    warn(
      'is_test is false, but a network without a chain is a test network; hashes are checked because of it',
    )
  }
  if (runner.proxyConnections === 0) warn('proxy_connections is 0: no proxy is ever dialled')
}
