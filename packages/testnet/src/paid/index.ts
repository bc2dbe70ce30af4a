/** Parties that pay each other on a chain, one by one: for networks that are put together otherwise. */
export { keepAlive, testModel } from '../network.ts'
export { ScriptedBackend, wholeAnswer } from '../scripted-backend.ts'
export { pipeStreet, type Place } from '../street.ts'
export { auditChain, type AuditedParties, type ChainAudit } from './audit.ts'
export { type Ground, oneTon, startGround } from './ground.ts'
export {
  identityOf,
  nobody,
  openPaidClient,
  openPaidWorker,
  type PaidClient,
  type PartySetup,
  paymentKeyOf,
  quickPolicies,
} from './parties.ts'
