import type { Writable } from 'node:stream'
import { styleText } from 'node:util'
import pino from 'pino'
import type { RoleEvent, RoleReport } from './event.ts'

export const logLevels = ['fatal', 'error', 'warn', 'info', 'debug', 'trace'] as const
export type LogLevel = (typeof logLevels)[number]

/** How much each event matters. Refused connections are the daily noise of a public port. */
const levels: Record<RoleEvent['event'], LogLevel> = {
  'backend-down': 'warn',
  'backend-up': 'info',
  'books-confirmed': 'debug',
  'books-rolled-back': 'error',
  'books-unbalanced': 'error',
  'chain-order': 'info',
  'chain-order-done': 'info',
  'chain-order-failed': 'warn',
  'certificate-not-renewed': 'warn',
  'charge-failed': 'error',
  'charge-overstated': 'warn',
  'client-contract': 'info',
  'client-gone': 'debug',
  'client-ready': 'debug',
  'connection-refused': 'debug',
  'collateral-not-fetched': 'warn',
  control: 'info',
  'control-token': 'info',
  'deposit-held-back': 'warn',
  endpoint: 'debug',
  'keys-loaded': 'info',
  'keys-not-loaded': 'error',
  'proxy-lost': 'warn',
  'proxy-ready': 'info',
  'proxy-rolled-back': 'warn',
  'query-failed': 'info',
  'query-retried': 'info',
  'setting-doubtful': 'warn',
  'settlement-failed': 'warn',
  'spent-not-saved': 'error',
  'tally-lost': 'warn',
  'usage-counting': 'info',
  'worker-answer-invalid': 'warn',
  'worker-gone': 'info',
  'worker-knows-more': 'warn',
  'worker-paid': 'info',
  'worker-ready': 'info',
  'query-resealed': 'debug',
  'receipt-disputed': 'warn',
  'machine-refused': 'warn',
  'identity-not-made': 'warn',
  'receipt-not-logged': 'warn',
  'receipt-not-saved': 'warn',
  'log-forked': 'error',
  'log-not-written': 'error',
  'identity-refused': 'warn',
  'receipt-refused': 'warn',
  'receipts-disputed': 'warn',
  'worker-distrusted': 'error',
}

/** Peers choose part of what is logged; a line stays a line. */
const longestValue = 500

export interface RoleLog {
  readonly report: RoleReport
  /** A line that is no event of a role, such as that one started. */
  note(level: LogLevel, message: string, fields?: Record<string, unknown>): void
}

/** Log lines on `stream`, the standard error: JSON for machines, short text where a person watches. */
export function createLog(options: { stream: Writable & { isTTY?: boolean }; level: LogLevel }): RoleLog {
  const { stream, level } = options
  const destination = stream.isTTY
    ? { write: (line: string) => void stream.write(readable(line, stream)) }
    : stream
  const logger = pino(
    {
      level,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: label => ({ level: label }) },
    },
    destination,
  )
  return {
    report: (role, { event, ...fields }) => {
      const weight = levels[event as RoleEvent['event']] ?? 'info'
      if (logger.isLevelEnabled(weight)) logger[weight]({ role, event, ...short(fields) })
    },
    note: (weight, message, fields = {}) => logger[weight](short(fields), message),
  }
}

function short(fields: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(fields).map(([key, value]) => [
      key,
      typeof value === 'string' && value.length > longestValue ? `${value.slice(0, longestValue)}…` : value,
    ]),
  )
}

const levelStyles: Record<string, Parameters<typeof styleText>[0]> = {
  fatal: 'red',
  error: 'red',
  warn: 'yellow',
  debug: 'dim',
  trace: 'dim',
}

function readable(line: string, stream: Writable): string {
  const { level, time, role, event, msg, ...fields } = JSON.parse(line) as Record<string, unknown>
  const rest = Object.entries(fields).map(([key, value]) => `${key}=${oneLine(value)}`)
  const words = [String(time).slice(11, 19), role, event ?? msg, ...rest].filter(word => word !== undefined)
  const style = levelStyles[String(level)]
  const text = words.join(' ')
  return `${style === undefined ? text : styleText(style, text, { stream })}\n`
}

/** Control characters in what a peer said must not steer a terminal. */
function oneLine(value: unknown): string {
  const text = typeof value === 'string' ? value : JSON.stringify(value)
  // oxlint-disable-next-line no-control-regex
  return text.replace(/[\u0000-\u001f\u007f-\u009f\u2028\u2029]+/g, ' ')
}
