import { formatAddress, parseAddress, sameAddress, walletBody } from '@cocoon/money'
import { openPersonChain } from '../config/person-chain.ts'
import { type Context, foreign } from '../context.ts'
import { CliError } from '../error.ts'
import { coinOf, inCoins } from '../http/coins.ts'
import { told } from '../money-error.ts'
import { carryOut, type SpendFlags } from '../wallet/carry-out.ts'
import { readWalletFile, walletPathOf } from '../wallet/file.ts'
import { shownAddress, transferLink, type WalletFlags, walletPlace } from '../wallet/place.ts'

export interface SendFlags extends WalletFlags, SpendFlags {
  comment?: string
}

/** `cocoon wallet send`. */
export async function runSend(
  context: Context,
  address: string,
  amount: bigint | 'all',
  flags: SendFlags,
): Promise<void> {
  const { environment } = context
  const coin = coinOf(environment, flags.coin)
  const to = await told(async () => parseAddress(address))
  if (amount === 0n) throw new CliError('usage', 'An amount of 0 is nothing to send.')
  const file = await readWalletFile(walletPathOf(environment, flags.wallet))
  if (sameAddress(to, file.wallet.address)) {
    throw new CliError('usage', 'That is the address of this wallet itself.')
  }
  await using network = await told(() => openPersonChain(context, flags))
  const { comment } = flags
  const sum = amount === 'all' ? 'everything' : inCoins(amount, coin)
  await carryOut(context, flags, {
    file,
    network,
    coin,
    transfer: {
      to,
      valueNano: amount === 'all' ? 'everything' : amount,
      ...(comment !== undefined && { comment }),
    },
    what: `Send ${sum} to ${address}${comment === undefined ? '' : `, with “${foreign(comment, 80)}”`}.`,
  })
}

/** Carries the order; what is left of it comes back with the rest. */
const orderNano = 50_000_000n

/**
 * `cocoon wallet withdraw`: has the wallet of a role send its owner all that it holds. The order is the owner's, so
 * that it cannot get between the transactions of a role that runs.
 */
export async function runWithdrawWallet(
  context: Context,
  flags: SendFlags & { config: string },
): Promise<void> {
  const { environment } = context
  const coin = coinOf(environment, flags.coin)
  const place = await walletPlace(context, flags)
  const { owner } = place
  const address = shownAddress(place)
  const file = await readWalletFile(walletPathOf(environment, flags.wallet)).catch((error: unknown) => {
    if (flags.wallet !== undefined) throw error
    return undefined
  })
  if (owner === undefined || file === undefined || !sameAddress(owner, file.wallet.address)) {
    const whose = owner === undefined ? '' : formatAddress(owner, { testnet: place.isTestnet })
    throw new CliError(
      'config',
      `The wallet of this role belongs to ${whose}, which is not ${file?.path ?? 'here'}.`,
      {
        advice:
          `Send ${inCoins(orderNano, coin)} from there to ${address} with the comment w, or open ` +
          `${transferLink(address, orderNano, 'w')}`,
      },
    )
  }
  await using network = await told(() => openPersonChain(context, flags, place.tonConfigFilename))
  const { balanceNano, status } = await told(() => network.chain.account(place.address))
  if (status !== 'active') {
    const why =
      status === 'absent'
        ? 'holds nothing'
        : 'has no contract yet: its role makes it with its first transaction'
    throw new CliError('refused', `The wallet ${address} ${why}.`)
  }
  await carryOut(context, flags, {
    file,
    network,
    coin,
    transfer: { to: place.address, valueNano: orderNano, body: walletBody.withdraw() },
    what: `Have ${address} send ${inCoins(balanceNano, coin)} to its owner, ${formatAddress(owner, { testnet: place.isTestnet })}.`,
  })
}
