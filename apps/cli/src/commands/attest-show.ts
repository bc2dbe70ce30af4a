import { verifyQuote } from '@cocoon/trust'
import { nodeCrypto } from '@cocoon/trust/node'
import { readQuote } from '../attest/files.ts'
import { factsText } from '../attest/report-text.ts'
import { type Context, print, printJson, tinted } from '../context.ts'
import { CliError } from '../error.ts'
import type { CommonFlags } from '../flags.ts'

/** `cocoon attest show`: what a quote says of itself. Nothing of it is verified. */
export async function runShow({ stdout, world }: Context, path: string, flags: CommonFlags): Promise<void> {
  const quote = await readQuote(path)
  const report = await verifyQuote(
    quote,
    {},
    { nowMs: world.now(), crypto: nodeCrypto, ignoreTrailing: true },
  )
  if (!report.quote) {
    throw new CliError('config', `${path} holds no quote: ${report.reason ?? ''}`, {
      advice: 'A quote of SGX or TDX is of version 3, 4 or 5.',
    })
  }
  const { quote: summary, measurements, platform } = report
  if (flags.json) return printJson(stdout, { verified: false, quote: summary, measurements, platform })
  const unproved = { ...report, tcb: null, expiresAt: null }
  print(
    stdout,
    tinted('simulated', 'Not verified: this is what the quote says of itself.', stdout),
    '',
    ...factsText(unproved, stdout).filter(line => !/^\S*(?:verified at|holds until|TCB status)/.test(line)),
  )
}
