import { setTimeout as delay } from 'node:timers/promises'
import { type Backend, tinyModelName } from '@cocoon/worker'
import { formatAddress, modelBaseName } from '@cocoon/money'
import { type Context, foreign, print, printJson, stateDirectoryOf, tinted } from '../context.ts'
import { CliError, reasonOf } from '../error.ts'
import type { RoleReport } from '../event.ts'
import { type CallerFlags, type LogFlags, logLevelOf } from '../flags.ts'
import { simulatedNotice } from '../http/page.ts'
import { createLog } from '../log.ts'
import { createProgress, type Progress } from '../progress.ts'
import { httpBackendChoice, llamaBackendChoice, openBackend } from '../roles/backend.ts'
import {
  type LocalNetwork,
  localPortFlags,
  type LocalPorts,
  startLocalNetwork,
} from '../roles/local-network.ts'
import { choosePort, listenError, probePort } from '../roles/port.ts'
import { callersOf, protectionOf } from './callers.ts'
import { stopGraceMs, stopped } from './run-role.ts'

export interface UpFlags extends LogFlags, CallerFlags {
  port: number
  proxyPort: number
  proxyWorkersPort: number
  proxyClientsPort: number
  workerPort: number
  chainPort: number
  difficulty: number
  model?: string
  backend?: string
  backendModel?: string
}

const host = '127.0.0.1'
const readyPollMs = 20
/** A model that is already loaded needs a second or two; a server that is just starting may need longer. */
const readyTimeoutMs = 60_000

/** `cocoon up`: a whole network in this process, until it is stopped. */
export async function runUp(context: Context, flags: UpFlags): Promise<void> {
  const callers = callersOf(context, flags)
  using stop = context.awaitStop()
  const { stdout, stderr, world } = context
  const log = createLog({ stream: stderr, level: logLevelOf(flags, 'warn') })
  let isReady = false
  const report: RoleReport = (role, event) => {
    if (flags.json && isReady) printJson(stdout, { role, ...event })
    // What is not there yet while everything starts is no news; how it is set up is.
    const isNews = isReady || event.event === 'setting-doubtful'
    if (isNews || flags.verbosity !== undefined || flags.logLevel !== undefined) log.report(role, event)
  }

  const progress = createProgress(stderr, flags.json === true)
  let network: LocalNetwork | undefined
  try {
    const ports = await choosePorts(flags)
    network = await startLocalNetwork({
      world,
      ports,
      stateDirectory: stateDirectoryOf(context.environment, flags.state),
      report,
      callers,
      protection: protectionOf(flags),
      difficulty: flags.difficulty,
      openBackend: () => chooseBackend(context, flags, progress, stop.signal),
      progress: step => progress.step(step),
    })
    await untilReady(network, progress, stop.signal)
  } catch (error) {
    // Who stops the start knows why nothing came up.
    if (!stop.signal.aborted) throw error
  } finally {
    progress[Symbol.dispose]()
  }
  if (network === undefined) return
  if (!stop.signal.aborted) {
    isReady = true
    if (flags.json) printJson(stdout, summaryJson(network))
    else print(stdout, ...summaryText(context, network, callers.keysFile))
    await stopped(stop.signal)
  }
  if (!flags.json) print(stderr, 'Stopping. Running answers have 10 s; Ctrl-C stops at once.')
  await network.close(stopGraceMs)
  if (flags.json) printJson(stdout, { event: 'stopped' })
}

/**
 * Checks that every port is free before anything starts, so that the message names the flag. Where others dial
 * the port must be known beforehand: there a free one takes the place of 0.
 */
async function choosePorts(flags: UpFlags): Promise<LocalPorts> {
  const ports: { -readonly [Name in keyof LocalPorts]: number } = {
    client: flags.port,
    proxy: flags.proxyPort,
    proxyWorkers: flags.proxyWorkersPort,
    proxyClients: flags.proxyClientsPort,
    worker: flags.workerPort,
    chain: flags.chainPort,
  }
  const names = Object.keys(ports) as Array<keyof LocalPorts>
  for (const [index, name] of names.entries()) {
    const other = names
      .slice(0, index)
      .find(earlier => ports[earlier] !== 0 && ports[earlier] === ports[name])
    if (other !== undefined) {
      throw new CliError(
        'usage',
        `${localPortFlags[other]} and ${localPortFlags[name]} are both ${ports[name]}.`,
      )
    }
    const at = name === 'client' ? flags.host : host
    await probePort(at, ports[name]).catch((cause: unknown) => {
      throw listenError(cause, at, ports[name], localPortFlags[name])
    })
  }
  for (const name of ['proxyWorkers', 'proxyClients'] as const) {
    while (ports[name] === 0) {
      const port = await choosePort(host)
      if (!Object.values(ports).includes(port)) ports[name] = port
    }
  }
  return ports
}

interface ChosenBackend {
  backend: Backend
  model: string
  backendModel?: string
}

async function chooseBackend(
  { environment }: Context,
  flags: UpFlags,
  progress: Progress,
  signal: AbortSignal,
): Promise<ChosenBackend> {
  const { backend: address, model: modelFile, backendModel } = flags
  if (address === undefined) {
    const model = modelFile === undefined ? tinyModelName : nameOfModelFile(modelFile)
    const stateDirectory = stateDirectoryOf(environment, flags.state)
    const choice = llamaBackendChoice({ modelFile, offeredModel: model, stateDirectory })
    return {
      backend: await openBackend(choice, { signal, progress: text => progress.step(text) }),
      model,
    }
  }
  if (modelFile !== undefined) throw new CliError('usage', 'Give --backend or --model, not both.')
  const backend = await openBackend(httpBackendChoice('--backend', address), { signal })
  const name = backendModel ?? (await firstModel(backend, progress, signal))
  // What stands before an `@` is the base name in the network, so the offer can differ from the backend's name.
  return { backend, model: modelBaseName(name), backendModel: name }
}

/** The model that a server offers first. Waits for a server that is still starting. */
async function firstModel(backend: Backend, progress: Progress, signal: AbortSignal): Promise<string> {
  const deadline = AbortSignal.any([signal, AbortSignal.timeout(readyTimeoutMs)])
  let why = ''
  while (!deadline.aborted) {
    try {
      const [first] = await backend.models(deadline)
      if (first !== undefined) return first.id
      await backend.close()
      throw new CliError('config', `${backend.name} lists no models.`, {
        advice: 'Name the model: --backend-model NAME.',
      })
    } catch (error) {
      if (error instanceof CliError) throw error
      why = reasonOf(error)
      progress.step(`Waiting for ${backend.name}: ${foreign(why)}`)
    }
    await delay(500, undefined, { signal: deadline }).catch(() => {})
  }
  await backend.close()
  throw new CliError('unreachable', `The backend ${backend.name} did not answer: ${why || 'stopped'}.`, {
    advice: 'Start it, or correct --backend. Without --backend a small model runs in this process.',
  })
}

/** `qwen2.5-0.5b` of `models/qwen2.5-0.5b.gguf`, `owner/repository` of `hf:owner/repository/file.gguf`. */
function nameOfModelFile(modelFile: string): string {
  const [, repository] = /^hf:([^/]+\/[^/:]+)/.exec(modelFile) ?? []
  if (repository !== undefined) return repository
  const file = modelFile.split(/[/\\]/).at(-1) ?? modelFile
  return file.replace(/\.gguf$/i, '').replaceAll('@', '-') || 'model'
}

/** Resolves once a request would be served, or a stop was asked for. Rejects and closes everything when late. */
async function untilReady(network: LocalNetwork, progress: Progress, signal: AbortSignal): Promise<void> {
  const deadline = AbortSignal.timeout(readyTimeoutMs)
  progress.step('Waiting until the worker is on the market')
  while (network.problems().length > 0 && !signal.aborted) {
    if (deadline.aborted) {
      const problems = network.problems()
      await network.close(0)
      throw new CliError('not-ready', `The network did not come up: ${foreign(problems.join('; '), 800)}.`, {
        advice: 'Run it again with -v 4 to see what happens.',
      })
    }
    await delay(readyPollMs)
  }
}

function endpointOf(network: LocalNetwork): string {
  return `http://${callableAt(network.client.addresses.http)}/v1`
}

/** Who listens on every address is called here on loopback. */
function callableAt(address = ''): string {
  return address.replace(/^(?:0\.0\.0\.0|\[::\]):/, '127.0.0.1:')
}

function summaryJson(network: LocalNetwork): Record<string, unknown> {
  const { client, proxy, worker, chain, model } = network
  return {
    event: 'ready',
    simulated: true,
    notice: simulatedNotice,
    base_url: endpointOf(network),
    model,
    client: client.addresses,
    proxy: proxy.addresses,
    worker: worker.addresses,
    chain: { api: chain.devnet.url, root: formatAddress(chain.root, { bounceable: true }) },
  }
}

function summaryText({ stdout }: Context, network: LocalNetwork, keysFile: string | undefined): string[] {
  const { client, proxy, worker, chain, model } = network
  const body = JSON.stringify({ model, messages: [{ role: 'user', content: 'Hello' }] })
  const strong = (text: string): string => tinted('strong', text, stdout)
  const status = (role: string, address: string | undefined): string =>
    `  ${role.padEnd(8)}http://${callableAt(address)}/stats`
  return [
    tinted('simulated', simulatedNotice, stdout),
    '',
    `${strong(foreign(model))} answers at ${strong(endpointOf(network))}`,
    '',
    `  curl ${endpointOf(network)}/chat/completions \\`,
    "    -H 'content-type: application/json' \\",
    ...(keysFile === undefined ? [] : ['    -H "authorization: Bearer $COCOON_API_KEY" \\']),
    `    -d ${shellQuoted(body)}`,
    '',
    `With an OpenAI library: base_url ${endpointOf(network)}, ${keysFile === undefined ? 'any API key' : `a key of ${foreign(keysFile)}`}.`,
    'In another terminal: cocoon chat',
    'Answers are sealed to the worker. Each names its receipt in x-cocoon-receipt: cocoon verify RECEIPT',
    '',
    status('client', client.addresses.http),
    status('proxy', proxy.addresses.http),
    status('worker', worker.addresses.http),
    `  log     http://${callableAt(proxy.addresses.http)}/log`,
    `  chain   ${chain.devnet.url}/api/v2/jsonRPC, local: its coins are worth nothing`,
    '',
    tinted('faint', 'Ctrl-C stops it.', stdout),
  ]
}

function shellQuoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`
}
