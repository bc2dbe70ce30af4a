import { formatAddress } from '@cocoon/money'
import {
  type Connection,
  decodeAny,
  encode,
  encodeAny,
  httpResponse,
  proxyQueryAnswerErrorEx,
  proxyQueryAnswerEx,
  proxyQueryAnswerPartEx,
  type ProxyQueryFinalInfo,
  type Transport,
  workerCompareBalanceWithProxy,
  workerConnectToProxy,
  workerEnabledDisabled,
  workerNewCoefficient,
  workerProxyHandshakeComplete,
  workerUpdatePaymentStatus,
} from '@cocoon/wire'
import { addressFor, fullModel, type Scene, workerPort } from '../parties.ts'
import type { Random } from '../random.ts'
import { damaged, randomMessage } from '../random-value.ts'
import { HostileParty, namesUnder, queryTimeoutMs, sendAnything } from './party.ts'

/** A worker that lures queries with a price of nothing and answers them in every wrong way. */
export class HostileWorker extends HostileParty {
  protected readonly messages = namesUnder('worker.', 'proxy.')

  constructor(scene: Scene, index: number) {
    super(scene, { name: `rogueW${index + 1}`, host: `10.6.7.${index + 1}`, port: workerPort })
  }

  protected async inSession(transport: Transport): Promise<void> {
    const { chance } = this.process
    const ready = Promise.withResolvers<void>()
    const connection = this.connect(transport, {
      ready: ready.resolve,
      closed: ready.resolve,
      packet: data => this.#packet(connection, data),
    })
    await ready.promise
    await connection.query(
      workerConnectToProxy,
      {
        _: 'worker.connectToProxy',
        params: {
          _: 'worker.params',
          flags: 3,
          workerOwnerAddress: formatAddress(addressFor(this.process.name)),
          model: fullModel,
          coefficient: chance.pick([0, 0, 100, 999_999_999]),
          isTest: true,
          proxyCnt: chance.whole(1, 3),
          maxActiveRequests: chance.pick([1, 5, 2 ** 31 - 1]),
          minProtoVersion: 0,
          maxProtoVersion: chance.whole(0, 3),
        },
      },
      queryTimeoutMs,
    )
    const known = chance.pick([0n, 0n, 1_000_000n, -1n])
    await connection.query(
      workerCompareBalanceWithProxy,
      {
        _: 'worker.compareBalanceWithProxy',
        tokensCommittedToBlockchain: known,
        tokensCommittedToDb: known,
        maxTokens: known,
      },
      queryTimeoutMs,
    )
    const complete = { _: 'worker.proxyHandshakeComplete' as const, isDisabled: false }
    await connection.query(workerProxyHandshakeComplete, complete, queryTimeoutMs)
    this.process.write('is taken for a worker')
    for (let left = chance.whole(0, 10); left > 0; left--) {
      this.later(chance.exponential(1_000), () => this.#misbehave(connection))
    }
    this.later(chance.exponential(6_000), () => connection.close())
  }

  #misbehave(connection: Connection): void {
    const { chance } = this.process
    const what = chance.weighted({ toggle: 3, price: 2, badPrice: 0.3, status: 1, message: 1 })
    if (what === 'toggle') {
      const disabled = chance.whole(0, 2)
      connection.send(workerEnabledDisabled, { _: 'worker.enabledDisabled', disabled })
    } else if (what === 'price' || what === 'badPrice') {
      const newCoefficient = what === 'price' ? chance.whole(0, 999_999_999) : -chance.whole(1, 1_000)
      connection.send(workerNewCoefficient, { _: 'worker.newCoefficient', newCoefficient })
    } else if (what === 'status') {
      const status = { _: 'worker.updatePaymentStatus' as const }
      void connection.query(workerUpdatePaymentStatus, status, queryTimeoutMs).catch(() => {})
    } else sendAnything(connection, randomMessage(chance, this.messages), chance.chance(0.2))
  }

  #packet(connection: Connection, data: Uint8Array): void {
    let message: ReturnType<typeof decodeAny>
    try {
      message = decodeAny(data)
    } catch {
      return
    }
    if (message._ !== 'proxy.runQueryEx' && message._ !== 'proxy.runQuery') return
    const { requestId } = message
    for (let left = this.process.chance.whole(0, 5); left > 0; left--) {
      this.later(this.process.chance.exponential(50), () => this.#answer(connection, requestId))
    }
  }

  /** One message of an answer, of any kind, at any point. */
  #answer(connection: Connection, runId: Uint8Array): void {
    const { chance } = this.process
    const requestId = chance.chance(0.95) ? runId : chance.bytes(32)
    const final = chance.chance(0.4) ? { flags: 1, finalInfo: rogueFinal(chance) } : { flags: 0 }
    const kind = chance.weighted({ head: 4, part: 4, error: 1.5, mutated: 0.5 })
    if (kind === 'head') {
      connection.send(proxyQueryAnswerEx, {
        _: 'proxy.queryAnswerEx',
        requestId,
        answer: rogueHead(chance),
        ...final,
      })
    } else if (kind === 'part') {
      const answer = chance.bytes(chance.chance(0.05) ? 500_000 : chance.whole(0, 2_000))
      connection.send(proxyQueryAnswerPartEx, { _: 'proxy.queryAnswerPartEx', requestId, answer, ...final })
    } else if (kind === 'error') {
      const errorCode = chance.pick([0, -1, 601, 621, 652, 2 ** 31 - 1])
      const error = 'x'.repeat(chance.pick([0, 10, 100_000]))
      connection.send(proxyQueryAnswerErrorEx, {
        _: 'proxy.queryAnswerErrorEx',
        requestId,
        errorCode,
        error,
        ...final,
      })
    } else {
      const head = { _: 'proxy.queryAnswerEx' as const, requestId, answer: rogueHead(chance), ...final }
      sendAnything(connection, damaged(chance, encodeAny(head)), false)
    }
  }
}

/** The head of an answer that no honest worker gives. */
export function rogueHead(chance: Random): Uint8Array {
  const head = encode(httpResponse, {
    _: 'http.response',
    httpVersion: chance.pick(['HTTP/1.1', 'HTTP/1.0', 'HTTP/9', '']),
    statusCode: chance.pick([200, 200, 200, 404, 500, 503, 0, -1, 99, 999, 100, 204]),
    reason: 'rogue',
    headers: Array.from({ length: chance.pick([0, 1, 1, 5, 101]) }, () => ({
      _: 'http.header' as const,
      name: 'x-rogue',
      value: 'yes\r\nx-injected: yes',
    })),
    payload: chance.bytes(chance.whole(0, 100)),
  })
  return chance.chance(0.1) ? damaged(chance, head) : head
}

/** A tally that no honest worker makes. */
export function rogueFinal(chance: Random): ProxyQueryFinalInfo {
  const tokens = (): bigint =>
    chance.pick([0n, 1n, 10n, 1_000_000n, 2n ** 62n, chance.chance(0.1) ? -1n : 5n])
  return {
    _: 'proxy.queryFinalInfo',
    flags: 3,
    tokensUsed: {
      _: 'tokensUsed',
      promptTokensUsed: tokens(),
      cachedTokensUsed: tokens(),
      completionTokensUsed: tokens(),
      reasoningTokensUsed: tokens(),
      totalTokensUsed: tokens(),
    },
    workerDebug: chance.pick(['', '{', 'x'.repeat(10_000)]),
    workerStartTime: chance.pick([0, NaN, Infinity, -1e300]),
    workerEndTime: chance.pick([0, NaN, Infinity, -1e300]),
  }
}
