import { createHttpBackend } from '@cocoon/worker'
import { configuredUrl } from '../config/address.ts'
import { type Context, foreign } from '../context.ts'
import { checkBackend } from '../doctor/backend.ts'
import { CliError, reasonOf } from '../error.ts'
import { probePort } from '../roles/port.ts'
import { type Basics, type RolePlan, runSetup, type SetupFlags } from '../setup/setup.ts'

export interface ClientSetupFlags extends SetupFlags {
  proxyConnections?: number
}

export interface WorkerSetupFlags extends SetupFlags {
  proxyConnections?: number
  backend?: string
  model?: string
  backendModel?: string
  coefficient?: number
  maxActive?: number
}

export interface ProxySetupFlags extends SetupFlags {
  host?: string
  workersPort: number
  clientsPort: number
}

const backendTimeoutMs = 10_000
/** Stands where nobody has vouched for the weights, as test networks allow. */
const unknownWeights = `local:${'0'.repeat(64)}`

/** `cocoon client setup`. */
export function runClientSetup(context: Context, flags: ClientSetupFlags): Promise<void> {
  return runSetup(context, 'client', flags, async basics => {
    const connections = await askConnections(basics, flags.proxyConnections)
    return {
      // An empty secret is replaced by a strong one that follows from the key of the wallet.
      entries: {
        proxy_connections: connections,
        secret_string: '',
        check_proxy_hashes: !basics.registry.config.isTest,
      },
      partners: Math.min(connections, Math.max(1, basics.registry.config.proxies.length)),
      doubts: [],
      steps: [],
    }
  })
}

/** `cocoon worker setup`. */
export function runWorkerSetup(context: Context, flags: WorkerSetupFlags): Promise<void> {
  return runSetup(context, 'worker', flags, async basics => {
    const { questions, registry } = basics
    const backend = await questions.text({
      question: 'Address of the server that runs the model',
      flag: '--backend',
      given: flags.backend,
      usual: 'http://127.0.0.1:8000',
      check: isUrl,
    })
    const { ids, doubt } = await modelsOf(backend)
    if (doubt !== undefined && flags.model === undefined && questions.prompts === undefined) {
      const advice = 'Start it, correct --backend, or name the model with --model.'
      throw new CliError('unreachable', doubt, { advice })
    }
    const backendModel = flags.backendModel ?? (await askBackendModel(basics, ids))
    const model = await questions.text({
      question: 'What the network calls the model: name@commit:hash',
      flag: '--model',
      given: flags.model,
      usual:
        registry.config.isTest && backendModel !== undefined
          ? `${backendModel.replaceAll('@', '-')}@${unknownWeights}`
          : undefined,
      check: text =>
        /^[^@\s]{1,200}@[^@:\s]{1,100}:[\da-fA-F]{64}$/.test(text)
          ? undefined
          : 'It must be name@commit:hash, the hash in 64 hexadecimal digits.',
    })
    const connections = await askConnections(basics, flags.proxyConnections)
    const maxActive = await questions.number({
      question: 'Most queries at once',
      flag: '--max-active',
      given: flags.maxActive,
      usual: 32,
      least: 1,
      most: 100_000,
    })
    const base = model.slice(0, model.indexOf('@'))
    const checked = doubt === undefined ? await backendDoubts(backend, backendModel ?? base) : [doubt]
    return {
      entries: {
        model_name: model,
        coefficient: flags.coefficient ?? 1000,
        max_active_requests: maxActive,
        forward_requests_to: backend,
        proxy_connections: connections,
        check_proxy_hashes: !registry.config.isTest,
      },
      partners: Math.min(connections, Math.max(1, registry.config.proxies.length)),
      model,
      doubts: checked,
      ...(backendModel !== undefined &&
        backendModel !== base && { startFlags: ` --backend-model ${backendModel}` }),
    } satisfies RolePlan
  })
}

/** `cocoon proxy setup`. */
export function runProxySetup(context: Context, flags: ProxySetupFlags): Promise<void> {
  return runSetup(context, 'proxy', flags, async ({ questions, registry }) => {
    const { world } = context
    const { workersPort, clientsPort } = flags
    const host = await questions.text({
      question: 'IPv4 address at which others reach this machine',
      flag: '--host',
      given: flags.host,
      usual: registry.config.isTest ? '127.0.0.1' : undefined,
      check: text =>
        /^(?:\d{1,3}\.){3}\d{1,3}$/.test(text)
          ? undefined
          : 'It must be an IPv4 address, such as 203.0.113.7.',
    })
    const isListed = registry.config.proxies.some(
      ({ workerEndpoint, clientEndpoint }) =>
        workerEndpoint.host === host &&
        workerEndpoint.port === workersPort &&
        clientEndpoint.port === clientsPort,
    )
    const doubts: string[] = []
    for (const port of [workersPort, clientsPort]) {
      await probePort('127.0.0.1', port).catch(() => doubts.push(`Port ${port} is in use now.`))
    }
    const listens = host === '127.0.0.1' ? '' : ' --host 0.0.0.0'
    return {
      entries: {
        machine_specific_private_key: Buffer.from(world.random(32)).toString('base64'),
        check_worker_hashes: !registry.config.isTest,
      },
      partners: 2,
      doubts,
      startFlags: `${listens}${workersPort === 11_001 ? '' : ` --workers-port ${workersPort}`}${clientsPort === 11_002 ? '' : ` --clients-port ${clientsPort}`}`,
      steps: isListed
        ? []
        : [
            `Have the owner of the registry list ${host}:${workersPort} ${host}:${clientsPort}: until then nobody finds this proxy.`,
          ],
    }
  })
}

async function askConnections({ questions, registry }: Basics, given: number | undefined): Promise<number> {
  const listed = registry.config.proxies.length
  return questions.number({
    question: 'To how many proxies at once',
    flag: '--proxy-connections',
    given,
    usual: Math.max(1, Math.min(2, listed)),
    least: 1,
    most: 100,
  })
}

/** Which models a server has, or why that is not known. */
async function modelsOf(address: string): Promise<{ ids: string[]; doubt: string | undefined }> {
  const backend = createHttpBackend({ url: configuredUrl('--backend', address) })
  try {
    const models = await backend.models(AbortSignal.timeout(backendTimeoutMs))
    return { ids: models.map(({ id }) => id), doubt: undefined }
  } catch (error) {
    return {
      ids: [],
      doubt: `The server ${foreign(address, 80)} does not answer: ${foreign(reasonOf(error))}.`,
    }
  } finally {
    await backend.close()
  }
}

async function askBackendModel({ questions }: Basics, ids: readonly string[]): Promise<string | undefined> {
  const [first] = ids
  const { prompts } = questions
  if (first === undefined || ids.length === 1 || prompts === undefined) return first
  const options = ids.slice(0, 50).map(id => ({ value: id, label: foreign(id, 80) }))
  return prompts.select('Which of its models', options)
}

async function backendDoubts(address: string, model: string): Promise<string[]> {
  const checks = await checkBackend({ key: '--backend', address, model })
  return checks.flatMap(check => (check.result === 'failed' ? [`${check.name}: ${check.found}.`] : []))
}

function isUrl(text: string): string | undefined {
  try {
    configuredUrl('--backend', text)
    return undefined
  } catch (error) {
    if (error instanceof CliError) return error.message
    throw error
  }
}
