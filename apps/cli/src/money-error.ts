import { MoneyError, type MoneyErrorCode } from '@cocoon/money'
import { CliError, type CliErrorCode } from './error.ts'

/** What a person can do about a failure of money or chain, where the message does not say it. */
const meanings: Partial<Record<MoneyErrorCode, readonly [code: CliErrorCode, advice?: string]>> = {
  address: ['usage'],
  amount: ['usage'],
  limit: ['usage'],
  key: ['config'],
  config: ['config'],
  storage: ['config', 'End the other process that uses it, or name another folder.'],
  contract: ['refused'],
  'chain-unreachable': [
    'unreachable',
    'Check the connection, or name another source of the chain with --chain.',
  ],
  'chain-busy': ['unreachable', 'Wait a little, or give an API key with COCOON_CHAIN_KEY.'],
  'chain-answer': ['unreachable', 'Name another source of the chain with --chain.'],
  'chain-stale': ['unreachable', 'Name another source of the chain with --chain.'],
  'chain-history': ['unreachable', 'Name a source with an archive with --chain.'],
  'chain-refused': ['refused'],
  'contract-data': ['refused', 'Check the address, and that --chain is of the same network.'],
  'wallet-balance': ['refused', 'Send coins to the wallet first: `cocoon wallet fund` says how.'],
  'wallet-blocked': ['refused'],
  'transaction-failed': ['refused'],
  closed: ['cancelled'],
}

/** Failures of money as a command tells them; all others pass as they are. */
export async function told<Value>(act: () => Promise<Value>): Promise<Value> {
  try {
    return await act()
  } catch (error) {
    throw error instanceof MoneyError ? toldError(error) : error
  }
}

export function toldError(error: MoneyError): CliError {
  const [code, advice] = meanings[error.code] ?? ['refused']
  const message = /[.!?)]$/.test(error.message) ? error.message : `${error.message}.`
  return new CliError(code, message, { cause: error, ...(advice !== undefined && { advice }) })
}
