import type { ChainTransaction } from '../chain/chain.ts'
import { exitCodes } from './opcodes.generated.ts'

/** The contracts of the network. */
export type ContractRole = 'root' | 'proxy' | 'client' | 'worker' | 'wallet'

/** What TON itself says by an exit code, in computation or in the actions after it. */
const chainCodes: Readonly<Record<number, string>> = {
  2: 'The contract took a value from an empty stack.',
  3: 'The stack of the contract is full.',
  4: 'A number does not fit 257 bits, or was divided by zero.',
  5: 'A number is outside of its range, such as an amount below zero.',
  6: 'The code of the contract is not valid.',
  7: 'A value is of another type than expected.',
  8: 'A cell has no room for what was to be stored.',
  9: 'The message or the data ended too early, or something followed after their end.',
  10: 'A dictionary is not valid.',
  11: 'The contract has no such method.',
  12: 'The machine failed.',
  13: 'The gas is used up. Attach more.',
  [-14]: 'The gas is used up. Attach more.',
  32: 'The list of actions is not valid.',
  33: 'There are more actions than one transaction may have.',
  34: 'An action or its destination is not valid.',
  35: 'The source of a message is not valid.',
  36: 'The destination of a message is not valid.',
  37: 'The contract has too few coins for what it was to send.',
  38: 'The contract has too little of another currency for what it was to send.',
  39: 'A message does not fit its cell.',
  40: 'A message has too few coins for its way, or is too large.',
  50: 'The contract would have become too large.',
  63: 'The contract has no such operation.',
}

/** What a code means in one contract. */
const inContract: Partial<Record<ContractRole, Readonly<Record<number, string>>>> = {
  proxy: { 5: 'The contract holds fewer coins than it was to pay out.' },
}

/**
 * An exit code in words: of the contracts, then of TON. 0 and 1 say that all went well. The same numbers serve
 * for computation and for actions.
 */
export function describeExit(code: number, contract?: ContractRole): string {
  if (code === 0 || code === 1) return 'It succeeded.'
  const known = (contract && inContract[contract]?.[code]) ?? exitCodes[code]?.meaning ?? chainCodes[code]
  return known === undefined ? `It failed with exit code ${code}.` : `${known} (exit code ${code})`
}

/** Why a transaction failed; undefined where it did not. */
export function describeFailure(transaction: ChainTransaction, contract?: ContractRole): string | undefined {
  const { isSuccess, exitCode, actionCode } = transaction
  if (isSuccess) return undefined
  if (exitCode === undefined)
    return 'The contract did not run: the message brought no gas, or there is no contract yet.'
  if (exitCode !== 0 && exitCode !== 1) return describeExit(exitCode, contract)
  return actionCode ? describeExit(actionCode) : 'It failed without an exit code.'
}
