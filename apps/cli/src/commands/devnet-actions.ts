import { readFile } from 'node:fs/promises'
import { type ContractAddress, formatAddress } from '@cocoon/money'
import { z } from 'zod'
import { parseJson } from '../api.ts'
import { type Context, foreign, print, printJson, stateDirectoryOf, tinted } from '../context.ts'
import { CliError } from '../error.ts'
import type { CommonFlags } from '../flags.ts'
import { coinsText } from '../http/coins.ts'
import { devnetNotice, devnetTokenFile } from './devnet.ts'

export interface DevnetCallFlags extends CommonFlags {
  port: number
  state?: string
}

/** A block of the slowest chain, and some time for the machine. */
const timeoutMs = 120_000

const head = z.object({ seqno: z.number(), timeS: z.number() })
const receipt = z.object({
  address: z.string(),
  amount: z.string().regex(/^\d+$/),
  hash: z.string(),
  lt: z.string(),
  seqno: z.number(),
})
const status = head.extend({
  simulated: z.literal(true),
  blockTimeMs: z.number().nullable(),
  transactions: z.number(),
  waiting: z.number(),
  aheadS: z.number(),
  faucet: z.string(),
  faucetNano: z.string().regex(/^\d+$/),
  snapshots: z.array(z.object({ name: z.string(), seqno: z.number() })),
})

/** `cocoon devnet faucet`. */
export async function runFaucet(
  context: Context,
  address: string,
  amountNano: bigint,
  flags: DevnetCallFlags,
): Promise<void> {
  const body = { address, amount: String(amountNano) }
  const given = await call(context, flags, receipt, { path: '/faucet', body })
  tell(context, flags, given, `${coinsText(amountNano)} coins for ${address}, in block ${given.seqno}.`)
}

/** Coins of the local chain for a wallet, without a word. */
export async function fundFromFaucet(
  context: Context,
  flags: DevnetCallFlags,
  address: ContractAddress,
  amountNano: bigint,
): Promise<void> {
  const body = { address: formatAddress(address), amount: String(amountNano) }
  await call(context, flags, receipt, { path: '/faucet', body })
}

/** `cocoon devnet snapshot`. */
export async function runSnapshot(context: Context, name: string, flags: DevnetCallFlags): Promise<void> {
  const at = await call(context, flags, head, { path: '/devnet/snapshot', body: { name } })
  tell(context, flags, { name, ...at }, `Kept block ${at.seqno} and all before it as ${name}.`)
}

/** `cocoon devnet restore`. */
export async function runRestore(context: Context, name: string, flags: DevnetCallFlags): Promise<void> {
  const at = await call(context, flags, head, { path: '/devnet/restore', body: { name } })
  tell(context, flags, { name, ...at }, `The chain goes on from ${name}, at block ${at.seqno}.`)
}

/** `cocoon devnet advance`. */
export async function runAdvance(context: Context, seconds: number, flags: DevnetCallFlags): Promise<void> {
  const at = await call(context, flags, head, { path: '/devnet/advance', body: { seconds } })
  tell(context, flags, at, `The chain is at ${new Date(at.timeS * 1000).toISOString()}, block ${at.seqno}.`)
}

/** `cocoon devnet mine`. */
export async function runMine(context: Context, flags: DevnetCallFlags): Promise<void> {
  const at = await call(context, flags, head, { path: '/devnet/mine', body: {} })
  tell(context, flags, at, `Block ${at.seqno}.`)
}

/** `cocoon devnet status`. */
export async function runDevnetStatus(context: Context, flags: DevnetCallFlags): Promise<void> {
  const now = await call(context, flags, status, { path: '/devnet/status' })
  if (flags.json) return printJson(context.stdout, now)
  const { stdout } = context
  const ahead = now.aheadS === 0 ? '' : `, ${now.aheadS} s ahead of the clock`
  print(
    stdout,
    tinted('simulated', devnetNotice, stdout),
    `block ${now.seqno} of ${new Date(now.timeS * 1000).toISOString()}${ahead}`,
    `${now.transactions} transactions, ${now.waiting} messages wait`,
    `faucet ${foreign(now.faucet, 80)}, ${coinsText(BigInt(now.faucetNano))} coins`,
    ...now.snapshots.map(({ name, seqno }) => `snapshot ${foreign(name, 80)}, block ${seqno}`),
  )
}

function tell(context: Context, flags: DevnetCallFlags, value: object, text: string): void {
  if (flags.json) printJson(context.stdout, { simulated: true, ...value })
  else print(context.stdout, foreign(text, 300))
}

interface Ask {
  path: string
  /** Absent for a question. */
  body?: Record<string, unknown>
}

/** Rejects with `unreachable` if no devnet answers, with `refused` if it will not do it. */
async function call<Shape>(
  { environment }: Context,
  flags: DevnetCallFlags,
  shape: z.ZodType<Shape>,
  { path, body }: Ask,
): Promise<Shape> {
  const file = devnetTokenFile(stateDirectoryOf(environment, flags.state), flags.port)
  const isOpen = body === undefined || path === '/faucet'
  const token = isOpen ? '' : await readFile(file, 'utf8').catch(() => '')
  const url = `http://127.0.0.1:${flags.port}`
  let response: Response
  let text: string
  try {
    response = await fetch(url + path, {
      method: body === undefined ? 'GET' : 'POST',
      redirect: 'error',
      signal: AbortSignal.timeout(timeoutMs),
      headers: {
        'content-type': 'application/json',
        ...(token !== '' && { authorization: `Bearer ${token.trim()}` }),
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    })
    text = await response.text()
  } catch (cause) {
    throw new CliError('unreachable', `No devnet answers at ${url}.`, {
      cause,
      advice: 'Start one with `cocoon devnet`, or name its port with --port.',
    })
  }
  const answer = z.object({ result: shape }).safeParse(parseJson(text))
  if (response.ok && answer.success) return answer.data.result
  const refusal = z.object({ error: z.string() }).safeParse(parseJson(text))
  if (!refusal.success || response.ok) {
    throw new CliError('refused', `What answers at ${url} is no devnet.`, { advice: 'Correct --port.' })
  }
  const advice =
    response.status === 401
      ? `Its token is in no file ${file}: give the --state that it was started with.`
      : undefined
  throw new CliError('refused', foreign(refusal.data.error, 500), advice === undefined ? {} : { advice })
}
