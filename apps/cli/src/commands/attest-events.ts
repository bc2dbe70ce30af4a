import { parseQuote } from '@cocoon/trust'
import {
  listEvents,
  parseEventLog,
  type Registers,
  renderEventList,
  renderEventLogReport,
  replay,
  verifyEventLog,
} from '@cocoon/trust/event-log'
import { asConfig, readBytes, readQuote } from '../attest/files.ts'
import { type Context, print, printJson } from '../context.ts'
import { CliError } from '../error.ts'
import type { CommonFlags } from '../flags.ts'

export interface EventsFlags extends CommonFlags {
  quote?: string
}

/** `cocoon attest events`. True unless the log does not lead to the registers of the quote. */
export async function runEvents({ stdout }: Context, path: string, flags: EventsFlags): Promise<boolean> {
  const log = await readBytes(path, 'The log')
  if (flags.quote === undefined) {
    const events = asConfig(path, parseEventLog, log)
    const registers = replay(events).map(register => Buffer.from(register).toString('hex'))
    const listed = listEvents(events)
    if (flags.json) printJson(stdout, { compared: false, registers, events: listed })
    else
      print(
        stdout,
        'Compared with no quote: this is what the log says of itself.',
        ...renderEventList(listed, registers),
      )
    return true
  }
  const report = verifyEventLog(log, await registersOf(flags.quote))
  if (flags.json) printJson(stdout, { compared: true, ...report })
  else
    print(stdout, ...renderEventLogReport(report), 'The quote itself is verified by `cocoon attest verify`.')
  return report.verdict === 'accept'
}

async function registersOf(path: string): Promise<Registers> {
  const quote = asConfig(path, bytes => parseQuote(bytes, { ignoreTrailing: true }), await readQuote(path))
  if ('rtmr' in quote.body) return quote.body.rtmr
  throw new CliError('config', `${path} is a quote of SGX, which has no registers of this kind.`, {
    advice: 'Name the quote of a trust domain.',
  })
}
