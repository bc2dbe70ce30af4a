import {
  clientContractAddress,
  createPaymentKey,
  formatAddress,
  parseAddress,
  proxyContractAddress,
  signPayment,
  workerContractAddress,
} from '@cocoon/money'
import {
  type AnyCombinator,
  type ClientQueryFinalInfo,
  type Codec,
  type CombinatorName,
  codecs,
  Connection,
  decodeAny,
  encode,
  httpRequest,
  type Reply,
  type Transport,
} from '@cocoon/wire'
import { hash } from 'node:crypto'
import { addressFor, clientPort, proxyHost, type Scene, workerPort } from '../parties.ts'
import { drawPlan, requestBody } from '../plan.ts'
import { SimProcess } from '../process.ts'
import { damaged, randomMessage } from '../random-value.ts'
import { namesUnder, sendAnything } from './party.ts'
import { HostileSealedRelay } from './sealed-relay.ts'
import { rogueFinal, rogueHead } from './worker.ts'

/** What nobody has asked for. */
const wrongAnswer: AnyCombinator = { _: 'client.refundRejected', activeQueries: 1n }
/** Between one piece of mischief and the next in a session, on average. */
const mischiefMs = 800

/**
 * A registered proxy whose handshakes are right and which is not to be trusted afterwards: it answers clients
 * in every wrong way, and has workers run what nobody asked for.
 */
export class HostileProxy {
  readonly process: SimProcess
  readonly #scene: Scene
  readonly #host: string
  readonly #key = createPaymentKey(hash('sha256', 'rogue key', 'buffer'))
  readonly #owner = addressFor('rogue proxy')
  readonly #sealed: HostileSealedRelay

  /** `index` counts on after the honest proxies. */
  constructor(scene: Scene, index: number) {
    this.#scene = scene
    this.#host = proxyHost(index)
    this.process = new SimProcess(scene.world, `rogueP${index + 1}`)
    this.#sealed = new HostileSealedRelay(this.process)
  }

  start(): void {
    const { network } = this.#scene
    const at = (port: number): { host: string; port: number } => ({ host: this.#host, port })
    network.listen(this.process, at(clientPort), transport => this.#accept(transport, 'client'))
    network.listen(this.process, at(workerPort), transport => this.#accept(transport, 'worker'))
  }

  kill(): void {
    this.process.write('is killed')
    this.process.kill()
    this.#scene.network.died(this.process, this.process.chance.chance(0.5))
  }

  #accept(transport: Transport, side: 'client' | 'worker'): void {
    const { process } = this
    const connection: Connection = new Connection({
      transport,
      world: process,
      side: 'acceptor',
      events: {
        ready: () => this.#mischief(connection, side),
        packet: data => this.#packet(connection, data),
        query: (data, reply) => this.#query(connection, data, reply),
        drain: () => {},
        closed: () => {},
      },
    })
    connection.start()
  }

  #query(connection: Connection, data: Uint8Array, reply: Reply): void {
    const { chance } = this.process
    const question = decodeAny(data)
    if (chance.chance(0.03)) return connection.close()
    const answer = chance.chance(0.03) ? wrongAnswer : this.#answerTo(question)
    if (answer === undefined) return reply.error(chance.whole(-1, 700), 'rogue')
    const delayMs = chance.chance(0.05) ? 40_000 : chance.exponential(20)
    this.process.event(delayMs, () => reply.answer(codecs[answer._] as Codec<AnyCombinator>, answer))
  }

  #answerTo(question: AnyCombinator): AnyCombinator | undefined {
    const { chance } = this.process
    const totals = { tokensCommittedToDb: this.#tokens(), maxTokens: this.#tokens() }
    switch (question._) {
      case 'client.connectToProxy':
        return {
          _: 'client.connectedToProxy',
          params: this.#params(question.params.maxProtoVersion ?? 0),
          clientScAddress: this.#contractOf('client', question.params.clientOwnerAddress),
          auth: {
            _: 'client.proxyConnectionAuthShort',
            secretHash: hash('sha256', new Uint8Array(0), 'buffer'),
            nonce: 0n,
          },
          signedPayment: { _: 'proxy.signedPaymentEmpty' },
        }
      case 'client.authorizeWithProxyShort':
      case 'client.authorizeWithProxyLong':
        return {
          _: 'client.authorizationWithProxySuccess',
          signedPayment: { _: 'proxy.signedPaymentEmpty' },
          ...totals,
        }
      case 'worker.connectToProxy':
        return {
          _: 'worker.connectedToProxy',
          params: this.#params(question.params.maxProtoVersion ?? 0),
          workerScAddress: this.#contractOf('worker', question.params.workerOwnerAddress),
        }
      case 'worker.compareBalanceWithProxy':
        return {
          _: 'worker.compareBalanceWithProxyResult',
          signedPayment: { _: 'proxy.signedPaymentEmpty' },
          errorCode: chance.pick([0, 0, 1, -1]),
          ...totals,
        }
      case 'worker.extendedCompareBalanceWithProxy':
        return { _: 'worker.extendedCompareBalanceWithProxyResult', errorCode: chance.pick([0, 0, 1]) }
      case 'worker.proxyHandshakeComplete':
        return { _: 'worker.proxyHandshakeCompleted' }
      case 'client.getOffers':
        return this.#sealed.offers()
      case 'client.getEvidence':
        return this.#sealed.evidence(question.identity)
    }
    return undefined
  }

  #params(newest: number) {
    const { chance } = this.process
    const protoVersion = chance.chance(0.5) ? newest : chance.whole(0, newest)
    return {
      _: 'proxy.params' as const,
      flags: 3,
      proxyPublicKey: this.#key.publicKey,
      proxyOwnerAddress: formatAddress(this.#owner),
      proxyScAddress: formatAddress(this.#contract()),
      isTest: true,
      protoVersion,
    }
  }

  #contract() {
    const { config, root } = this.#scene
    return proxyContractAddress(config, {
      proxyPublicKey: this.#key.publicKey,
      proxyOwner: this.#owner,
      root,
    })
  }

  #contractOf(side: 'client' | 'worker', owner: string): string {
    const { config } = this.#scene
    const of = { proxyContract: this.#contract(), proxyPublicKey: this.#key.publicKey }
    const address = parseAddress(owner)
    return formatAddress(
      side === 'client'
        ? clientContractAddress(config, { clientOwner: address, ...of })
        : workerContractAddress(config, { workerOwner: address, ...of }),
    )
  }

  /** A query gets some pieces of an answer, of any kind and in any order. */
  #packet(connection: Connection, data: Uint8Array): void {
    const message = decodeAny(data)
    switch (message._) {
      case 'worker.identity':
        return this.#sealed.announced(connection, message)
      case 'client.runSealedQuery':
        return this.#sealed.query(connection, message)
      case 'proxy.sealedAnswer':
      case 'proxy.sealedAnswerPart':
      case 'proxy.sealedFailure':
        return this.#sealed.answered(message)
    }
    if (message._ !== 'client.runQuery' && message._ !== 'client.runQueryEx') return
    const { chance } = this.process
    for (let left = chance.whole(0, 4); left > 0; left--) {
      this.process.event(chance.exponential(100), () => {
        const answer = this.#answer(message.requestId)
        if (chance.chance(0.05))
          sendAnything(
            connection,
            damaged(chance, encode(codecs[answer._] as Codec<AnyCombinator>, answer)),
            false,
          )
        else connection.send(codecs[answer._] as Codec<AnyCombinator>, answer)
      })
    }
  }

  #answer(queryId: Uint8Array): AnyCombinator {
    const { chance } = this.process
    const requestId = chance.chance(0.95) ? queryId : chance.bytes(32)
    const { tokensUsed } = rogueFinal(chance)
    const finalInfo: ClientQueryFinalInfo = { _: 'client.queryFinalInfo', flags: 0, tokensUsed }
    const final = chance.chance(0.4) ? { flags: 1, finalInfo } : { flags: 0 }
    const failure = {
      errorCode: chance.whole(-1, 700),
      error: 'rogue',
      requestId,
      requestTokensUsed: tokensUsed,
    }
    const isCompleted = chance.chance(0.4)
    const answer = chance.bytes(chance.whole(0, 500))
    switch (chance.pick(['head', 'part', 'error', 'oldHead', 'oldPart', 'oldError'])) {
      case 'head':
        return { _: 'client.queryAnswerEx', requestId, answer: rogueHead(chance), ...final }
      case 'part':
        return { _: 'client.queryAnswerPartEx', requestId, answer, ...final }
      case 'error':
        return { _: 'client.queryAnswerErrorEx', requestId, errorCode: 602, error: 'rogue', ...final }
      case 'oldHead':
        return {
          _: 'client.queryAnswer',
          answer: rogueHead(chance),
          isCompleted,
          requestId,
          requestTokensUsed: tokensUsed,
        }
      case 'oldPart':
        return { _: 'client.queryAnswerPart', answer, isCompleted, requestId, requestTokensUsed: tokensUsed }
      default:
        return {
          _: chance.pick(['client.queryAnswerError', 'client.queryAnswerPartError'] as const),
          ...failure,
        }
    }
  }

  /** Now and then something that nobody waits for. */
  #mischief(connection: Connection, side: 'client' | 'worker'): void {
    const { chance } = this.process
    this.process.event(chance.exponential(mischiefMs), () => {
      if (connection.isClosed) return
      const what = chance.weighted({
        work: side === 'worker' ? 5 : 0,
        payment: 2,
        message: 0.5,
        question: 0.5,
      })
      if (what === 'work') this.#giveWork(connection)
      else if (what === 'payment') this.#pay(connection, side)
      else sendAnything(connection, randomMessage(chance, this.#names(side)), what === 'question')
      this.#mischief(connection, side)
    })
  }

  /** Requests for a worker: real ones, real ones taken back at once, and ones that are no requests. */
  #giveWork(connection: Connection): void {
    const { chance } = this.process
    const requestId = chance.bytes(32)
    const payload = requestBody(drawPlan(chance, `r${chance.uint32()}`, { pieces: 10, pieceBytes: 10 }))
    const request = {
      method: 'POST',
      url: '/v1/chat/completions',
      httpVersion: 'HTTP/1.1',
      headers: [],
      payload,
    }
    const query = encode(httpRequest, { _: 'http.request', ...request })
    connection.send(codecs['proxy.runQueryEx'], {
      _: 'proxy.runQueryEx',
      query: chance.chance(0.8) ? query : damaged(chance, query),
      signedPayment: { _: 'proxy.signedPaymentEmpty' },
      coefficient: chance.pick([0n, 1_000n, 999_999_999n, chance.chance(0.1) ? -1n : 1n]),
      timeout: chance.pick([0.5, 5, 30, chance.chance(0.1) ? NaN : 10]),
      requestId,
      flags: 1,
      enableDebug: true,
    })
    if (chance.chance(0.6)) return
    this.process.event(chance.exponential(200), () =>
      connection.send(codecs['proxy.cancelQuery'], { _: 'proxy.cancelQuery', requestId }),
    )
  }

  #pay(connection: Connection, side: 'client' | 'worker'): void {
    const { chance } = this.process
    const data = signPayment({
      kind: chance.chance(0.5) ? 'client-charge' : 'worker-payout',
      key: this.#key,
      queryId: 1n,
      tokens: chance.pick([0n, 5n, 2n ** 63n]),
      contract: addressFor(side),
      excessesTo: addressFor('rogue wallet'),
    })
    const payment: AnyCombinator = {
      _: 'proxy.signedPayment',
      data: chance.chance(0.5) ? data : damaged(chance, data),
    }
    const isAlone = chance.chance(0.3)
    const totals = { dbTokens: this.#tokens(), maxTokens: this.#tokens(), requestTokens: this.#tokens() }
    const requestId = chance.bytes(32)
    const signedPayment: typeof payment | { _: 'proxy.signedPaymentEmpty' } = chance.chance(0.7)
      ? { _: 'proxy.signedPaymentEmpty' }
      : payment
    if (isAlone) connection.send(codecs['proxy.signedPayment'], payment)
    else if (side === 'client') {
      const push = { _: 'proxy.clientRequestPayment' as const, requestId, signedPayment, ...totals }
      connection.send(codecs['proxy.clientRequestPayment'], push)
    } else {
      const push = {
        _: 'proxy.workerRequestPayment' as const,
        requestId,
        signedPayment,
        ...totals,
        requestClientOwner: 'x',
      }
      connection.send(codecs['proxy.workerRequestPayment'], push)
    }
  }

  #names(side: 'client' | 'worker'): CombinatorName[] {
    return namesUnder(`${side}.`, 'proxy.')
  }

  #tokens(): bigint {
    return this.process.chance.pick([0n, 1n, 1_000n, 2n ** 62n, -1n])
  }
}
