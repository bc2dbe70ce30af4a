import { type AccountState, formatAddress, walletHistory, type WalletEntry } from '@cocoon/money'
import { openPersonChain } from '../config/person-chain.ts'
import { type Context, foreign, print, printJson, tinted } from '../context.ts'
import { coinOf, decimalCoins, inCoins } from '../http/coins.ts'
import { told } from '../money-error.ts'
import { table } from '../table.ts'
import { shownAddress, type WalletFlags, type WalletPlace, walletPlace } from '../wallet/place.ts'
import { devnetNotice } from './devnet.ts'

export interface ShowWalletFlags extends WalletFlags {
  last: number
}

/** `cocoon wallet show`. */
export async function runShowWallet(context: Context, flags: ShowWalletFlags): Promise<void> {
  const place = await walletPlace(context, flags)
  await using network = await told(() => openPersonChain(context, flags, place.tonConfigFilename))
  const { chain, devnet } = network
  const state = await told(() => chain.account(place.address))
  const entries = await told(() =>
    walletHistory(chain, place.address, { lastLt: state.lastLt, most: flags.last }),
  )
  const { stdout, environment } = context
  if (flags.json) {
    return printJson(stdout, {
      simulated: devnet !== undefined,
      ...stateJson(place, state),
      transactions: entries.map(entryJson),
    })
  }
  const coin = coinOf(environment, flags.coin)
  const rows = [
    ['address', tinted('strong', shownAddress(place), stdout)],
    ['bounceable', formatAddress(place.address, { testnet: place.isTestnet, bounceable: true })],
    ['kind', place.what],
    ['state', stateText(state)],
    ...(place.owner === undefined
      ? []
      : [['owner', formatAddress(place.owner, { testnet: place.isTestnet })]]),
    ['balance', tinted('strong', inCoins(state.balanceNano, coin), stdout)],
  ]
  if (devnet !== undefined) print(stdout, tinted('simulated', devnetNotice, stdout), '')
  print(stdout, ...table(rows))
  if (entries.length > 0) print(stdout, '', ...table(entries.map(entry => entryRow(entry, place, coin))))
}

function stateText({ status }: AccountState): string {
  const words = {
    active: 'active',
    uninitialised: 'holds coins; its contract comes with the first transfer',
    frozen: 'frozen: it owes for storage',
    absent: 'nothing was sent here yet',
  }
  return words[status]
}

function stateJson(place: WalletPlace, { balanceNano, status }: AccountState): Record<string, unknown> {
  const { address, isTestnet: testnet, what, owner } = place
  return {
    address: formatAddress(address, { testnet }),
    bounceable: formatAddress(address, { testnet, bounceable: true }),
    kind: what,
    state: status,
    ...(owner !== undefined && { owner: formatAddress(owner, { testnet }) }),
    balance_nano: String(balanceNano),
    balance: decimalCoins(balanceNano),
  }
}

function entryJson(entry: WalletEntry): Record<string, unknown> {
  const { kind, counterparty, valueNano, comment, failure, timeS, hash, feesNano } = entry
  return {
    kind,
    time: new Date(timeS * 1000).toISOString(),
    ...(counterparty !== undefined && { counterparty: formatAddress(counterparty, { bounceable: true }) }),
    amount_nano: String(valueNano),
    fees_nano: String(feesNano),
    ...(comment !== undefined && { comment }),
    ...(failure !== undefined && { failure }),
    hash,
  }
}

function entryRow(entry: WalletEntry, { isTestnet: testnet }: WalletPlace, coin: string): string[] {
  const { kind, counterparty, valueNano, comment, failure, timeS } = entry
  const who = counterparty === undefined ? '' : formatAddress(counterparty, { testnet, bounceable: true })
  const ways = { received: 'received', sent: 'sent', returned: 'came back', failed: 'failed' }
  const side = { received: 'from', sent: 'to', returned: 'from', failed: '' }[kind]
  return [
    new Date(timeS * 1000).toISOString().replace('.000Z', 'Z'),
    ways[kind],
    kind === 'failed' ? '' : inCoins(valueNano, coin),
    `${side} ${who}`.trim(),
    failure ?? (comment === undefined ? '' : `“${foreign(comment, 80)}”`),
  ]
}
