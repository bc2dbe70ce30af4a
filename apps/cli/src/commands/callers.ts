import type { Context } from '../context.ts'
import { CliError } from '../error.ts'
import type { CallerFlags } from '../flags.ts'
import type { Callers, ProtectionChoice } from '../roles/client.ts'
import { isLoopback } from '../roles/port.ts'

/** How queries are protected, as the flags say. */
export function protectionOf(flags: CallerFlags): ProtectionChoice {
  const { protection, receipts, unlinked, requireGpu, constantChunks } = flags
  return {
    least: protection,
    receiptsDirectory: receipts,
    gpus: requireGpu && 'required',
    sealer: { ...(unlinked && { linkage: 'query' }), ...(constantChunks && { shape: constantChunks }) },
  }
}

/** Who may call, as the flags say. Throws `usage` where anybody on the network could. */
export function callersOf({ environment, onReload }: Context, flags: CallerFlags): Callers {
  const { host, cors = [], allowHost: hostNames = [] } = flags
  const keysFile = flags.keys ?? (environment['COCOON_KEYS'] || undefined)
  if (keysFile === undefined && !isLoopback(host) && !flags.allowAnyone) {
    throw new CliError('usage', `Other machines reach ${host}, and no keys are asked for.`, {
      advice:
        'Name the keys with --keys FILE (`cocoon keys new --file FILE` makes one), or let everybody spend ' +
        "this client's money with --allow-anyone.",
    })
  }
  return { host, keysFile, cors, hostNames, onReload }
}
