/** A cell of TON: to be passed on, or read with this package. */
export type { Cell } from '@ton/core'
export { MoneyError, type BalanceFigures, type MoneyErrorCode } from './error.ts'
export {
  addressKey,
  canBePaid,
  contractAddress,
  formatAddress,
  parseAddress,
  sameAddress,
  type ContractAddress,
} from './address.ts'
export { codeFromCell, codeFromHash, codeFromHex, emptyCode, type Code } from './code.ts'
export type {
  ContractCodes,
  ContractParams,
  ContractTerms,
  Endpoint,
  RegisteredProxy,
  RootConfig,
  TokenMultipliers,
} from './root-config.ts'
export { isImageAllowed, isModelAllowed, modelBaseName, modelHash } from './registry.ts'
export { parsePseudoConfig, writePseudoConfig, type PseudoConfigInput } from './pseudo-config.ts'
export { clientBody, proxyBody, walletBody, workerBody } from './contracts/bodies.ts'
export {
  clientContractAddress,
  clientStateInit,
  readClientData,
  type ClientAccount,
  type ClientContractData,
  type ClientParties,
} from './contracts/client.ts'
export { compiledCode } from './contracts/compiled.ts'
export { describeExit, describeFailure, type ContractRole } from './contracts/exit.ts'
export {
  deploymentValue,
  estimateOperation,
  externalFee,
  gasFee,
  messageFee,
  rentOfYear,
  walletReserveNano,
  type Operation,
  type OperationEstimate,
} from './contracts/fees.ts'
export {
  nodeWalletAddress,
  nodeWalletStateInit,
  readNodeWalletData,
  type NodeWalletData,
  type NodeWalletParties,
} from './contracts/node-wallet.ts'
export {
  readMessageHead,
  readProxyMessage,
  type ClientReport,
  type ClientRequest,
  type ProxyMessage,
  type ProxyOperation,
  type SavedState,
  type WorkerReport,
  type WorkerRequest,
} from './contracts/proxy-message.ts'
export {
  proxyContractAddress,
  proxyStateInit,
  readProxyData,
  type ProxyContractData,
  type ProxyParties,
} from './contracts/proxy.ts'
export { rootBody, type RootList } from './contracts/root-bodies.ts'
export {
  readGovernance,
  readKeyKeeper,
  readRootConfig,
  type Governance,
  type KeyKeeper,
  type PendingChange,
  type TrustedKey,
} from './contracts/root-data.ts'
export { rootContractAddress, rootStateInit, writeRootData, type RootExtras } from './contracts/root-state.ts'
export type { ContractPhase } from './contracts/state.ts'
export {
  maxWalletMessages,
  messageCell,
  sentMessages,
  signWalletExternal,
  type WalletExternal,
  type WalletMessage,
} from './contracts/wallet-external.ts'
export {
  readWorkerData,
  workerContractAddress,
  workerStateInit,
  type WorkerContractData,
  type WorkerParties,
} from './contracts/worker.ts'
export { createPaymentKey, type PaymentKey } from './payment-key.ts'
export { paymentBody } from './envelope.ts'
export {
  signClosing,
  signPayment,
  verifyClosing,
  verifyPayment,
  type ClosingKind,
  type Payment,
  type PaymentKind,
} from './payment.ts'
export { adjustTokens, reservationTokens } from './rounding.ts'
export {
  adjustUsage,
  priceUsage,
  splitPayment,
  type AdjustedTokens,
  type Prices,
  type Usage,
  type UsageCosts,
} from './pricing.ts'
export { creditFromContract, creditWithoutChain, spendLimit, type ClientCredit } from './credit.ts'
export {
  type AccountKey,
  type Charge,
  type ChargeRequest,
  type ClientView,
  type Grades,
  type Ledger,
  maxNoteBytes,
  type Note,
  type Reservation,
  type WorkerView,
} from './ledger.ts'
export { MemoryLedger, type MemoryLedgerOptions } from './ledger/memory.ts'
export { openPostgresLedger, type PostgresLedgerOptions, type SharedLedger } from './ledger/postgres.ts'
export { openSqliteLedger, type SqliteLedgerOptions } from './ledger/sqlite.ts'
export { checkProxyTerms, expectAddress, type ProxyTerms } from './proxy-terms.ts'
export type {
  AccountState,
  BlockHash,
  Chain,
  ChainBlock,
  ChainFees,
  ChainHead,
  ChainMessage,
  ChainTransaction,
} from './chain/chain.ts'
export { openChain, type ChainSource, type OpenChainOptions, type OpenedChain } from './chain/open.ts'
export type { SourceStatus } from './chain/failover.ts'
export type { HeadLimits } from './chain/head-watch.ts'
export type { Store } from './store/store.ts'
export { MemoryStore } from './store/memory.ts'
export { openPostgresStore } from './store/postgres.ts'
export { openSqliteStore } from './store/sqlite.ts'
export type { Tally, TallyEntry, TallyRow } from './tally/tally.ts'
export { MemoryTally } from './tally/memory.ts'
export { openSqliteTally, type SqliteTallyOptions } from './tally/sqlite.ts'
export { Channel, type ChannelTerms, type ChannelTotals } from './channel.ts'
export { type Channels, ChannelsWithoutChain, type ClientChannels } from './channels.ts'
export { AccountWatch, type AccountWatchOptions, type StoreChanges } from './watch/account-watch.ts'
export { watchLimits } from './watch/limits.ts'
export type { PollInterval } from './watch/poll.ts'
export { RootWatch, type RootListener, type RootView, type RootWatchOptions } from './watch/root-watch.ts'
export { anchorHash, type AnchorOpening, type LogHead, type SeenAnchor } from './settlement/anchor.ts'
export {
  type AnchorPage,
  type AuditedProxy,
  type ChainAnchor,
  readAnchors,
  settledTotals,
  type SettledTotals,
} from './settlement/audit.ts'
export type { Duty, Word } from './settlement/duty.ts'
export { Registrations } from './settlement/registrations.ts'
export { SharedRecords, type SharedRecordsOptions, type Shift } from './settlement/shared-records.ts'
export { ProxySettlement, type ProxySettlementOptions } from './settlement/proxy-settlement.ts'
export {
  type ClientAccountView,
  ClientSettlement,
  type ClientSettlementOptions,
} from './settlement/client-settlement.ts'
export {
  type WorkerAccountView,
  WorkerSettlement,
  type WorkerSettlementOptions,
} from './settlement/worker-settlement.ts'
export type { SettlementEvent, SettlementReport } from './settlement/event.ts'
export {
  type ClientPolicy,
  clientPolicy,
  type ProxyPolicy,
  proxyPolicy,
  type WorkerPolicy,
  workerPolicy,
} from './settlement/policy.ts'
export { walletLimits } from './wallet/limits.ts'
export type { OutgoingMessage } from './wallet/message.ts'
export { NodeWallet, type NodeWalletOptions, type NodeWalletView } from './wallet/node-wallet.ts'
export { idleWallet, notLeading, type RoleWallet } from './wallet/idle-wallet.ts'
export { outcomeError, type Outcome, type TransactionId } from './wallet/outcome.ts'
export { readRootFromText, writeRootAsText } from './contracts/root-text.ts'
export { rootDeployment } from './contracts/deployment.ts'
export { maxCommentBytes } from './owner-wallet/comment.ts'
export { walletHistory, type WalletEntry } from './owner-wallet/history.ts'
export { keyOfMnemonic, mnemonicWords, newMnemonic } from './owner-wallet/mnemonic.ts'
export { planTransfer, sendTransfer, type TransferPlan } from './owner-wallet/transfer.ts'
export {
  OwnerWallet,
  type OwnerTransfer,
  type OwnerWalletKind,
  ownerWalletKinds,
} from './owner-wallet/wallet.ts'
export { parseProxyEndpoints } from './endpoint.ts'
export { type BookedChannel, readChannels } from './settlement/channel-book.ts'
