import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { parseJson } from '../api.ts'
import type { ChainFlags } from '../config/chain-sources.ts'
import { readJsonFile } from '../config/json-file.ts'
import { isDatabaseUrl } from '../config/database-url.ts'
import { parseRunnerConfig } from '../config/runner-config.ts'
import { type Context, foreign, stateDirectoryOf } from '../context.ts'
import { CliError } from '../error.ts'
import type { CommonFlags } from '../flags.ts'
import { controlTokenFile } from '../http/access.ts'
import type { RoleName } from '../roles/role.ts'

/** Flags of the commands that ask a role about its money. */
export interface AccountFlags extends CommonFlags, ChainFlags {
  port?: number
  config?: string
  token?: string
  state?: string
  coin?: string
}

/** A role, whether it runs or not. */
export interface RolePlace {
  readonly role: RoleName
  /** Of its HTTP surface on loopback; 0 where it has none. */
  readonly port: number
  /** Parsed JSON of its configuration, where that was named. */
  readonly json: unknown
  readonly path: string | undefined
  /** Where its records are. */
  readonly directory: string
  readonly tonConfigFilename: string
  readonly token: string | undefined
  /** Where it leaves a token that it made itself. */
  readonly tokenFile: string
}

const usualPorts: Record<RoleName, number> = { client: 10_000, proxy: 11_000, worker: 12_000 }
const timeoutMs = 30_000

/** The role that is meant: named, or whose configuration is given. Throws `usage` where neither is. */
export async function rolePlace(
  { environment }: Context,
  named: RoleName | undefined,
  flags: AccountFlags,
): Promise<RolePlace> {
  const path = flags.config
  const json = path === undefined ? undefined : await readJsonFile(path, 'The configuration')
  const role = named ?? (json === undefined ? undefined : roleOf(json))
  if (role === undefined) {
    throw new CliError('usage', 'It is not clear which role is meant.', {
      advice: 'Name it (client, proxy or worker), or give its configuration with --config.',
    })
  }
  const state = stateDirectoryOf(environment, flags.state)
  const runner =
    json === undefined
      ? undefined
      : parseRunnerConfig('proxyRunner.config', json, { path: path ?? '', environment })
  const port = flags.port ?? runner?.httpPort ?? usualPorts[role]
  const dbPath = role === 'proxy' && !isDatabaseUrl(runner?.dbPath) ? runner?.dbPath : undefined
  return {
    role,
    port,
    json,
    path,
    directory: dbPath || join(state, `${role}-${runner?.httpPort ?? port}`),
    tonConfigFilename: runner?.tonConfigFilename ?? '',
    token: flags.token ?? (environment['COCOON_HTTP_ACCESS_HASH'] || runner?.httpAccessHash || undefined),
    tokenFile: controlTokenFile(state, role, port),
  }
}

/** Each role has keys that no other has. */
function roleOf(json: unknown): RoleName {
  const keys = typeof json === 'object' && json !== null ? Object.keys(json) : []
  if (keys.includes('machine_specific_private_key')) return 'proxy'
  return keys.includes('model_name') ? 'worker' : 'client'
}

/**
 * Asks a role that runs. Undefined where nothing answers. Rejects with `refused` where something else answers, or
 * without the token that it wants.
 */
export async function askRole(place: RolePlace, path: string): Promise<unknown> {
  const { port, role } = place
  if (port === 0) return undefined
  let response: Response
  try {
    response = await call(place, path, 'GET')
  } catch {
    return undefined
  }
  const answer = parseJson(await response.text())
  if (response.status === 401) throw needsToken(place)
  if (response.ok && typeof answer === 'object' && answer !== null) return answer
  throw new CliError(
    'refused',
    `What answers on port ${port} is no Cocoon ${role} that tells of its money.`,
    {
      advice: 'Correct --port, or --config.',
    },
  )
}

const refusal = z.object({ error: z.object({ code: z.string(), message: z.string() }) })

/** Has a role that runs do something. Rejects with `unreachable`, or with `refused` for what it says. */
export async function orderRole(place: RolePlace, path: string): Promise<void> {
  const { port, role } = place
  let response: Response
  try {
    response = await call(place, path, 'POST')
  } catch (cause) {
    throw new CliError('unreachable', `No ${role} runs on port ${port} of this machine.`, {
      cause,
      advice: 'Start it: it closes its contracts itself. --port or --config says where it is.',
    })
  }
  if (response.ok) return
  if (response.status === 401) throw needsToken(place)
  const said = refusal.safeParse(parseJson(await response.text()))
  throw new CliError(
    'refused',
    said.success ? foreign(said.data.error.message, 300) : `The ${role} refused it.`,
  )
}

async function call({ port, token, tokenFile }: RolePlace, path: string, method: string): Promise<Response> {
  const shown = token ?? (await readFile(tokenFile, 'utf8').catch(() => '')).trim()
  return fetch(`http://127.0.0.1:${port}${path}`, {
    method,
    redirect: 'error',
    signal: AbortSignal.timeout(timeoutMs),
    headers: shown === '' ? {} : { authorization: `Bearer ${shown}` },
  })
}

function needsToken({ role, tokenFile }: RolePlace): CliError {
  return new CliError('refused', `The ${role} wants its token.`, {
    advice: `Give it with --token or COCOON_HTTP_ACCESS_HASH, or the --state that holds ${tokenFile}.`,
  })
}
