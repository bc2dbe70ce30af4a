import assert from 'node:assert/strict'
import { inspect } from 'node:util'
import { type ClientOptions, Sealer, type SealerOptions } from '@cocoon/client/role'
import type { ProxyOptions } from '@cocoon/proxy'
import { nodeSeal } from '@cocoon/trust/node'
import type { IdentityHolder } from '@cocoon/trust/seal'
import type { AnyCombinator } from '@cocoon/wire'
import type { WorkerOptions } from '@cocoon/worker'
import {
  type BackendScript,
  ScriptedBackend,
  type SealedStage,
  sealedStage,
  SimWorld,
  startTestNetwork,
  streamedAnswer,
  withoutThreads,
} from '../../src/index.ts'
import { pipeStreet, type Street } from '../../src/street.ts'
import { type Asked, ask } from '../asked.ts'
import type { VirtualNetwork } from '../scripted-peer.ts'
import { Interception } from './interception.ts'

/** A sealed network in virtual time, with somebody on every wire. */
export interface SealedNetwork extends VirtualNetwork {
  readonly stage: SealedStage
  readonly tap: Interception
  readonly backends: readonly ScriptedBackend[]
  readonly holders: readonly IdentityHolder[]
  readonly events: ReadonlyArray<{ readonly who: string; readonly event: string }>
  /** Asks as the client of this number, and waits for the end. */
  asked(change?: Parameters<typeof ask>[1], client?: number): Promise<Asked>
  /** Begins the same without waiting. */
  asking(change?: Parameters<typeof ask>[1], client?: number): Asked
  over(...asked: Asked[]): Promise<void>
}

export interface SealedNetworkOptions {
  workers?: Array<{ script?: BackendScript; options?: Partial<WorkerOptions> }>
  clients?: Array<Partial<ClientOptions>>
  proxies?: Array<Partial<ProxyOptions>>
  sealer?: Partial<SealerOptions>
  street?: (world: SimWorld) => Street
}

/** Long enough that a canary is no accident. */
export const promptCanary = 'prompt-canary-7f3a9c55e1'
export const answerCanary = 'answer-canary-b04d17c8a2'
export const usage = { prompt: 20, cached: 4, completion: 6, reasoning: 0 }
/** Comes as a head, a first part, the rest, and so in several chunks. */
export const words = ['One ', 'two ', `${answerCanary} `, 'four ', 'five ', 'six']
/** Each word in a turn of its own. */
export const spokenAnswer =
  (world: SimWorld, pauseMs = 10): BackendScript =>
  call => {
    const whole = streamedPieces()
    const next = (index: number): void => {
      if (index === 0) call.events.head(200, [['content-type', 'text/event-stream']])
      const piece = whole[index]
      if (piece === undefined) return call.events.end()
      call.events.data(piece)
      world.after(pauseMs, () => next(index + 1))
    }
    next(0)
  }

function streamedPieces(): Uint8Array[] {
  const pieces: Uint8Array[] = []
  const events = {
    head: () => {},
    data: (bytes: Uint8Array) => pieces.push(bytes) > 0,
    end: () => {},
    failed: () => {},
  }
  const request = {} as never
  streamedAnswer(words, usage)({ request, events, isCancelled: false, isPaused: false })
  return pieces
}

/** Starts it and waits until everybody is connected and has said who it is. */
export async function sealedNetwork(options: SealedNetworkOptions = {}): Promise<SealedNetwork> {
  const threads = withoutThreads()
  const world = new SimWorld()
  const stage = await sealedStage(world)
  const street = (options.street ?? pipeStreet)(world)
  const tap = new Interception(world, street)
  const events: Array<{ who: string; event: string }> = []
  const given = options.workers ?? [{}]
  const holders = await Promise.all(
    given.map((_, index) => (index === 0 ? stage.identities : stage.holder())),
  )
  const backends = given.map(({ script = spokenAnswer(world) }) => new ScriptedBackend(script))
  const network = await startTestNetwork({
    ...stage.options,
    world,
    street,
    proxies: (options.proxies ?? [{}]).map(proxy => ({ sealCrypto: nodeSeal, ...proxy })),
    workers: given.map(({ options }, index) => ({
      sealing: { identities: holders[index]!, crypto: nodeSeal },
      backend: backends[index]!,
      dial: tap.dialAs(`worker ${index}`),
      ...options,
    })),
    clients: (options.clients ?? [{}]).map((client, index) => ({
      sealing: {
        sealer: new Sealer({ world, crypto: nodeSeal, ...options.sealer }),
        verifier: stage.verifier(),
      },
      leastProtection: 'sealed' as const,
      dial: tap.dialAs(`client ${index}`),
      ...client,
    })),
    log: (who, { event, ...rest }) => void events.push({ ...rest, who, event }),
  })
  await world.finish(network.ready())
  await world.runFor(50)
  const asking: SealedNetwork['asking'] = (change = {}, client = 0) => {
    const messages = [{ role: 'user', content: `Say ${promptCanary}` }]
    const json = { model: 'test/model', max_tokens: 1_000, messages, stream: true, ...change.body }
    return ask(network.clients[client]!, { ...change, body: json })
  }
  const over: SealedNetwork['over'] = async (...asked) => {
    await world.until(() => asked.every(({ ended }) => ended !== undefined), 90_000)
  }
  const dispose = network[Symbol.asyncDispose]
  return Object.assign(network, {
    world,
    stage,
    tap,
    backends,
    holders,
    events,
    asking,
    over,
    asked: async (change: Parameters<typeof ask>[1] = {}, client = 0) => {
      const asked = asking(change, client)
      await over(asked)
      return asked
    },
    [Symbol.asyncDispose]: async () => {
      stage[Symbol.dispose]()
      await dispose()
      threads[Symbol.dispose]()
    },
  })
}

/** The answer came whole, with its receipt, and costs what that says. */
export function assertAnswered(asked: Asked, why = ''): void {
  assert.equal(asked.ended?.kind, 'end', `${why} ${inspect(asked.ended)}`)
  assert.match(asked.text, new RegExp(answerCanary))
  assert.equal(asked.summary?.proof?.signed.receipt.chargedTokens, asked.summary?.tokens)
}

/** The query failed with this code, and what its caller got of the text is the beginning of the answer. */
export function assertFailed(asked: Asked, code: string, why = ''): void {
  assert.equal(asked.ended?.kind, 'failed', `${why}: ${inspect(asked.ended)}`)
  assert.equal(asked.ended?.kind === 'failed' && asked.ended.code, code, why)
  assert.equal(asked.summary?.proof, undefined)
}

/** A copy with one bit changed. */
export function flipped(bytes: Uint8Array, at = Math.floor(bytes.length / 2)): Uint8Array {
  const copy = Uint8Array.from(bytes)
  copy[at]! ^= 1
  return copy
}

/** The message with other fields. */
export function changed<Message extends AnyCombinator>(message: Message, change: Partial<Message>): Message {
  return { ...message, ...change }
}
