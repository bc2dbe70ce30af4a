import {
  contractAddress,
  createPaymentKey,
  formatAddress,
  parsePseudoConfig,
  type ProxyTerms,
  proxyContractAddress,
  signPayment,
  workerContractAddress,
  writePseudoConfig,
} from '@cocoon/money'
import {
  peekId,
  proxyCancelQuery,
  type ProxyParams,
  proxyRunQuery,
  proxyRunQueryEx,
  type ProxySignedPaymentAny,
  decode,
  type Reply,
  workerCompareBalanceWithProxy,
  type WorkerCompareBalanceWithProxy,
  workerCompareBalanceWithProxyResult,
  workerConnectedToProxy,
  workerConnectToProxy,
  type WorkerConnectToProxy,
  workerExtendedCompareBalanceWithProxy,
  workerExtendedCompareBalanceWithProxyResult,
  workerPaymentStatus,
  type WorkerProxyHandshakeComplete,
  workerProxyHandshakeComplete,
  workerProxyHandshakeCompleted,
  workerUpdatePaymentStatus,
} from '@cocoon/wire'
import type { VirtualWorld } from '../../wire/test/virtual-world.ts'
import { ProxyEnd } from './proxy-end.ts'

const address = (fill: number) => contractAddress(0, new Uint8Array(32).fill(fill))

export const root = address(2)
export const owner = address(3)
const proxyOwner = address(4)
export const proxyKey = createPaymentKey(new Uint8Array(32).fill(8))

export const config = parsePseudoConfig(
  writePseudoConfig({
    ownerAddress: address(1),
    proxies: [1, 2].map(seqno => ({
      seqno,
      workerEndpoint: { host: '10.0.0.1', port: 1000 + seqno },
      clientEndpoint: { host: '10.0.0.1', port: 2000 + seqno },
    })),
  }),
)

const proxyContract = proxyContractAddress(config, { proxyPublicKey: proxyKey.publicKey, proxyOwner, root })
export const contract = workerContractAddress(config, {
  workerOwner: owner,
  proxyContract,
  proxyPublicKey: proxyKey.publicKey,
})

export const terms: ProxyTerms = {
  version: 3,
  publicKey: proxyKey.publicKey,
  owner: proxyOwner,
  contract: proxyContract,
}

export function signed(
  tokens: bigint,
  wrong: Partial<Parameters<typeof signPayment>[0]> = {},
): ProxySignedPaymentAny {
  const data = signPayment({
    kind: 'worker-payout',
    key: proxyKey,
    queryId: tokens,
    tokens,
    contract,
    excessesTo: address(5),
    ...wrong,
  })
  return { _: 'proxy.signedPayment', data }
}

export const forged = (tokens: bigint): ProxySignedPaymentAny =>
  signed(tokens, { key: createPaymentKey(new Uint8Array(32).fill(7)) })

export const noPayment: ProxySignedPaymentAny = { _: 'proxy.signedPaymentEmpty' }

/** For `intercept`: refuses whatever is asked. */
export function refuse(code: number, message: string): (name: string, reply: Reply) => boolean {
  return (_name, reply) => {
    reply.error(code, message)
    return true
  }
}

/** A proxy that follows the handshake, but for what a test changes. */
export class ScriptedProxy extends ProxyEnd {
  version = 3
  params: Partial<ProxyParams> = {}
  workerScAddress = formatAddress(contract)
  compared = { signedPayment: noPayment, tokensCommittedToDb: 0n, maxTokens: 0n, errorCode: 0 }
  extendedErrorCode = 0
  status = { signedPayment: noPayment, dbTokens: 0n, maxTokens: 0n }
  /** What the worker asked, by name, in order. */
  readonly asked: string[] = []
  connect: WorkerConnectToProxy | undefined
  compare: WorkerCompareBalanceWithProxy | undefined
  complete: WorkerProxyHandshakeComplete | undefined
  /** Answers instead of the script where it returns true. */
  intercept: (name: string, reply: Reply) => boolean = () => false
  /** A step whose answer waits for `release`. */
  hold: string | undefined
  #held: (() => void) | undefined
  #nextId = 1

  constructor(world: VirtualWorld, imageHash: Uint8Array = new Uint8Array(32)) {
    super(world, imageHash)
    this.onQuery = (data, reply) => this.#answer(data, reply)
  }

  run(
    query: Uint8Array,
    options: {
      timeout?: number
      coefficient?: bigint
      requestId?: Uint8Array
      signedPayment?: ProxySignedPaymentAny
      enableDebug?: boolean
    } = {},
  ): Uint8Array {
    const { enableDebug = false, ...rest } = options
    const fields = {
      query,
      signedPayment: noPayment,
      coefficient: 1000n,
      timeout: 60,
      requestId: new Uint8Array(32).fill(this.#nextId++),
      ...rest,
    }
    if (this.version === 0) this.connection.send(proxyRunQuery, { _: 'proxy.runQuery', ...fields })
    else this.connection.send(proxyRunQueryEx, { _: 'proxy.runQueryEx', ...fields, flags: 1, enableDebug })
    return fields.requestId
  }

  cancel(requestId: Uint8Array): void {
    this.connection.send(proxyCancelQuery, { _: 'proxy.cancelQuery', requestId })
  }

  #answer(data: Uint8Array, reply: Reply): void {
    const id = peekId(data)
    const step = [
      workerConnectToProxy,
      workerCompareBalanceWithProxy,
      workerExtendedCompareBalanceWithProxy,
      workerProxyHandshakeComplete,
      workerUpdatePaymentStatus,
    ].find(codec => codec.id === id)
    const name = step?.name ?? 'unknown'
    this.asked.push(name.replace('worker.', ''))
    if (id === workerConnectToProxy.id) this.connect = decode(workerConnectToProxy, data)
    if (id === workerCompareBalanceWithProxy.id) this.compare = decode(workerCompareBalanceWithProxy, data)
    if (id === workerProxyHandshakeComplete.id) this.complete = decode(workerProxyHandshakeComplete, data)
    if (this.intercept(name, reply)) return
    if (name === this.hold) this.#held = () => this.#follow(id, reply)
    else this.#follow(id, reply)
  }

  release(): void {
    if (this.#held === undefined) throw new Error(`${this.hold} was not asked`)
    this.#held()
  }

  #follow(id: number, reply: Reply): void {
    switch (id) {
      case workerConnectToProxy.id:
        return reply.answer(workerConnectedToProxy, {
          _: 'worker.connectedToProxy',
          params: {
            _: 'proxy.params',
            flags: this.version > 0 ? 3 : 1,
            proxyPublicKey: proxyKey.publicKey,
            proxyOwnerAddress: formatAddress(proxyOwner),
            proxyScAddress: formatAddress(proxyContract),
            isTest: config.isTest,
            ...(this.version > 0 ? { protoVersion: this.version } : {}),
            ...this.params,
          },
          workerScAddress: this.workerScAddress,
        })
      case workerCompareBalanceWithProxy.id:
        return reply.answer(workerCompareBalanceWithProxyResult, {
          _: 'worker.compareBalanceWithProxyResult',
          ...this.compared,
        })
      case workerExtendedCompareBalanceWithProxy.id:
        return reply.answer(workerExtendedCompareBalanceWithProxyResult, {
          _: 'worker.extendedCompareBalanceWithProxyResult',
          errorCode: this.extendedErrorCode,
        })
      case workerProxyHandshakeComplete.id:
        return reply.answer(workerProxyHandshakeCompleted, { _: 'worker.proxyHandshakeCompleted' })
      case workerUpdatePaymentStatus.id:
        return reply.answer(workerPaymentStatus, { _: 'worker.paymentStatus', ...this.status })
      default:
        reply.error(1, 'not expected')
    }
  }
}
