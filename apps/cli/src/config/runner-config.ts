import { combinators, fromJson, type CombinatorTypes, WireError } from '@cocoon/wire'
import { CliError } from '../error.ts'
import { readJsonFile } from './json-file.ts'

/** The combinators whose JSON form is the configuration file of a role. */
export type RunnerConfigName = 'clientRunner.config' | 'proxyRunner.config' | 'workerRunner.config'

/** Environment as a main passes it on. */
export type Environment = Readonly<Record<string, string | undefined>>

/**
 * Reads a role's configuration file. `COCOON_<KEY>` in the environment, the key in upper case, takes the place
 * of the file's entry. Unknown keys are ignored, missing ones are 0, false, "" or zero bytes. Throws `config`.
 */
export async function readRunnerConfig<Name extends RunnerConfigName>(
  name: Name,
  path: string,
  environment: Environment,
): Promise<CombinatorTypes[Name]> {
  return parseRunnerConfig(name, await readJsonFile(path, 'The configuration'), { path, environment })
}

/** The same from JSON that was read before. */
export function parseRunnerConfig<Name extends RunnerConfigName>(
  name: Name,
  json: unknown,
  { path, environment }: { path: string; environment: Environment },
): CombinatorTypes[Name] {
  const overrides = environmentOverrides(name, environment)
  const isObject = typeof json === 'object' && json !== null && !Array.isArray(json)
  try {
    return fromJson(name, isObject ? { ...json, ...overrides } : json)
  } catch (cause) {
    if (!(cause instanceof WireError)) throw cause
    const key = cause.message.split(' ', 1)[0] ?? ''
    const place = Object.hasOwn(overrides, key)
      ? `The variable ${variableOf(key)}`
      : `The configuration ${path}`
    throw new CliError('config', `${place} does not fit: ${cause.message}.`, {
      cause,
      advice: 'Correct this entry. `cocoon doctor --config FILE` checks the whole file.',
    })
  }
}

/** The variable that takes the place of a key. */
export function variableOf(key: string): string {
  return `COCOON_${key.toUpperCase()}`
}

function environmentOverrides(name: RunnerConfigName, environment: Environment): Record<string, unknown> {
  const overrides: Record<string, unknown> = {}
  for (const field of combinators[name].fields) {
    const text = environment[variableOf(field.name)]
    if (text !== undefined) overrides[field.name] = field.type === 'Bool' ? readBool(text) : text
  }
  return overrides
}

function readBool(text: string): unknown {
  const word = text.toLowerCase()
  return word === 'true' || word === 'false' ? word === 'true' : text
}
