import { MoneyError, parsePseudoConfig, type RootConfig } from '@cocoon/money'
import { CliError } from '../error.ts'
import { readJsonFile } from './json-file.ts'

/** Reads the file that stands for the root contract in a network without a chain. Throws `config`. */
export async function readRootFile(path: string): Promise<RootConfig> {
  const json = await readJsonFile(path, 'The root configuration')
  try {
    return parsePseudoConfig(json)
  } catch (cause) {
    if (!(cause instanceof MoneyError)) throw cause
    throw new CliError('config', `The root configuration ${path} does not fit: ${cause.message}.`, {
      cause,
      advice: 'Every role of one network takes the same file. Correct this entry in all of them.',
    })
  }
}
