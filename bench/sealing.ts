import { parseArgs } from 'node:util'
import { nodeSeal } from '@cocoon/trust/node'
import {
  AnswerOpener,
  AnswerSealer,
  makeIdentityKeys,
  type NamedKey,
  nobleSeal,
  openQuery,
  ReceiverSessions,
  requestCommitment,
  type SealCrypto,
  sealQuery,
  SenderSession,
  singleKey,
  startAnswerCommitment,
} from '@cocoon/trust/seal'
import { systemWorld } from '@cocoon/wire/node'
import { machineFacts } from './machine.ts'
import { median } from './quantile.ts'

const promptBytes = 300
const answerBytes = 700
const eventBytes = 220

/** CPU of both ends together, microseconds. */
interface Costs {
  /** A query and its answer of one chunk, within a sealing session. */
  readonly session: number
  /** The same with one encapsulation for each query. */
  readonly single: number
  /** The same in a session, sealed to three machines, of which one opens it. */
  readonly three: number
  /** One more chunk of a stream. */
  readonly chunk: number
  readonly sign: number
  readonly verify: number
}

const { random } = systemWorld

/** One worker and one client with a backend of cryptography. */
class Ends {
  readonly #crypto: SealCrypto
  readonly #keys
  readonly #identity = random(32)
  readonly #others = [random(32), random(32)]
  readonly #publicKey
  readonly #body = random(promptBytes)
  readonly #answer = random(answerBytes)
  readonly #salts = { requestSalt: random(32), answerSalt: random(32) }
  #sessions: ReceiverSessions
  #session: SenderSession

  constructor(crypto: SealCrypto) {
    this.#crypto = crypto
    this.#keys = makeIdentityKeys(crypto, random)
    this.#publicKey = crypto.readSealKey(this.#keys.sealing.publicKey)!
    this.#sessions = new ReceiverSessions(crypto, this.#identity, this.#keys.sealing)
    this.#session = this.#begin()
  }

  inSession(): void {
    if (!this.#session.isOpen(0)) this.#session = this.#begin()
    this.#exchange([this.#session.next()])
    this.#session.isKnown = true
  }

  single(): void {
    if (this.#sessions.isFull)
      this.#sessions = new ReceiverSessions(this.#crypto, this.#identity, this.#keys.sealing)
    this.#exchange([singleKey(this.#crypto, this.#sender)])
  }

  three(): void {
    if (!this.#session.isOpen(0)) this.#session = this.#begin()
    const own = this.#session.next()
    this.#exchange([own, own, own])
  }

  chunk(): () => void {
    const key = { key: random(32), nonce: 1n }
    const [sealer, opener] = [new AnswerSealer(this.#crypto, key), new AnswerOpener(this.#crypto, key)]
    const hashes = [1, 2].map(() => startAnswerCommitment(this.#crypto, this.#salts.answerSalt, 200))
    const event = random(eventBytes)
    return () => {
      const bytes = opener.open(sealer.chunk(event, false), false)
      for (const hash of hashes) hash.update(bytes)
    }
  }

  get signing() {
    const message = random(320)
    const { signing } = this.#keys
    const signature = signing.sign(message)
    return {
      sign: () => void signing.sign(message),
      verify: () => void this.#crypto.verify(signing.publicKey, message, signature),
    }
  }

  get #sender() {
    return { identity: this.#identity, sealKey: this.#publicKey, random }
  }

  #begin(): SenderSession {
    return new SenderSession(this.#crypto, { ...this.#sender, nowMs: 0 })
  }

  #exchange(recipients: readonly NamedKey[]): void {
    const crypto = this.#crypto
    const identities = [this.#identity, ...this.#others].slice(0, recipients.length)
    const content = {
      path: '/v1/chat/completions',
      body: this.#body,
      ...this.#salts,
      chunkBytes: 0,
      cadenceMs: 0,
    }
    const routing = {
      requestId: random(32),
      model: 'bench/model',
      maxCoefficient: 1000,
      maxTokens: 100,
      expiresAtMs: 60_000,
      recipients: identities,
    }
    const { query, header } = sealQuery(crypto, routing, content, recipients, random)
    const sealed = { header: query.header, key: query.keys[0]!, body: query.body }
    const recipient = { identity: this.#identity, sessions: this.#sessions, nowMs: 0, monotonicMs: 0 }
    const opened = openQuery(crypto, sealed, recipient)
    requestCommitment(crypto, { ...content, header })
    requestCommitment(crypto, { ...opened.content, header: opened.header })
    const nonce = 5n
    const chunk = new AnswerSealer(crypto, { key: opened.key, nonce }).chunk(this.#answer, true)
    const bytes = new AnswerOpener(crypto, { key: recipients[0]!.key, nonce }).open(chunk, true)
    for (const answer of [bytes, this.#answer]) {
      const hash = startAnswerCommitment(crypto, this.#salts.answerSalt, 200)
      hash.update(answer)
      hash.digest()
    }
  }
}

/** Median of CPU a call over rounds, microseconds. */
function cost(run: () => void, times: number): number {
  for (let i = 0; i < times; i++) run()
  return median(
    Array.from({ length: 9 }, () => {
      const before = process.cpuUsage()
      for (let i = 0; i < times; i++) run()
      const { user, system } = process.cpuUsage(before)
      return (user + system) / times
    }),
  )
}

function measure(crypto: SealCrypto, times: number): Costs {
  const ends = new Ends(crypto)
  const { sign, verify } = ends.signing
  return {
    session: cost(() => ends.inSession(), times),
    single: cost(() => ends.single(), Math.ceil(times / 10)),
    three: cost(() => ends.three(), times),
    chunk: cost(ends.chunk(), times),
    sign: cost(sign, Math.ceil(times / 4)),
    verify: cost(verify, Math.ceil(times / 4)),
  }
}

const { values } = parseArgs({ options: { json: { type: 'boolean', default: false } } })
const costs = { node: measure(nodeSeal, 4_000), noble: measure(nobleSeal, 300) }
if (values.json) console.log(JSON.stringify({ machine: machineFacts(), ...costs }))
else {
  console.log('CPU of client and worker together, microseconds')
  console.table(
    Object.fromEntries(
      Object.entries(costs).map(([name, row]) => [
        name,
        Object.fromEntries(Object.entries(row).map(([what, us]) => [what, Number(us.toFixed(1))])),
      ]),
    ),
  )
}
