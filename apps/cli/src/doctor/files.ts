import { createPaymentKey, parseAddress, type RootConfig } from '@cocoon/money'
import {
  fromJson,
  type ClientRunnerConfig,
  type ProxyRunnerConfig,
  type WorkerRunnerConfig,
} from '@cocoon/wire'
import { readJsonFile } from '../config/json-file.ts'
import { readRootFile } from '../config/root-file.ts'
import { type Environment, parseRunnerConfig } from '../config/runner-config.ts'
import { CliError, reasonOf } from '../error.ts'
import type { RoleName } from '../roles/role.ts'
import { type Check, failed, passed, skipped } from './check.ts'

export type RunnerConfig = ClientRunnerConfig | ProxyRunnerConfig | WorkerRunnerConfig

/** What could be read of a role's two files. */
export interface Files {
  runner: RunnerConfig | undefined
  root: RootConfig | undefined
  checks: Check[]
}

/** Reads a role's files and looks at what they say. `role` is found out from the keys if absent. */
export async function checkFiles(options: {
  config: string | undefined
  rootFile: string | undefined
  role: RoleName | undefined
  environment: Environment
}): Promise<Files> {
  const { config, rootFile, role, environment } = options
  const checks: Check[] = []
  const attempt = async <T>(name: string, read: () => Promise<T>): Promise<T | undefined> => {
    try {
      return await read()
    } catch (error) {
      const advice = error instanceof CliError ? error.advice : undefined
      checks.push(failed(name, reasonOf(error), advice ?? 'Correct the file.'))
      return undefined
    }
  }
  let runner: RunnerConfig | undefined
  if (config === undefined) checks.push(skipped('configuration', 'none given; --config FILE checks one'))
  else {
    runner = await attempt(`configuration ${config}`, async () => {
      const json = await readJsonFile(config, 'The configuration')
      return parseRunnerConfig(`${role ?? roleOf(json)}Runner.config`, json, { path: config, environment })
    })
    if (runner !== undefined) checks.push(...checkRunner(config, runner))
  }
  let root: RootConfig | undefined
  if (rootFile === undefined)
    checks.push(skipped('root configuration', 'none given; --disable-ton FILE checks one'))
  else {
    const name = `root configuration ${rootFile}`
    root = await attempt(name, () => readRootFile(rootFile))
    if (root !== undefined) checks.push(checkRoot(name, root))
  }
  return { runner, root, checks }
}

/** The role that a configuration is for, by the keys that only this role has. */
function roleOf(json: unknown): RoleName {
  const keys = typeof json === 'object' && json !== null ? Object.keys(json) : []
  if (keys.includes('workers_rpc_port') || keys.includes('machine_specific_private_key')) return 'proxy'
  return keys.includes('model_name') || keys.includes('forward_requests_to') ? 'worker' : 'client'
}

export function roleOfRunner(runner: RunnerConfig): RoleName {
  return runner._ === 'proxyRunner.config'
    ? 'proxy'
    : runner._ === 'workerRunner.config'
      ? 'worker'
      : 'client'
}

function checkRunner(path: string, runner: RunnerConfig): Check[] {
  const name = `configuration ${path}`
  const checks: Check[] = []
  const fail = (found: string, advice: string): void => void checks.push(failed(name, found, advice))
  const addresses = { owner_address: runner.ownerAddress, root_contract_address: runner.rootContractAddress }
  for (const [key, text] of Object.entries(addresses)) {
    try {
      parseAddress(text)
    } catch (error) {
      fail(`${key}: ${text === '' ? 'it is missing' : reasonOf(error)}`, `Set ${key} to a TON address.`)
    }
  }
  const zero = fromJson('proxyRunner.config', {}).nodeWalletKey
  const keys: Record<string, Uint8Array> = { node_wallet_key: runner.nodeWalletKey }
  if (runner._ === 'proxyRunner.config')
    keys['machine_specific_private_key'] = runner.machineSpecificPrivateKey
  for (const [key, seed] of Object.entries(keys)) {
    const isZero = Buffer.compare(seed, zero) === 0
    if (isZero)
      fail(`${key} is missing: everybody knows the key of zeros`, `Set ${key}: openssl rand -base64 32`)
    else createPaymentKey(seed)
  }
  if (!runner.isTest) {
    fail('is_test is false, and a network without a chain is a test network', 'Set is_test to true.')
  }
  if (runner._ !== 'proxyRunner.config' && runner.proxyConnections <= 0) {
    fail('proxy_connections is 0, so no proxy is ever dialled', 'Set proxy_connections to 1 or more.')
  }
  if (runner._ === 'workerRunner.config' && runner.modelName === '') {
    fail('model_name is missing', 'Set model_name to what the worker offers: name@commit:hash.')
  }
  return checks.length > 0 ? checks : [passed(name, `a ${roleOfRunner(runner)}; every key fits`)]
}

function checkRoot(name: string, root: RootConfig): Check {
  const { proxies, version } = root
  if (proxies.length > 0) return passed(name, `version ${version}, ${proxies.length} proxies registered`)
  return failed(
    name,
    'it registers no proxy',
    'Add one to registered_proxies: 127.0.0.1:11001 127.0.0.1:11002',
  )
}
