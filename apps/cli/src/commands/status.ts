import { z } from 'zod'
import { parseJson } from '../api.ts'
import { type Context, foreign, print, printJson, tinted } from '../context.ts'
import type { CommonFlags } from '../flags.ts'
import { grouped, simulatedNotice } from '../http/page.ts'
import { localPortFlags } from '../roles/local-network.ts'
import type { RoleName } from '../roles/role.ts'
import { table } from '../table.ts'

export interface StatusFlags extends CommonFlags {
  port: number
  proxyPort: number
  workerPort: number
  token?: string
}

/** What is known of one role on one port. */
export interface RoleStatus {
  role: RoleName
  address: string
  state: 'up' | 'not ready' | 'down' | 'another program'
  /** Not known to have sealed hardware behind it. */
  simulated: boolean
  /** Why it is not up, in words. */
  reasons: string[]
  /** What it did, in words. */
  facts: string[]
}

const timeoutMs = 3_000

/** `cocoon status`. True if everything that was asked about is up. */
export async function runStatus(
  context: Context,
  roles: readonly RoleName[],
  flags: StatusFlags,
): Promise<boolean> {
  const ports: Record<RoleName, number> = {
    client: flags.port,
    proxy: flags.proxyPort,
    worker: flags.workerPort,
  }
  const wanted = roles.length > 0 ? roles : (['client', 'proxy', 'worker'] as const)
  const token = flags.token ?? context.environment['COCOON_HTTP_ACCESS_HASH']
  const statuses = await Promise.all(wanted.map(role => statusOf(role, ports[role], token)))
  const isUp = statuses.every(({ state }) => state === 'up')
  if (flags.json) printJson(context.stdout, { up: isUp, simulated: isSimulated(statuses), roles: statuses })
  else print(context.stdout, ...describe(context, statuses))
  return isUp
}

function isSimulated(statuses: readonly RoleStatus[]): boolean {
  return statuses.some(({ simulated }) => simulated)
}

const healthShape = z.object({
  role: z.string(),
  status: z.string(),
  reasons: z.array(z.string()).max(1000),
  simulated: z.boolean(),
})

/** Asks a role on loopback how it is. Never rejects. */
export async function statusOf(role: RoleName, port: number, token?: string): Promise<RoleStatus> {
  const address = `127.0.0.1:${port}`
  let simulated = true
  const found = (state: RoleStatus['state'], reasons: string[], facts: string[] = []): RoleStatus => ({
    role,
    address,
    state,
    simulated,
    reasons,
    facts,
  })
  const health = await get(`http://${address}/health`)
  if (health === undefined) return found('down', ['nothing answers there'])
  const parsed = healthShape.safeParse(health)
  if (!parsed.success) return found('another program', ['what answers there is no Cocoon role'])
  if (parsed.data.role !== role)
    return found('another program', [`a Cocoon ${foreign(parsed.data.role)} answers there`])
  simulated = parsed.data.simulated
  const reasons = parsed.data.reasons.map(reason => foreign(reason))
  const stats = await get(`http://${address}/jsonstats`, token)
  return found(reasons.length === 0 ? 'up' : 'not ready', reasons, factsOf(role, stats))
}

const rate = z.array(z.number()).min(1)
const statsShapes = {
  client: z.object({
    stats: z.object({ queries: rate, success: rate, failed: rate }),
    proxy_connections: z.array(z.object({ is_ready: z.boolean() })),
  }),
  proxy: z.object({
    stats: z.object({ queries: rate, success: rate, failed: rate }),
    worker_connections: z.array(z.object({ model: z.string() })),
    clients: z.array(z.unknown()),
  }),
  worker: z.object({
    stats: z.object({ queries: rate, success: rate, failed: rate }),
    localconfig: z.object({ model: z.string(), coefficient: z.number() }),
  }),
}

function factsOf(role: RoleName, stats: unknown): string[] {
  const parsed = statsShapes[role].safeParse(stats)
  if (!parsed.success) return []
  const { data } = parsed
  const answered = `${grouped(data.stats.success[0] ?? 0)} of ${grouped(data.stats.queries[0] ?? 0)} requests answered`
  if ('proxy_connections' in data) {
    const ready = data.proxy_connections.filter(proxy => proxy.is_ready).length
    return [`${ready} of ${data.proxy_connections.length} proxies connected`, answered]
  }
  if ('worker_connections' in data) {
    return [`workers ${data.worker_connections.length}, clients ${data.clients.length}`, answered]
  }
  const { model, coefficient } = data.localconfig
  return [`${foreign(model.split('@', 1)[0] ?? model, 80)} at ${coefficient / 1000} ×`, answered]
}

function describe({ stdout }: Context, statuses: readonly RoleStatus[]): string[] {
  const rows = statuses.map(({ role, address, state, facts }) => {
    const tone = state === 'up' ? 'strong' : 'failed'
    return [role, tinted(tone, state, stdout), address, facts.join(', ')]
  })
  const troubles = statuses.flatMap(({ role, reasons }) => reasons.map(reason => `${role}: ${reason}`))
  const notice = isSimulated(statuses) ? [tinted('simulated', simulatedNotice, stdout), ''] : []
  const lines = [...notice, ...table(rows)]
  if (troubles.length > 0) lines.push('', ...troubles)
  if (statuses.some(({ state }) => state === 'down')) {
    const flags = statuses
      .filter(({ state }) => state === 'down')
      .map(({ role }) => localPortFlags[role])
      .join(', ')
    lines.push('', `\`cocoon up\` starts a network; if it runs on other ports, name them: ${flags}.`)
  }
  return lines
}

async function get(url: string, token?: string): Promise<unknown> {
  try {
    const response = await fetch(url, {
      signal: AbortSignal.timeout(timeoutMs),
      redirect: 'manual',
      headers: token === undefined ? {} : { authorization: `Bearer ${token}` },
    })
    return parseJson(await response.text()) ?? {}
  } catch (error) {
    // Something that listens and speaks otherwise is not nothing.
    const cause = error instanceof Error ? (error.cause as { code?: string } | undefined) : undefined
    return cause?.code === 'ECONNREFUSED' || cause === undefined ? undefined : {}
  }
}
