import {
  clientContractAddress,
  type ContractAddress,
  formatAddress,
  proxyContractAddress,
  signPayment,
  workerContractAddress,
} from '@cocoon/money'
import {
  type AnyCombinator,
  type Codec,
  codecs,
  pipe,
  type ProxyParams,
  type Reply,
  type Transport,
} from '@cocoon/wire'
import { hash } from 'node:crypto'
import { addressNamed } from '../src/index.ts'
import { ScriptedPeer, type VirtualNetwork } from './scripted-peer.ts'

/** A proxy that the test plays, in the place of the network's own: its key and contract are the real one's. */
export class ScriptedProxy {
  /** Sessions in the order in which they were dialled. */
  readonly peers: ScriptedPeer[] = []
  /** What is different in the handshake; a function is asked anew each time. */
  readonly change: {
    params?: Partial<ProxyParams>
    clientAddress?: string
    workerAddress?: string
    secret?: string
    compare?: Partial<Extract<AnyCombinator, { _: 'worker.compareBalanceWithProxyResult' }>>
  } = {}
  readonly #network: () => VirtualNetwork
  readonly #version: number
  /** Every question that was asked, by its name. */
  readonly asked: AnyCombinator[] = []

  constructor(network: () => VirtualNetwork, version: number) {
    this.#network = network
    this.#version = version
  }

  /** To be dialled by a role. */
  readonly dial = async (): Promise<Transport> => {
    const { world } = this.#network()
    const imageHash = new Uint8Array(32)
    const { a, b } = pipe(world, { a: { address: 'role', imageHash }, b: { address: 'script', imageHash } })
    const peer = new ScriptedPeer(b, world, 'acceptor')
    peer.onQuestion = (question, reply) => {
      this.asked.push(question)
      this.#answer(question, reply)
    }
    this.peers.push(peer)
    return a
  }

  /** The newest session. */
  get peer(): ScriptedPeer {
    return this.peers.at(-1)!
  }

  get contract(): ContractAddress {
    const { config, root, proxy } = this.#network()
    return proxyContractAddress(config, {
      proxyPublicKey: proxy.key.publicKey,
      proxyOwner: proxy.owner,
      root,
    })
  }

  /** A payment that verifies. */
  payment(side: 'client' | 'worker', tokens: bigint): Extract<AnyCombinator, { _: 'proxy.signedPayment' }> {
    const data = signPayment({
      kind: side === 'client' ? 'client-charge' : 'worker-payout',
      key: this.#network().proxy.key,
      queryId: tokens,
      tokens,
      contract: this.#account(side),
      excessesTo: addressNamed('wallet'),
    })
    return { _: 'proxy.signedPayment', data }
  }

  #account(side: 'client' | 'worker'): ContractAddress {
    const { config, proxy } = this.#network()
    const of = { proxyContract: this.contract, proxyPublicKey: proxy.key.publicKey }
    return side === 'client'
      ? clientContractAddress(config, { clientOwner: addressNamed('client 0'), ...of })
      : workerContractAddress(config, { workerOwner: addressNamed('worker 0'), ...of })
  }

  #params(): ProxyParams {
    const { proxy } = this.#network()
    return {
      _: 'proxy.params',
      flags: this.#version === 0 ? 1 : 3,
      proxyPublicKey: proxy.key.publicKey,
      proxyOwnerAddress: formatAddress(proxy.owner),
      proxyScAddress: formatAddress(this.contract),
      isTest: true,
      ...(this.#version > 0 && { protoVersion: this.#version }),
      ...this.change.params,
    }
  }

  #answer(question: AnyCombinator, reply: Reply): void {
    const answer = this.#answerTo(question)
    if (answer === undefined) return reply.error(621, 'the script has no answer')
    reply.answer(codecs[answer._] as Codec<AnyCombinator>, answer)
  }

  #answerTo(question: AnyCombinator): AnyCombinator | undefined {
    const { change } = this
    switch (question._) {
      case 'client.connectToProxy':
        return {
          _: 'client.connectedToProxy',
          params: this.#params(),
          clientScAddress: change.clientAddress ?? formatAddress(this.#account('client')),
          auth: {
            _: 'client.proxyConnectionAuthShort',
            secretHash: hash('sha256', change.secret ?? '', 'buffer'),
            nonce: 0n,
          },
          signedPayment: { _: 'proxy.signedPaymentEmpty' },
        }
      case 'client.authorizeWithProxyShort':
      case 'client.authorizeWithProxyLong':
        return {
          _: 'client.authorizationWithProxySuccess',
          signedPayment: this.payment('client', 0n),
          tokensCommittedToDb: 0n,
          maxTokens: 0n,
        }
      case 'client.updatePaymentStatus':
        return {
          _: 'client.paymentStatus',
          signedPayment: this.payment('client', 5n),
          dbTokens: 6n,
          maxTokens: 7n,
        }
      case 'client.getWorkerTypes':
        return { _: 'client.workerTypes', types: [workerType('old/model')] }
      case 'client.getWorkerTypesV2':
        return { _: 'client.workerTypesV2', types: [workerTypeV2('new/model')] }
      case 'worker.connectToProxy':
        return {
          _: 'worker.connectedToProxy',
          params: this.#params(),
          workerScAddress: change.workerAddress ?? formatAddress(this.#account('worker')),
        }
      case 'worker.compareBalanceWithProxy':
        return {
          _: 'worker.compareBalanceWithProxyResult',
          signedPayment: this.payment('worker', 0n),
          tokensCommittedToDb: 0n,
          maxTokens: 0n,
          errorCode: 0,
          ...change.compare,
        }
      case 'worker.extendedCompareBalanceWithProxy':
        return { _: 'worker.extendedCompareBalanceWithProxyResult', errorCode: 0 }
      case 'worker.proxyHandshakeComplete':
        return { _: 'worker.proxyHandshakeCompleted' }
      case 'worker.updatePaymentStatus':
        return {
          _: 'worker.paymentStatus',
          signedPayment: this.payment('worker', 5n),
          dbTokens: 6n,
          maxTokens: 7n,
        }
    }
    return undefined
  }
}

function workerType(name: string) {
  return {
    _: 'client.workerType' as const,
    name,
    activeWorkers: 2,
    coefficientMin: 10,
    coefficientBucket50: 20,
    coefficientMax: 30,
  }
}

function workerTypeV2(name: string) {
  const worker = {
    _: 'client.workerInstanceV2' as const,
    flags: 0,
    coefficient: 10,
    activeRequests: 1,
    maxActiveRequests: 5,
  }
  return { _: 'client.workerTypeV2' as const, name, workers: [worker] }
}
