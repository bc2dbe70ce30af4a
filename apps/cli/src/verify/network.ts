import type { KnownPrices, KnownRegistry, ReceiptChain } from '@cocoon/client'
import {
  addressKey,
  type ContractAddress,
  MoneyError,
  parseAddress,
  proxyContractAddress,
  type ProxyContractData,
  type RootConfig,
  sameAddress,
} from '@cocoon/money'
import { TrustError } from '@cocoon/trust'
import { type KnownLog, nobleLogCrypto, parseNoteKey } from '@cocoon/trust/log'
import { configuredAddress } from '../config/address.ts'
import type { ChainFlags } from '../config/chain-sources.ts'
import { openPersonChain, type PersonChain } from '../config/person-chain.ts'
import { readRootFile } from '../config/root-file.ts'
import type { Context } from '../context.ts'
import { CliError, reasonOf } from '../error.ts'
import { toldError } from '../money-error.ts'
import { readRegistry } from '../setup/registry.ts'
import { readProxy, receiptChain } from './receipt-chain.ts'

export interface NetworkFlags extends ChainFlags {
  network?: string
  wallet?: string
  witness?: string[]
  quorum?: number
  offline?: true
}

/** What is known of the network that a receipt or a log is of, and from where. */
export interface KnownNetwork extends AsyncDisposable {
  readonly person: PersonChain | undefined
  readonly config: RootConfig | undefined
  readonly registry: KnownRegistry | undefined
  readonly prices: readonly KnownPrices[]
  readonly chain: ReceiptChain | undefined
  /** What the proxy's contract says. */
  readonly proxy: ProxyContractData | undefined
  /** What could not be read, for people. */
  readonly troubles: readonly string[]
}

/**
 * Opens what the flags name. A chain that does not answer is told of and done without; `contract` is the proxy's.
 * Throws `config` and `usage` for what is named and is none.
 */
export async function openKnownNetwork(
  context: Context,
  flags: NetworkFlags,
  contract: ContractAddress | undefined,
): Promise<KnownNetwork> {
  const { network } = flags
  const root = network === undefined || !isAddress(network) ? undefined : parseAddress(network)
  const file = network === undefined || root !== undefined ? undefined : await readRootFile(network)
  await using stack = new AsyncDisposableStack()
  const troubles: string[] = []
  const person = await openChainIfNamed(context, flags, file !== undefined, troubles)
  if (person !== undefined) stack.use(person)
  const read = person && (await readChain({ person, root, contract, troubles }))
  const config = file ?? read?.config
  const source = file === undefined ? 'the root contract' : 'the file of the network'
  const wallet = flags.wallet === undefined ? undefined : configuredAddress('--wallet', flags.wallet)
  const closing = stack.move()
  return {
    person,
    config,
    registry: config && {
      images: config.workerHashes,
      models: config.modelHashes,
      source,
      ...(read?.root && { root: addressKey(read.root) }),
    },
    prices: [
      ...(config ? [{ ...config, source }] : []),
      ...(read?.terms ? [{ ...read.terms, source: 'the proxy’s contract, made under them' }] : []),
    ],
    chain: person && receiptChain(person, wallet),
    proxy: read?.proxy,
    troubles,
    [Symbol.asyncDispose]: () => closing.disposeAsync(),
  }
}

/** The witnesses that the flags name. Throws `usage`. */
export function witnessesOf({ witness, quorum }: NetworkFlags): KnownLog['witnesses'] {
  if (witness === undefined) return undefined
  try {
    const keys = witness.map(text => parseNoteKey(nobleLogCrypto, text))
    if (keys.some(({ type }) => type !== 'cosignature-v1')) {
      throw new TrustError('log-malformed', 'The key is that of a log, and not of a witness.')
    }
    return { keys, quorum: Math.min(quorum ?? keys.length, keys.length) }
  } catch (cause) {
    if (!(cause instanceof TrustError)) throw cause
    throw new CliError('usage', cause.message, { cause, advice: 'Write --witness as name+id+key.' })
  }
}

async function openChainIfNamed(
  context: Context,
  flags: NetworkFlags,
  isWithoutChain: boolean,
  troubles: string[],
): Promise<PersonChain | undefined> {
  const isNamed = flags.chain !== undefined || context.environment['COCOON_CHAIN'] !== undefined
  if (flags.offline === true || (isWithoutChain && !isNamed)) return undefined
  try {
    return await openPersonChain(context, flags)
  } catch (error) {
    if (isNamed || !(error instanceof CliError)) throw error
    troubles.push('No chain is named: --chain says where it is read.')
    return undefined
  }
}

interface ReadChain {
  readonly root: ContractAddress | undefined
  readonly config: RootConfig | undefined
  readonly proxy: ProxyContractData | undefined
  /** Of the proxy's contract, where its address stands for them. */
  readonly terms: ProxyContractData['terms'] | undefined
}

/** The registry and the proxy's contract. On a chain of this machine the contract is believed which root it has. */
async function readChain(options: {
  person: PersonChain
  root: ContractAddress | undefined
  contract: ContractAddress | undefined
  troubles: string[]
}): Promise<ReadChain> {
  const { person, contract, troubles } = options
  const { chain, devnet } = person
  const attempt = async <Value>(what: string, read: () => Promise<Value>): Promise<Value | undefined> => {
    try {
      return await read()
    } catch (error) {
      if (!(error instanceof MoneyError || error instanceof CliError)) throw error
      const known = error instanceof MoneyError ? toldError(error) : error
      troubles.push(`${what} could not be read: ${reasonOf(known)}`)
      return undefined
    }
  }
  const proxy = contract && (await attempt('The proxy’s contract', () => readProxy(chain, contract)))
  const root = options.root ?? (devnet && proxy?.root)
  if (root === undefined) {
    troubles.push('The network is not named: --network is the address of its root contract.')
    return { root, config: undefined, proxy, terms: undefined }
  }
  const registry = await attempt('The root contract', () => readRegistry(chain, root))
  const config = registry?.config
  const isDerived =
    contract !== undefined &&
    proxy !== undefined &&
    config !== undefined &&
    sameAddress(contract, proxyContractAddress(configOf(config, proxy), proxy))
  return { root, config, proxy, terms: isDerived ? proxy.terms : undefined }
}

/** The terms that a proxy's contract was made under, whatever the root says by now. */
export function configOf(config: RootConfig, { terms }: ProxyContractData): RootConfig {
  return { ...config, ...terms, codes: { ...terms.codes, proxy: config.codes.proxy } }
}

function isAddress(text: string): boolean {
  try {
    parseAddress(text)
    return true
  } catch {
    return false
  }
}
