import { Cell as ParsedCell, type Slice } from '@ton/core'
import { contractAddress, formatAddress, sameAddress, type ContractAddress } from './address.ts'
import { CellWriter, type Cell, type CellHash } from './cell.ts'
import { fitting, reachable } from './contracts/bodies.ts'
import { opcodes } from './contracts/opcodes.generated.ts'
import { MoneyError } from './error.ts'
import { verifySignature, type PaymentKey } from './payment-key.ts'

/** What a proxy's key says to one contract. Without `tokens` it is about the proxy's own contract. */
export interface Signed {
  readonly operation: number
  readonly queryId: bigint
  readonly tokens: bigint | undefined
  readonly contract: ContractAddress
}

interface Envelope {
  readonly signed: Signed
  readonly signature: Uint8Array
  readonly payload: ParsedCell
}

const payloadBits = 32 + 64 + 267
const tokensBits = 64
const envelopeBits = 32 + 64 + 267 + 512

/** A payment takes 180 bytes; other forms of a bag of cells are a little longer. */
const maxPaymentBytes = 1024

/** Magic, no index and no checksum, sizes of one byte each, 2 cells, 1 root, none absent. */
const bagHeader = [0xb5, 0xee, 0x9c, 0x72, 0x01, 0x01, 0x02, 0x01, 0x00]

const withoutTokens: ReadonlySet<number> = new Set([opcodes.proxyClose, opcodes.proxyCloseComplete])

/**
 * Signs and returns as a bag of cells:
 *
 *     envelope: op:uint32 query_id:uint64 excesses_to:addr_std signature:bits512 ^payload
 *     payload:  op:uint32 query_id:uint64 [tokens:uint64] contract:addr_std
 *
 * The signature covers the hash of the payload alone: whoever submits it may replace `excessesTo`. Numbers that
 * do not fit 64 bits are `MoneyError('amount')`, an address where nothing arrives is `MoneyError('address')`.
 */
export function signEnvelope(signed: Signed, excessesTo: ContractAddress, key: PaymentKey): Uint8Array {
  const { operation, queryId, tokens } = signed
  const payload = new CellWriter().uint(operation, 32).uint(fitting('A query id', queryId, 64), 64)
  if (tokens !== undefined) payload.uint(fitting('A payment in tokens', tokens, tokensBits), tokensBits)
  const finished = payload.address(signed.contract).finish()
  const signature = key.sign(finished.hash)
  return bagOfCells(envelope({ ...signed, excessesTo, signature }, finished).finish(), finished)
}

/**
 * Reads exactly what `signEnvelope` writes, in any form of a bag of cells, for this operation and contract,
 * signed by this key. Anything else is a MoneyError with a `payment-` code. The input is borrowed.
 */
export function verifyEnvelope(
  bytes: Uint8Array,
  expected: { operation: number; what: string; contract: ContractAddress; publicKey: Uint8Array },
): Signed {
  const { signed, signature, payload } = readEnvelope(bytes)
  if (signed.operation !== expected.operation) {
    const got = signed.operation.toString(16)
    throw new MoneyError('payment-kind', `Operation ${got} is not a ${expected.what}`)
  }
  if (!sameAddress(signed.contract, expected.contract)) {
    const [got, wanted] = [formatAddress(signed.contract), formatAddress(expected.contract)]
    throw new MoneyError('payment-contract', `The payment is for contract ${got}, not for ${wanted}`)
  }
  if (!verifySignature(payload.hash(), signature, expected.publicKey)) {
    throw new MoneyError('payment-signature', 'The payment is not signed by the key of the proxy')
  }
  return signed
}

/**
 * The body of the message that submits what a proxy signed, with excesses to another address. The signature is
 * not checked here. Throws `MoneyError('payment-malformed')`, and `MoneyError('address')` where nothing arrives.
 */
export function paymentBody(bytes: Uint8Array, excessesTo: ContractAddress): ParsedCell {
  const { signed, signature, payload } = readEnvelope(bytes)
  return envelope({ ...signed, excessesTo, signature }, payload).build()
}

function envelope(
  head: { operation: number; queryId: bigint; excessesTo: ContractAddress; signature: Uint8Array },
  payload: CellHash | ParsedCell,
): CellWriter {
  return new CellWriter()
    .uint(head.operation, 32)
    .uint(head.queryId, 64)
    .address(reachable(head.excessesTo))
    .bytes(head.signature)
    .reference(payload)
}

function readEnvelope(bytes: Uint8Array): Envelope {
  const root = parseBag(bytes)
  const payload = root.refs[0]
  if (root.bits.length !== envelopeBits || root.refs.length !== 1 || root.isExotic || payload === undefined)
    throw malformed('envelope')
  const slice = root.beginParse()
  const operation = slice.loadUint(32)
  const queryId = slice.loadUintBig(64)
  readAddress(slice)
  const signature = slice.loadBuffer(64)
  return { signed: readPayload(payload, operation, queryId), signature, payload }
}

function readPayload(cell: ParsedCell, operation: number, queryId: bigint): Signed {
  const hasTokens = !withoutTokens.has(operation)
  const bits = hasTokens ? payloadBits + tokensBits : payloadBits
  if (cell.bits.length !== bits || cell.refs.length > 0 || cell.isExotic) throw malformed('payload')
  const payload = cell.beginParse()
  if (payload.loadUint(32) !== operation || payload.loadUintBig(64) !== queryId) {
    throw malformed('payload: it repeats another operation or query id')
  }
  const tokens = hasTokens ? payload.loadUintBig(tokensBits) : undefined
  return { operation, queryId, tokens, contract: readAddress(payload) }
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

function malformed(what: string): MoneyError {
  return new MoneyError('payment-malformed', `The payment has a wrong ${what}`)
}
