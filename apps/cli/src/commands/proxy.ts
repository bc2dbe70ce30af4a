import { readRunnerConfig } from '../config/runner-config.ts'
import type { Context } from '../context.ts'
import { startProxy } from '../roles/proxy.ts'
import { httpPortSettingOf, type RoleFlags, runRole, warnOfSettings } from './run-role.ts'

export interface ProxyFlags extends RoleFlags {
  host: string
  workersPort: number
  clientsPort: number
  logPort?: number
  difficulty: number
}

/** `cocoon proxy`. */
export function runProxy(context: Context, flags: ProxyFlags): Promise<void> {
  return runRole(context, 'proxy', flags, async ({ network, attestation, report, stateDirectory }) => {
    const runner = await readRunnerConfig('proxyRunner.config', flags.config, context.environment)
    const registry = await network(runner)
    warnOfSettings(runner, registry, report)
    const isBehindRouter = flags.router === true
    return startProxy({
      world: context.world,
      network: registry,
      report,
      stateDirectory,
      runner: flags.checkHashes ? { ...runner, checkWorkerHashes: true } : runner,
      httpPort: runner.httpPort || undefined,
      httpPortSetting: httpPortSettingOf(flags),
      host: isBehindRouter ? '127.0.0.1' : flags.host,
      workersPort: isBehindRouter ? runner.workersRpcPort || undefined : flags.workersPort,
      clientsPort: isBehindRouter ? runner.clientRpcPort || undefined : flags.clientsPort,
      portSettings: isBehindRouter
        ? { workers: 'workers_rpc_port', clients: 'client_rpc_port' }
        : { workers: '--workers-port', clients: '--clients-port' },
      ...(flags.logPort !== undefined && {
        logPort: { host: flags.host, port: flags.logPort, setting: '--log-port' },
      }),
      difficulty: flags.difficulty,
      attestation: await attestation(runner, registry),
      isBehindRouter,
    })
  })
}
