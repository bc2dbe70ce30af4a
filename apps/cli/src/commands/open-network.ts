import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { openChain, openSqliteStore } from '@cocoon/money'
import { readRootFile } from '../config/root-file.ts'
import { type Context, stateDirectoryOf } from '../context.ts'
import { CliError, reasonOf } from '../error.ts'
import { chainSourcesOf } from '../config/chain-sources.ts'
import type { NetworkSetup, RoleName } from '../roles/role.ts'
import type { RoleFlags } from './run-role.ts'

/** What of a role's configuration says where its chain and its records are. */
export interface ChainRunner {
  readonly tonConfigFilename: string
  readonly httpPort: number
  readonly dbPath?: string
}

/**
 * The registry of a network: the file of `--disable-ton`, or the chain that `--chain` or `ton_config_filename` names,
 * with the role's records in `db_path` or the state folder. What it opens is closed with `opened`.
 */
export async function openNetwork(options: {
  context: Context
  role: RoleName
  flags: RoleFlags
  runner: ChainRunner
  opened: AsyncDisposableStack
}): Promise<NetworkSetup> {
  const { context, role, flags, runner, opened } = options
  if (flags.disableTon !== undefined) return { root: await readRootFile(flags.disableTon) }
  const sources = await chainSourcesOf(context.environment, flags, runner.tonConfigFilename)
  const chain = opened.use(openChain(sources, { world: context.world }))
  const state = stateDirectoryOf(context.environment, flags.state)
  const directory = runner.dbPath || join(state, `${role}-${runner.httpPort}`)
  try {
    await mkdir(directory, { recursive: true, mode: 0o700 })
    const store = opened.use(
      await openSqliteStore({ path: join(directory, 'records.sqlite'), world: context.world }),
    )
    return { chain: { chain, store, directory, isSimulated: false } }
  } catch (cause) {
    throw new CliError('config', `The records in ${directory} cannot be opened: ${reasonOf(cause)}.`, {
      cause,
      advice: 'Choose another folder with db_path or --state, or end the other process that uses it.',
    })
  }
}
