import { homedir } from 'node:os'
import { join } from 'node:path'
import type { Readable, Writable } from 'node:stream'
import { styleText } from 'node:util'
import type { World } from '@cocoon/wire'
import type { Environment } from './config/runner-config.ts'

/** What a command gets from its main: everything outside of the program comes in here. */
export interface Context {
  readonly environment: Environment
  readonly stdin: Readable & { readonly isTTY?: boolean }
  /** Somebody feeds the standard input: a pipe or a file, not a terminal and not nothing. */
  readonly stdinIsPiped: boolean
  readonly stdout: Writable & { readonly isTTY?: boolean; readonly columns?: number }
  readonly stderr: Writable & { readonly isTTY?: boolean }
  readonly world: World
  /** Resolves with the first signal that asks to stop; until it is disposed the process stays alive. */
  awaitStop(): StopRequest
  /** Calls `reload` at each signal that asks to read files again, until it is disposed. */
  onReload(reload: () => void): Disposable
}

export interface StopRequest extends Disposable {
  readonly signal: AbortSignal
}

/** Ink for what is plain, one colour each for what is simulated and what failed; none where nobody sees it. */
export type Tone = 'plain' | 'strong' | 'faint' | 'simulated' | 'failed' | 'checked'

const tones: Record<Exclude<Tone, 'plain'>, Parameters<typeof styleText>[0]> = {
  strong: 'bold',
  faint: 'dim',
  simulated: 'yellow',
  failed: 'red',
  checked: 'cyan',
}

/** Colours a text for this stream: not at all if it is no terminal, or if NO_COLOR is set. */
export function tinted(tone: Tone, text: string, stream: Writable): string {
  return tone === 'plain' ? text : styleText(tones[tone], text, { stream })
}

/** Writes lines. */
export function print(stream: Writable, ...lines: string[]): void {
  stream.write(lines.map(line => `${line}\n`).join(''))
}

/** Writes one JSON value on one line. Amounts beyond what a JSON number holds exactly are texts of digits. */
export function printJson(stream: Writable, value: unknown): void {
  const exact = (_key: string, item: unknown): unknown =>
    typeof item !== 'bigint' ? item : BigInt(Number(item)) === item ? Number(item) : String(item)
  stream.write(`${JSON.stringify(value, exact)}\n`)
}

/** Makes text from elsewhere fit for a terminal: no control characters, and not endless. */
export function foreign(text: string, longest = 200): string {
  // oxlint-disable-next-line no-control-regex
  const plain = text.replace(/[\u0000-\u001f\u007f-\u009f\u2028\u2029]+/g, ' ')
  return plain.length > longest ? `${plain.slice(0, longest - 1)}…` : plain
}

/** Where generated models and control tokens lie, unless a flag says otherwise. */
export function stateDirectoryOf(environment: Environment, flag: string | undefined): string {
  if (flag !== undefined) return flag
  const cache = environment['XDG_CACHE_HOME']
  return join(cache !== undefined && cache !== '' ? cache : join(homedir(), '.cache'), 'cocoon')
}
