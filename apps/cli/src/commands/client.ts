import { readRunnerConfig } from '../config/runner-config.ts'
import type { Context } from '../context.ts'
import { startClient } from '../roles/client.ts'
import { type DialFlags, httpPortSettingOf, reachOf, runRole, warnOfSettings } from './run-role.ts'

/** `cocoon client`. */
export function runClient(context: Context, flags: DialFlags): Promise<void> {
  return runRole(context, 'client', flags, async ({ root, report, stateDirectory }) => {
    const runner = await readRunnerConfig('clientRunner.config', flags.config, context.environment)
    warnOfSettings(runner, root, report)
    return startClient({
      world: context.world,
      root,
      report,
      stateDirectory,
      runner: flags.checkHashes ? { ...runner, checkProxyHashes: true } : runner,
      httpPort: runner.httpPort || undefined,
      httpPortSetting: httpPortSettingOf(flags),
      reach: reachOf(flags, runner.connectToProxyVia),
    })
  })
}
