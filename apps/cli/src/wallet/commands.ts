import { type Command, InvalidArgumentError, Option } from 'commander'
import type { Context } from '../context.ts'
import { coins, count, withJson } from '../flags.ts'
import { withChain, withCoin } from '../money-flags.ts'

/** `cocoon wallet`. */
export function addWallet(program: Command, context: Context): void {
  const wallet = program
    .command('wallet')
    .description('keep coins: a wallet of your own, and those of the roles')
  withPassword(withFile(wallet.command('new')))
    .description('make a wallet: 24 words, kept under a password')
    .addOption(new Option('--type <name>', 'wallet contract').choices(['v5r1', 'v4r2']).default('v5r1'))
    .option('--testnet', "for TON's test network, where addresses are others")
    .option('--yes-show', 'print the 24 words without a question')
    .action(async flags => (await import('../commands/wallet-new.ts')).runNewWallet(context, flags))

  withPlace(wallet.command('show'))
    .description('say what a wallet holds and what happened to it')
    .option('--last <n>', 'how many transfers to list', count, 10)
    .action(async flags => (await import('../commands/wallet-show.ts')).runShowWallet(context, flags))

  withPlace(wallet.command('fund'))
    .description('get coins: from the faucet of a local chain, or by a link for a wallet app')
    .argument('<amount>', 'coins, such as 5', coins)
    .action(async (amount: bigint, flags) =>
      (await import('../commands/wallet-fund.ts')).runFundWallet(context, amount, flags),
    )

  withSpending(withFile(wallet.command('send')))
    .description('send coins, and wait until they have arrived')
    .argument('<address>', 'TON address')
    .argument('<amount>', 'coins, such as 0.5, or all', amountOrAll)
    .option('--comment <text>', 'text that goes along, for everybody to read')
    .action(async (address: string, amount: bigint | 'all', flags) =>
      (await import('../commands/wallet-send.ts')).runSend(context, address, amount, flags),
    )

  withSpending(withFile(wallet.command('withdraw')))
    .description('have the wallet of a role send all to its owner, which is your wallet')
    .requiredOption('-c, --config <file>', 'configuration of the role, JSON')
    .action(async flags => (await import('../commands/wallet-send.ts')).runWithdrawWallet(context, flags))

  withPassword(withFile(wallet.command('export')))
    .description('print what is public of a wallet, or its 24 words')
    .option('--words', 'the 24 words: whoever has them owns the coins')
    .option('--yes-show', 'print them without a question')
    .action(async flags => (await import('../commands/wallet-export.ts')).runExportWallet(context, flags))
}

function withFile(command: Command): Command {
  return withJson(command).option(
    '--wallet <file>',
    'wallet file (or COCOON_WALLET; default: ~/.config/cocoon/wallet.json)',
  )
}

function withPassword(command: Command): Command {
  return command.option('--password-file <file>', 'file with the password (or COCOON_WALLET_PASSWORD)')
}

function withPlace(command: Command): Command {
  return withCoin(withChain(withFile(command))).option(
    '-c, --config <file>',
    "the wallet of this role's configuration, in place of your own",
  )
}

function withSpending(command: Command): Command {
  return withCoin(withChain(withPassword(command))).option('--yes', 'send without a question')
}

function amountOrAll(text: string): bigint | 'all' {
  if (text === 'all') return text
  try {
    return coins(text)
  } catch {
    throw new InvalidArgumentError('It must be coins with at most 9 decimals, such as 0.5, or all.')
  }
}
