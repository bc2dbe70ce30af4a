import { Channel } from '@cocoon/money'
import assert from 'node:assert/strict'
import type { Codec } from '@cocoon/wire'
import { VirtualWorld } from '../../wire/test/virtual-world.ts'
import type { Serving, ServingRequest } from '../src/serving.ts'
import { type SessionOptions, type WorkerOffer, WorkerSession } from '../src/session.ts'
import { config, contract, owner, proxyKey, root, ScriptedProxy } from './scripted-proxy.ts'

export class FakeServing {
  readonly request: ServingRequest
  readonly calls: string[] = []
  readonly ended: () => void

  constructor(request: ServingRequest, ended: () => void) {
    this.request = request
    this.ended = ended
  }

  start(): void {
    this.calls.push('start')
  }

  cancel(): void {
    this.calls.push('cancel')
  }

  abandon(): void {
    this.calls.push('abandon')
    this.ended()
  }

  resume(): void {
    this.calls.push('resume')
  }
}

export class SessionBench {
  readonly world: VirtualWorld
  readonly proxy: ScriptedProxy
  readonly session: WorkerSession
  readonly channel: Channel
  readonly servings: FakeServing[] = []
  readonly causes: Error[] = []
  offer: WorkerOffer = { disabled: false, coefficient: 1500, maxActiveRequests: 8 }
  readies = 0
  rollbacks = 0

  constructor(
    prepare: (proxy: ScriptedProxy) => void = () => {},
    options: {
      session?: Partial<SessionOptions>
      channel?: Channel
      world?: VirtualWorld
      imageHash?: Uint8Array
    } = {},
  ) {
    this.world = options.world ?? new VirtualWorld()
    this.channel =
      options.channel ?? new Channel({ kind: 'worker-payout', contract, publicKey: proxyKey.publicKey })
    this.proxy = new ScriptedProxy(this.world, options.imageHash)
    prepare(this.proxy)
    this.session = new WorkerSession({
      world: this.world,
      transport: this.proxy.transport,
      config,
      root,
      owner,
      isTestnet: false,
      model: 'acme/chat@1:2',
      proxyConnections: 2,
      checkProxyHashes: false,
      channels: {
        open: async () => this.channel,
        rolledBack: (channel, payment, totals) => channel.reset(payment, totals),
        all: () => [],
      },
      offer: () => this.offer,
      serve: (request, _answer, ended) => {
        const serving = new FakeServing(request, ended)
        this.servings.push(serving)
        return serving as unknown as Serving
      },
      rolledBack: () => {
        this.rollbacks++
      },
      ready: () => {
        this.readies++
      },
      closed: cause => void this.causes.push(cause),
      ...options.session,
    })
  }

  static async ready(...args: ConstructorParameters<typeof SessionBench>): Promise<SessionBench> {
    const bench = new SessionBench(...args)
    await bench.world.settle()
    assert.equal(bench.session.isReady, true)
    return bench
  }

  /** Closed, once, and not ready. */
  get cause(): Error {
    assert.deepEqual([this.causes.length, this.session.isReady], [1, false])
    return this.causes[0]!
  }
}

export const packetTo = <T>(bench: SessionBench, codec: Codec<T>, value: T): void => {
  bench.proxy.connection.send(codec, value)
}
