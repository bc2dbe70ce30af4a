import { Argument, type Command, InvalidArgumentError, Option } from 'commander'
import type { Context } from '../context.ts'
import { port, time, withJson } from '../flags.ts'
import { withChain, withCoin } from '../money-flags.ts'
import type { RoleName } from '../roles/role.ts'

/** `cocoon balance`, `cocoon earnings` and `cocoon close`. */
export function addAccounts(program: Command, context: Context): void {
  withChain(withRolePlace(program.command('balance')))
    .description('say what a role has, has used and is owed; from the chain where it does not run')
    .action(async (role: RoleName | undefined, flags) =>
      (await import('../commands/balance.ts')).runBalance(context, role, flags),
    )

  withRolePlace(program.command('earnings'))
    .description('list what a worker or proxy earned, or a client spent')
    .addOption(
      new Option('--by <what>', 'what a line is').choices(['hour', 'day', 'model', 'partner']).default('day'),
    )
    .addOption(
      new Option('--since <time>', 'from when on: 24h, 7d, or a day such as 2027-01-31')
        .argParser(sinceTime)
        .default(-7 * 86_400_000, '7d'),
    )
    .option('--until <time>', 'until when (default: now)', time)
    .option('--csv', 'print comma-separated values for spreadsheets')
    .action(async (role: RoleName | undefined, flags) =>
      (await import('../commands/earnings.ts')).runEarnings(context, role, flags),
    )

  withRolePlace(program.command('close'))
    .description('get coins back: a client closes its contracts, a worker cashes, a proxy retires')
    .option('--proxy <address>', 'at this proxy contract alone')
    .option('--yes', 'go on without a question')
    .action(async (role: RoleName | undefined, flags) =>
      (await import('../commands/close.ts')).runClose(context, role, flags),
    )
}

function withRolePlace(command: Command): Command {
  return withCoin(withJson(command))
    .addArgument(new Argument('[role]', 'which role').choices(['client', 'proxy', 'worker']))
    .option('--port <port>', 'its HTTP port on this machine (default: the usual one)', port)
    .option('-c, --config <file>', 'its configuration, which says role, port and token')
    .option('--token <text>', 'http_access_hash, where the configuration sets one')
    .option('--state <dir>', 'folder of its token and records (default: ~/.cache/cocoon)')
}

/** A span before now as negative milliseconds, or a time. */
function sinceTime(text: string): number {
  const [, number, unit = ''] = /^(\d{1,4})(h|d)$/.exec(text) ?? []
  if (number !== undefined && Number(number) > 0)
    return -Number(number) * (unit === 'h' ? 3_600_000 : 86_400_000)
  try {
    return Date.parse(time(text))
  } catch {
    throw new InvalidArgumentError('It must be a span such as 24h or 7d, or a day such as 2027-01-31.')
  }
}
