// Makes vectors/seal/sealed-query.json: `node packages/trust/test/seal/sealed-query-vectors.ts`.
// Everything comes from seeds, by the portable back-end: the same file each time.
import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import {
  encode,
  sealedHeader,
  type SealedKey,
  sealedReceipt,
  decode,
  sealedWorkerIdentity,
} from '@cocoon/wire'
import { AnswerSealer } from '../../src/seal/answer.ts'
import { identityReportData, signAnnouncement } from '../../src/seal/identity.ts'
import { labels } from '../../src/seal/labels.ts'
import { nobleSeal as crypto } from '../../src/seal/noble-seal.ts'
import { padded } from '../../src/seal/padding.ts'
import { type SealedContent, type SealedRouting, sealQuery } from '../../src/seal/query.ts'
import { Ratchet } from '../../src/seal/ratchet.ts'
import {
  type Receipt,
  receiptDigest,
  requestCommitment,
  signReceipt,
  startAnswerCommitment,
} from '../../src/seal/receipt.ts'
import { type NamedKey, sessionKey } from '../../src/seal/sender-session.ts'
import { contentOf, flipped, hex, makeWorker, nowMs, routingTo, seeded, type TestWorker } from './fixture.ts'

export const vectorsFile = new URL('../../../../vectors/seal/sealed-query.json', import.meta.url)

const seeds = ['first worker', 'second worker', 'third worker']
const proxyKey = seeded('proxy')(32)
const zeroNonce = new Uint8Array(12)

function joined(...parts: readonly Uint8Array[]): Uint8Array {
  return Uint8Array.from(Buffer.concat(parts))
}

function identityVector(worker: TestWorker, seed: string) {
  const random = seeded(seed)
  const to = { proxyKey, tlsKey: seeded('tls')(32) }
  const { identity, document, digest, keys } = worker
  return {
    signingSeed: hex(random(32)),
    sealSeed: hex(random(32)),
    signingKey: hex(identity.signingKey),
    sealKey: hex(identity.sealKey),
    model: identity.model,
    gpuDigest: hex(identity.gpuDigest),
    blockSeqno: identity.blockSeqno,
    blockHash: hex(identity.blockHash),
    issuedAtMs: identity.issuedAtMs,
    expiresAtMs: identity.expiresAtMs,
    document: hex(document),
    digest: hex(digest),
    reportData: hex(identityReportData(crypto, document)),
    announcement: {
      proxyKey: hex(to.proxyKey),
      tlsKey: hex(to.tlsKey),
      signature: hex(signAnnouncement(keys, digest, to)),
    },
  }
}

/** A session with what leads to its first three keys, or to its only one. */
function makeSession(worker: TestWorker, index: number, isSingle: boolean) {
  const encapsulationSeed = seeded(`encapsulation ${index} ${isSingle}`)(64)
  const { secret, encapsulation } = worker.sealKey.encapsulate(() => encapsulationSeed)
  const session = crypto.sha256(encapsulation)
  const purpose = isSingle ? labels.singleMessage : labels.sessionChain
  const first = sessionKey(crypto, Uint8Array.from(secret), worker.digest, purpose)
  const named: NamedKey[] = []
  const keys: { counter: number; key: string }[] = []
  const ratchet = new Ratchet(crypto, Uint8Array.from(first))
  for (let counter = isSingle ? -1 : 0; counter < (isSingle ? 0 : 3); counter++) {
    const key = isSingle ? Uint8Array.from(first) : ratchet.next()
    keys.push({ counter, key: hex(key) })
    named.push({ name: { session, counter, encapsulation }, key })
  }
  return {
    named,
    vector: {
      identity: index,
      encapsulationSeed: hex(encapsulationSeed),
      encapsulation: hex(encapsulation),
      sharedSecret: hex(secret),
      session: hex(session),
      ...(isSingle ? {} : { chainKey: hex(first) }),
      keys,
    },
  }
}

export function keyVector({ session, counter, encapsulation, wrapped }: SealedKey) {
  return {
    session: hex(session),
    counter,
    ...(encapsulation && { encapsulation: hex(encapsulation) }),
    ...(wrapped && { wrapped: hex(wrapped) }),
  }
}

interface Draft {
  readonly what: string
  readonly routing: SealedRouting
  readonly content: SealedContent
  /** Of each recipient: which session, and which of its keys. */
  readonly keys: readonly (readonly [session: number, counter: number])[]
}

function makeQuery(draft: Draft, named: readonly NamedKey[]) {
  const { what, routing, content, keys } = draft
  const contentKey = seeded(what)(32)
  const { query } = sealQuery(crypto, routing, content, named, () => Uint8Array.from(contentKey))
  return {
    query,
    vector: {
      what,
      nowMs,
      routing: {
        ...routing,
        requestId: hex(routing.requestId),
        recipients: routing.recipients.map(one => hex(one)),
      },
      content: {
        ...content,
        body: hex(content.body),
        requestSalt: hex(content.requestSalt),
        answerSalt: hex(content.answerSalt),
      },
      recipientKeys: keys.map(([session, counter]) => ({ session, counter })),
      ...(named.length > 1 && { contentKey: hex(contentKey) }),
      header: hex(query.header),
      keys: query.keys.map(key => keyVector(key)),
      body: hex(query.body),
    },
  }
}

function makeAnswer(
  what: string,
  key: Uint8Array,
  nonce: bigint,
  texts: readonly string[],
  frameBytes?: number,
) {
  const sealer = new AnswerSealer(crypto, { key, nonce })
  const chunks = texts.map((text, index) => {
    const final = index === texts.length - 1
    const content = new TextEncoder().encode(text)
    return { content: hex(content), final, chunk: hex(sealer.chunk(content, final, frameBytes)) }
  })
  return { what, key: hex(key), nonce: String(nonce), ...(frameBytes && { frameBytes }), chunks }
}

function makeReceipt(worker: TestWorker, header: Uint8Array, routing: SealedRouting, content: SealedContent) {
  const answer = new TextEncoder().encode('{"choices":[]}')
  const committed = startAnswerCommitment(crypto, content.answerSalt, 200)
  committed.update(answer)
  const receipt: Receipt = {
    proxyKey,
    identity: worker.digest,
    requestId: routing.requestId,
    model: worker.identity.model,
    requestCommitment: requestCommitment(crypto, { ...content, header }),
    answerCommitment: committed.digest(),
    outcome: 'complete',
    status: 200,
    coefficient: 1250,
    promptTokens: 12,
    cachedTokens: 4,
    completionTokens: 34,
    reasoningTokens: 30,
    chargedTokens: 51n,
    pricePerTokenNano: 20n,
    paramsVersion: 5,
    startedAtMs: nowMs,
    finishedAtMs: nowMs + 1500,
  }
  const signed = signReceipt(worker.keys.signing, receipt)
  const fields = Object.entries(receipt).map(([name, value]) => {
    if (typeof value === 'bigint') return [name, String(value)]
    return [name, value instanceof Uint8Array ? hex(value) : value]
  })
  return {
    signed,
    vector: {
      identity: 0,
      query: 0,
      answer: hex(answer),
      fields: Object.fromEntries(fields) as Record<string, unknown>,
      receipt: hex(signed.receipt),
      signature: hex(signed.signature),
      digest: hex(receiptDigest(crypto, signed)),
    },
  }
}

function invalidQueries(queries: readonly ReturnType<typeof makeQuery>[], named: readonly NamedKey[][]) {
  const [one, three] = queries as [ReturnType<typeof makeQuery>, ReturnType<typeof makeQuery>]
  const { header, body, keys } = one.query
  const [key] = keys as [SealedKey]
  const wrappedKey = three.query.keys[0]!
  const withFields = (changed: object): string => {
    const { expiresAtMs, recipients, ...same } = routingTo([], seeded('invalid'))
    const [recipient] = one.vector.routing.recipients
    return hex(
      encode(sealedHeader, {
        _: 'sealed.header',
        ...same,
        expiresAt: BigInt(expiresAtMs),
        recipients: [Uint8Array.from(Buffer.from(recipient!, 'hex')), ...recipients],
        ...changed,
      }),
    )
  }
  const withFrame = (frame: Uint8Array): string =>
    hex(crypto.aead(named[0]![0]!.key).seal(zeroNonce, joined(labels.query, header), frame))
  const digest = Uint8Array.from(Buffer.from(one.vector.routing.recipients[0]!, 'hex'))
  const to = (query: number, recipient: number, why: string, changed: object, code = 'query-unreadable') => ({
    why,
    query,
    recipient,
    changed,
    code,
  })
  const unencapsulated = { session: hex(key.session), counter: 0 }
  return [
    to(0, 0, 'a bit of the header', { header: hex(flipped(header, 77)) }),
    to(0, 0, 'a bit of the body', { body: hex(flipped(body, 1234)) }),
    to(0, 0, 'a body without its last byte', { body: hex(body.subarray(0, -1)) }),
    to(0, 0, 'another counter', { key: keyVector({ ...key, counter: 1 }) }),
    to(0, 0, 'a counter behind the end', { key: keyVector({ ...key, counter: 4096 }) }),
    to(0, 0, 'a negative counter', { key: keyVector({ ...key, counter: -2 }) }),
    to(0, 0, 'too many keys passed over', { key: keyVector({ ...key, counter: 1025 }) }, 'session-unknown'),
    to(0, 0, 'a session that was not begun', { key: unencapsulated }, 'session-unknown'),
    to(0, 0, 'a session that is not the hash', {
      key: keyVector({ ...key, session: flipped(key.session, 3) }),
    }),
    to(0, 0, 'a wrapped key for one recipient', { key: keyVector({ ...key, wrapped: new Uint8Array(48) }) }),
    to(0, 0, 'no recipients', { header: withFields({ recipients: [] }) }),
    to(0, 0, 'a recipient twice', { header: withFields({ recipients: [digest, digest] }) }),
    to(0, 0, 'other recipients', { header: withFields({ recipients: [flipped(digest, 1)] }) }),
    to(0, 0, 'a time that is over', { header: withFields({ expiresAt: BigInt(nowMs) }) }),
    to(0, 0, 'more than three hours ahead', {
      header: withFields({ expiresAt: BigInt(nowMs + 10_800_001) }),
    }),
    to(0, 0, 'a negative cap', { header: withFields({ maxTokens: -1 }) }),
    to(0, 0, 'a byte behind the header', { header: `${hex(header)}00` }),
    to(0, 0, 'padding that is not zeros', { body: withFrame(padded(new Uint8Array(4)).fill(1, 8)) }),
    to(0, 0, 'a length that does not fit', { body: withFrame(new Uint8Array(256).fill(0xff, 0, 4)) }),
    to(0, 0, 'no request inside', { body: withFrame(padded(new Uint8Array(64))) }),
    to(1, 0, 'no wrapped key for several recipients', { key: unwrapped(wrappedKey) }),
    to(1, 0, 'the key of another recipient', { key: keyVector(three.query.keys[1]!) }),
    to(1, 0, 'a bit of the wrapped key', {
      key: keyVector({ ...wrappedKey, wrapped: flipped(wrappedKey.wrapped!, 200) }),
    }),
    to(1, 0, 'another body under the same content key', { body: resealed(three) }),
  ]
}

function unwrapped(key: SealedKey) {
  const { wrapped, ...rest } = keyVector(key)
  assert.ok(wrapped !== undefined)
  return rest
}

/** What a corrupt recipient can make, which knows the content key. */
function resealed({ query, vector }: ReturnType<typeof makeQuery>): string {
  const key = Uint8Array.from(Buffer.from(vector.contentKey!, 'hex'))
  return hex(crypto.aead(key).seal(zeroNonce, joined(labels.query, query.header), padded(new Uint8Array(64))))
}

function invalidAnswers({ key, nonce, chunks }: ReturnType<typeof makeAnswer>) {
  const stream = chunks.map(({ final, chunk }) => ({ final, chunk }))
  const [first, second, last] = stream as [(typeof stream)[0], (typeof stream)[0], (typeof stream)[0]]
  const changed = Buffer.from(second.chunk, 'hex')
  changed[40]! ^= 4
  const of = (why: string, takes: number, parts: typeof stream, ofNonce = nonce) => ({
    why,
    key,
    nonce: ofNonce,
    chunks: parts,
    takes,
    code: 'answer-altered',
  })
  return [
    of('a chunk left out', 1, [first, last]),
    of('two chunks the other way round', 0, [second, first, last]),
    of('a chunk twice', 2, [first, second, second, last]),
    of('a bit of a chunk', 1, [first, { ...second, chunk: hex(changed) }, last]),
    of('the end too early', 1, [first, { ...second, final: true }]),
    of('an end that is none', 2, [first, second, { ...last, final: false }]),
    of('a chunk after the end', 3, [first, second, last, second]),
    of('another nonce', 0, stream, String(BigInt(nonce) + 1n)),
  ]
}

function invalidReceipts({ signed }: ReturnType<typeof makeReceipt>) {
  const fields = decode(sealedReceipt, signed.receipt)
  const signature = hex(signed.signature)
  const of = (why: string, changed: object, code = 'receipt-invalid') => ({
    why,
    receipt: hex(encode(sealedReceipt, { ...fields, ...changed })),
    signature,
    code,
  })
  return [
    of('an outcome that is none', { outcome: 3 }),
    of('a negative coefficient', { coefficient: -1 }),
    of('more cached tokens than the prompt has', { cachedTokens: 13n }),
    of('more reasoning tokens than the completion has', { reasoningTokens: 35n }),
    of('a negative charge', { chargedTokens: -1n }),
    of('a count that cannot be priced', { promptTokens: 2n ** 31n }),
    of('a time that is none', { finishedAt: -1n }),
    { why: 'a byte behind it', receipt: `${hex(signed.receipt)}00`, signature, code: 'receipt-invalid' },
    {
      why: 'a short signature',
      receipt: hex(signed.receipt),
      signature: signature.slice(2),
      code: 'receipt-invalid',
    },
    of('another charge', { chargedTokens: 52n }, 'signature'),
    {
      why: 'a bit of the signature',
      receipt: hex(signed.receipt),
      signature: hex(flipped(signed.signature, 9)),
      code: 'signature',
    },
  ]
}

function invalidIdentities({ document }: TestWorker) {
  const fields = decode(sealedWorkerIdentity, document)
  const of = (why: string, changed: object) => ({
    why,
    document: hex(encode(sealedWorkerIdentity, { ...fields, ...changed })),
    code: 'identity-invalid',
  })
  return [
    of('longer than 75 minutes', { expiresAt: fields.issuedAt + 4_500_001n }),
    of('over when it begins', { expiresAt: fields.issuedAt }),
    of('a short seal key', { sealKey: fields.sealKey.subarray(0, 32) }),
    of('no model', { model: '', sealKey: new Uint8Array(1216) }),
    of('a negative block', { blockSeqno: -1, sealKey: new Uint8Array(1216) }),
    { why: 'cut short', document: hex(document.subarray(0, 100)), code: 'identity-invalid' },
  ]
}

export function makeVectors() {
  const workers = seeds.map(seed => makeWorker(crypto, seed))
  const [worker] = workers as [TestWorker]
  const sessions = [
    ...workers.map((one, index) => makeSession(one, index, false)),
    makeSession(worker, 0, true),
  ]
  const random = seeded('vectors')
  const drafts: Draft[] = [
    {
      what: 'one recipient, as it comes',
      routing: routingTo([worker], random),
      content: contentOf('{"model":"test/model","messages":[{"role":"user","content":"Hello"}]}', random),
      keys: [[0, 0]],
    },
    {
      what: 'three recipients, frames of one size',
      routing: routingTo(workers, random),
      content: { ...contentOf('{"messages":[],"stream":true}', random), chunkBytes: 256, cadenceMs: 40 },
      keys: [
        [0, 1],
        [1, 0],
        [2, 2],
      ],
    },
    {
      what: 'a session of one query',
      routing: routingTo([worker], random),
      content: { ...contentOf('{"prompt":"x"}', random), path: '/v1/completions' },
      keys: [[3, -1]],
    },
  ]
  const namedOf = ({ keys }: Draft): NamedKey[] =>
    keys.map(([session, counter]) => sessions[session]!.named[Math.max(counter, 0)]!)
  const queries = drafts.map(draft => makeQuery(draft, namedOf(draft)))
  const answerKey = (index: number): Uint8Array => namedOf(drafts[index]!)[0]!.key
  const answers = [
    makeAnswer('as it comes', answerKey(0), 0x0123_4567_89ab_cdefn, ['head', 'of the answer', '']),
    makeAnswer('in frames of 256 bytes', answerKey(1), -1n, ['head', '', 'text'], 256),
    makeAnswer('whole at once', answerKey(2), 0n, ['all of it'.repeat(100)]),
  ]
  const receipt = makeReceipt(worker, queries[0]!.query.header, drafts[0]!.routing, drafts[0]!.content)
  return {
    note: 'Made by packages/trust/test/seal/sealed-query-vectors.ts; README.md beside this file has its layout.',
    identities: workers.map((one, index) => identityVector(one, seeds[index]!)),
    sessions: sessions.map(({ vector }) => vector),
    queries: queries.map(({ vector }) => vector),
    answers,
    receipts: [receipt.vector],
    invalid: {
      identities: invalidIdentities(worker),
      queries: invalidQueries(
        queries,
        sessions.map(({ named }) => named),
      ),
      answers: invalidAnswers(answers[0]!),
      receipts: invalidReceipts(receipt),
    },
  }
}

if (import.meta.main) writeFileSync(vectorsFile, `${JSON.stringify(makeVectors(), null, 1)}\n`)
