import type { ContractAddress } from './address.ts'
import { opcodes } from './contracts/opcodes.generated.ts'
import { signEnvelope, verifyEnvelope } from './envelope.ts'
import type { PaymentKey } from './payment-key.ts'

/**
 * What a proxy signs: a running total of tokens that one contract may settle. A later payment replaces an
 * earlier one.
 */
export type PaymentKind = keyof typeof payments

const payments = {
  /** The client's contract lowers its balance. */
  'client-charge': opcodes.clientCharge,
  /** The worker's contract has the worker's part paid out. */
  'worker-payout': opcodes.workerPayout,
  /** The last charge: the client's contract closes and pays back the rest. */
  'client-refund': opcodes.clientGrantRefund,
  /** The last payout: the worker's contract closes. */
  'worker-last-payout': opcodes.workerLastPayout,
} as const

/** How a proxy's key closes the proxy's own contract, in two steps. */
export type ClosingKind = keyof typeof closings

const closings = {
  'proxy-close': opcodes.proxyClose,
  'proxy-close-complete': opcodes.proxyCloseComplete,
} as const

export interface Payment {
  /** Total of adjusted tokens since the contract was created. */
  readonly tokens: bigint
  readonly queryId: bigint
}

/** Who must have signed, and for which contract. */
export interface ExpectedSignature {
  readonly contract: ContractAddress
  readonly publicKey: Uint8Array
}

/**
 * Signs a payment and returns it as a bag of cells, 180 bytes. The signature does not cover `excessesTo`:
 * whoever submits the payment may replace it, see `paymentBody`. `queryId` and `tokens` are unsigned 64-bit
 * numbers; anything else is `MoneyError('amount')`.
 */
export function signPayment(payment: {
  kind: PaymentKind
  key: PaymentKey
  queryId: bigint
  tokens: bigint
  contract: ContractAddress
  excessesTo: ContractAddress
}): Uint8Array {
  const { kind, queryId, tokens, contract } = payment
  const signed = { operation: payments[kind], queryId, tokens, contract }
  return signEnvelope(signed, payment.excessesTo, payment.key)
}

/**
 * Reads a payment in any form of a bag of cells and accepts exactly the layout that `signPayment` writes, for
 * this kind and contract, signed by this key. Anything else is a MoneyError with a `payment-` code; a public
 * key that is not 32 bytes is `MoneyError('key')`. The input is borrowed.
 */
export function verifyPayment(
  bytes: Uint8Array,
  expected: ExpectedSignature & { kind: PaymentKind },
): Payment {
  const { kind, ...by } = expected
  const { tokens = 0n, queryId } = verifyEnvelope(bytes, { ...by, operation: payments[kind], what: kind })
  return { tokens, queryId }
}

/** As `signPayment`, for the proxy's own contract: 172 bytes. */
export function signClosing(closing: {
  kind: ClosingKind
  key: PaymentKey
  queryId: bigint
  contract: ContractAddress
  excessesTo: ContractAddress
}): Uint8Array {
  const { kind, queryId, contract } = closing
  const signed = { operation: closings[kind], queryId, tokens: undefined, contract }
  return signEnvelope(signed, closing.excessesTo, closing.key)
}

/** As `verifyPayment`, for what `signClosing` writes. Returns the query id. */
export function verifyClosing(
  bytes: Uint8Array,
  expected: ExpectedSignature & { kind: ClosingKind },
): { queryId: bigint } {
  const { kind, ...by } = expected
  const { queryId } = verifyEnvelope(bytes, { ...by, operation: closings[kind], what: kind })
  return { queryId }
}
