import { join } from 'node:path'
import { writeCollateral } from '@cocoon/trust'
import type { TcbPlan } from '@cocoon/trust/simulate'
import { writeOut } from '../attest/files.ts'
import { openLocalTee } from '../attest/local-tee.ts'
import { type Context, print, printJson, stateDirectoryOf, tinted } from '../context.ts'
import { CliError } from '../error.ts'
import type { CommonFlags } from '../flags.ts'

export interface SimulateFlags extends CommonFlags {
  out: string
  quoteVersion: '3' | '4' | '5'
  td: '1.0' | '1.5'
  tcbStatus: string
  reportData?: Uint8Array
  state?: string
}

/** What a trust domain and the module below it have to be for the statuses that advise to launch it again. */
const relaunches: ReadonlyMap<string, Partial<TcbPlan>> = new Map([
  ['TDRelaunchAdvised', { platform: 'OutOfDate', current: 'UpToDate' }],
  ['TDRelaunchAdvisedConfigurationNeeded', { platform: 'OutOfDate', current: 'ConfigurationNeeded' }],
])

/** `cocoon attest simulate`: a quote that proves nothing, with everything that it takes to verify it. */
export async function runSimulate(context: Context, flags: SimulateFlags): Promise<void> {
  const { stdout, world } = context
  const { out, td, reportData, json } = flags
  const tee = await openLocalTee(world, stateDirectoryOf(context.environment, flags.state))
  const version = Number(flags.quoteVersion) as 3 | 4 | 5
  if (td === '1.5' && version !== 5) {
    throw new CliError('usage', 'TD 1.5 takes quotes of version 5.', { advice: 'Add `--quote-version 5`.' })
  }
  if (td !== '1.5' && relaunches.has(flags.tcbStatus)) {
    throw new CliError('usage', `Only TD 1.5 can be ${flags.tcbStatus}.`, { advice: 'Add `--td 1.5`.' })
  }
  const kind = version === 3 ? 'SGX' : (`TD ${td}` as const)
  const { quote, collateral } = tee.evidence({
    nowMs: world.now(),
    version,
    body: { kind, ...(reportData && { reportData: Uint8Array.from(reportData) }) },
    tcb: relaunches.get(flags.tcbStatus) ?? { platform: flags.tcbStatus as TcbPlan['platform'] },
  })
  const files = {
    quote: join(out, 'quote.bin'),
    collateral: join(out, 'collateral.json'),
    root: join(out, 'root.pem'),
  }
  await writeOut(files.quote, quote)
  await writeOut(files.collateral, `${JSON.stringify(writeCollateral(collateral), null, 1)}\n`)
  await writeOut(files.root, tee.rootPem)
  if (json) return printJson(stdout, { simulated: true, ...files })
  print(
    stdout,
    tinted('simulated', 'SIMULATED: this evidence proves nothing.', stdout),
    `Wrote ${files.quote}, ${files.collateral} and ${files.root}. To verify it:`,
    `  cocoon attest verify ${files.quote} --collateral ${files.collateral} --root ${files.root}`,
  )
}
