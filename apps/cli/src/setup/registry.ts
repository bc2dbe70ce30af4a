import {
  type AccountState,
  type Chain,
  type ChainFees,
  type ContractAddress,
  formatAddress,
  isModelAllowed,
  MoneyError,
  readRootConfig,
  type RootConfig,
} from '@cocoon/money'
import { CliError } from '../error.ts'
import { told } from '../money-error.ts'

/** What a set-up has to know of the network. */
export interface Registry {
  readonly root: ContractAddress
  readonly config: RootConfig
  readonly fees: ChainFees
}

/** Reads the root contract. Rejects with `refused` where there is none, or something else. */
export async function readRegistry(chain: Chain, root: ContractAddress): Promise<Registry> {
  const [state, fees] = await told(() => Promise.all([chain.account(root), chain.fees()]))
  return { root, config: configOf(state, root), fees }
}

function configOf({ status, data }: AccountState, root: ContractAddress): RootConfig {
  const shown = formatAddress(root, { bounceable: true })
  const advice = 'Check the address of the root contract, and that --chain is of the same network.'
  if (status !== 'active' || data === undefined) {
    throw new CliError('refused', `There is no contract at ${shown}.`, { advice })
  }
  try {
    return readRootConfig(data)
  } catch (cause) {
    if (!(cause instanceof MoneyError)) throw cause
    throw new CliError('refused', `The contract at ${shown} is no root contract of Cocoon.`, {
      cause,
      advice,
    })
  }
}

/** What of the registry stands in the way of a role, in words; empty if nothing does. */
export function registryDoubts(
  { config }: Registry,
  role: 'client' | 'worker' | 'proxy',
  model?: string,
): string[] {
  const doubts: string[] = []
  if (config.proxies.length === 0 && role !== 'proxy') {
    doubts.push('The registry lists no proxy yet: there is nobody to connect to.')
  }
  if (model !== undefined && !config.isTest && !isModelAllowed(config, model)) {
    doubts.push(`The registry does not list the model ${model}: proxies that check refuse this worker.`)
  }
  const hashes = role === 'proxy' ? config.proxyHashes : config.workerHashes
  if (!config.isTest && role !== 'client' && hashes.size > 0) {
    doubts.push('Set image_hash to that of the image it runs in: the registry lists which are allowed.')
  }
  if (config.workerFeePerTokenNano > config.pricePerTokenNano) {
    doubts.push('Workers get more than clients pay: every answer costs the proxy coins.')
  }
  return doubts
}
