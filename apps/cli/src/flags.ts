import type { LeastProtection } from '@cocoon/client/role'
import { queryLimits } from '@cocoon/trust/seal'
import { InvalidArgumentError, type Command, Option } from 'commander'
import { type LogLevel, logLevels } from './log.ts'

/** Parsers of flags. What they throw ends the command with exit code 2 and names the flag. */

export function port(text: string): number {
  return wholeNumber(text, 65_535, 'a port from 0 to 65535')
}

export function difficulty(text: string): number {
  return wholeNumber(text, 64, 'a number of bits from 0 to 64')
}

export function count(text: string): number {
  return wholeNumber(text, 1_000_000, 'a whole number from 0 to 1000000')
}

export function thousandths(text: string): number {
  return wholeNumber(text, 999_999_999, 'thousandths from 0 to 999999999, 1000 for a price factor of 1.0')
}

/** At least one, where none would make no sense. */
export function rate(text: string): number {
  const number = wholeNumber(text, 1_000_000, 'a whole number from 1 to 1000000')
  if (number > 0) return number
  throw new InvalidArgumentError('It must be a whole number from 1 to 1000000.')
}

/** Decimal coins as nanotons, without a rounding on the way. */
export function coins(text: string): bigint {
  const [, whole, fraction = ''] = /^(\d{1,20})(?:\.(\d{1,9}))?$/.exec(text) ?? []
  if (whole !== undefined) return BigInt(whole + fraction.padEnd(9, '0'))
  throw new InvalidArgumentError('It must be coins with at most 9 decimals, such as 0.5.')
}

export function nanotons(text: string): bigint {
  if (/^\d{1,29}$/.test(text)) return BigInt(text)
  throw new InvalidArgumentError('It must be a whole number of nanotons.')
}

/** Names with commas between them. */
export function names(text: string): string[] {
  const found = text.split(',').map(name => name.trim())
  if (found.every(name => name !== '')) return found
  throw new InvalidArgumentError('It must be names with commas between them.')
}

/** A day or a time in ISO 8601, as the time of UTC that it begins at. */
export function time(text: string): string {
  const form = /^\d{4}-\d\d-\d\d(?:T\d\d:\d\d(?::\d\d(?:\.\d{1,3})?)?(?:Z|[+-]\d\d:\d\d))?$/
  const timeMs = form.test(text) && isDay(text.slice(0, 10)) ? Date.parse(text) : Number.NaN
  if (!Number.isNaN(timeMs)) return new Date(timeMs).toISOString()
  throw new InvalidArgumentError('It must be a day such as 2027-01-31, or a time such as 2027-01-31T12:00Z.')
}

/** Some days that do not exist, such as 31 February, are parsed as later ones. */
function isDay(day: string): boolean {
  const dayMs = Date.parse(day)
  return !Number.isNaN(dayMs) && new Date(dayMs).toISOString().startsWith(day)
}

/** Milliseconds of `1s`, `500ms`, `2min`, or of 0. */
export function duration(text: string): number {
  const [, number, unit = ''] = /^(\d{1,6})(ms|s|min)?$/.exec(text) ?? []
  const unitMs = { ms: 1, s: 1000, min: 60_000, '': Number(number) === 0 ? 1 : undefined }[unit]
  if (unitMs !== undefined && number !== undefined) return Number(number) * unitMs
  throw new InvalidArgumentError('It must be a time such as 1s, 500ms or 2min, or 0.')
}

export function seconds(text: string): number {
  const number = wholeNumber(text, 315_360_000, 'a whole number of seconds from 1 to 315360000')
  if (number > 0) return number
  throw new InvalidArgumentError('It must be a whole number of seconds from 1 to 315360000.')
}

/** The origin of a web page as browsers state it. */
export function origin(text: string): string {
  if (text === '*' || /^[a-z][a-z\d+.-]*:\/\/[^\s/?#@]+$/i.test(text)) return text
  throw new InvalidArgumentError('It must be an origin such as https://app.example, or * for all.')
}

/** For a flag that may be given several times. */
export function repeated(
  parse: (text: string) => string = text => text,
): (text: string, earlier: string[] | undefined) => string[] {
  return (text, earlier = []) => [...earlier, parse(text)]
}

function wholeNumber(text: string, most: number, expected: string): number {
  const number = /^\d{1,10}$/.test(text) ? Number(text) : Number.NaN
  if (number <= most) return number
  throw new InvalidArgumentError(`It must be ${expected}.`)
}

export interface CommonFlags {
  json?: true
}

export interface LogFlags extends CommonFlags {
  verbosity?: number
  logLevel?: LogLevel
  state?: string
}

/** `--json`, which every command takes. */
export function withJson(command: Command): Command {
  return command.option('--json', 'print JSON for programs instead of text for people')
}

/** What every command takes that runs a role. */
export function withLog(command: Command): Command {
  return withJson(command)
    .option('-v, --verbosity <n>', 'how much is logged: 0 fatal, 1 error, 2 warning, 3 info, 4 debug', count)
    .addOption(new Option('--log-level <level>', 'the same by name').choices([...logLevels]))
    .option('--state <dir>', 'folder for control tokens and generated models (default: ~/.cache/cocoon)')
}

/** The level asked for, or this command's own. */
export function logLevelOf(flags: LogFlags, otherwise: LogLevel): LogLevel {
  if (flags.logLevel !== undefined) return flags.logLevel
  return flags.verbosity === undefined ? otherwise : (logLevels[Math.min(flags.verbosity, 5)] ?? otherwise)
}

/** Who may call a client's endpoint. */
export interface CallerFlags {
  host: string
  keys?: string
  allowAnyone?: true
  cors?: string[]
  allowHost?: string[]
  protection?: LeastProtection
  receipts?: string
  unlinked?: true
  requireGpu?: true
  constantChunks?: { readonly chunkBytes: number; readonly cadenceMs: number }
}

/** What every command takes that runs a client. */
export function withCallers(command: Command): Command {
  return command
    .option('--host <address>', 'address on which apps call the client', '127.0.0.1')
    .option('--keys <file>', 'API keys that may call: `cocoon keys` makes them (or COCOON_KEYS)')
    .option('--allow-anyone', 'ask for no keys, although other machines reach --host')
    .option('--cors <origin>', 'origin whose web pages may call, * for all; repeatable', repeated(origin))
    .option('--allow-host <name>', 'name of this machine that callers may use; repeatable', repeated())
    .addOption(
      new Option(
        '--protection <least>',
        'the least that an answer may have: sealed to the machine that answers, attested machines on the way, or ' +
          'any (default: sealed where machines have to prove themselves)',
      ).choices(['sealed', 'attested-proxy', 'any']),
    )
    .option(
      '--receipts <dir>',
      'save the receipt of each sealed answer here, with its place in the public log',
    )
    .option('--require-gpu', 'seal only to machines that have proved their GPUs')
    .option('--unlinked', 'seal each query by itself, so that a proxy cannot tell that two are of one client')
    .option(
      '--constant-chunks <bytes:ms>',
      'sealed answers come in chunks of one size at one pace, as 512:50: lengths tell nothing, and all is slower',
      constantChunks,
    )
}

function constantChunks(text: string): { chunkBytes: number; cadenceMs: number } {
  const [, chunkBytes, cadenceMs] = (/^(\d{1,5}):(\d{1,4})$/.exec(text) ?? []).map(Number)
  const { chunkBytes: sizes, cadenceMs: paces } = queryLimits
  const isWithin = (
    value: number | undefined,
    { least, most }: { least: number; most: number },
  ): value is number => value !== undefined && value >= least && value <= most
  if (isWithin(chunkBytes, sizes) && isWithin(cadenceMs, paces)) return { chunkBytes, cadenceMs }
  throw new InvalidArgumentError(
    `It is bytes:milliseconds, ${sizes.least} to ${sizes.most} and ${paces.least} to ${paces.most}, as 512:50.`,
  )
}
