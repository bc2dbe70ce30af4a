import { stat } from 'node:fs/promises'
import { openSqliteTally, type TallyRow } from '@cocoon/money'
import { z } from 'zod'
import type { Context } from '../context.ts'
import { CliError } from '../error.ts'
import { mostTallyS } from '../http/tally-json.ts'
import { told } from '../money-error.ts'
import { tallyFile } from '../roles/tally.ts'
import { askRole, type RolePlace } from './place.ts'

const amount = z
  .string()
  .regex(/^\d{1,40}$/)
  .transform(BigInt)
const answer = z.object({
  rows: z.array(
    z.object({
      hourS: z.number(),
      model: z.string(),
      counterparty: z.string(),
      requests: amount,
      adjustedTokens: amount,
      promptTokens: amount,
      cachedTokens: amount,
      completionTokens: amount,
      reasoningTokens: amount,
      nano: amount,
    }),
  ),
})

/** What a role did in the hours that begin in `[fromS, toS)`: as it tells if it runs, from its records if not. */
export async function tallyRows(
  context: Context,
  place: RolePlace,
  { fromS, toS }: { fromS: number; toS: number },
): Promise<TallyRow[]> {
  const rows: TallyRow[] = []
  for (let at = fromS; at < toS; at += mostTallyS) {
    const part = await askRole(place, `/tally?from=${at}&to=${Math.min(at + mostTallyS, toS)}`)
    if (part === undefined) return recordedRows(context, place, { fromS, toS })
    const parsed = answer.safeParse(part)
    if (!parsed.success)
      throw new CliError('refused', `The ${place.role} on port ${place.port} keeps no tally.`)
    rows.push(...parsed.data.rows)
  }
  return rows
}

async function recordedRows(
  { world }: Context,
  { directory, role, port }: RolePlace,
  range: { fromS: number; toS: number },
): Promise<TallyRow[]> {
  const path = tallyFile(directory)
  if ((await stat(path).catch(() => undefined)) === undefined) {
    throw new CliError(
      'unreachable',
      `No ${role} runs on port ${port}, and ${directory} has no records of one.`,
      {
        advice: '--port or --config says where it is, --state where its records are.',
      },
    )
  }
  return told(async () => {
    await using tally = await openSqliteTally({ path, world })
    return await tally.rows(range)
  })
}
