import { Client } from '@cocoon/client/role'
import {
  ChannelsWithoutChain,
  type AccountKey,
  type ContractAddress,
  contractAddress,
  createPaymentKey,
  creditWithoutChain,
  MemoryLedger,
  modelHash,
  parsePseudoConfig,
  type PaymentKey,
  proxyContractAddress,
  type RootConfig,
  writePseudoConfig,
} from '@cocoon/money'
import { contractsWithoutChain, Proxy } from '@cocoon/proxy'
import { Worker } from '@cocoon/worker'
import type { IdentityHolder } from '@cocoon/trust/seal'
import { hash } from 'node:crypto'
import { calmTemper, SimBackend, type Temper } from './backend.ts'
import type { SimNetwork } from './network.ts'
import { simModel } from './plan.ts'
import { SimProcess } from './process.ts'
import type { SimSealing } from './sealing.ts'
import { WatchedLedger } from './watched-ledger.ts'
import type { SimWorld } from './world.ts'

/** What all parties of a simulation share. */
export interface Scene {
  world: SimWorld
  network: SimNetwork
  config: RootConfig
  root: ContractAddress
  /** Absent: nothing is sealed. */
  sealing: SimSealing | undefined
  violation: (what: string) => void
}

export const workerPort = 8_101
export const clientPort = 8_102
export const fullModel = `${simModel}@1:${'0'.repeat(64)}`

/** An address that follows from a name. */
export function addressFor(name: string): ContractAddress {
  return contractAddress(0, hash('sha256', name))
}

export function proxyHost(index: number): string {
  return `10.0.0.${index + 1}`
}

/** `image`: of workers that can be sealed to, 64 hexadecimal digits. */
export function sceneConfig(proxies: number, image: string): RootConfig {
  const zeroImage = '0'.repeat(64)
  return parsePseudoConfig(
    writePseudoConfig({
      ownerAddress: addressFor('root owner'),
      proxyHashes: [zeroImage],
      workerHashes: [zeroImage, image],
      modelHashes: [modelHash(fullModel)],
      proxies: Array.from({ length: proxies }, (_, index) => ({
        seqno: index + 1,
        workerEndpoint: { host: proxyHost(index), port: workerPort },
        clientEndpoint: { host: proxyHost(index), port: clientPort },
      })),
    }),
  )
}

/** A machine with a role on it, which dies and comes back. */
abstract class Party<Role> {
  readonly name: string
  readonly host: string
  readonly scene: Scene
  readonly clockOffsetMs: number
  process: SimProcess
  role: Role | undefined
  /** Lives that ended in their own way. */
  readonly past: SimProcess[] = []
  #lives = 0

  constructor(scene: Scene, name: string, host: string) {
    this.scene = scene
    this.name = name
    this.host = host
    // A sealed query ends half a minute after its timeout, by the clock of who sent it.
    const aheadMs = scene.sealing === undefined ? 30_000 : 14_000
    this.clockOffsetMs = scene.world.chance.between(-aheadMs, aheadMs)
    this.process = this.#newProcess()
  }

  start(): void {
    if (this.role !== undefined) return
    if (!this.process.isAlive || this.past.includes(this.process)) this.process = this.#newProcess()
    this.process.write('starts')
    this.role = this.compose()
  }

  /** As if the power went, or only the program. */
  kill(withMachine: boolean): void {
    if (this.role === undefined) return
    this.process.write(withMachine ? 'loses its machine' : 'is killed')
    this.role = undefined
    this.process.kill()
    this.scene.network.died(this.process, withMachine)
  }

  /** Ends in its own way, then its process does. */
  async stop(graceMs: number): Promise<void> {
    const { role, process } = this
    if (role === undefined) return
    this.role = undefined
    this.past.push(process)
    process.write('stops')
    this.scene.network.stopListening(process)
    await this.close(role, graceMs)
    process.write('has stopped')
  }

  protected abstract compose(): Role
  protected abstract close(role: Role, graceMs: number): Promise<void>

  protected log(event: object): void {
    const { event: name, ...details } = event as Record<string, unknown>
    const isFault =
      name === 'books-unbalanced' || String(details['why']).includes('could not handle a message')
    if (isFault) this.scene.violation(`${this.name}: ${String(name)}, ${String(details['why'])}`)
    const text = Object.entries(details).map(([key, value]) => `${key}=${String(value).slice(0, 120)}`)
    this.process.write([name, ...text].join(' '))
  }

  #newProcess(): SimProcess {
    const { world } = this.scene
    return new SimProcess(world, `${this.name}.${++this.#lives}`, { clockOffsetMs: this.clockOffsetMs })
  }
}

export class ProxyParty extends Party<Proxy> {
  readonly owner: ContractAddress
  readonly key: PaymentKey
  ledger: WatchedLedger
  readonly #lostLedgers: WatchedLedger[] = []

  constructor(scene: Scene, index: number) {
    super(scene, `proxy${index + 1}`, proxyHost(index))
    this.owner = addressFor(this.name)
    this.key = createPaymentKey(hash('sha256', `key of ${this.name}`, 'buffer'))
    this.ledger = this.#newLedger()
  }

  get contract(): ContractAddress {
    const { config, root } = this.scene
    return proxyContractAddress(config, { proxyPublicKey: this.key.publicKey, proxyOwner: this.owner, root })
  }

  /** The books are gone: the next life begins with empty ones. */
  loseBooks(): void {
    this.process.write('loses its books')
    this.#lostLedgers.push(this.ledger)
    this.ledger = this.#newLedger()
  }

  /** What this client paid here in all lives, charge by charge. */
  chargesOf(client: AccountKey): bigint[] {
    return [...this.#lostLedgers, this.ledger]
      .flatMap(({ charges }) => charges)
      .filter(charge => charge.client === client)
      .map(charge => charge.charged)
  }

  override start(): void {
    super.start()
    // Nothing waits for this: the books in memory are open at once.
    void this.ledger.reopen(this.process)
  }

  protected override compose(): Proxy {
    const { network, config, root } = this.scene
    const secretHash = new Uint8Array(hash('sha256', new Uint8Array(0), 'buffer'))
    const proxy = new Proxy({
      world: this.process,
      config,
      root,
      owner: this.owner,
      nodeWallet: addressFor(`wallet of ${this.name}`),
      key: this.key,
      ledger: this.ledger,
      clientContracts: {
        ...contractsWithoutChain(config),
        find: async () => ({ status: 'open', credit: creditWithoutChain(config), secretHash }),
      },
      isTestnet: false,
      checkWorkerHashes: true,
      ...(this.scene.sealing && { sealCrypto: this.scene.sealing.crypto }),
      log: event => this.log(event),
    })
    network.listen(this.process, { host: this.host, port: workerPort }, transport =>
      proxy.acceptWorker(transport),
    )
    network.listen(this.process, { host: this.host, port: clientPort }, transport =>
      proxy.acceptClient(transport),
    )
    return proxy
  }

  protected override async close(proxy: Proxy, graceMs: number): Promise<void> {
    await proxy.close(graceMs)
  }

  #newLedger(): WatchedLedger {
    const { process, scene } = this
    const violation = (what: string): void => scene.violation(`ledger of ${this.name}: ${what}`)
    return new WatchedLedger(new MemoryLedger(), { process, violation })
  }
}

export class WorkerParty extends Party<Worker> {
  backend!: SimBackend
  temper: Temper = calmTemper
  coefficient: number
  readonly maxActiveRequests: number
  #identities: IdentityHolder | undefined

  constructor(scene: Scene, index: number) {
    super(scene, `worker${index + 1}`, `10.0.1.${index + 1}`)
    this.coefficient = scene.world.chance.pick([500, 1_000, 1_500, 3_000])
    this.maxActiveRequests = scene.world.chance.whole(2, 12)
  }

  protected override compose(): Worker {
    const { network, config, root } = this.scene
    this.backend = new SimBackend(this.process, this.temper)
    const { sealing } = this.scene
    this.#identities = sealing?.identitiesOf(this.name, this.process, fullModel)
    const worker = new Worker({
      world: this.process,
      config,
      root,
      owner: addressFor(this.name),
      channels: new ChannelsWithoutChain('worker-payout'),
      isTestnet: false,
      model: fullModel,
      coefficient: this.coefficient,
      maxActiveRequests: this.maxActiveRequests,
      proxyConnections: config.proxies.length,
      checkProxyHashes: true,
      backend: this.backend,
      ...(sealing && { sealing: { identities: this.#identities!, crypto: sealing.crypto } }),
      dial: (endpoint, signal) => network.dial(this.process, this.host, endpoint, signal),
      log: event => this.log(event),
    })
    worker.start()
    return worker
  }

  protected override async close(worker: Worker, graceMs: number): Promise<void> {
    const identities = this.#identities
    await worker.close(graceMs)
    identities?.[Symbol.dispose]()
  }
}

export class ClientParty extends Party<Client> {
  readonly wallet: ContractAddress

  constructor(scene: Scene, index: number) {
    super(scene, `client${index + 1}`, `10.0.2.${index + 1}`)
    this.wallet = addressFor(this.name)
  }

  protected override compose(): Client {
    const { network, config, root, sealing } = this.scene
    const client = new Client({
      world: this.process,
      config,
      root,
      wallet: this.wallet,
      isTestnet: false,
      channels: new ChannelsWithoutChain('client-charge'),
      checkProxyHashes: true,
      proxyConnections: config.proxies.length,
      ...(sealing && {
        sealing: sealing.clientSealing(this.process),
        leastProtection: sealing.least,
      }),
      dial: (endpoint, signal) => network.dial(this.process, this.host, endpoint, signal),
      log: event => this.log(event),
    })
    client.start()
    return client
  }

  protected override close(client: Client, graceMs: number): Promise<void> {
    return client.close(graceMs)
  }
}
