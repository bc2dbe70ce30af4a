import {
  addressKey,
  canBePaid,
  type ContractAddress,
  formatAddress,
  isImageAllowed,
  isModelAllowed,
  modelBaseName,
  parseAddress,
  workerContractAddress,
} from '@cocoon/money'
import {
  type Connection,
  decode,
  type Peer,
  peekId,
  type Reply,
  workerCompareBalanceWithProxy,
  workerCompareBalanceWithProxyResult,
  workerConnectedToProxy,
  workerConnectToProxy,
  workerExtendedCompareBalanceWithProxy,
  workerExtendedCompareBalanceWithProxyResult,
  type WorkerParams,
  workerProxyHandshakeComplete,
  workerProxyHandshakeCompleted,
  toHex,
} from '@cocoon/wire'
import type { Desk } from './desk.ts'
import type { WorkerAccount } from './payments.ts'
import { errorCode } from './refusal.ts'
import { HandshakeSteps, Rejection } from './rejection.ts'
import { chooseVersion } from './version.ts'

/** What a worker's handshake settled. */
export interface WorkerTerms {
  version: number
  account: WorkerAccount
  /** Whose record of speed and success it continues. */
  identity: string
  /** Base name: what queries ask for. */
  model: string
  /** `name@commit:hash`. */
  fullModel: string
  ownerText: string
  contractText: string
  coefficient: number
  /** Most queries at once on this connection. */
  limit: number
  disabled: boolean
}

/** Three steps in order: connect, compare balances, complete. */
export class WorkerHandshake {
  readonly #desk: Desk
  readonly #steps = new HandshakeSteps()
  readonly #peer: Peer
  #step: 'connect' | 'compare' | 'complete' = 'connect'
  #terms: WorkerTerms | undefined

  constructor(desk: Desk, peer: Peer) {
    this.#desk = desk
    this.#peer = peer
  }

  step(connection: Connection, data: Uint8Array, reply: Reply, agreed: (terms: WorkerTerms) => void): void {
    this.#steps.run(connection, reply, async () => {
      const id = peekId(data)
      if (this.#step === 'connect') return this.#connect(data, reply)
      if (this.#step === 'compare') return this.#compare(data, reply)
      // A worker that knows of more than this proxy asks once more before it completes.
      if (id === workerExtendedCompareBalanceWithProxy.id) return this.#extendedCompare(data, reply)
      const { isDisabled } = decode(workerProxyHandshakeComplete, data)
      const terms = this.#terms!
      terms.disabled = isDisabled
      reply.answer(workerProxyHandshakeCompleted, { _: 'worker.proxyHandshakeCompleted' })
      agreed(terms)
    })
  }

  async #connect(data: Uint8Array, reply: Reply): Promise<void> {
    const desk = this.#desk
    const config = desk.config()
    if (desk.checkWorkerHashes && !isImageAllowed(config.workerHashes, this.#peer.imageHash)) {
      throw new Rejection(errorCode.protocol, `invalid worker image hash ${toHex(this.#peer.imageHash)}`)
    }
    const { params } = decode(workerConnectToProxy, data)
    const version = this.#checkParams(params)
    desk.checkOpen()
    const owner = ownerOf(params.workerOwnerAddress)
    const contract = workerContractAddress(config, { workerOwner: owner, ...desk.contract() })
    this.#terms = {
      version,
      account: await desk.payments.openWorker(owner, contract),
      identity: `${addressKey(owner)} ${params.model} ${toHex(this.#peer.publicKey ?? new Uint8Array(0))}`,
      model: modelBaseName(params.model),
      fullModel: params.model,
      ownerText: formatAddress(owner, { testnet: desk.isTestnet }),
      contractText: formatAddress(contract, { testnet: desk.isTestnet }),
      coefficient: params.coefficient,
      limit: Math.ceil((params.maxActiveRequests ?? 1) / (params.proxyCnt ?? 1)),
      disabled: true,
    }
    this.#step = 'compare'
    reply.answer(workerConnectedToProxy, {
      _: 'worker.connectedToProxy',
      params: desk.params(version),
      workerScAddress: this.#terms.contractText,
    })
  }

  /** Refuses what cannot be served, with the number and the words that workers of the network know. */
  #checkParams(params: WorkerParams): number {
    const { protocol, error } = errorCode
    if ((params.flags & 1) === 0) throw new Rejection(error, 'too old worker')
    if (params.isTest !== this.#desk.isTest) throw new Rejection(error, 'test mode mismatch')
    if (modelBaseName(params.model) === '' || new TextEncoder().encode(params.model).length > maxModelBytes) {
      throw new Rejection(protocol, 'invalid worker hash or worker type')
    }
    if (params.coefficient < 0 || params.coefficient >= 1e9) {
      throw new Rejection(protocol, 'invalid coefficient value')
    }
    if ((params.maxActiveRequests ?? 0) < 1)
      throw new Rejection(protocol, 'invalid max_active_requests value')
    if ((params.proxyCnt ?? 0) < 1) throw new Rejection(protocol, 'invalid proxy_cnt value')
    if (this.#desk.checkWorkerHashes && !isModelAllowed(this.#desk.config(), params.model)) {
      throw new Rejection(protocol, `invalid worker model '${params.model.slice(0, 200)}'`)
    }
    const version = chooseVersion(params.minProtoVersion, params.maxProtoVersion)
    if (version === undefined) throw new Rejection(protocol, 'cannot choose common protocol version')
    return version
  }

  async #compare(data: Uint8Array, reply: Reply): Promise<void> {
    const stated = decode(workerCompareBalanceWithProxy, data)
    const { payments } = this.#desk
    const account = this.#terms!.account
    const isAhead = (): boolean => {
      const { dbTokens, maxTokens } = payments.workerTotals(account)
      return (
        stated.tokensCommittedToBlockchain > payments.workerCommitted(account) ||
        stated.tokensCommittedToDb > dbTokens ||
        stated.maxTokens > maxTokens
      )
    }
    // It may have earned at another process on the same books a moment ago.
    if (isAhead()) await payments.refresh()
    const ahead = isAhead()
    const ours = payments.workerTotals(account)
    if (ahead) this.#desk.log({ event: 'worker-knows-more', worker: this.#peer.address })
    this.#step = 'complete'
    reply.answer(workerCompareBalanceWithProxyResult, {
      _: 'worker.compareBalanceWithProxyResult',
      signedPayment: payments.toWorker(account),
      tokensCommittedToDb: ours.dbTokens,
      maxTokens: ours.maxTokens,
      errorCode: ahead ? 1 : 0,
    })
  }

  #extendedCompare(data: Uint8Array, reply: Reply): void {
    decode(workerExtendedCompareBalanceWithProxy, data)
    reply.answer(workerExtendedCompareBalanceWithProxyResult, {
      _: 'worker.extendedCompareBalanceWithProxyResult',
      errorCode: 0,
    })
  }
}

/** Ten thousand of them still fit into one answer that lists what is on offer. */
const maxModelBytes = 512

function ownerOf(text: string): ContractAddress {
  let owner: ContractAddress
  try {
    owner = parseAddress(text)
  } catch (error) {
    throw new Rejection(errorCode.error, 'cannot parse worker owner address', { cause: error })
  }
  if (canBePaid(owner)) return owner
  throw new Rejection(errorCode.error, 'the worker owner is in a workchain where nothing can be paid')
}
