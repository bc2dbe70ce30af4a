import { Cell as ParsedCell, type Slice } from '@ton/core'
import { contractAddress, formatAddress, sameAddress, type ContractAddress } from './address.ts'
import { CellWriter, type Cell } from './cell.ts'
import { MoneyError } from './error.ts'
import { verifySignature, type PaymentKey } from './payment-key.ts'

/**
 * What a proxy signs: a running total of tokens that one contract may settle. A later payment replaces an
 * earlier one.
 */
export type PaymentKind = keyof typeof operations

const operations = {
  /** The client's contract lowers its balance. */
  'client-charge': 0xbb63ff93,
  /** The worker's contract has the worker's part paid out. */
  'worker-payout': 0xa040ad28,
  /** The last charge: the client's contract closes and pays back the rest. */
  'client-refund': 0xefd711e1,
  /** The last payout: the worker's contract closes. */
  'worker-last-payout': 0xf5f26a36,
} as const

const payloadBits = 32 + 64 + 64 + 267
const envelopeBits = 32 + 64 + 267 + 512

/** A payment takes 180 bytes; other forms of a bag of cells are a little longer. */
const maxPaymentBytes = 1024

/** Magic, no index and no checksum, sizes of one byte each, 2 cells, 1 root, none absent. */
const bagHeader = [0xb5, 0xee, 0x9c, 0x72, 0x01, 0x01, 0x02, 0x01, 0x00]

export interface Payment {
  /** Total of adjusted tokens since the contract was created. */
  readonly tokens: bigint
  readonly queryId: bigint
}

/**
 * Signs a payment and returns it as a bag of cells, 180 bytes:
 *
 *     envelope: op:uint32 query_id:uint64 excesses_to:addr_std signature:bits512 ^payload
 *     payload:  op:uint32 query_id:uint64 tokens:uint64 contract:addr_std
 *
 * The signature covers the hash of the payload alone: whoever submits the payment may replace `excessesTo`.
 * `queryId` and `tokens` are unsigned 64-bit numbers; anything else is `MoneyError('amount')`.
 */
export function signPayment(payment: {
  kind: PaymentKind
  key: PaymentKey
  queryId: bigint
  tokens: bigint
  contract: ContractAddress
  excessesTo: ContractAddress
}): Uint8Array {
  const { kind, key, queryId, tokens } = payment
  if (BigInt.asUintN(64, tokens) !== tokens || BigInt.asUintN(64, queryId) !== queryId) {
    throw new MoneyError(
      'amount',
      `A payment of ${tokens} tokens with query id ${queryId} does not fit 64 bits`,
    )
  }
  const operation = operations[kind]
  const payload = new CellWriter()
    .uint(operation, 32)
    .uint(queryId, 64)
    .uint(tokens, 64)
    .address(payment.contract)
    .finish()
  const envelope = new CellWriter()
    .uint(operation, 32)
    .uint(queryId, 64)
    .address(payment.excessesTo)
    .bytes(key.sign(payload.hash))
    .reference(payload)
    .finish()
  return bagOfCells(envelope, payload)
}

/**
 * Reads a payment in any form of a bag of cells and accepts exactly the layout that `signPayment` writes, for
 * this kind and contract, signed by this key. Anything else is a MoneyError with a `payment-` code; a public
 * key that is not 32 bytes is `MoneyError('key')`. The input is borrowed.
 */
export function verifyPayment(
  bytes: Uint8Array,
  expected: { kind: PaymentKind; contract: ContractAddress; publicKey: Uint8Array },
): Payment {
  const { payment, operation, contract, signature, payloadHash } = readPayment(bytes)
  if (operation !== operations[expected.kind]) {
    throw new MoneyError('payment-kind', `Operation ${operation.toString(16)} is not a ${expected.kind}`)
  }
  if (!sameAddress(contract, expected.contract)) {
    const [got, wanted] = [formatAddress(contract), formatAddress(expected.contract)]
    throw new MoneyError('payment-contract', `The payment is for contract ${got}, not for ${wanted}`)
  }
  if (!verifySignature(payloadHash, signature, expected.publicKey)) {
    throw new MoneyError('payment-signature', 'The payment is not signed by the key of the proxy')
  }
  return payment
}

/** `header bytes-of-both-cells:uint8 index-of-the-root:uint8`, then the two cells, each with its references after it. */
function bagOfCells(root: Cell, child: Cell): Uint8Array {
  const cellsBytes = root.body.length + 1 + child.body.length
  const bag = new Uint8Array(bagHeader.length + 2 + cellsBytes)
  bag.set(bagHeader)
  bag[bagHeader.length] = cellsBytes
  bag.set(root.body, bagHeader.length + 2)
  // The reference to the second cell.
  bag[bagHeader.length + 2 + root.body.length] = 1
  bag.set(child.body, bag.length - child.body.length)
  return bag
}

function readPayment(bytes: Uint8Array) {
  const root = parseBag(bytes)
  const payloadCell = root.refs[0]
  if (root.bits.length !== envelopeBits || root.refs.length !== 1 || root.isExotic)
    throw malformed('envelope')
  if (payloadCell?.bits.length !== payloadBits || payloadCell.refs.length > 0 || payloadCell.isExotic) {
    throw malformed('payload')
  }

  const envelope = root.beginParse()
  const operation = envelope.loadUint(32)
  const queryId = envelope.loadUintBig(64)
  readAddress(envelope)
  const signature = envelope.loadBuffer(64)

  const payload = payloadCell.beginParse()
  if (payload.loadUint(32) !== operation || payload.loadUintBig(64) !== queryId) {
    throw malformed('payload: it repeats another operation or query id')
  }
  const tokens = payload.loadUintBig(64)
  const contract = readAddress(payload)
  return { payment: { tokens, queryId }, operation, contract, signature, payloadHash: payloadCell.hash() }
}

function readAddress(slice: Slice): ContractAddress {
  if (slice.loadUint(3) !== 0b100) throw malformed('address')
  return contractAddress(slice.loadInt(8), slice.loadBuffer(32))
}

function parseBag(bytes: Uint8Array): ParsedCell {
  if (bytes.length > maxPaymentBytes) throw malformed(`length: ${bytes.length} bytes`)
  let roots: ParsedCell[]
  try {
    roots = ParsedCell.fromBoc(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength))
  } catch (cause) {
    throw new MoneyError('payment-malformed', 'The payment is not a bag of cells', { cause })
  }
  if (roots.length !== 1 || roots[0] === undefined) throw malformed('number of roots')
  return roots[0]
}

function malformed(what: string): MoneyError {
  return new MoneyError('payment-malformed', `The payment has a wrong ${what}`)
}
