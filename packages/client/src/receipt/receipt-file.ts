import { fromBase64, fromHex, toBase64, TrustError } from '@cocoon/trust'
import { decodeIdentity, readReceipt, readRouting, type SignedReceipt } from '@cocoon/trust/seal'
import type { SealedWorkerEvidence } from '@cocoon/wire'
import { toHex } from '@cocoon/wire'
import { ClientError } from '../error.ts'
import type { AnswerEvidence } from '../sealing/sealed-exchange.ts'

/** A head of a log that was written on TON. Hexadecimal in lower case; big numbers as text. */
export interface AnchorRecord {
  /** Address of the proxy's contract, raw form. */
  readonly proxy: string
  readonly seqno: number
  readonly nonce: string
  readonly size: string
  readonly root: string
  /** Proof that the entry is under this head. */
  readonly proof: readonly string[]
  /** Hash and logical time of the transaction that announced it, and when it was, ISO 8601. */
  readonly transaction: string
  readonly lt: string
  readonly at: string
}

/** Where the receipt stands in the log of the proxy. */
export interface LogRecord {
  readonly index: string
  /** Boxed `log.entry`, base64. */
  readonly entry: string
  /** Proof that the entry is under the checkpoint. */
  readonly proof: readonly string[]
  /** Signed note, as the log publishes it. */
  readonly checkpoint: string
  /** Absent until a head that has the entry was written on TON. */
  readonly anchor?: AnchorRecord
}

/**
 * A receipt with all that it takes to check it elsewhere, as `--receipts` saves it: JSON, bytes in base64. `openings`
 * are the salts of the commitments: whoever has them can tell a guess of the texts right or wrong, so they are left
 * out of what is shown to others.
 */
export interface ReceiptFile {
  readonly version: 1
  /** 64 hexadecimal digits: of the query. */
  readonly id: string
  /** Boxed `sealed.receipt`, and its signature. */
  readonly receipt: string
  readonly signature: string
  /** Boxed `sealed.header` of the query. */
  readonly header: string
  /** What the machine showed of itself. */
  readonly identity: {
    readonly document: string
    readonly quote: string
    readonly collateral: string
    readonly gpu: string
  }
  readonly openings?: { readonly requestSalt: string; readonly answerSalt: string }
  /** Absent until the proxy has logged it. */
  readonly log?: LogRecord
}

/** Longest file that is read, bytes. */
export const maxReceiptFileBytes = 8 << 20

/** `id`: 64 hexadecimal digits. */
export function receiptFileOf(id: string, of: AnswerEvidence, log?: LogRecord): ReceiptFile {
  const { signed, verified, header, requestSalt, answerSalt } = of
  const { document, quote, collateral, gpu } = verified.evidence
  return {
    version: 1,
    id,
    receipt: toBase64(signed.bytes),
    signature: toBase64(signed.signature),
    header: toBase64(header),
    identity: {
      document: toBase64(document),
      quote: toBase64(quote),
      collateral: toBase64(collateral),
      gpu: toBase64(gpu),
    },
    openings: { requestSalt: toBase64(requestSalt), answerSalt: toBase64(answerSalt) },
    ...(log && { log }),
  }
}

/** A receipt file, read. Nothing of it is verified. */
export interface ReadReceiptFile {
  readonly file: ReceiptFile
  readonly signed: SignedReceipt
  readonly header: Uint8Array
  readonly evidence: SealedWorkerEvidence
  readonly openings: { readonly requestSalt: Uint8Array; readonly answerSalt: Uint8Array } | undefined
}

/** Reads a file's text. Throws a ClientError `invalid-request` that names the first member that is wrong. */
export function readReceiptFile(text: string): ReadReceiptFile {
  if (text.length > maxReceiptFileBytes) throw wrong('It is larger than any receipt is.')
  const file = parse(text)
  if (file['version'] !== 1) throw wrong('version is not 1.')
  const bytesOf = (name: string): Uint8Array => bytesAt(file, name)
  const signed = attempt('receipt', () =>
    readReceipt({ _: 'sealed.signedReceipt', receipt: bytesOf('receipt'), signature: bytesOf('signature') }),
  )
  const header = bytesOf('header')
  attempt('header', () => readRouting(header))
  if (file['id'] !== toHex(signed.receipt.requestId)) throw wrong('id is not that of the receipt.')
  const identity = objectAt(file, 'identity')
  const evidence: SealedWorkerEvidence = {
    _: 'sealed.workerEvidence',
    document: bytesAt(identity, 'document', 'identity.'),
    quote: bytesAt(identity, 'quote', 'identity.'),
    collateral: bytesAt(identity, 'collateral', 'identity.'),
    gpu: bytesAt(identity, 'gpu', 'identity.'),
  }
  attempt('identity.document', () => decodeIdentity(evidence.document))
  const salts = file['openings'] === undefined ? undefined : objectAt(file, 'openings')
  const openings = salts && {
    requestSalt: bytesAt(salts, 'requestSalt', 'openings.', 32),
    answerSalt: bytesAt(salts, 'answerSalt', 'openings.', 32),
  }
  if (file['log'] !== undefined) checkLog(objectAt(file, 'log'))
  return { file: file as unknown as ReceiptFile, signed, header, evidence, openings }
}

type Json = Readonly<Record<string, unknown>>

function checkLog(log: Json): void {
  numberAt(log, 'index', 'log.')
  bytesAt(log, 'entry', 'log.')
  hashesAt(log, 'proof', 'log.')
  textAt(log, 'checkpoint', 'log.', 16_384)
  if (log['anchor'] === undefined) return
  const anchor = objectAt(log, 'anchor', 'log.')
  const place = 'log.anchor.'
  textAt(anchor, 'proxy', place, 80)
  for (const name of ['nonce', 'root', 'transaction']) hashOf(anchor[name], `${place}${name}`)
  for (const name of ['size', 'lt']) numberAt(anchor, name, place)
  hashesAt(anchor, 'proof', place)
  const { seqno } = anchor
  if (typeof seqno !== 'number' || !Number.isSafeInteger(seqno))
    throw wrong(`${place}seqno is no whole number.`)
  if (Number.isNaN(Date.parse(textAt(anchor, 'at', place, 40)))) throw wrong(`${place}at is no time.`)
}

function parse(text: string): Json {
  try {
    const value: unknown = JSON.parse(text)
    if (isObject(value)) return value
  } catch {
    // Said below, without quoting the text.
  }
  throw wrong('It is no JSON object.')
}

function bytesAt(json: Json, name: string, place = '', sizeBytes?: number): Uint8Array {
  const value = json[name]
  const bytes = typeof value === 'string' ? fromBase64(value) : undefined
  if (bytes === undefined) throw wrong(`${place}${name} is no padded base64.`)
  if (sizeBytes !== undefined && bytes.length !== sizeBytes)
    throw wrong(`${place}${name} has not ${sizeBytes} bytes.`)
  return bytes
}

function objectAt(json: Json, name: string, place = ''): Json {
  const value = json[name]
  if (!isObject(value)) throw wrong(`${place}${name} is no object.`)
  return value
}

function textAt(json: Json, name: string, place: string, maxLength: number): string {
  const value = json[name]
  if (typeof value !== 'string' || value.length > maxLength)
    throw wrong(`${place}${name} is no text, or too long.`)
  return value
}

function numberAt(json: Json, name: string, place: string): void {
  if (!/^\d{1,20}$/.test(textAt(json, name, place, 20)))
    throw wrong(`${place}${name} is no whole number as text.`)
}

function hashesAt(json: Json, name: string, place: string): void {
  const value = json[name]
  if (!Array.isArray(value) || value.length > 64)
    throw wrong(`${place}${name} is no list of at most 64 hashes.`)
  for (const hash of value) hashOf(hash, `${place}${name}`)
}

function hashOf(value: unknown, place: string): void {
  const isHash = typeof value === 'string' && value.length === 64 && fromHex(value) !== undefined
  if (!isHash) throw wrong(`${place} is no 64 hexadecimal digits.`)
}

function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function attempt<Value>(name: string, read: () => Value): Value {
  try {
    return read()
  } catch (cause) {
    if (!(cause instanceof TrustError)) throw cause
    throw wrong(`${name}: ${cause.message}`, cause)
  }
}

function wrong(why: string, cause?: unknown): ClientError {
  return new ClientError('invalid-request', `This is no receipt file. ${why}`, { cause })
}
