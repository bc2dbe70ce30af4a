import { writeCollateral } from '@cocoon/trust'
import { readQuote, writeOut } from '../attest/files.ts'
import { type Context, print, printJson } from '../context.ts'
import type { CommonFlags } from '../flags.ts'
import { getCollateral } from './attest-verify.ts'

export interface FetchCollateralFlags extends CommonFlags {
  from: string
  out?: string
}

/** `cocoon attest fetch-collateral`. Nothing is verified here: that is done with the quote, every time. */
export async function runFetchCollateral(
  context: Context,
  quotePath: string,
  { from, out, json }: FetchCollateralFlags,
): Promise<void> {
  const { stdout } = context
  const collateral = writeCollateral(await getCollateral(context, await readQuote(quotePath), from))
  if (out === undefined) return printJson(stdout, collateral)
  await writeOut(out, `${JSON.stringify(collateral, null, 1)}\n`)
  if (json) printJson(stdout, { written: out })
  else print(stdout, `Wrote ${out}. \`cocoon attest verify ${quotePath} --collateral ${out}\` uses it.`)
}
