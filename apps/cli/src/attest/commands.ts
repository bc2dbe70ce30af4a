import { type Command, InvalidArgumentError, Option } from 'commander'
import type { Context } from '../context.ts'
import { repeated, time, withJson } from '../flags.ts'
import { addGpuAndEvents } from './gpu-commands.ts'

/** What a command found, where finding something wrong is no failure of the command. */
interface Outcome {
  isWell: boolean
}

/** `cocoon attest` and `cocoon policy`. */
export function addAttestation(program: Command, context: Context, outcome: Outcome): void {
  const attest = program.command('attest').description('look at evidence of machines, and verify it')
  addVerify(attest, context, outcome)

  withJson(attest.command('show'))
    .description('say what a quote says of itself, without verifying it')
    .argument('<quote>', 'file with the quote: raw, hexadecimal or base64')
    .action(async (quote: string, flags) =>
      (await import('../commands/attest-show.ts')).runShow(context, quote, flags),
    )

  withJson(attest.command('fetch-collateral'))
    .description('get what it takes to verify a quote')
    .argument('<quote>', 'file with the quote')
    .option('--from <url>', 'service: a PCCS, or that of Intel', 'https://api.trustedservices.intel.com')
    .option('--out <file>', 'file to write to (default: standard output)')
    .action(async (quote: string, flags) =>
      (await import('../commands/attest-collateral.ts')).runFetchCollateral(context, quote, flags),
    )

  addGpuAndEvents(attest, context, outcome)
  addSimulate(attest, context)

  const policy = program.command('policy').description('what is asked of evidence')
  withJson(policy.command('explain'))
    .description('say in words what a policy accepts')
    .argument('[file]', 'policy, JSON (default: the one in force without a file)')
    .action(async (file: string | undefined, flags) =>
      (await import('../commands/policy-explain.ts')).runExplainPolicy(context, file, flags),
    )
}

function addVerify(attest: Command, context: Context, outcome: Outcome): void {
  withJson(attest.command('verify'))
    .description('verify a quote with its collateral; exit code 1 when it is rejected')
    .argument('[quote]', 'file with the quote: raw, hexadecimal or base64')
    .option('--collateral <file>', 'collateral, JSON')
    .option('--from <url>', 'get the collateral from this service')
    .option('--policy <file>', 'policy, JSON: `cocoon policy explain` tells what it means')
    .option('--report-data <hex>', 'what the quote has to be made for, 64 bytes', reportData)
    .option('--at <time>', 'verify as of this time (default: now)', time)
    .option('--root <file>', 'a simulated root to trust in place of that of Intel, PEM')
    .option('--ignore-trailing', 'pass over bytes behind the quote')
    .option('--case <file>', 'verify a case file, at its time, for any TCB status; repeatable', repeated())
    .action(async (quote: string | undefined, flags) => {
      outcome.isWell = await (await import('../commands/attest-verify.ts')).runVerify(context, quote, flags)
    })
}

function addSimulate(attest: Command, context: Context): void {
  const statuses = [
    'UpToDate',
    'SWHardeningNeeded',
    'ConfigurationNeeded',
    'ConfigurationAndSWHardeningNeeded',
    'OutOfDate',
    'OutOfDateConfigurationNeeded',
    'Revoked',
    'TDRelaunchAdvised',
    'TDRelaunchAdvisedConfigurationNeeded',
    'TcbNotSupported',
  ]
  withJson(attest.command('simulate'))
    .description('make evidence of a simulated machine, which proves nothing')
    .requiredOption('--out <dir>', 'folder for the quote, its collateral and the root')
    .addOption(new Option('--quote-version <n>', '3 is SGX').choices(['3', '4', '5']).default('4'))
    .addOption(new Option('--td <version>', 'of the TDX module').choices(['1.0', '1.5']).default('1.0'))
    .addOption(new Option('--tcb-status <status>', 'of the platform').choices(statuses).default('UpToDate'))
    .option('--report-data <hex>', 'what the quote is made for, 64 bytes', reportData)
    .option('--state <dir>', 'folder of the simulated root (default: ~/.cache/cocoon)')
    .action(async flags => (await import('../commands/attest-simulate.ts')).runSimulate(context, flags))
}

function reportData(text: string): Uint8Array {
  if (/^[\da-f]{128}$/i.test(text)) return Uint8Array.from(Buffer.from(text, 'hex'))
  throw new InvalidArgumentError('It must be 64 bytes in hexadecimal.')
}
