import { clientContractAddress, formatAddress, parseAddress, type ContractAddress } from '@cocoon/money'
import {
  type ClientParams,
  type ClientProxyConnectionAuthAny,
  clientAuthorizationWithProxySuccess,
  clientAuthorizeWithProxyLong,
  clientAuthorizeWithProxyShort,
  clientConnectedToProxy,
  clientConnectToProxy,
  type Connection,
  decode,
  peekId,
  type Reply,
} from '@cocoon/wire'
import type { Desk } from './desk.ts'
import type { ClientAccount } from './payments.ts'
import { errorCode } from './refusal.ts'
import { HandshakeSteps, Rejection } from './rejection.ts'
import { chooseVersion } from './version.ts'

/** What a client's handshake settled. */
export interface ClientTerms {
  version: number
  account: ClientAccount
  ownerText: string
  contractText: string
}

/** Two steps: connect, authorise. */
export class ClientHandshake {
  readonly #desk: Desk
  readonly #steps = new HandshakeSteps()
  #terms: ClientTerms | undefined

  constructor(desk: Desk) {
    this.#desk = desk
  }

  step(connection: Connection, data: Uint8Array, reply: Reply, agreed: (terms: ClientTerms) => void): void {
    this.#steps.run(connection, reply, async () => {
      if (this.#terms === undefined) return this.#connect(data, reply)
      const terms = this.#terms
      await this.#authorise(terms, data)
      const { dbTokens, maxTokens } = this.#desk.payments.clientTotals(terms.account)
      agreed(terms)
      reply.answer(clientAuthorizationWithProxySuccess, {
        _: 'client.authorizationWithProxySuccess',
        signedPayment: this.#desk.payments.toClient(terms.account),
        tokensCommittedToDb: dbTokens,
        maxTokens,
      })
    })
  }

  async #connect(data: Uint8Array, reply: Reply): Promise<void> {
    const desk = this.#desk
    const id = peekId(data)
    if (id !== clientConnectToProxy.id) throw new Rejection(errorCode.protocol, 'expected client connection')
    const { params, minConfigVersion } = decode(clientConnectToProxy, data)
    const owner = this.#checkParams(params)
    const config = desk.config()
    if (minConfigVersion >>> 0 > config.version >>> 0) {
      throw new Rejection(errorCode.error, 'active config version is too low')
    }
    const version = chooseVersion(params.minProtoVersion, params.maxProtoVersion)
    if (version === undefined)
      throw new Rejection(errorCode.protocol, 'cannot choose common protocol version')
    desk.checkOpen()
    const contract = clientContractAddress(config, { clientOwner: owner, ...desk.contract() })
    const state = await desk.clientContracts.find(owner)
    if (state === undefined) throw new Rejection(errorCode.notReady, 'the client contract is not known yet')
    if (state.status !== 'open') throw new Rejection(errorCode.error, 'client is closing')
    const account = await desk.payments.openClient(owner, contract, state)
    this.#terms = {
      version,
      account,
      ownerText: formatAddress(owner, { testnet: desk.isTestnet }),
      contractText: formatAddress(contract, { testnet: desk.isTestnet }),
    }
    reply.answer(clientConnectedToProxy, {
      _: 'client.connectedToProxy',
      params: desk.params(version),
      clientScAddress: this.#terms.contractText,
      auth: this.#offer(account),
      signedPayment: desk.payments.knownToClient(account),
    })
  }

  #checkParams(params: ClientParams): ContractAddress {
    if ((params.flags & 1) === 0) throw new Rejection(errorCode.error, 'too old client')
    if (params.isTest !== this.#desk.isTest) throw new Rejection(errorCode.error, 'test mode mismatch')
    try {
      return parseAddress(params.clientOwnerAddress)
    } catch (error) {
      throw new Rejection(errorCode.error, 'cannot parse client owner address', { cause: error })
    }
  }

  /** The short way where the client's contract carries the hash of a secret. */
  #offer(account: ClientAccount): ClientProxyConnectionAuthAny {
    return { _: 'client.proxyConnectionAuthShort', secretHash: account.secretHash, nonce: 0n }
  }

  async #authorise(terms: ClientTerms, data: Uint8Array): Promise<void> {
    const id = peekId(data)
    if (id === clientAuthorizeWithProxyShort.id) {
      const { data: secret } = decode(clientAuthorizeWithProxyShort, data)
      if (!(await this.#desk.matchesSecret(secret, terms.account))) {
        throw new Rejection(errorCode.failure, 'sha256 mismatch')
      }
      return
    }
    if (id === clientAuthorizeWithProxyLong.id) {
      decode(clientAuthorizeWithProxyLong, data)
      return
    }
    throw new Rejection(errorCode.failure, 'expected auth message')
  }
}
