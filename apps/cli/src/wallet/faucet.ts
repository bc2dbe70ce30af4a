import { formatAddress, type ContractAddress } from '@cocoon/money'
import { z } from 'zod'
import { parseJson } from '../api.ts'
import type { Devnet } from '../config/person-chain.ts'
import { foreign } from '../context.ts'
import { CliError, reasonOf } from '../error.ts'

const timeoutMs = 120_000
const answer = z.object({ result: z.object({ hash: z.string(), seqno: z.number() }) })
const refusal = z.object({ error: z.string() })

/** Coins out of nothing, on a local chain. Resolves once they are there. Rejects with `refused` or `unreachable`. */
export async function askFaucet(
  { url }: Devnet,
  address: ContractAddress,
  nano: bigint,
): Promise<{ hash: string; seqno: number }> {
  let text: string
  try {
    const response = await fetch(`${url}/faucet`, {
      method: 'POST',
      redirect: 'error',
      signal: AbortSignal.timeout(timeoutMs),
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ address: formatAddress(address), amount: String(nano) }),
    })
    text = await response.text()
  } catch (cause) {
    throw new CliError('unreachable', `The faucet at ${url} does not answer: ${reasonOf(cause)}.`, { cause })
  }
  const parsed = answer.safeParse(parseJson(text))
  if (parsed.success) return parsed.data.result
  const why = refusal.safeParse(parseJson(text))
  throw new CliError(
    'refused',
    why.success ? foreign(why.data.error, 300) : 'The faucet gave no answer that makes sense.',
  )
}
