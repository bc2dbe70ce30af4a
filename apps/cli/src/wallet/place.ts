import {
  compiledCode,
  type ContractAddress,
  createPaymentKey,
  formatAddress,
  nodeWalletAddress,
} from '@cocoon/money'
import { configuredAddress } from '../config/address.ts'
import type { ChainFlags } from '../config/chain-sources.ts'
import { readRunnerConfig } from '../config/runner-config.ts'
import type { Context } from '../context.ts'
import type { CommonFlags } from '../flags.ts'
import { readWalletFile, walletPathOf } from './file.ts'

export interface WalletFlags extends CommonFlags, ChainFlags {
  wallet?: string
  config?: string
  coin?: string
}

/** Which account a command speaks of: a person's wallet, or that of a role. */
export interface WalletPlace {
  readonly address: ContractAddress
  readonly isTestnet: boolean
  /** For people. */
  readonly what: string
  /** Of a role's wallet: whom it belongs to. */
  readonly owner: ContractAddress | undefined
  readonly tonConfigFilename: string
}

/** The wallet of a role where `--config` names one, a person's otherwise. Throws `config`. */
export async function walletPlace(context: Context, flags: WalletFlags): Promise<WalletPlace> {
  if (flags.config !== undefined) return roleWallet(context, flags.config)
  const { wallet, isTestnet } = await readWalletFile(walletPathOf(context.environment, flags.wallet))
  return {
    address: wallet.address,
    isTestnet,
    what: `wallet ${wallet.kind}`,
    owner: undefined,
    tonConfigFilename: '',
  }
}

/** The hot wallet of a role. What the three configurations have in common is enough for it. */
async function roleWallet({ environment }: Context, path: string): Promise<WalletPlace> {
  const runner = await readRunnerConfig('clientRunner.config', path, environment)
  const owner = configuredAddress('owner_address', runner.ownerAddress)
  const { publicKey } = createPaymentKey(runner.nodeWalletKey)
  return {
    address: nodeWalletAddress({ publicKey, owner, code: compiledCode('wallet') }),
    isTestnet: runner.isTestnet,
    what: 'wallet of a role',
    owner,
    tonConfigFilename: runner.tonConfigFilename,
  }
}

/** As it is shown, safe for a first transfer. */
export function shownAddress({ address, isTestnet }: WalletPlace): string {
  return formatAddress(address, { testnet: isTestnet })
}

/** A link that wallet apps open with everything filled in. */
export function transferLink(address: string, nano: bigint, text?: string): string {
  return `ton://transfer/${address}?amount=${nano}${text === undefined ? '' : `&text=${encodeURIComponent(text)}`}`
}
