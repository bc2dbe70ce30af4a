import { type Command, InvalidArgumentError } from 'commander'
import type { Context } from '../context.ts'
import { repeated, time, withJson } from '../flags.ts'

interface Outcome {
  isWell: boolean
}

/** `cocoon attest gpu` and `cocoon attest events`. */
export function addGpuAndEvents(attest: Command, context: Context, outcome: Outcome): void {
  withJson(attest.command('gpu'))
    .description('verify evidence of GPUs; exit code 1 when it is rejected')
    .argument('<evidence>', 'evidence as nvattest writes it, a report in hexadecimal, or a result of NRAS')
    .option('--chain <file>', 'certificates of a report in hexadecimal, PEM')
    .option('--nonce <hex>', 'what it has to answer, 32 bytes (default: what the file states)', nonce)
    .option('--driver <file>', 'reference document of the driver')
    .option('--vbios <file>', 'reference document of the VBIOS')
    .option('--ocsp <file>', 'answer on revocation, DER; repeatable', repeated())
    .option('--fetch', 'get documents and answers that are not given from NVIDIA')
    .option('--keys <file>', 'keys of NRAS, a JSON Web Key Set')
    .option('--without-references', 'do without reference documents')
    .option('--without-revocation', 'do without answers on revocation')
    .option('--accept-hold', 'let certificates that are on hold count as good')
    .option('--at <time>', 'verify as of this time (default: now)', time)
    .action(async (evidence: string, flags) => {
      outcome.isWell = await (await import('../commands/attest-gpu.ts')).runGpu(context, evidence, flags)
    })

  withJson(attest.command('events'))
    .description('tell what an event log says was measured; exit code 1 where it does not fit the quote')
    .argument('<log>', 'CCEL, or a log of a runtime agent, JSON')
    .option('--quote <file>', 'quote whose registers the log has to lead to')
    .action(async (log: string, flags) => {
      outcome.isWell = await (await import('../commands/attest-events.ts')).runEvents(context, log, flags)
    })
}

function nonce(text: string): Uint8Array {
  if (/^(?:0x)?[\da-f]{64}$/i.test(text)) return Uint8Array.from(Buffer.from(text.slice(-64), 'hex'))
  throw new InvalidArgumentError('It must be 32 bytes in hexadecimal.')
}
