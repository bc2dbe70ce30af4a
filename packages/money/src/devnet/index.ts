export { startDevnet, type Devnet, type DevnetOptions, type DevnetStatus } from './devnet.ts'
export { DevnetChain } from './devnet-chain.ts'
export type { DevnetFaults } from './faults.ts'
export type { GiftReceipt } from './gifts.ts'
