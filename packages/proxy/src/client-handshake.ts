import {
  addressKey,
  canBePaid,
  clientContractAddress,
  formatAddress,
  parseAddress,
  type ContractAddress,
} from '@cocoon/money'
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
import type { ClientContract, Registration } from './client-contracts.ts'
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

/** What is known of a client between the two steps. */
interface Candidate extends Omit<ClientTerms, 'account'> {
  owner: ContractAddress
  contract: ContractAddress
  registration: Registration
}

export interface ClientHandshakeEvents {
  /** The client answers through the chain, which takes longer than a handshake otherwise may. */
  slow(): void
  agreed(terms: ClientTerms): void
}

/** Two steps: connect, authorise. */
export class ClientHandshake implements Disposable {
  readonly #desk: Desk
  readonly #steps = new HandshakeSteps()
  #candidate: Candidate | undefined

  constructor(desk: Desk) {
    this.#desk = desk
  }

  [Symbol.dispose](): void {
    this.#candidate?.registration[Symbol.dispose]()
  }

  step(connection: Connection, data: Uint8Array, reply: Reply, events: ClientHandshakeEvents): void {
    this.#steps.run(connection, reply, async () => {
      if (this.#candidate === undefined) return this.#connect(connection, data, reply)
      const candidate = this.#candidate
      const { version, ownerText, contractText } = candidate
      const account = await this.#authorise(candidate, data, events)
      const { dbTokens, maxTokens } = this.#desk.payments.clientTotals(account)
      events.agreed({ version, ownerText, contractText, account })
      reply.answer(clientAuthorizationWithProxySuccess, {
        _: 'client.authorizationWithProxySuccess',
        signedPayment: this.#desk.payments.toClient(account),
        tokensCommittedToDb: dbTokens,
        maxTokens,
      })
    })
  }

  async #connect(connection: Connection, data: Uint8Array, reply: Reply): Promise<void> {
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
    const known = await desk.clientContracts.find(owner)
    if (known !== undefined && known.status !== 'open')
      throw new Rejection(errorCode.error, 'client is closing')
    if (connection.isClosed) return
    const registration = desk.clientContracts.expectRegistration(owner)
    const candidate: Candidate = {
      version,
      owner,
      contract,
      registration,
      ownerText: formatAddress(owner, { testnet: desk.isTestnet }),
      contractText: formatAddress(contract, { testnet: desk.isTestnet }),
    }
    this.#candidate = candidate
    reply.answer(clientConnectedToProxy, {
      _: 'client.connectedToProxy',
      params: desk.params(version),
      clientScAddress: candidate.contractText,
      auth: offer(known, BigInt.asIntN(64, registration.nonce)),
      signedPayment: desk.payments.knownToClient(addressKey(owner)),
    })
  }

  #checkParams(params: ClientParams): ContractAddress {
    if ((params.flags & 1) === 0) throw new Rejection(errorCode.error, 'too old client')
    if (params.isTest !== this.#desk.isTest) throw new Rejection(errorCode.error, 'test mode mismatch')
    let owner: ContractAddress
    try {
      owner = parseAddress(params.clientOwnerAddress)
    } catch (error) {
      throw new Rejection(errorCode.error, 'cannot parse client owner address', { cause: error })
    }
    if (canBePaid(owner)) return owner
    throw new Rejection(errorCode.error, 'the client owner is in a workchain where nothing can be paid')
  }

  /** By the preimage of the hash in the client's contract, or by a transaction of that contract. */
  async #authorise(
    { owner, contract, registration }: Candidate,
    data: Uint8Array,
    events: ClientHandshakeEvents,
  ): Promise<ClientAccount> {
    const { clientContracts, payments } = this.#desk
    const id = peekId(data)
    let secret: Uint8Array | undefined
    if (id === clientAuthorizeWithProxyShort.id) secret = decode(clientAuthorizeWithProxyShort, data).data
    else if (id === clientAuthorizeWithProxyLong.id) {
      decode(clientAuthorizeWithProxyLong, data)
      events.slow()
      await registration.seen
    } else throw new Rejection(errorCode.failure, 'expected auth message')

    const known = await clientContracts.find(owner)
    if (known === undefined) throw new Rejection(errorCode.notReady, 'the client contract is not known yet')
    if (known.status !== 'open') throw new Rejection(errorCode.error, 'client is closing')
    if (secret !== undefined && !(await isPreimage(secret, known.secretHash))) {
      throw new Rejection(errorCode.failure, 'sha256 mismatch')
    }
    return payments.openClient(owner, contract, known)
  }
}

/** The short way where the client's contract carries the hash of a secret. The wire has signed numbers, the chain unsigned ones. */
function offer(known: ClientContract | undefined, nonce: bigint): ClientProxyConnectionAuthAny {
  return known === undefined
    ? { _: 'client.proxyConnectionAuthLong', nonce }
    : { _: 'client.proxyConnectionAuthShort', secretHash: known.secretHash, nonce }
}

async function isPreimage(secret: Uint8Array, hash: Uint8Array): Promise<boolean> {
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', new Uint8Array(secret)))
  let difference = 0
  for (let i = 0; i < digest.length; i++) difference |= digest[i]! ^ hash[i]!
  return difference === 0
}
