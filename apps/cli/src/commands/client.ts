import { readRunnerConfig } from '../config/runner-config.ts'
import type { Context } from '../context.ts'
import type { CallerFlags } from '../flags.ts'
import { startClient } from '../roles/client.ts'
import { callersOf, protectionOf } from './callers.ts'
import { type DialFlags, httpPortSettingOf, reachOf, runRole, warnOfSettings } from './run-role.ts'

export interface ClientFlags extends DialFlags, CallerFlags {
  acceptUnstaked?: true
}

/** `cocoon client`. */
export async function runClient(context: Context, flags: ClientFlags): Promise<void> {
  const callers = callersOf(context, flags)
  return runRole(context, 'client', flags, async ({ network, attestation, report, stateDirectory }) => {
    const runner = await readRunnerConfig('clientRunner.config', flags.config, context.environment)
    const registry = await network(runner)
    warnOfSettings(runner, registry, report)
    return startClient({
      world: context.world,
      network: registry,
      report,
      stateDirectory,
      runner: flags.checkHashes ? { ...runner, checkProxyHashes: true } : runner,
      isWitness: flags.witness,
      httpPort: runner.httpPort || undefined,
      httpPortSetting: httpPortSettingOf(flags),
      reach: reachOf(flags, await attestation(runner, registry), runner.connectToProxyVia),
      callers,
      protection: protectionOf(flags),
      ...(flags.acceptUnstaked && { policies: { requireProxyStake: false } }),
    })
  })
}
