import type { ContractAddress, RootConfig } from '@cocoon/money'
import type { ByteBudget, ProxyParams } from '@cocoon/wire'
import type { ClientContracts } from './client-contracts.ts'
import type { IdentityBook } from './identity-book.ts'
import type { ProxyLog } from './log/proxy-log.ts'
import type { Standings } from './market/standing.ts'
import type { ClientAccount, Payments } from './payments.ts'
import type { Receipts } from './receipts.ts'
import type { Refusal } from './refusal.ts'
import type { RelayDesk, RelayQuery } from './relay-parts.ts'

/** What links and relays share: the proxy as seen from inside. */
export interface Desk extends RelayDesk {
  readonly standings: Standings
  readonly payments: Payments
  readonly identities: IdentityBook
  readonly receipts: Receipts
  readonly publicLog: ProxyLog | undefined
  readonly limits: ProxyLimits
  /** For unfinished frames of all connections. */
  readonly frameBudget: ByteBudget
  /** For the queries that run. */
  readonly queryBudget: ByteBudget
  readonly isTest: boolean
  readonly isTestnet: boolean
  readonly checkWorkerHashes: boolean
  config(): RootConfig
  /** The proxy as a peer of this protocol version is told. */
  params(version: number): ProxyParams
  /** What contract addresses of clients and workers are derived from. */
  contract(): { proxyContract: ContractAddress; proxyPublicKey: Uint8Array }
  isOpen(): boolean
  /** Throws a Rejection while no new session is taken. */
  checkOpen(): void
  nextRelayId(): string
  readonly clientContracts: ClientContracts
  reservationFor(query: RelayQuery): bigint
  /** Rejects with a MoneyError. */
  reserve(account: ClientAccount, relayId: string, tokens: bigint): Promise<void>
  /** Undefined where the client has to come again. */
  reservationRefused(error: unknown, tokens: bigint, account: ClientAccount): Refusal | undefined
  relayBegan(): void
  relayEnded(): void
  /** A message that nobody waits for. */
  ignored(from: 'client' | 'worker', id: number): void
}

export interface ProxyLimits {
  /** From the transport to the end of the session handshake. */
  sessionMs: number
  maxRelaysPerClient: number
  /** Bytes of the running queries of one client. */
  maxQueryBytesPerClient: number
  /** Bytes of all running queries. */
  maxQueryBytes: number
  /** Bytes of unfinished frames on all connections. */
  maxFrameBytes: number
  maxClients: number
  maxWorkers: number
}

export const proxyLimits: ProxyLimits = {
  sessionMs: 30_000,
  maxRelaysPerClient: 10_000,
  maxQueryBytesPerClient: 128 << 20,
  maxQueryBytes: 512 << 20,
  maxFrameBytes: 512 << 20,
  maxClients: 10_000,
  maxWorkers: 10_000,
}
