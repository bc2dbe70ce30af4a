import type { RootConfig } from '@cocoon/money'
import { configuredEndpoint } from '../config/address.ts'
import { readRootFile } from '../config/root-file.ts'
import { variableOf } from '../config/runner-config.ts'
import { type Context, print, printJson, stateDirectoryOf } from '../context.ts'
import { CliError } from '../error.ts'
import type { Report } from '../event.ts'
import { type LogFlags, logLevelOf } from '../flags.ts'
import { createLog } from '../log.ts'
import type { Reach } from '../roles/dialer.ts'
import type { PolicyName, RoleName, RunningRole } from '../roles/role.ts'

/** Flags of the three roles. */
export interface RoleFlags extends LogFlags {
  config: string
  disableTon?: string
  checkHashes?: true
  router?: true
  policy: PolicyName
}

export interface DialFlags extends RoleFlags {
  maxDifficulty: number
}

/** How long running answers may take once a stop was asked for. */
export const stopGraceMs = 10_000

/** What the mains of the roles have in common, read and checked. */
export interface RoleBasics {
  root: RootConfig
  report: Report
  stateDirectory: string
}

/** Reads the root configuration. Throws `unsupported` without one: networks with a chain are not run yet. */
export async function readRoot(flags: RoleFlags): Promise<RootConfig> {
  if (flags.disableTon === undefined) {
    throw new CliError('unsupported', 'This version runs networks without a chain only.', {
      advice: 'Give the root configuration as a file: --disable-ton root.json',
    })
  }
  return readRootFile(flags.disableTon)
}

/** Starts a role, says where it listens, and stops it when asked to. */
export async function runRole(
  context: Context,
  role: RoleName,
  flags: RoleFlags,
  start: (basics: RoleBasics) => Promise<RunningRole>,
): Promise<void> {
  using stop = context.awaitStop()
  const log = createLog({ stream: context.stderr, level: logLevelOf(flags, 'info') })
  const root = await readRoot(flags)
  const stateDirectory = stateDirectoryOf(context.environment, flags.state)
  const running = await start({ root, stateDirectory, report: event => log.report(role, event) })
  const { addresses } = running
  if (flags.json) printJson(context.stdout, { event: 'started', role, addresses, simulated: true })
  else {
    const places = Object.entries(addresses).map(([what, address]) => `${what} ${address}`)
    print(context.stdout, `${role} runs${places.length > 0 ? `: ${places.join(', ')}` : ''}`)
  }
  log.note('info', 'started', { role, ...addresses })
  await stopped(stop.signal)
  log.note('info', 'stopping; a second signal stops at once', { role, graceMs: stopGraceMs })
  await running.close(stopGraceMs)
  if (flags.json) printJson(context.stdout, { event: 'stopped', role })
  log.note('info', 'stopped', { role })
}

export function stopped(signal: AbortSignal): Promise<void> {
  return new Promise(resolve => {
    if (signal.aborted) resolve()
    else signal.addEventListener('abort', () => resolve(), { once: true })
  })
}

/** How proxies are reached: directly, or with `--router` through the router that the configuration names. */
export function reachOf(
  flags: Pick<DialFlags, 'policy' | 'maxDifficulty' | 'router'>,
  connectToProxyVia: string,
): Reach {
  const { policy, maxDifficulty } = flags
  if (!flags.router) return { policy, maxDifficulty }
  return { policy, maxDifficulty, router: configuredEndpoint('connect_to_proxy_via', connectToProxyVia) }
}

/** Which key or variable chooses the HTTP port, for a message. */
export function httpPortSettingOf(flags: RoleFlags): string {
  return `http_port in ${flags.config} or the variable ${variableOf('http_port')}`
}

/** Settings that are allowed and seldom meant. */
export function warnOfSettings(
  runner: { isTest: boolean; proxyConnections?: number },
  root: RootConfig,
  report: Report,
): void {
  const warn = (why: string): void => report({ event: 'setting-doubtful', why })
  if (runner.isTest !== root.isTest) {
    warn(
      'is_test is false, but a network without a chain is a test network; hashes are checked because of it',
    )
  }
  if (runner.proxyConnections === 0) warn('proxy_connections is 0: no proxy is ever dialled')
}
