import { type ChildProcess, spawn } from 'node:child_process'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import {
  addressKey,
  formatAddress,
  nodeWalletAddress,
  compiledCode,
  openSqliteLedger,
  ProxySettlement,
  writeRootAsText,
} from '@cocoon/money'
import type { World } from '@cocoon/wire'
import { systemWorld } from '@cocoon/wire/node'
import { check, TestnetError } from '../error.ts'
import { keepAlive, testModel } from '../network.ts'
import { auditChain, type AuditedParties, type ChainAudit } from '../paid/audit.ts'
import { type Ground, oneTon, startGround } from '../paid/ground.ts'
import { identityOf, paymentKeyOf } from '../paid/parties.ts'
import { tcpStreet } from '../street.ts'
import type { RoleTask } from './role-process.ts'

export interface KillOptions {
  /** Holds the files of all roles. Removed by whoever made it. */
  readonly directory: string
  readonly kills: number
  /** Hears of each kill. */
  readonly progress?: (line: string) => void
}

export interface KillResult extends ChainAudit {
  readonly kills: Readonly<Record<RoleTask['role'], number>>
  /** Answers that the client had whole, and requests that reached the model. */
  readonly acknowledged: number
  readonly served: number
  readonly acknowledgedTokens: bigint
  readonly durationMs: number
}

const program = fileURLToPath(new URL('role-process.ts', import.meta.url))
const roles = ['proxy', 'client', 'worker'] as const
const fundedNano = 5_000n * oneTon
const concurrency = 4
/** A chain that stands still counts as out of date. */
const mineEveryMs = 3_000
const pollMs = 20
const stuckMs = 60_000
/** After an answer, and at the latest so long after the last kill, comes the next one. */
const longestLifeMs = 15_000
const restMs = 400

/**
 * Runs a chain in this process and a proxy, a client and a worker as processes of their own, kills one of them at a
 * time at random moments under load, and starts it again. Then compares all of it with the chain. Rejects with
 * `TestnetError('check-failed')` if an answer that a client had whole is not charged, something is charged twice,
 * money is missing anywhere, or a role takes its own books for old ones; `stuck` if it comes to no end.
 */
export async function killRoles({ directory, kills, progress }: KillOptions): Promise<KillResult> {
  const world = systemWorld
  const startedAt = world.monotonic()
  await using stack = new AsyncDisposableStack()
  const alive = keepAlive()
  stack.defer(() => alive.close())
  const ports = { worker: await freePort(), client: await freePort() }
  const ground = stack.use(await startKilledGround(world, ports))
  stack.use(keepMining(world, ground))
  const taskOf = (role: RoleTask['role']): RoleTask => ({
    role,
    name: role,
    directory,
    chainUrl: ground.devnet.url,
    root: formatAddress(ground.root),
    config: writeRootAsText(ground.config),
    ports,
    concurrency,
  })
  const running = {
    proxy: new Role(taskOf('proxy')),
    client: new Role(taskOf('client')),
    worker: new Role(taskOf('worker')),
  }
  for (const role of roles) stack.defer(() => running[role].kill())
  for (const role of roles) {
    await ground.devnet.faucet(walletOf(role), fundedNano)
    running[role].start()
  }
  const killed = { proxy: 0, client: 0, worker: 0 }
  for (let kill = 0; kill < kills; kill++) {
    const { acknowledged } = running.client
    const atLatest = world.monotonic() + longestLifeMs
    await until(
      world,
      'an answer',
      () => running.client.acknowledged > acknowledged || world.monotonic() > atLatest,
    )
    await pause(world, randomBelow(world, restMs))
    const role = roles[randomBelow(world, roles.length)]!
    await running[role].kill()
    running[role].start()
    killed[role]++
    progress?.(`kill ${kill + 1} of ${kills}: ${role}; ${running.client.acknowledged} answers so far`)
  }
  // Nobody asks any more, and what is under way is settled.
  await running.client.kill()
  running.client.start({ concurrency: 0 })
  const audit = await settled(world, ground, running)
  await running.proxy.kill()
  const charged = await chargedInBooks(world, ground, directory)
  checkAll(running, { audit, charged })
  const { acknowledged, acknowledgedTokens } = running.client
  const { served } = running.worker
  return {
    ...audit,
    kills: killed,
    acknowledged,
    acknowledgedTokens,
    served,
    durationMs: world.monotonic() - startedAt,
  }
}

/** A role's process, one after the other, and what all of them said. */
class Role {
  readonly #task: RoleTask
  #process: ChildProcess | undefined
  #ended: Promise<unknown> = Promise.resolve()
  acknowledged = 0
  acknowledgedTokens = 0n
  served = 0
  /** What the process that runs now has in its books; undefined before it says so. */
  booked: bigint | undefined
  readonly complaints: string[] = []
  errors = ''

  constructor(task: RoleTask) {
    this.#task = task
  }

  start(change: Partial<RoleTask> = {}): void {
    const child = spawn(process.execPath, [program, JSON.stringify({ ...this.#task, ...change })], {
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    this.#process = child
    this.booked = undefined
    this.#ended = new Promise(resolve => child.once('close', resolve))
    let rest = ''
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      const lines = (rest + text).split('\n')
      rest = lines.pop()!
      for (const line of lines) this.#hear(line)
    })
    child.stderr.setEncoding('utf8').on('data', (text: string) => (this.errors += text))
  }

  /** Throws `TestnetError('check-failed')` where a process has ended by itself. */
  requireAlive(): void {
    const { exitCode, signalCode } = this.#process ?? {}
    const hasEnded = this.#process === undefined || exitCode !== null || signalCode !== null
    check(!hasEnded, `The ${this.#task.role} ended by itself: ${this.errors.slice(-2_000)}`)
  }

  /** Without warning. Resolves once it is gone. */
  async kill(): Promise<void> {
    this.#process?.kill('SIGKILL')
    await this.#ended
  }

  #hear(line: string): void {
    if (line.startsWith('!')) {
      this.acknowledged++
      this.acknowledgedTokens += BigInt(line.slice(1))
    } else if (line === '?') this.served++
    else if (line.startsWith('~')) this.booked = BigInt(line.slice(1))
    else if (line.startsWith('#')) this.complaints.push(line.slice(1))
  }
}

type Roles = Readonly<Record<RoleTask['role'], Role>>

async function startKilledGround(world: World, ports: RoleTask['ports']): Promise<Ground> {
  const { imageHash } = await tcpStreet(world)
  const host = '127.0.0.1'
  const endpoints = {
    workerEndpoint: { host, port: ports.worker },
    clientEndpoint: { host, port: ports.client },
  }
  // A stake that lasts: the client is under load at every moment.
  const terms = { minClientStakeNano: 50n * oneTon }
  return startGround({ world, proxies: [endpoints], imageHash, model: testModel, terms, port: 0 })
}

/** Waits until the chain has charged and paid all that is used. */
async function settled(world: World, ground: Ground, running: Roles): Promise<ChainAudit> {
  let last: ChainAudit | undefined
  await until(world, 'all is charged and paid', async () => {
    for (const role of roles) running[role].requireAlive()
    const audit = await auditChain(auditedParties(ground)).catch((error: unknown) => {
      // Messages are still on their way.
      if (error instanceof TestnetError) return undefined
      throw error
    })
    last = audit
    const { booked } = running.proxy
    return audit !== undefined && audit.chargedTokens === booked && audit.paidTokens === booked
  })
  return last!
}

function checkAll({ client, proxy, worker }: Roles, seen: { audit: ChainAudit; charged: Charged }): void {
  const { audit, charged } = seen
  const { chargedTokens } = audit
  for (const role of [client, proxy, worker]) {
    check(role.complaints.length === 0, `Its own books were taken for old ones: ${role.complaints[0]}`)
  }
  check(
    client.acknowledgedTokens <= chargedTokens,
    `${client.acknowledgedTokens} tokens were acknowledged, and ${chargedTokens} are charged`,
  )
  check(
    charged.clientTokens === chargedTokens && charged.workerTokens === chargedTokens,
    `The chain charged ${chargedTokens} tokens, the books say ${charged.clientTokens} and ${charged.workerTokens}`,
  )
  check(
    chargedTokens <= 500n * BigInt(worker.served),
    `${worker.served} requests reached the model, and ${chargedTokens} tokens are charged`,
  )
}

interface Charged {
  readonly clientTokens: bigint
  readonly workerTokens: bigint
}

async function chargedInBooks(world: World, ground: Ground, directory: string): Promise<Charged> {
  const contract = addressKey(auditedParties(ground).contract)
  await using ledger = await openSqliteLedger({
    path: join(directory, 'proxy-books.sqlite'),
    contract,
    world,
  })
  ledger.assertConserved()
  const sum = (views: ReadonlyArray<{ max: bigint }>): bigint =>
    views.reduce((total, { max }) => total + max, 0n)
  return { clientTokens: sum(ledger.clients()), workerTokens: sum(ledger.workers()) }
}

function auditedParties({ chain, config, root }: Ground): AuditedParties {
  const key = paymentKeyOf('proxy')
  const { owner } = identityOf('proxy')
  return {
    chain,
    config,
    contract: ProxySettlement.contractOf({ config, key, owner, root }),
    proxyPublicKey: key.publicKey,
    proxyOwner: owner,
    clients: [walletOf('client')],
    workers: [identityOf('worker').owner],
  }
}

function walletOf(name: string): ReturnType<typeof nodeWalletAddress> {
  const { walletKey, owner } = identityOf(name)
  return nodeWalletAddress({ publicKey: walletKey.publicKey, owner, code: compiledCode('wallet') })
}

function keepMining(world: World, { devnet }: Ground): Disposable {
  let isOver = false
  const later = (): void => {
    if (!isOver)
      world.after(
        mineEveryMs,
        () =>
          void devnet
            .mine()
            .catch(() => {})
            .finally(later),
      )
  }
  later()
  return {
    [Symbol.dispose]: () => {
      isOver = true
    },
  }
}

function randomBelow(world: World, end: number): number {
  return new DataView(world.random(4).buffer).getUint32(0) % end
}

function pause(world: World, durationMs: number): Promise<void> {
  return new Promise(resolve => void world.after(durationMs, resolve))
}

async function until(world: World, what: string, condition: () => boolean | Promise<boolean>): Promise<void> {
  const end = world.monotonic() + stuckMs
  while (!(await condition())) {
    if (world.monotonic() > end) throw new TestnetError('stuck', `It did not come to pass: ${what}`)
    await pause(world, pollMs)
  }
}

async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  await new Promise(resolve => server.close(resolve))
  if (address === null || typeof address === 'string') throw new TestnetError('stuck', 'No port is free')
  return address.port
}
