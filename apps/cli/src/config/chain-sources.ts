import type { ChainSource } from '@cocoon/money'
import { CliError } from '../error.ts'
import { isDevnet } from './devnet-probe.ts'
import { readJsonFile } from './json-file.ts'
import type { Environment } from './runner-config.ts'

export interface ChainFlags {
  chain?: string[]
  chainKey?: string
}

/**
 * Where the chain is read, in order of preference: what the flags name, then the environment, then the role's
 * configuration, then the local chain of `cocoon devnet` or `cocoon up` if one answers. Each is the address of an HTTP
 * API, or the path of a global configuration with liteservers. Throws `config` where nothing is named.
 */
export async function chainSourcesOf(
  environment: Environment,
  flags: ChainFlags,
  tonConfigFilename = '',
): Promise<ChainSource[]> {
  const fromEnvironment = environment['COCOON_CHAIN']?.split(',') ?? []
  const places = [flags.chain ?? fromEnvironment, [tonConfigFilename]]
    .map(names => names.map(name => name.trim()).filter(name => name !== ''))
    .find(names => names.length > 0)
  if (places === undefined) {
    if (await isDevnet(localChain)) return [{ url: localChain }]
    throw new CliError('config', 'Nothing says where the chain is read.', {
      advice:
        'Give --chain http://127.0.0.1:10800 for a local chain, or another HTTP API; or set ton_config_filename. ' +
        'For a network without a chain: --disable-ton root.json',
    })
  }
  const apiKey = flags.chainKey ?? environment['COCOON_CHAIN_KEY']
  return Promise.all(places.map(place => sourceAt(place, apiKey)))
}

/** Where the commands that start a local chain put it. */
const localChain = 'http://127.0.0.1:10800'

async function sourceAt(place: string, apiKey: string | undefined): Promise<ChainSource> {
  if (/^https?:/i.test(place)) return { url: place, ...(apiKey !== undefined && { apiKey }) }
  return { liteservers: await readJsonFile(place, 'The global configuration of TON') }
}
