import { Cocoon, type CocoonOptions } from '@cocoon/client'
import { type EndpointOptions, startEndpoint } from '@cocoon/client/role'
import { defaultPolicy, imageHash, type QuotePolicy, type TrustedRoot, zeroMeasurements } from '@cocoon/trust'
import { createSimulatedTee } from '@cocoon/trust/simulate'
import { toHex } from '@cocoon/wire'
import { systemWorld } from '@cocoon/wire/node'
import {
  type BackendScript,
  ScriptedBackend,
  sealedStage,
  startTestNetwork,
  type StatedUsage,
  streamedAnswer,
  testModel,
  type TestNetwork,
  type TestNetworkOptions,
} from '../../src/index.ts'

import { pipeStreet } from '../../src/street.ts'
import { Interception } from '../sealed/interception.ts'

/** A network with an endpoint that pays for callers who seal by themselves. */
export interface SdkStage extends AsyncDisposable {
  readonly network: TestNetwork
  readonly backend: ScriptedBackend
  /** Everything that passes to the proxy and from it. */
  readonly tap: Interception
  /** Of the endpoint, with `/v1`. */
  readonly baseURL: string
  /** What makes the SDK believe the simulated machines. */
  readonly believing: {
    readonly allow: { readonly images: string[]; readonly models: string[] }
    readonly policy: QuotePolicy
    readonly simulatedRoot: TrustedRoot
  }
  cocoon(change?: Partial<CocoonOptions>): Cocoon
}

export async function sdkStage(
  script: BackendScript,
  options: { readonly endpoint?: Partial<EndpointOptions>; readonly network?: TestNetworkOptions } = {},
): Promise<SdkStage> {
  await using stack = new AsyncDisposableStack()
  const stage = stack.use(await sealedStage(systemWorld))
  const backend = new ScriptedBackend(script)
  const street = pipeStreet(systemWorld)
  const tap = new Interception(systemWorld, street)
  const [worker] = stage.options.workers!
  const [client] = stage.options.clients!
  const network = stack.use(
    await startTestNetwork({
      ...stage.options,
      street,
      workers: [{ ...worker, backend, dial: tap.dialAs('worker') }],
      clients: [{ ...client, dial: tap.dialAs('client') }],
      ...options.network,
    }),
  )
  await network.ready()
  const endpoint = await startEndpoint({
    network: network.client,
    world: systemWorld,
    port: 0,
    protection: () => 'simulated',
    ...options.endpoint,
  })
  stack.defer(() => endpoint.close(0))
  const baseURL = `http://127.0.0.1:${endpoint.port}/v1`
  const believing = {
    allow: { images: [toHex(await imageHash(zeroMeasurements()))], models: [testModel] },
    policy: { ...defaultPolicy, allowSimulated: true },
    simulatedRoot: createSimulatedTee(new Uint8Array(32).fill(7)).root,
  }
  const opened = stack.move()
  return {
    network,
    backend,
    tap,
    baseURL,
    believing,
    cocoon: change => new Cocoon({ baseURL, ...believing, ...change }),
    [Symbol.asyncDispose]: () => opened.disposeAsync(),
  }
}

/** A chat completion as server-sent events, which come one by one; it ends when it is cancelled. */
export function pacedAnswer(words: readonly string[], usage: StatedUsage = {}, pauseMs = 3): BackendScript {
  return call => {
    const whole = streamedAnswer(words, usage)
    const steps: Array<() => void> = []
    const later =
      <Args extends unknown[]>(run: (...args: Args) => unknown) =>
      (...args: Args) => {
        steps.push(() => void run(...args))
        return true
      }
    const { head, data, end, failed } = call.events
    whole({ ...call, events: { head, data: later(data), end: later(end), failed } })
    const step = (): void => {
      if (call.isCancelled) return
      steps.shift()?.()
      if (steps.length > 0) setTimeout(step, pauseMs)
    }
    step()
  }
}

export const model = 'test/model'
export const messages = [{ role: 'user', content: 'Hi' }] as const
