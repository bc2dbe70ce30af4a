import { fromBase64, fromHex, TrustError } from '@cocoon/trust'
import {
  leafHash,
  type LogCrypto,
  noteKey,
  parseCheckpoint,
  parseNote,
  type VerifiedCheckpoint,
  verifyCheckpoint,
  verifyInclusion,
} from '@cocoon/trust/log'
import { receiptDigest } from '@cocoon/trust/seal'
import { decode, encode, type LogEntry, logEntry, sameBytes, toHex } from '@cocoon/wire'
import { anchorHashOf } from './anchor-hash.ts'
import { Findings, type Outcome } from './link.ts'
import type { ReceiptChain } from './receipt-context.ts'
import type { AnchorRecord, LogRecord } from './receipt-file.ts'
import { grouped, isoTime, notChecked, reasonOf, type Subject } from './subject.ts'

/** A proxy anchors once a day at the least, if it earned anything. */
const anchorDueMs = 2 * 86_400_000
/** Between an identity and the block that it names, and between clocks of machines and of the chain. */
const blockSlackMs = 10 * 60_000

/** Where it was written: that the log has an entry for this receipt, under a head that the proxy has signed. */
export function checkLog({ context, read, digest }: Subject): Outcome {
  const { log } = read.file
  if (log === undefined) return notChecked('the file was saved before the receipt was logged')
  const { receipt } = read.signed
  const findings = new Findings()
  const entry = readEntry(log)
  if (entry === undefined) {
    findings.require('entry', false, { found: log.entry, sentence: 'The entry of the log cannot be read.' })
    return findings.outcome('failed', '')
  }
  const due = toHex(
    receiptDigest(context.sealCrypto, { receipt: read.signed.bytes, signature: read.signed.signature }),
  )
  const another = 'The entry of the log is for another receipt.'
  findings.compare('receipt in the entry', toHex(entry.receipt), due, another)
  findings.compare('machine in the entry', toHex(entry.identity), toHex(digest), another)
  findings.compare('model in the entry', entry.model, receipt.model, another)
  findings.compare(
    'coefficient in the entry',
    String(entry.coefficient),
    String(receipt.coefficient),
    another,
  )
  findings.require(
    'charged in the entry',
    entry.chargedTokens >= 0n && entry.chargedTokens <= receipt.chargedTokens,
    {
      found: `${grouped(entry.chargedTokens)} units`,
      expected: `at most ${grouped(receipt.chargedTokens)} units, as the receipt says`,
      sentence: 'The log charges more than the receipt says.',
    },
  )
  const head = verifyHead(log, { context, read }, findings)
  if (head !== undefined) {
    const isIn = isIncluded(crypto(context), log, { ...head, size: BigInt(head.size) }, log.proof)
    findings.require('path to the head', isIn, {
      found: `${log.proof.length} hashes from entry ${grouped(BigInt(log.index))}`,
      expected: `a head of ${grouped(head.size)} entries with the root ${toHex(head.root)}`,
      sentence: 'The entry is not under the head that the proxy has signed.',
    })
  }
  return findings.outcome('checked', 'The receipt is in a public log that cannot be rewritten unnoticed.')
}

/** What holds that: that a head of the log with this entry is on the chain, and that the proxy put it there. */
export async function checkChain(subject: Subject): Promise<Outcome> {
  const { context, read } = subject
  const { log } = read.file
  if (log === undefined) return notChecked('the file was saved before the receipt was logged')
  const findings = new Findings()
  const { anchor } = log
  const isOpen = anchor === undefined || checkAnchorOpens(subject, log, anchor, findings)
  const { chain } = context
  if (chain === undefined) {
    if (findings.hasFailed) return findings.outcome('failed', '')
    if (anchor === undefined) return pendingOr(subject, findings)
    return notChecked('the chain was not asked', findings.outcome('checked', '').evidence)
  }
  try {
    if (isOpen) await askChain(subject, { chain, log, anchor }, findings)
  } catch (error) {
    if (findings.hasFailed) return findings.outcome('failed', '')
    return notChecked(reasonOf(error), findings.outcome('checked', '').evidence)
  }
  if (findings.hasFailed) return findings.outcome('failed', '')
  if (anchor === undefined) return pendingOr(subject, findings)
  return chain.isSimulated
    ? findings.outcome('simulated', `Anchored on ${chain.name}, not on TON.`)
    : findings.outcome('checked', 'The log’s fingerprint is written on TON.')
}

function pendingOr({ context, read, identity }: Subject, findings: Findings): Outcome {
  if (identity.blockSeqno === 0) return notChecked('the machine names no block, so its network has no chain')
  const sentence = 'The log’s fingerprint goes on TON with the next anchor. This file is older than that one.'
  if (context.nowMs - read.signed.receipt.finishedAtMs <= anchorDueMs)
    return findings.outcome('pending', sentence)
  const why = 'the anchor was due long ago, and the file was saved before it'
  return notChecked(why, findings.outcome('checked', '').evidence)
}

/** Whether the file's anchor is about a head that has the entry. */
function checkAnchorOpens(
  { context, read }: Subject,
  log: LogRecord,
  anchor: AnchorRecord,
  findings: Findings,
): boolean {
  const { size, root, proof, proxy, at } = anchor
  const isIn = isIncluded(crypto(context), log, { size: BigInt(size), root: fromHex(root)! }, proof)
  findings.require('path to the anchor', isIn, {
    found: `${proof.length} hashes from entry ${grouped(BigInt(log.index))}`,
    expected: `a head of ${grouped(BigInt(size))} entries with the root ${root}`,
    sentence: 'The entry is not under the head that the anchor is for.',
  })
  findings.compare('log of the anchor', `cocoon/${proxy}`, originOf(log), 'The anchor is of another log.')
  const { finishedAtMs } = read.signed.receipt
  findings.require('anchored', Date.parse(at) + blockSlackMs >= finishedAtMs, {
    found: at,
    expected: `not before ${isoTime(finishedAtMs)}`,
    sentence: 'The anchor is older than the receipt that it is to hold.',
  })
  return isIn
}

async function askChain(
  { context, read, identity }: Subject,
  { chain, log, anchor }: { chain: ReceiptChain; log: LogRecord; anchor: AnchorRecord | undefined },
  findings: Findings,
): Promise<void> {
  const address = originOf(log).slice('cocoon/'.length)
  const proxy = await chain.proxy(address)
  const proxyKey = toHex(read.signed.receipt.proxyKey)
  findings.require('key of the proxy', proxy !== undefined && toHex(proxy.publicKey) === proxyKey, {
    found: proxyKey,
    expected: proxy === undefined ? `a contract at ${address}` : toHex(proxy.publicKey),
    sentence: 'The log is not of the proxy whose contract it names.',
  })
  const root = context.registry?.root
  if (root !== undefined && proxy !== undefined) {
    findings.compare('network of the proxy', proxy.root, root, 'The proxy is of another network.')
  }
  await checkBlock(identity, chain, findings)
  if (anchor === undefined) return
  const opened = toHex(
    anchorHashOf(context.sealCrypto, {
      nonce: fromHex(anchor.nonce)!,
      size: BigInt(anchor.size),
      root: fromHex(anchor.root)!,
    }),
  )
  const { transaction, lt } = anchor
  const found = await chain.anchor(address, { transaction, lt: BigInt(lt) })
  findings.require('anchor', found !== undefined && toHex(found.sessionHash) === opened, {
    found: found === undefined ? 'no such message of the proxy’s wallet' : toHex(found.sessionHash),
    expected: opened,
    sentence: 'The chain does not have the head of the log that the file names.',
  })
  if (found === undefined) return
  findings.tell('transaction', `${transaction}, logical time ${lt}`)
  findings.compare(
    'state of the books',
    String(found.seqno),
    String(anchor.seqno),
    'The anchor is of another state.',
  )
  findings.require('time of the anchor', found.timeMs === Date.parse(anchor.at), {
    found: anchor.at,
    expected: isoTime(found.timeMs),
    sentence: 'The anchor was made at another time than the file says.',
  })
}

/** The identity is not older than the block that it names. */
async function checkBlock(
  { blockSeqno, blockHash, issuedAtMs }: Subject['identity'],
  chain: ReceiptChain,
  findings: Findings,
): Promise<void> {
  const block = blockSeqno === 0 ? undefined : await chain.block(blockSeqno)
  findings.require('block of the identity', block?.rootHash === toHex(blockHash), {
    found: blockSeqno === 0 ? 'none named' : `${blockSeqno}, ${toHex(blockHash)}`,
    expected: block?.rootHash ?? 'a block of the chain',
    sentence: 'The chain does not have the block that the machine’s identity names.',
  })
  if (block === undefined) return
  findings.require('age of the identity', Math.abs(block.timeMs - issuedAtMs) <= blockSlackMs, {
    found: isoTime(issuedAtMs),
    expected: `about ${isoTime(block.timeMs)}, when the block was made`,
    sentence: 'The identity is not of the time of the block that it names.',
  })
}

/** The log's signed head; undefined where it does not hold. */
function verifyHead(
  log: LogRecord,
  { context, read }: Pick<Subject, 'context' | 'read'>,
  findings: Findings,
): VerifiedCheckpoint | undefined {
  const { proxyKey } = read.signed.receipt
  const { witnesses } = context
  try {
    const origin = originOf(log)
    if (!/^cocoon\/-?\d{1,3}:[\da-f]{64}$/.test(origin)) {
      throw new TrustError('log-unverified', `${origin} is no log of a proxy.`)
    }
    const key = noteKey(crypto(context), 'ed25519', origin, proxyKey)
    const head = verifyCheckpoint(
      crypto(context),
      { origin, keys: [key], ...(witnesses && { witnesses }) },
      log.checkpoint,
    )
    findings.tell('log', origin)
    findings.tell('head', `${grouped(head.size)} entries, signed by ed25519 ${toHex(proxyKey)}`)
    const cosigned = `${head.cosignatures.length} of ${witnesses?.keys.length ?? 0} that you know`
    findings.tell('witnesses', cosigned)
    return head
  } catch (error) {
    if (!(error instanceof TrustError)) throw error
    findings.require('head', false, {
      found: reasonOf(error),
      expected: `a head of the log that ed25519 ${toHex(proxyKey)} has signed`,
      sentence: 'The head of the log is not signed as it has to be.',
    })
    return undefined
  }
}

function isIncluded(
  { sha256 }: LogCrypto,
  { index, entry }: LogRecord,
  { size, root }: { size: bigint; root: Uint8Array },
  proof: readonly string[],
): boolean {
  return verifyInclusion(sha256, {
    index: Number(index),
    size: Number(size),
    root,
    leaf: leafHash(sha256, fromBase64(entry)!),
    proof: proof.map(hash => fromHex(hash)!),
  })
}

/** The first line of the checkpoint; throws a TrustError where it is none. */
function originOf({ checkpoint }: LogRecord): string {
  return parseCheckpoint(parseNote(checkpoint).text).origin
}

/** Undefined unless it is in the one form that it has. */
export function readEntry({ entry }: Pick<LogRecord, 'entry'>): LogEntry | undefined {
  try {
    const bytes = fromBase64(entry)!
    const read = decode(logEntry, bytes)
    return sameBytes(encode(logEntry, read), bytes) ? read : undefined
  } catch {
    return undefined
  }
}

function crypto({ sealCrypto }: Subject['context']): LogCrypto {
  return {
    sha256: bytes => sealCrypto.sha256(bytes),
    verify: (publicKey, message, signature) => sealCrypto.verify(publicKey, message, signature),
  }
}
