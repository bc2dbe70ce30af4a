import {
  judgeQuote,
  lenientPolicy,
  type QuoteReport,
  readCollateral,
  readQuoteFile,
  verifyQuote,
} from '@cocoon/trust'
import { nodeCrypto } from '@cocoon/trust/node'
import { readJsonFile } from '../config/json-file.ts'
import { reasonOf } from '../error.ts'

/** What is said of one case: the report where there is one, and the gist of it in any case. */
export type CaseVerdict = Pick<QuoteReport, 'verdict' | 'kind' | 'reason'> &
  Partial<QuoteReport> & {
    readonly case: string
    readonly tcbStatus: string | null
    readonly advisoryIds: readonly string[]
  }

/**
 * Verifies a case: a quote (`quoteHex`) with its `collateral`, at its own time (`verifyAtUnix`), against Intel's root
 * and a policy that allows every TCB status but Revoked. Bytes behind the quote are passed over, as captured buffers
 * have them. A case that cannot be read is rejected like one that is wrong.
 */
export async function verifyCase(path: string): Promise<CaseVerdict> {
  try {
    return await judgeCase(path)
  } catch (error) {
    return {
      case: path,
      verdict: 'reject',
      kind: 'invalid',
      tcbStatus: null,
      advisoryIds: [],
      reason: reasonOf(error),
    }
  }
}

async function judgeCase(path: string): Promise<CaseVerdict> {
  const file = (await readJsonFile(path, 'The case')) as Record<string, unknown> | null
  const { quoteHex, verifyAtUnix, collateral } = file ?? {}
  if (typeof quoteHex !== 'string') throw new TypeError('The case has no quoteHex.')
  if (typeof verifyAtUnix !== 'number' || !(verifyAtUnix >= 0) || verifyAtUnix > 1e11) {
    throw new TypeError('The case has no verifyAtUnix, in seconds since 1970.')
  }
  const quote = readQuoteFile(new TextEncoder().encode(quoteHex))
  const options = { nowMs: verifyAtUnix * 1000, ignoreTrailing: true, crypto: nodeCrypto }
  const verified = await verifyQuote(quote, readCollateral(collateral), options)
  const { verdict, kind, reason, ...rest } = judgeQuote(verified, lenientPolicy)
  const { status = null, advisoryIds = [] } = rest.tcb ?? {}
  return { case: path, verdict, kind, tcbStatus: status, advisoryIds, reason, ...rest }
}
