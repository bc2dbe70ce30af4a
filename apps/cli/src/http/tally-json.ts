import type { Tally, TallyRow } from '@cocoon/money'

/** Hours of one answer: whoever wants more asks again. */
export const mostTallyS = 32 * 86_400

/** Rows of the hours that begin in `[from, to)`, both in Unix seconds. Never rejects. */
export async function tallyAnswer(
  tally: Pick<Tally, 'rows'>,
  parameters: URLSearchParams,
): Promise<{ status: number; body: Record<string, unknown> }> {
  const [fromS, toS] = ['from', 'to'].map(name => secondsOf(parameters.get(name)))
  if (fromS === undefined || toS === undefined || toS < fromS || toS - fromS > mostTallyS) {
    const message = `Name a time of at most ${mostTallyS / 86_400} days: ?from=SECONDS&to=SECONDS.`
    return { status: 400, body: { error: { code: 'invalid-range', message } } }
  }
  try {
    const rows = await tally.rows({ fromS, toS })
    return { status: 200, body: { from: fromS, to: toS, rows: rows.map(tallyJson) } }
  } catch {
    return {
      status: 500,
      body: { error: { code: 'internal', message: 'The tally cannot be read. The log says why.' } },
    }
  }
}

/** Amounts as decimal text: they are exact. */
function tallyJson(row: TallyRow): Record<string, string | number> {
  return Object.fromEntries(
    Object.entries(row).map(([name, value]) => [name, typeof value === 'bigint' ? String(value) : value]),
  )
}

function secondsOf(text: string | null): number | undefined {
  return text !== null && /^\d{1,12}$/.test(text) ? Number(text) : undefined
}
