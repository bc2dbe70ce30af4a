import { formatAddress } from '@cocoon/money'
import {
  clientAuthorizeWithProxyShort,
  clientCancelQuery,
  clientConnectToProxy,
  clientGetWorkerTypesV2,
  type ClientRunQueryEx,
  clientRunQueryEx,
  type Connection,
  type Transport,
} from '@cocoon/wire'
import { addressFor, clientPort, type Scene } from '../parties.ts'
import { simModel } from '../plan.ts'
import { randomMessage } from '../random-value.ts'
import { HostileParty, namesUnder, queryTimeoutMs, sendAnything } from './party.ts'

/** A client that queries as no client should. */
export class HostileClient extends HostileParty {
  protected readonly messages = namesUnder('client.')

  constructor(scene: Scene, index: number) {
    super(scene, { name: `rogueC${index + 1}`, host: `10.6.6.${index + 1}`, port: clientPort })
  }

  protected async inSession(transport: Transport): Promise<void> {
    const { chance } = this.process
    const ready = Promise.withResolvers<void>()
    const connection = this.connect(transport, { ready: ready.resolve, closed: ready.resolve })
    await ready.promise
    // Sometimes a wallet that nobody has heard of: accounts are cheap to open.
    const wallet = chance.chance(0.5) ? addressFor(this.process.name) : addressFor(`${chance.uint32()}`)
    const connectToProxy = {
      _: 'client.connectToProxy' as const,
      params: {
        _: 'client.params' as const,
        flags: 3,
        clientOwnerAddress: formatAddress(wallet),
        isTest: true,
        minProtoVersion: 0,
        maxProtoVersion: chance.whole(0, 3),
      },
      minConfigVersion: 0,
    }
    if (chance.chance(0.2))
      void connection.query(clientConnectToProxy, connectToProxy, queryTimeoutMs).catch(() => {})
    await connection.query(clientConnectToProxy, connectToProxy, queryTimeoutMs)
    const secret = {
      _: 'client.authorizeWithProxyShort' as const,
      data: chance.bytes(chance.chance(0.1) ? 8 : 0),
    }
    if (chance.chance(0.2))
      void connection.query(clientAuthorizeWithProxyShort, secret, queryTimeoutMs).catch(() => {})
    await connection.query(clientAuthorizeWithProxyShort, secret, queryTimeoutMs)
    for (let left = chance.whole(5, 60); left > 0; left--) {
      this.later(chance.exponential(300), () => this.#misbehave(connection))
    }
    this.later(chance.exponential(3_000), () => connection.close())
  }

  #misbehave(connection: Connection): void {
    const { chance } = this.process
    const what = chance.weighted({ query: 6, cancel: 2, types: 1, message: 2 })
    if (what === 'query') connection.send(clientRunQueryEx, this.#query())
    else if (what === 'cancel') {
      connection.send(clientCancelQuery, {
        _: 'client.cancelQuery',
        requestId: chance.bytes(32).fill(chance.whole(0, 3)),
      })
    } else if (what === 'types') {
      void connection
        .query(clientGetWorkerTypesV2, { _: 'client.getWorkerTypesV2' }, queryTimeoutMs)
        .catch(() => {})
    } else sendAnything(connection, randomMessage(chance, this.messages), chance.chance(0.2))
  }

  /** Numbers from the edges, ids that repeat, bodies that are no requests. */
  #query(): ClientRunQueryEx {
    const { chance } = this.process
    const numbers = [0, 1, 100, 4_000, -1, -2_000_000, 2 ** 31 - 1, -(2 ** 31)]
    return {
      _: 'client.runQueryEx',
      modelName: chance.chance(0.8) ? simModel : 'nobody offers this',
      query: chance.chance(0.5)
        ? randomMessage(chance, ['http.request'])
        : chance.bytes(chance.whole(0, 200)),
      maxCoefficient: chance.pick(numbers),
      maxTokens: chance.pick(numbers),
      timeout: chance.pick([1, 5, 30, 0, -1, NaN, Infinity, 1e300, 0.0001]),
      requestId: new Uint8Array(32).fill(chance.whole(0, 3)),
      minConfigVersion: chance.pick([0, 1, -1, 2]),
      flags: 1,
      enableDebug: chance.chance(0.5),
    }
  }
}
