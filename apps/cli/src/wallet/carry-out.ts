import {
  formatAddress,
  type Outcome,
  planTransfer,
  sendTransfer,
  type OwnerTransfer,
  type TransferPlan,
} from '@cocoon/money'
import type { PersonChain } from '../config/person-chain.ts'
import { type Context, foreign, print, printJson, tinted } from '../context.ts'
import { devnetNotice } from '../commands/devnet.ts'
import { CliError } from '../error.ts'
import { decimalCoins, inCoins } from '../http/coins.ts'
import { told } from '../money-error.ts'
import { createProgress } from '../progress.ts'
import { cancelled, promptsOf } from '../prompts.ts'
import { lockWallet, type WalletFile } from './file.ts'
import { knownPassword, type PasswordFlags } from './password.ts'

export interface SpendFlags extends PasswordFlags {
  json?: true
  yes?: true
}

export interface Spending {
  readonly file: WalletFile
  readonly network: PersonChain
  readonly transfer: Omit<OwnerTransfer, 'isBounceable'>
  readonly coin: string
  /** What comes of it, in words: "Send 1.5 TON to …". */
  readonly what: string
}

/** Says what a transfer costs, asks, signs, and waits until it is final. Rejects with `refused` where it failed. */
export async function carryOut(context: Context, flags: SpendFlags, spending: Spending): Promise<void> {
  const { stdout, stderr, world } = context
  const { file, network } = spending
  const { wallet } = file
  await using stack = new AsyncDisposableStack()
  stack.use(await lockWallet(file.path))
  const plan = await told(() => planTransfer(network.chain, wallet, spending.transfer))
  requireCoins(plan, spending)
  if (!flags.json) print(stdout, ...planText(context, plan, spending))
  await confirm(context, flags)
  const key = await file.key(await knownPassword(context, flags, file.path))
  const progress = createProgress(stderr, flags.json === true)
  progress.step('Handing it in')
  const outcome = await told(() =>
    sendTransfer(plan, {
      chain: network.chain,
      world,
      wallet,
      key,
      signal: network.signal,
      progress: step =>
        progress.step(
          step === 'left' ? 'It left the wallet; waiting for its arrival' : 'Waiting for the wallet',
        ),
    }),
  ).finally(() => progress[Symbol.dispose]())
  if (flags.json) printJson(stdout, outcomeJson(outcome, plan, network))
  else print(stdout, outcomeText(outcome, spending))
  if (outcome.kind === 'delivered' || outcome.kind === 'unknown') return
  throw new CliError('refused', `The transfer failed: ${outcome.words.replace(/\.$/, '')}.`, {
    advice: whereCoinsAre(outcome),
  })
}

function whereCoinsAre(outcome: Exclude<Outcome, { kind: 'delivered' | 'unknown' }>): string {
  if (outcome.kind === 'not-sent') return 'Nothing moved but the fee.'
  const isBack = outcome.kind === 'bounced' || outcome.isReturned
  return isBack ? 'The coins came back, less the fees.' : 'The coins are at the destination all the same.'
}

function requireCoins(
  { wallet, feeNano, missingNano, transfer }: TransferPlan,
  { coin, file }: Spending,
): void {
  if (missingNano === 0n) return
  const address = formatAddress(file.wallet.address, { testnet: file.isTestnet })
  const { valueNano } = transfer
  const wanted = valueNano === 'everything' ? '' : `${inCoins(valueNano, coin)} and `
  throw new CliError(
    'refused',
    `The wallet holds ${inCoins(wallet.balanceNano, coin)}; this takes ${wanted}up to ${inCoins(feeNano, coin)} for the fee: ` +
      `${inCoins(missingNano, coin)} are missing.`,
    { advice: `Send them to ${address}, or send less.` },
  )
}

function planText({ stdout }: Context, plan: TransferPlan, { what, coin, network }: Spending): string[] {
  const { destination, feeNano, deploys } = plan
  const lines = network.devnet === undefined ? [] : [tinted('simulated', devnetNotice, stdout), '']
  lines.push(
    what,
    `Fee: at most ${inCoins(feeNano, coin)}${deploys ? ', with the contract of the wallet' : ''}.`,
  )
  if (destination.status === 'absent') lines.push('Nothing was ever sent to that address: check it.')
  else if (destination.status === 'uninitialised') lines.push('There is no contract at the address yet.')
  return lines
}

async function confirm(context: Context, flags: SpendFlags): Promise<void> {
  if (flags.yes) return
  const prompts = await promptsOf(context)
  if (prompts === undefined || flags.json) {
    throw new CliError('usage', 'Nobody confirmed the transfer.', {
      advice: 'Give --yes to send without a question.',
    })
  }
  if (!(await prompts.confirm('Send it?'))) throw cancelled('Nothing was sent.')
}

function outcomeJson(outcome: Outcome, plan: TransferPlan, { devnet }: PersonChain): Record<string, unknown> {
  const { valueNano } = plan.transfer
  return {
    simulated: devnet !== undefined,
    outcome: outcome.kind,
    amount_nano: valueNano === 'everything' ? valueNano : String(valueNano),
    ...(valueNano !== 'everything' && { amount: decimalCoins(valueNano) }),
    fee_at_most_nano: String(plan.feeNano),
    ...('transaction' in outcome && { transaction: outcome.transaction }),
    ...('words' in outcome && { words: outcome.words }),
    ...(outcome.kind === 'failed' && { exit_code: outcome.exitCode, returned: outcome.isReturned }),
  }
}

function outcomeText(outcome: Outcome, { network }: Spending): string {
  switch (outcome.kind) {
    case 'delivered':
      return `Arrived${network.devnet === undefined ? ', and final' : ''}: transaction ${outcome.transaction.hash}`
    case 'failed':
    case 'bounced':
      return `The destination did not take it (transaction ${outcome.transaction.hash}).`
    case 'not-sent':
      return 'It did not leave the wallet.'
    case 'unknown':
      return foreign(outcome.words, 300)
  }
}
