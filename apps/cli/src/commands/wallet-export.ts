import { formatAddress } from '@cocoon/money'
import { type Context, print, printJson } from '../context.ts'
import { CliError } from '../error.ts'
import type { CommonFlags } from '../flags.ts'
import { cancelled, promptsOf } from '../prompts.ts'
import { table } from '../table.ts'
import { readWalletFile, walletPathOf } from '../wallet/file.ts'
import { knownPassword, type PasswordFlags } from '../wallet/password.ts'
import { numberedWords, showOnce } from '../wallet/words.ts'

export interface ExportFlags extends CommonFlags, PasswordFlags {
  wallet?: string
  words?: true
  yesShow?: true
}

/** `cocoon wallet export`: what anybody may know, or with `--words` the secret itself. */
export async function runExportWallet(context: Context, flags: ExportFlags): Promise<void> {
  const { environment, stdout } = context
  const path = walletPathOf(environment, flags.wallet)
  const file = await readWalletFile(path)
  const { wallet, isTestnet: testnet, created } = file
  const open = {
    address: formatAddress(wallet.address, { testnet }),
    bounceable: formatAddress(wallet.address, { testnet, bounceable: true }),
    type: wallet.kind,
    testnet,
    public_key: Buffer.from(wallet.publicKey).toString('hex'),
    created,
  }
  if (!flags.words) {
    if (flags.json) return printJson(stdout, open)
    return print(
      stdout,
      ...table(Object.entries(open).map(([name, value]) => [name.replace('_', ' '), String(value)])),
    )
  }
  const prompts = flags.yesShow ? undefined : await promptsOf(context)
  if (!flags.yesShow && (prompts === undefined || flags.json)) {
    throw new CliError('usage', 'Nobody confirmed that the 24 words may be shown.', {
      advice: 'Give --yes-show to print them without a question. Whoever reads them owns the coins.',
    })
  }
  if (prompts !== undefined) {
    const isSure = await prompts.confirm(
      'Whoever reads the 24 words owns the coins. Show them on this screen?',
    )
    if (!isSure) throw cancelled('Nothing was shown.')
  }
  const words = await file.words(await knownPassword(context, flags, path))
  if (flags.json) return printJson(stdout, { ...open, mnemonic: words })
  if (prompts === undefined) print(stdout, ...numberedWords(words))
  else await showOnce(words, { stdout, prompts })
}
