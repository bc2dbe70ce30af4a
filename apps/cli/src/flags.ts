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
