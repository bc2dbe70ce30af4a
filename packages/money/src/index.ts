export { MoneyError, type BalanceFigures, type MoneyErrorCode } from './error.ts'
export {
  addressKey,
  contractAddress,
  formatAddress,
  parseAddress,
  sameAddress,
  type ContractAddress,
} from './address.ts'
export { codeFromHash, codeFromHex, emptyCode, type Code } from './code.ts'
export type { Endpoint, RegisteredProxy, RootConfig, TokenMultipliers } from './root-config.ts'
export { isImageAllowed, isModelAllowed, modelBaseName, modelHash } from './registry.ts'
export { parsePseudoConfig, writePseudoConfig, type PseudoConfigInput } from './pseudo-config.ts'
export {
  clientContractAddress,
  nodeWalletAddress,
  proxyContractAddress,
  workerContractAddress,
} from './contracts.ts'
export { createPaymentKey, type PaymentKey } from './payment-key.ts'
export { signPayment, verifyPayment, type Payment, type PaymentKind } from './payment.ts'
export { adjustTokens, reservationTokens } from './rounding.ts'
export {
  priceUsage,
  splitPayment,
  type AdjustedTokens,
  type Prices,
  type Usage,
  type UsageCosts,
} from './pricing.ts'
export { creditFromContract, creditWithoutChain, spendLimit, type ClientCredit } from './credit.ts'
export type { AccountKey, Charge, ClientView, Grades, Ledger, Reservation, WorkerView } from './ledger.ts'
export { MemoryLedger, type MemoryLedgerOptions } from './memory-ledger.ts'
export { checkProxyTerms, expectAddress, type ProxyTerms } from './proxy-terms.ts'
export type {
  AccountState,
  Chain,
  ChainFees,
  ChainHead,
  ChainMessage,
  ChainTransaction,
} from './chain/chain.ts'
export type { Store } from './store/store.ts'
