import type { Cell } from '@ton/core'
import type { ContractAddress } from '../address.ts'
import { MoneyError } from '../error.ts'
import { readClientAccount, type ClientAccount } from './client.ts'
import { opcodes } from './opcodes.generated.ts'
import { CellReader } from './reader.ts'
import { readWorkerPhase } from './worker.ts'

/**
 * What a message to a proxy's contract says. It is only as true as its sender: a client's report counts where
 * the message comes from the contract of that client, a worker's where it comes from that worker's, a note on
 * saved state where it comes from the proxy's own wallet.
 */
export type ProxyMessage = { readonly queryId: bigint } & (
  | ClientReport
  | WorkerReport
  | SavedState
  | { readonly kind: 'operation'; readonly operation: ProxyOperation }
)

/** A client's contract after something changed in it. */
export interface ClientReport {
  readonly kind: 'client-report'
  readonly clientOwner: ContractAddress
  readonly account: ClientAccount
  /** What the proxy's contract is asked for besides. */
  readonly request: ClientRequest | undefined
}

export type ClientRequest =
  | { readonly kind: 'register'; readonly nonce: bigint }
  | { readonly kind: 'top-up' | 'refund-granted' | 'refund-forced'; readonly nano: bigint }
  /** Of no known layout; the report itself is good. */
  | { readonly kind: 'unknown' }

/** A worker's contract after something changed in it. */
export interface WorkerReport {
  readonly kind: 'worker-report'
  readonly workerOwner: ContractAddress
  readonly phase: 'open' | 'closed'
  readonly paidTokens: bigint
  readonly request: WorkerRequest | undefined
}

export type WorkerRequest =
  | { readonly kind: 'payout'; readonly workerNano: bigint; readonly proxyNano: bigint }
  /** Of no known layout; the report itself is good. */
  | { readonly kind: 'unknown' }

/** A note that the proxy sent to itself through the chain. */
export interface SavedState {
  readonly kind: 'saved-state'
  readonly seqno: number
  readonly sessionHash: Uint8Array
}

const operations = {
  [opcodes.proxyPayoutRequest]: 'payout-request',
  [opcodes.proxyIncreaseStake]: 'increase-stake',
  [opcodes.proxyOwnerClose]: 'owner-close',
  [opcodes.proxyClose]: 'close',
  [opcodes.proxyCloseComplete]: 'close-complete',
  [opcodes.excesses]: 'excesses',
  [opcodes.payout]: 'payout',
} as const

export type ProxyOperation = (typeof operations)[keyof typeof operations]

/**
 * Reads the body of any message to a proxy's contract; anybody may send one. Undefined for what says nothing:
 * plain coins, texts, messages that come back, noise.
 */
export function readProxyMessage(body: Cell): ProxyMessage | undefined {
  return orUndefined(() => {
    const reader = new CellReader(body, 'message to a proxy contract')
    const [opcode, queryId] = [reader.uint(32), reader.big(64)]
    if (opcode === opcodes.clientProxyRequest) return { queryId, ...readClientReport(reader) }
    if (opcode === opcodes.workerProxyRequest) return { queryId, ...readWorkerReport(reader) }
    if (opcode === opcodes.doNotProcess) return { queryId, ...readSavedState(reader) }
    const operation = isOperation(opcode) ? operations[opcode] : undefined
    return operation && { queryId, kind: 'operation', operation }
  })
}

/** With which operation and query a message begins, if it is long enough. Texts have operation 0. */
export function readMessageHead(body: Cell): { operation: number; queryId: bigint } | undefined {
  return orUndefined(() => {
    const reader = new CellReader(body, 'message')
    const operation = reader.uint(32)
    return { operation, queryId: operation === 0 ? 0n : reader.big(64) }
  })
}

/** `owner:addr_std ^client_state payload:(Maybe ^Cell)` */
function readClientReport(reader: CellReader): ClientReport {
  const clientOwner = reader.address()
  const account = readClientAccount(reader.reference())
  const payload = reader.maybeReference()
  reader.end()
  return { kind: 'client-report', clientOwner, account, request: payload && readClientRequest(payload) }
}

/** `op:uint32`, then `nonce:uint64` or `amount:Coins excesses_to`. */
function readClientRequest(payload: Cell): ClientRequest {
  return (
    orUndefined((): ClientRequest | undefined => {
      const reader = new CellReader(payload, "request of a client's contract")
      switch (reader.uint(32)) {
        case opcodes.clientRegisterPayload:
          return { kind: 'register', nonce: reader.big(64) }
        case opcodes.clientTopUpPayload:
          return { kind: 'top-up', nano: reader.coins() }
        case opcodes.clientRefundGrantedPayload:
          return { kind: 'refund-granted', nano: reader.coins() }
        case opcodes.clientRefundForcePayload:
          return { kind: 'refund-forced', nano: reader.coins() }
        default:
          return undefined
      }
    }) ?? { kind: 'unknown' }
  )
}

/** `owner:addr_std state:uint2 tokens:uint64 payload:(Maybe ^Cell)` */
function readWorkerReport(reader: CellReader): WorkerReport {
  const workerOwner = reader.address()
  const [phase, paidTokens] = [readWorkerPhase(reader), reader.big(64)]
  const payload = reader.maybeReference()
  reader.end()
  return {
    kind: 'worker-report',
    workerOwner,
    phase,
    paidTokens,
    request: payload && readWorkerRequest(payload),
  }
}

/** `op:uint32 worker_part:Coins proxy_part:Coins excesses_to` */
function readWorkerRequest(payload: Cell): WorkerRequest {
  return (
    orUndefined((): WorkerRequest | undefined => {
      const reader = new CellReader(payload, "request of a worker's contract")
      if (reader.uint(32) !== opcodes.workerPayoutPayload) return undefined
      return { kind: 'payout', workerNano: reader.coins(), proxyNano: reader.coins() }
    }) ?? { kind: 'unknown' }
  )
}

/** `op:uint32 seqno:int32 session_hash:bits256` */
function readSavedState(reader: CellReader): SavedState {
  if (reader.uint(32) !== opcodes.saveState) throw reader.malformed('it is another note')
  const note = { kind: 'saved-state', seqno: reader.int(32), sessionHash: reader.bytes(32) } as const
  reader.end()
  return note
}

function isOperation(opcode: number): opcode is keyof typeof operations {
  return Object.hasOwn(operations, opcode)
}

function orUndefined<T>(read: () => T | undefined): T | undefined {
  try {
    return read()
  } catch (error) {
    if (error instanceof MoneyError && error.code === 'contract-data') return undefined
    throw error
  }
}
