import { nodeSeal } from '@cocoon/trust/node'
import { identityDigest } from '@cocoon/trust/seal'
import {
  type AnyCombinator,
  bytesKey,
  type ClientRunSealedQuery,
  type ClientSealedAnswer,
  type ClientSealedAnswerPart,
  type ClientSealedEnd,
  type Codec,
  codecs,
  type Connection,
  decode,
  type ProxySealedAnswer,
  type ProxySealedAnswerPart,
  type ProxySealedFailure,
  sealedHeader,
  type SealedWorkerEvidence,
  type WorkerIdentity,
} from '@cocoon/wire'
import type { SimProcess } from '../process.ts'

/** A machine that has said who it is. */
interface Machine {
  readonly worker: Connection
  readonly digest: Uint8Array
  readonly evidence: SealedWorkerEvidence
}

/** A query that runs at a machine. */
interface Passed {
  readonly client: Connection
  readonly requestId: Uint8Array
  readonly identity: Uint8Array
}

type Piece = ProxySealedAnswer | ProxySealedAnswerPart | ProxySealedFailure
type Told = ClientSealedAnswer | ClientSealedAnswerPart

/**
 * Stands between clients and the machines that they seal to: offers real ones with their evidence, has them run what
 * is sealed to them, and changes what it passes on whenever it likes.
 */
export class HostileSealedRelay {
  readonly #process: SimProcess
  readonly #machines = new Map<string, Machine>()
  readonly #passed = new Map<string, Passed>()
  /** A piece of some answer, to be put into others. */
  #kept: Told | undefined

  constructor(process: SimProcess) {
    this.#process = process
  }

  announced(worker: Connection, { evidence }: WorkerIdentity): void {
    const digest = identityDigest(nodeSeal, evidence.document)
    this.#machines.set(bytesKey(digest), { worker, digest, evidence })
  }

  offers(): AnyCombinator {
    const { chance } = this.#process
    const offers = [...this.#machines.values()]
      .filter(({ worker }) => !worker.isClosed)
      .map(({ digest }) => ({
        _: 'client.offer' as const,
        identity: chance.chance(0.9) ? digest : chance.bytes(32),
        coefficient: chance.pick([0, 500, 1_000, 4_000, 999_999_999]),
        activeRequests: chance.whole(0, 5),
        maxActiveRequests: chance.whole(0, 5),
        latencyMs: 1,
      }))
    return { _: 'client.offers', offers: chance.chance(0.1) ? [...offers, ...offers] : offers }
  }

  evidence(identity: Uint8Array): AnyCombinator | undefined {
    const { chance } = this.#process
    const found = chance.chance(0.95)
      ? this.#machines.get(bytesKey(identity))
      : [...this.#machines.values()].at(0)
    return found?.evidence
  }

  /** Has one of its recipients run it, now and then two, or says that it cannot be opened. */
  query(client: Connection, { query }: ClientRunSealedQuery): void {
    const { chance } = this.#process
    const { requestId, recipients } = decode(sealedHeader, query.header)
    const times = chance.weighted({ one: 10, two: 1, none: 1 })
    if (times === 'none') {
      const errorCode = chance.pick([601, 652, 660, 661, 662])
      const failure = { requestId, identity: recipients[0]!, errorCode, error: 'rogue' }
      return this.#send(client, { _: 'client.sealedFailure', ...failure, flags: 0 })
    }
    for (const [index, identity] of recipients.slice(0, times === 'one' ? 1 : 2).entries()) {
      const machine = this.#machines.get(bytesKey(identity))
      const key = query.keys[index]
      if (machine === undefined || key === undefined) continue
      const runId = chance.bytes(32)
      this.#passed.set(bytesKey(runId), { client, requestId, identity })
      this.#send(machine.worker, {
        _: 'proxy.runSealedQuery',
        identity,
        header: query.header,
        key,
        body: chance.chance(0.97) ? query.body : chance.bytes(256),
        signedPayment: { _: 'proxy.signedPaymentEmpty' },
        coefficient: chance.pick([0, 500, 500, 500, 999_999_999]),
        timeout: chance.pick([5, 30]),
        requestId: runId,
      })
    }
  }

  /** A piece of an answer, as the machine sealed it. */
  answered(piece: Piece): void {
    const passed = this.#passed.get(bytesKey(piece.requestId))
    if (passed === undefined) return
    for (const told of this.#told(piece, passed)) this.#send(passed.client, told)
  }

  #told(piece: Piece, { requestId, identity }: Passed): AnyCombinator[] {
    const { chance } = this.#process
    const end = piece.receipt && {
      _: 'client.sealedEnd' as const,
      receipt: piece.receipt,
      chargedTokens: piece._ === 'proxy.sealedFailure' ? this.#tokens() : chance.pick([0n, 0n, 1n]),
      proxyStartTime: 0,
      proxyEndTime: chance.pick([0, NaN]),
    }
    if (piece._ === 'proxy.sealedFailure') {
      const { errorCode } = piece
      const failure = { requestId, identity, errorCode, error: 'rogue' }
      return [{ _: 'client.sealedFailure', ...failure, ...endFields(end) }]
    }
    const { chunk } = piece
    const fields = { requestId, chunk, ...endFields(end) }
    const told: Told =
      piece._ === 'proxy.sealedAnswer'
        ? { _: 'client.sealedAnswer', ...fields, identity, nonce: piece.nonce }
        : { _: 'client.sealedAnswerPart', ...fields }
    return this.#altered(told)
  }

  #altered(told: Told): Told[] {
    const { chance } = this.#process
    const kept = this.#kept
    const other = (this.#kept = chance.chance(0.3) ? told : (kept ?? told))
    switch (
      chance.weighted({
        same: 40,
        dropped: 1,
        twice: 1,
        flipped: 1,
        spliced: 1,
        swapped: 1,
        ended: 1,
        dear: 1,
      })
    ) {
      case 'dropped':
        return []
      case 'twice':
        return [told, told]
      case 'flipped':
        return [{ ...told, chunk: told.chunk.map((byte, at) => (at === 3 ? byte ^ 4 : byte)) }]
      case 'spliced':
        return [{ ...told, chunk: other.chunk }]
      case 'swapped':
        return [{ ...told, ...endFields(other.end) }]
      case 'ended':
        return [{ ...told, ...endFields(undefined) }]
      case 'dear':
        return [{ ...told, ...endFields(told.end && { ...told.end, chargedTokens: this.#tokens() }) }]
      default:
        return [told]
    }
  }

  #tokens(): bigint {
    return this.#process.chance.pick([0n, 1n, 1_000n, 2n ** 62n])
  }

  #send(connection: Connection, message: AnyCombinator): void {
    this.#process.event(this.#process.chance.exponential(5), () => {
      if (!connection.isClosed) connection.send(codecs[message._] as Codec<AnyCombinator>, message)
    })
  }
}

function endFields(end: ClientSealedEnd | undefined): { flags: number; end?: ClientSealedEnd } {
  return end === undefined ? { flags: 0 } : { flags: 1, end }
}
