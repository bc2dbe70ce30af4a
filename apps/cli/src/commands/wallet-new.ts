import { formatAddress, newMnemonic, type OwnerWalletKind } from '@cocoon/money'
import { type Context, print, printJson, tinted } from '../context.ts'
import type { CommonFlags } from '../flags.ts'
import { promptsOf } from '../prompts.ts'
import { requireFree, walletPathOf, writeWalletFile } from '../wallet/file.ts'
import { newPassword, type PasswordFlags } from '../wallet/password.ts'
import { numberedWords, showOnce } from '../wallet/words.ts'

export interface NewWalletFlags extends CommonFlags, PasswordFlags {
  wallet?: string
  type: OwnerWalletKind
  testnet?: true
  yesShow?: true
}

/** `cocoon wallet new`: the words are shown to who is there to read them, once. */
export async function runNewWallet(context: Context, flags: NewWalletFlags): Promise<void> {
  const { environment, stdout, stderr, world } = context
  const path = walletPathOf(environment, flags.wallet)
  await requireFree(path)
  const password = await newPassword(context, flags)
  const words = await newMnemonic(world)
  const isTestnet = flags.testnet === true
  const { wallet } = await writeWalletFile(path, { words, kind: flags.type, isTestnet, password, world })
  const address = formatAddress(wallet.address, { testnet: isTestnet })
  if (flags.json) {
    const mnemonic = flags.yesShow ? { mnemonic: words } : {}
    return printJson(stdout, { address, type: flags.type, testnet: isTestnet, file: path, ...mnemonic })
  }
  const prompts = flags.yesShow ? undefined : await promptsOf(context)
  if (flags.yesShow) print(stdout, ...numberedWords(words), '')
  else if (
    prompts !== undefined &&
    (await prompts.confirm('Show the 24 words now, to write them down?', true))
  ) {
    await showOnce(words, { stdout, prompts })
  } else {
    print(stderr, 'The 24 words were not shown. Without them and without this file the coins are lost:')
    print(stderr, '  `cocoon wallet export --words` shows them.', '')
  }
  print(stdout, tinted('strong', address, stdout))
  print(stdout, `A ${flags.type} wallet, in ${path}. \`cocoon wallet fund 5\` says how coins get there.`)
}
