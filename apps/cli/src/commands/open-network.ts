import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { createPaymentKey, openChain, openSqliteStore, SharedRecords } from '@cocoon/money'
import { toHex } from '@cocoon/wire'
import { isDatabaseUrl } from '../config/database-url.ts'
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
  /** A folder, or the address of a PostgreSQL that several processes share. */
  readonly dbPath?: string
  readonly nodeWalletKey: Uint8Array
}

/**
 * The registry of a network: the file of `--disable-ton`, or the chain that `--chain` or `ton_config_filename` names,
 * with the role's records in `db_path` (a folder, or a PostgreSQL) or the state folder. What it opens is closed with `opened`.
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
  const url = isDatabaseUrl(runner.dbPath) ? runner.dbPath : undefined
  const directory = (url === undefined && runner.dbPath) || join(state, `${role}-${runner.httpPort}`)
  try {
    await mkdir(directory, { recursive: true, mode: 0o700 })
    if (url !== undefined) {
      // The wallet is what no two of them may use at once.
      const name = `${role}/${toHex(createPaymentKey(runner.nodeWalletKey).publicKey)}`
      const records = opened.use(await SharedRecords.open({ url, name, world: context.world }))
      return { chain: { chain, store: records, shared: { records, url }, directory, isSimulated: false } }
    }
    const store = opened.use(
      await openSqliteStore({ path: join(directory, 'records.sqlite'), world: context.world }),
    )
    return { chain: { chain, store, directory, isSimulated: false } }
  } catch (cause) {
    // The address of a database is not repeated: it may hold a password.
    const place = url === undefined ? directory : 'the PostgreSQL of db_path'
    throw new CliError('config', `The records in ${place} cannot be opened: ${reasonOf(cause)}.`, {
      cause,
      advice:
        url === undefined
          ? 'Choose another folder with db_path or --state, or end the other process that uses it.'
          : 'Check that the server runs, and the user, password and database in db_path (COCOON_DB_PATH).',
    })
  }
}
