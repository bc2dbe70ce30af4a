import {
  type Collateral,
  collateralKeyOf,
  collateralService,
  fetchCollateral,
  intelRoot,
  judgeQuote,
  type QuoteReport,
  TrustError,
  verifyQuote,
} from '@cocoon/trust'
import { nodeCrypto } from '@cocoon/trust/node'
import { type CaseVerdict, verifyCase } from '../attest/case-file.ts'
import { readCollateralFile, readPolicyFile, readQuote, readRootFile } from '../attest/files.ts'
import { reportText } from '../attest/report-text.ts'
import { type Context, foreign, print, printJson, tinted } from '../context.ts'
import { CliError } from '../error.ts'
import type { CommonFlags } from '../flags.ts'

export interface VerifyFlags extends CommonFlags {
  case?: string[]
  collateral?: string
  from?: string
  policy?: string
  root?: string
  at?: string
  reportData?: Uint8Array
  ignoreTrailing?: true
}

/** `cocoon attest verify`. True if everything was accepted. */
export async function runVerify(
  context: Context,
  quotePath: string | undefined,
  flags: VerifyFlags,
): Promise<boolean> {
  if ((flags.case === undefined) === (quotePath === undefined)) {
    throw new CliError('usage', 'One quote or some cases have to be named, and not both.', {
      advice: '`cocoon attest verify quote.bin --collateral collateral.json`, or `--case case.json`.',
    })
  }
  return quotePath === undefined
    ? verifyCases(context, flags.case ?? [], flags)
    : verifyOne(context, quotePath, flags)
}

async function verifyCases(
  { stdout }: Context,
  paths: readonly string[],
  flags: VerifyFlags,
): Promise<boolean> {
  let isWell = true
  for (const path of paths) {
    const verdict = await verifyCase(path)
    isWell &&= verdict.verdict === 'accept'
    if (flags.json) printJson(stdout, verdict)
    else print(stdout, caseLine(verdict, stdout))
  }
  return isWell
}

function caseLine(found: CaseVerdict, stdout: Context['stdout']): string {
  const { verdict, kind, reason, tcbStatus } = found
  const sign = verdict === 'accept' ? tinted('checked', '✓', stdout) : tinted('failed', '✗', stdout)
  const status = tcbStatus ?? 'no TCB status'
  const why = reason === null ? '' : ` (${kind === 'policy' ? 'policy' : 'invalid'}) ${foreign(reason)}`
  return `${sign} ${foreign(found.case)}: ${status}${why}`
}

async function verifyOne(context: Context, quotePath: string, flags: VerifyFlags): Promise<boolean> {
  const quote = await readQuote(quotePath)
  const policy = await readPolicyFile(flags.policy)
  const verified = await verifyQuote(quote, await collateralFor(context, quote, flags), {
    nowMs: flags.at === undefined ? context.world.now() : Date.parse(flags.at),
    root: flags.root === undefined ? intelRoot : await readRootFile(flags.root),
    crypto: nodeCrypto,
    ignoreTrailing: flags.ignoreTrailing === true,
  })
  // Who names a root of their own has said that simulated evidence will do, this once.
  const judged = flags.root === undefined ? policy : { ...policy, allowSimulated: true }
  const report: QuoteReport = judgeQuote(verified, judged, flags)
  if (flags.json) printJson(context.stdout, report)
  else print(context.stdout, ...reportText(report, context.stdout))
  return report.verdict === 'accept'
}

async function collateralFor(
  context: Context,
  quote: Uint8Array,
  { collateral, from }: VerifyFlags,
): Promise<Collateral> {
  if (collateral !== undefined) return readCollateralFile(collateral)
  if (from !== undefined) return getCollateral(context, quote, from)
  throw new CliError('usage', 'There is no collateral, and without it nothing can be verified.', {
    advice: 'Name a file with --collateral, or a service with --from.',
  })
}

/** Collateral from a service, with failures as a person is told of them. */
export async function getCollateral(
  { world }: Context,
  quote: Uint8Array,
  address: string,
): Promise<Collateral> {
  try {
    return await fetchCollateral(collateralService(address), collateralKeyOf(quote), { fetch, world })
  } catch (cause) {
    if (!(cause instanceof TrustError)) throw cause
    throw new CliError(cause.code === 'fetch-failed' ? 'unreachable' : 'config', cause.message, {
      cause,
      advice: cause.code === 'fetch-failed' ? 'Check the address, or try again later.' : 'Check the quote.',
    })
  }
}
