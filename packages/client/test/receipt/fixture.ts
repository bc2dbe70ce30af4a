import { createHash } from 'node:crypto'
import { anchorHash, priceUsage } from '@cocoon/money'
import {
  defaultPolicy,
  encodeStaple,
  imageHash,
  toBase64,
  type TrustedRoot,
  zeroMeasurements,
} from '@cocoon/trust'
import {
  LogAppender,
  leafHash,
  inclusionProof,
  MemoryLogStore,
  nobleLogCrypto,
  noteKey,
  storedTiles,
} from '@cocoon/trust/log'
import { nodeCrypto, nodeSeal } from '@cocoon/trust/node'
import {
  encodeIdentity,
  identityDigest,
  type IdentityKeys,
  identityReportData,
  longestIdentityMs,
  makeIdentityKeys,
  modelTextHash,
  type Receipt,
  receiptDigest,
  requestCommitment,
  type SealedRouting,
  sealQuery,
  signReceipt,
  singleKey,
  startAnswerCommitment,
  type WorkerIdentity,
} from '@cocoon/trust/seal'
import { createSimulatedTee, type PlanOptions } from '@cocoon/trust/simulate'
import { encode, type LogEntry, logEntry, toHex } from '@cocoon/wire'
import type {
  AnchorOnChain,
  KnownPrices,
  LogRecord,
  ProxyOnChain,
  ReceiptChain,
  ReceiptContext,
  ReceiptFile,
} from '../../src/index.ts'

export const nowMs = Date.UTC(2025, 10, 20, 14, 32, 10)
export const model = `test/model@1:${'0'.repeat(64)}`
export const contract = `0:${'ab'.repeat(32)}`
export const rootAddress = `0:${'cd'.repeat(32)}`
const blockHash = new Uint8Array(32).fill(7)
export const tee = createSimulatedTee(new Uint8Array(32).fill(7))
const image = toHex(await imageHash(zeroMeasurements()))

/** It proves nothing, and says so. */
export const simulatedRoot: TrustedRoot = tee.root
/** The same key, for tests of what happens where evidence is genuine. */
export const genuineRoot: TrustedRoot = { ...tee.root, name: 'a maker of processors', simulated: false }

export const prices: KnownPrices = {
  pricePerTokenNano: 20n,
  multipliers: { prompt: 10_000, cached: 1_000, completion: 80_000, reasoning: 80_000 },
  paramsVersion: 3,
  source: 'the root contract',
}

export const prompt = new TextEncoder().encode('{"model":"test/model","messages":[]}')
export const answer = new TextEncoder().encode('{"usage":{"prompt_tokens":20,"completion_tokens":5}}')

/** What a receipt is made of, where it is not as usual. */
export interface Change {
  readonly identity?: Partial<WorkerIdentity>
  readonly routing?: Partial<SealedRouting>
  readonly receipt?: Partial<Receipt>
  readonly entry?: Partial<LogEntry>
  readonly plan?: Partial<PlanOptions>
  /** The body that was sealed. */
  readonly body?: Uint8Array
  /** Signs in the place of the identity's key. */
  readonly signer?: IdentityKeys
  /** `none`: not logged; `unanchored`: logged, and no more. */
  readonly log?: 'none' | 'unanchored'
}

export interface Made {
  readonly file: ReceiptFile
  /** Everything at hand: it is verified with this where the root is genuine. */
  readonly context: ReceiptContext
  readonly chain: FakeChain
  readonly proxyKey: Uint8Array
}

export class FakeChain implements ReceiptChain {
  readonly name: string = 'TON'
  isSimulated = false
  proxies = new Map<string, ProxyOnChain>()
  anchors = new Map<string, AnchorOnChain>()
  blocks = new Map<number, { rootHash: string; timeMs: number }>()

  async proxy(address: string): Promise<ProxyOnChain | undefined> {
    return this.proxies.get(address)
  }

  async anchor(address: string, { transaction, lt }: { transaction: string; lt: bigint }) {
    return this.anchors.get(`${address} ${transaction} ${lt}`)
  }

  async block(seqno: number) {
    return this.blocks.get(seqno)
  }
}

/** SHAKE256 of the seed and of the number of the call. */
export function seeded(seed: string): (sizeBytes: number) => Uint8Array {
  let calls = 0
  return sizeBytes =>
    Uint8Array.from(createHash('shake256', { outputLength: sizeBytes }).update(`${seed} ${calls++}`).digest())
}

/** A receipt with a log of eleven entries, of which it is the seventh, and an anchor at nine. */
export async function makeReceipt(change: Change = {}): Promise<Made> {
  const random = seeded('receipt')
  const keys = makeIdentityKeys(nodeSeal, random)
  const { identity, document, quote, collateral } = makeIdentity(keys, change)
  const digest = identityDigest(nodeSeal, document)
  const routing: SealedRouting = {
    requestId: random(32),
    model: 'test/model',
    maxCoefficient: 1_200,
    maxTokens: 100,
    expiresAtMs: nowMs + 60_000,
    recipients: [digest],
    ...change.routing,
  }
  const { body = prompt } = change
  const content = { path: '/v1/chat/completions', body, chunkBytes: 0, cadenceMs: 0 }
  const openings = { requestSalt: random(32), answerSalt: random(32) }
  const sealKey = nodeSeal.readSealKey(identity.sealKey)!
  const named = routing.recipients.map(recipient =>
    singleKey(nodeSeal, { identity: recipient, sealKey, random }),
  )
  const { header } = sealQuery(nodeSeal, routing, { ...content, ...openings }, named, random)
  const proxy = nodeSeal.signingKey(random(32))
  const hash = startAnswerCommitment(nodeSeal, openings.answerSalt, 200)
  hash.update(answer)
  const usage = { promptTokens: 20, cachedTokens: 4, completionTokens: 5, reasoningTokens: 0 }
  const receipt: Receipt = {
    proxyKey: proxy.publicKey,
    identity: digest,
    requestId: routing.requestId,
    model: identity.model,
    requestCommitment: requestCommitment(nodeSeal, { ...content, ...openings, header }),
    answerCommitment: hash.digest(),
    outcome: 'complete',
    status: 200,
    coefficient: 950,
    ...usage,
    chargedTokens: priceUsage(usage, 950, prices).adjusted.total,
    pricePerTokenNano: prices.pricePerTokenNano,
    paramsVersion: prices.paramsVersion,
    startedAtMs: nowMs - 9_213,
    finishedAtMs: nowMs,
    ...change.receipt,
  }
  const signed = signReceipt((change.signer ?? keys).signing, receipt)
  const entry: LogEntry = {
    _: 'log.entry',
    receipt: receiptDigest(nodeSeal, signed),
    identity: digest,
    model: receipt.model,
    coefficient: receipt.coefficient,
    chargedTokens: receipt.chargedTokens,
    ...change.entry,
  }
  const chain = new FakeChain()
  chain.proxies.set(contract, { publicKey: proxy.publicKey, root: rootAddress })
  chain.blocks.set(identity.blockSeqno, { rootHash: toHex(blockHash), timeMs: nowMs - 600_000 })
  const log = change.log === 'none' ? undefined : await logged(encode(logEntry, entry), proxy, chain)
  const file: ReceiptFile = {
    version: 1,
    id: toHex(routing.requestId),
    receipt: toBase64(signed.receipt),
    signature: toBase64(signed.signature),
    header: toBase64(header),
    identity: {
      document: toBase64(document),
      quote: toBase64(quote),
      collateral: toBase64(collateral),
      gpu: '',
    },
    openings: { requestSalt: toBase64(openings.requestSalt), answerSalt: toBase64(openings.answerSalt) },
    ...(log && { log: change.log === 'unanchored' ? withoutAnchor(log) : log }),
  }
  const context: ReceiptContext = {
    nowMs: nowMs + 60_000,
    policy: defaultPolicy,
    crypto: nodeCrypto,
    sealCrypto: nodeSeal,
    simulatedRoot: genuineRoot,
    registry: {
      images: new Set([image]),
      models: new Set([modelTextHash(nodeSeal)(model)]),
      source: 'the root contract',
      root: rootAddress,
    },
    prices: [prices],
    chain,
    texts: { prompt, answer },
  }
  return { file, context, chain, proxyKey: proxy.publicKey }
}

function makeIdentity(keys: IdentityKeys, change: Change) {
  const identity: WorkerIdentity = {
    signingKey: keys.signing.publicKey,
    sealKey: keys.sealing.publicKey,
    model,
    gpuDigest: new Uint8Array(32),
    blockSeqno: 61_204_118,
    blockHash,
    issuedAtMs: nowMs - 600_000,
    expiresAtMs: nowMs - 600_000 + longestIdentityMs,
    ...change.identity,
  }
  const document = encodeIdentity(identity)
  const reportData = Uint8Array.from(identityReportData(nodeSeal, document))
  const { body, ...plan } = change.plan ?? {}
  const evidence = tee.evidence({ nowMs, ...plan, body: { reportData, ...body } })
  return { identity, document, quote: evidence.quote, collateral: encodeStaple(evidence.collateral) }
}

async function logged(
  entry: Uint8Array,
  proxy: { publicKey: Uint8Array; sign(message: Uint8Array): Uint8Array },
  chain: FakeChain,
): Promise<LogRecord> {
  const store = new MemoryLogStore()
  const origin = `cocoon/${contract}`
  const signer = {
    key: noteKey(nobleLogCrypto, 'ed25519', origin, proxy.publicKey),
    sign: (message: Uint8Array) => proxy.sign(message),
  }
  const appender = await LogAppender.open({ store, origin, signer, writer: 'test', ifEmpty: 'create' })
  const others = Array.from({ length: 10 }, (_, at) => new TextEncoder().encode(`another entry ${at}`))
  const all = [...others.slice(0, 6), entry, ...others.slice(6)]
  await appender.append(all.map((entry, at) => ({ id: `entry ${at}`, entry })))
  const { sha256 } = nobleLogCrypto
  const treeOf = (size: number) => ({ size, sha256, tiles: storedTiles(store) })
  const proofAt = async (size: number): Promise<string[]> =>
    (await inclusionProof(treeOf(size), 6)).map(toHex)
  const size = 9
  const root = rootOf(all.slice(0, size))
  const nonce = new Uint8Array(32).fill(9)
  const anchor = {
    proxy: contract,
    seqno: 12,
    nonce: toHex(nonce),
    size: String(size),
    root: toHex(root),
    proof: (await inclusionProof({ ...treeOf(size), tiles: tilesOf(all.slice(0, size)) }, 6)).map(toHex),
    transaction: 'c4'.repeat(32),
    lt: '4711',
    at: new Date(nowMs + 30_000).toISOString(),
  }
  chain.anchors.set(`${contract} ${anchor.transaction} ${anchor.lt}`, {
    seqno: anchor.seqno,
    sessionHash: anchorHash({ nonce, size: BigInt(size), root }),
    timeMs: nowMs + 30_000,
  })
  return {
    index: '6',
    entry: toBase64(entry),
    proof: await proofAt(all.length),
    checkpoint: (await store.head())!.checkpoint,
    anchor,
  }
}

/** Of fewer entries than a tile has. */
function tilesOf(entries: readonly Uint8Array[]) {
  const { sha256 } = nobleLogCrypto
  return async () => Uint8Array.from(Buffer.concat(entries.map(entry => leafHash(sha256, entry))))
}

/** RFC 6962, section 2.1. */
function rootOf(entries: readonly Uint8Array[]): Uint8Array {
  const { sha256 } = nobleLogCrypto
  if (entries.length === 1) return leafHash(sha256, entries[0]!)
  const split = 2 ** (31 - Math.clz32(entries.length - 1))
  const halves = [entries.slice(0, split), entries.slice(split)].map(rootOf)
  return sha256(Uint8Array.from([1, ...halves[0]!, ...halves[1]!]))
}

function withoutAnchor(log: LogRecord): LogRecord {
  const { anchor: _, ...rest } = log
  return rest
}
