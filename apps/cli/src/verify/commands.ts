import type { Command } from 'commander'
import { type Context, print, printJson } from '../context.ts'
import { count, repeated, withJson } from '../flags.ts'

/** What a command found, where finding something wrong is no failure of the command. */
interface Outcome {
  isWell: boolean
}

/** `cocoon verify` and `cocoon log`. */
export function addVerification(program: Command, context: Context, outcome: Outcome): void {
  withNetwork(withJson(program.command('verify')))
    .description(
      'check the receipt of an answer; exit code 1 when it fails, 2 when too little could be checked',
    )
    .argument(
      '<receipt>',
      'receipt file, as a client saves it; - for the standard input; or the id of a new answer',
    )
    .option('--url <url>', 'where the client answers that has the receipt of an id', 'http://127.0.0.1:10000')
    .option('--key <key>', 'API key, if it asks for one (or COCOON_API_KEY)')
    .option('--prompt <file>', 'the JSON body of the request, to compare with the receipt')
    .option('--answer <file>', 'the body of the answer, likewise')
    .option(
      '--policy <file>',
      'what is asked of the machine, JSON: `cocoon policy explain` tells what it means',
    )
    .option('--root <file>', 'a simulated root to know beside that of Intel, PEM')
    .option('--state <dir>', 'folder of the simulated root of this machine (default: ~/.cache/cocoon)')
    .option('--evidence', 'show what was compared, for every link')
    .action(async (receipt: string, flags) => {
      outcome.isWell = await (await import('./verify.ts')).runVerifyReceipt(context, receipt, flags)
    })

  const log = program.command('log').description("check a proxy's public log of receipts")
  withNetwork(withJson(log.command('audit')))
    .description('read a whole log and hold it against the chain; exit code 1 when something does not hold')
    .argument('<url>', 'where the log is served')
    .option('--key <key>', "the log's key: 64 hexadecimal digits, or name+id+key (default: by the chain)")
    .option(
      '--from <file>',
      'a checkpoint, or a receipt, that the log has to continue; repeatable',
      repeated(),
    )
    .option('--save <file>', 'file for the checkpoint that was found good')
    .option('--proof <file>', 'file for a proof that the log has shown two histories', 'cocoon-log-fork.json')
    .action(async (url: string, flags) => {
      outcome.isWell = await (await import('./audit.ts')).runLogAudit(context, url, flags)
    })

  withJson(log.command('witness-key'))
    .description('print the key of the witness that a client or worker is, for --witness of others')
    .argument('<file>', 'client.witness.json or worker.witness.json in the folder of the role')
    .action(async (file: string, { json }) => {
      const key = await (await import('../roles/witness.ts')).readWitnessKey(file)
      if (json) printJson(context.stdout, { key })
      else print(context.stdout, key)
    })

  withJson(log.command('verify-fork'))
    .description('check a proof that a log has shown two histories; exit code 1 when it proves nothing')
    .argument('<file>', 'the proof, as `cocoon log audit` saves it')
    .action(async (file: string, flags) => {
      outcome.isWell = await (await import('./verify-fork.ts')).runVerifyFork(context, file, flags)
    })
}

function withNetwork(command: Command): Command {
  return command
    .option(
      '--network <place>',
      'the network: address of its root contract, or the file of one without a chain',
    )
    .option('--chain <url>', 'where the chain is read: an HTTP API such as toncenter; repeatable', repeated())
    .option('--chain-key <key>', 'API key for it (or COCOON_CHAIN_KEY)')
    .option('--wallet <address>', "the proxy's wallet (default: the one that made its contract)")
    .option(
      '--witness <key>',
      'key of a witness that has to have cosigned, name+id+key; repeatable',
      repeated(),
    )
    .option('--offline', 'ask neither a chain nor anybody else that is not named')
    .option('--quorum <n>', 'how many of the witnesses (default: all)', count)
}
