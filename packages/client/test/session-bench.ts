import { ChannelsWithoutChain } from '@cocoon/money'
import assert from 'node:assert/strict'
import { proxyClientRequestPayment } from '@cocoon/wire'
import { VirtualWorld } from '../../wire/test/virtual-world.ts'
import { PendingQuery } from '../src/pending.ts'
import { ClientSession, type SessionOptions } from '../src/session.ts'
import { Heard, queryOf } from './heard.ts'
import { config, noPayment, root, wallet } from './network.ts'
import { ScriptedProxy } from './scripted-proxy.ts'

export class SessionBench {
  readonly world: VirtualWorld
  readonly proxy: ScriptedProxy
  readonly session: ClientSession
  readonly causes: Error[] = []
  readonly lost: PendingQuery[] = []
  readies = 0

  constructor(
    prepare: (proxy: ScriptedProxy) => void = () => {},
    options: { session?: Partial<SessionOptions>; world?: VirtualWorld; imageHash?: Uint8Array } = {},
  ) {
    this.world = options.world ?? new VirtualWorld()
    this.proxy = new ScriptedProxy(this.world, options.imageHash)
    prepare(this.proxy)
    this.session = new ClientSession({
      world: this.world,
      transport: this.proxy.transport,
      config,
      root,
      wallet,
      isTestnet: false,
      channels: new ChannelsWithoutChain('client-charge'),
      checkProxyHashes: false,
      ready: () => {
        this.readies++
      },
      closed: cause => void this.causes.push(cause),
      lost: queries => void this.lost.push(...(queries as PendingQuery[])),
      ...options.session,
    })
  }

  static async ready(...args: ConstructorParameters<typeof SessionBench>): Promise<SessionBench> {
    const bench = new SessionBench(...args)
    await bench.world.until(() => bench.session.isReady)
    return bench
  }

  /** Runs until it closes, and says why: once, and it is not ready. */
  async closing(): Promise<string> {
    await this.world.until(() => this.causes.length > 0)
    await this.world.settle()
    assert.deepEqual([this.causes.length, this.session.isReady], [1, false])
    return this.causes[0]!.message
  }

  query(changes?: Parameters<typeof queryOf>[0]): { pending: PendingQuery; heard: Heard } {
    const heard = new Heard()
    const pending = new PendingQuery({
      query: queryOf(changes),
      events: heard,
      world: this.world,
      pricePerTokenNano: 2n,
      reservedTokens: 10n ** 12n,
      owner: {
        again: () => {},
        disputed: () => {},
        overstated: () => {},
        overdue: () => {},
        ended: () => {},
      },
    })
    pending.requestBytes = Buffer.from('the request')
    return { pending, heard }
  }
}

export const queryFields = {
  modelName: '',
  query: new Uint8Array(0),
  maxCoefficient: 0,
  maxTokens: 0,
  timeout: 1,
  minConfigVersion: 0,
}

export function pushPayment(bench: SessionBench, signedPayment = noPayment): void {
  bench.proxy.connection.send(proxyClientRequestPayment, {
    _: 'proxy.clientRequestPayment',
    requestId: new Uint8Array(32),
    signedPayment,
    dbTokens: 5n,
    maxTokens: 6n,
    requestTokens: 1n,
  })
}
