import { join } from 'node:path'
import { writeCollateral } from '@cocoon/trust'
import { createSimulatedTee, type SimulatedTee } from '@cocoon/trust/simulate'
import { readBytes, writeOut } from '../attest/files.ts'
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

/** `cocoon attest simulate`: a quote that proves nothing, with everything that it takes to verify it. */
export async function runSimulate(context: Context, flags: SimulateFlags): Promise<void> {
  const { stdout, world } = context
  const { out, td, reportData, json } = flags
  const tee = await localTee(context, flags.state)
  const version = Number(flags.quoteVersion) as 3 | 4 | 5
  if (td === '1.5' && version !== 5) {
    throw new CliError('usage', 'TD 1.5 takes quotes of version 5.', { advice: 'Add `--quote-version 5`.' })
  }
  const kind = version === 3 ? 'SGX' : (`TD ${td}` as const)
  const { quote, collateral } = tee.evidence({
    nowMs: world.now(),
    version,
    body: { kind, ...(reportData && { reportData: Uint8Array.from(reportData) }) },
    tcb: { platform: flags.tcbStatus as 'UpToDate' },
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

/** The simulated TEE of this machine: its root is made on first use and stays. */
async function localTee(context: Context, state: string | undefined): Promise<SimulatedTee> {
  const { environment, world } = context
  const path = join(stateDirectoryOf(environment, state), 'simulated-tee', 'seed')
  try {
    return createSimulatedTee(await readBytes(path, 'The seed'))
  } catch (error) {
    if (error instanceof RangeError) {
      throw new CliError('config', `${path} is no seed: ${error.message}`, { advice: 'Delete it.' })
    }
    const { cause } = error as CliError
    if ((cause as NodeJS.ErrnoException | undefined)?.code !== 'ENOENT') throw error
    // There is none yet: the first one is made.
  }
  const seed = world.random(32)
  await writeOut(path, seed, 0o600)
  return createSimulatedTee(seed)
}
