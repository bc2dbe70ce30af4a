import { openPersonChain, type PersonChain } from '../config/person-chain.ts'
import { type Context, print, printJson, tinted } from '../context.ts'
import { CliError } from '../error.ts'
import { coinOf, inCoins } from '../http/coins.ts'
import { told } from '../money-error.ts'
import { askFaucet } from '../wallet/faucet.ts'
import { shownAddress, transferLink, type WalletFlags, walletPlace } from '../wallet/place.ts'
import { devnetNotice } from './devnet.ts'

/** `cocoon wallet fund`: from the faucet of a local chain; elsewhere it says what to send where. */
export async function runFundWallet(context: Context, amountNano: bigint, flags: WalletFlags): Promise<void> {
  const { stdout, environment } = context
  const coin = coinOf(environment, flags.coin)
  if (amountNano === 0n) {
    throw new CliError('usage', 'An amount of 0 is nothing to send.', { advice: 'Name coins, such as 5.' })
  }
  const place = await walletPlace(context, flags)
  const address = shownAddress(place)
  // Where to send coins is known without a chain.
  const network = await openPersonChain(context, flags, place.tonConfigFilename).catch((error: unknown) => {
    if (error instanceof CliError && flags.chain === undefined) return undefined
    throw error
  })
  if (network?.devnet === undefined) {
    await network?.[Symbol.asyncDispose]()
    const link = transferLink(address, amountNano)
    if (flags.json) return printJson(stdout, { address, amount_nano: String(amountNano), link })
    return print(
      stdout,
      `Send ${tinted('strong', inCoins(amountNano, coin), stdout)} to`,
      '',
      `  ${tinted('strong', address, stdout)}`,
      '',
      `  ${link}`,
      '',
      'The link opens a wallet app with both filled in. `cocoon wallet show` tells when they are there.',
    )
  }
  await using local = network as PersonChain & { devnet: NonNullable<PersonChain['devnet']> }
  const { hash, seqno } = await askFaucet(local.devnet, place.address, amountNano)
  const { balanceNano } = await told(() => local.chain.account(place.address))
  if (flags.json) {
    const given = { address, amount_nano: String(amountNano), balance_nano: String(balanceNano) }
    return printJson(stdout, { simulated: true, ...given, hash, seqno })
  }
  print(stdout, tinted('simulated', devnetNotice, stdout), '')
  print(stdout, `${inCoins(amountNano, coin)} from the faucet for ${address}.`)
  print(stdout, `It holds ${tinted('strong', inCoins(balanceNano, coin), stdout)} now.`)
}
