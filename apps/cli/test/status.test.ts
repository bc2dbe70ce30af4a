import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { Connection, type Transport } from '@cocoon/wire'
import { dial, systemWorld } from '@cocoon/wire/node'
import { checkPeersAs, ownIdentity } from '../src/roles/attestation.ts'
import { backendModel } from './support/backend.ts'
import { type Running, start } from './support/console.ts'
import { freePorts, makeFolder, rootJson, runnerJson } from './support/files.ts'
import { startNetwork, type TestNetwork } from './support/network.ts'
import { ask, bodyOf, getJson } from './support/requests.ts'

let network: TestNetwork
let addresses: TestNetwork['addresses']

before(async () => {
  network = await startNetwork()
  addresses = network.addresses
  await ask(network.url, backendModel)
})
after(() => network[Symbol.asyncDispose]())

const statusKeys = [
  'enabled',
  'evidence',
  'git_commit',
  'git_commit_data',
  'policy',
  'protection',
  'simulated',
  'ton_last_synced_at',
  'wallet_balance',
]
const rateKeys = ['bytes_received', 'bytes_sent', 'failed', 'queries', 'success', 'time']
const tokenKeys = ['total', 'prompt', 'cached', 'completion', 'reasoning'].map(
  kind => `${kind}_adjusted_tokens_used`,
)
const walletKeys = ['active_transactions_cnt', 'address', 'balance', 'pending_transactions_cnt', 'seqno']
const rootKeys = [
  'cached_tokens_price_multiplier',
  'client_code_hash',
  'client_delay_before_close',
  'client_min_stake',
  'completion_tokens_price_multiplier',
  'is_test',
  'last_proxy_seqno',
  'model_hashes',
  'owner_address',
  'params_version',
  'price_per_token',
  'prompt_tokens_price_multiplier',
  'proxy_code_hash',
  'proxy_delay_before_close',
  'proxy_hashes',
  'proxy_min_stake',
  'reasoning_tokens_price_multiplier',
  'registered_proxies',
  'struct_version',
  'unique_id',
  'version',
  'worker_code_hash',
  'worker_fee_per_token',
  'worker_hashes',
]

function hasKeys(value: object, keys: readonly string[]): void {
  assert.deepEqual(Object.keys(value).toSorted(), keys.toSorted())
}

function areRates(stats: Record<string, unknown>, keys: readonly string[]): void {
  hasKeys(stats, keys)
  for (const rate of Object.values(stats)) {
    assert.ok(Array.isArray(rate) && rate.length === 7 && rate.every(Number.isFinite))
  }
}

test('/jsonstats of the client has the keys that tools for the network read', async () => {
  const json = await getJson(`http://${addresses.client}/jsonstats`)
  hasKeys(json, [
    'status',
    'stats',
    'wallet',
    'localconf',
    'root_contract_config',
    'proxy_connections',
    'proxies',
  ])
  hasKeys(json.status, statusKeys)
  areRates(json.stats, rateKeys)
  assert.deepEqual([json.stats.queries[0], json.stats.success[0], json.stats.failed[0]], [1, 1, 0])
  hasKeys(json.wallet, walletKeys)
  hasKeys(json.localconf, ['root_address', 'owner_address', 'check_proxy_hash'])
  hasKeys(json.root_contract_config, rootKeys)
  hasKeys(json.proxy_connections[0], ['address', 'is_ready', 'proxy_sc_address'])
  hasKeys(json.proxies[0], [
    'balance',
    'stake',
    'proxy_sc_address',
    'proxy_public_key',
    'sc_address',
    'state',
    'tokens_used_proxy_committed_to_blockchain',
    'tokens_used_proxy_committed_to_db',
    'tokens_used_proxy_max',
    'tokens_charged',
    'tokens_payed',
  ])
})

test('/jsonstats of the proxy', async () => {
  const json = await getJson(`http://${addresses.proxy}/jsonstats`)
  hasKeys(json, [
    'status',
    'stats',
    'wallet',
    'localconfig',
    'smartcontract',
    'old_instances',
    'root_contract_config',
    'workers',
    'worker_connections',
    'clients',
  ])
  hasKeys(json.status, [...statusKeys, 'actual_image_hash'])
  areRates(json.stats, [...rateKeys, ...tokenKeys, 'rejected'])
  assert.equal(json.stats.total_adjusted_tokens_used[0], 8)
  hasKeys(json.localconfig, ['root_address', 'owner_address', 'check_worker_hashes'])
  hasKeys(json.smartcontract, ['address', 'params_version', 'balance', 'ready_for_withdraw', 'stake'])
  hasKeys(json.root_contract_config, rootKeys)
  hasKeys(json.workers[0], [
    'owner_address',
    'sc_address',
    'earned_tokens',
    'unpayed_tokens',
    'paying_now',
    'running_queries',
  ])
  hasKeys(json.worker_connections[0], [
    'owner_address',
    'model',
    'worker_hash',
    'coefficient',
    'running_queries',
    'queries_10m',
    'queries_time_10m',
    'worker_queries_time_10m',
    'queries_success_10m',
    'enabled',
  ])
  hasKeys(json.clients[0], [
    'owner_address',
    'sc_address',
    'used_tokens',
    'tokens_to_charge',
    'available_tokens',
    'reserved_tokens',
    'running_queries',
    'closing',
    'closed',
  ])
  assert.equal(json.clients[0].used_tokens, 8)
})

test('/jsonstats of the worker', async () => {
  const json = await getJson(`http://${addresses.worker}/jsonstats`)
  hasKeys(json, ['status', 'stats', 'wallet', 'localconfig', 'root_contract_config', 'proxies'])
  hasKeys(json.status, [...statusKeys, 'actual_image_hash', 'actual_model'])
  areRates(json.stats, [...rateKeys, ...tokenKeys])
  hasKeys(json.localconfig, ['root_address', 'owner_address', 'model', 'coefficient', 'check_proxy_hash'])
  hasKeys(json.proxies[0], [
    'sc_inited',
    'proxy_sc_address',
    'proxy_public_key',
    'sc_address',
    'earned_tokens_committed_to_blockchain',
    'earned_tokens_committed_to_proxy_db',
    'earned_tokens_max_known',
    'cached_out_tokens',
    'expected_cached_out_tokens',
    'running_request',
    'params_version',
  ])
})

test('/stats says what is simulated and runs no scripts', async () => {
  for (const address of Object.values(addresses)) {
    const response = await fetch(`http://${address}/stats`)
    assert.equal(response.headers.get('content-type'), 'text/html; charset=utf-8')
    assert.match(response.headers.get('content-security-policy') ?? '', /default-src 'none'/)
    const text = await response.text()
    assert.match(text, /Simulated: no sealed hardware\. Do not send anything private\./)
    assert.doesNotMatch(text, /<script|undefined|\[object|NaN/)
  }
})

test('/metrics counts, with labels of few values', async () => {
  for (const [role, address] of Object.entries(addresses)) {
    const text = await (await fetch(`http://${address}/metrics`)).text()
    const values = new Map(
      text
        .split('\n')
        .filter(line => line !== '' && !line.startsWith('#'))
        .map(line => line.split(' ') as [string, string]),
    )
    assert.equal(values.get(`cocoon_${role}_requests_total`), '1')
    assert.equal(values.get(`cocoon_${role}_outcomes_total{outcome="succeeded"}`), '1')
    assert.equal(values.get(`cocoon_${role}_running`), '0')
    assert.ok(Number(values.get(`cocoon_${role}_connection_handshakes_total{outcome="established"}`)) >= 1)
    assert.ok(values.has('process_cpu_seconds_total'))
    for (const name of values.keys()) assert.doesNotMatch(name, /127\.0\.0\.1|parrot|[UEk]Q[\w-]{46}/)
    // Asked twice, a counter is not counted twice.
    const again = await (await fetch(`http://${address}/metrics`)).text()
    assert.match(again, new RegExp(`^cocoon_${role}_requests_total 1$`, 'm'))
  }
})

/** Asks for every page; each must be there whatever the role is in the middle of. */
async function everyPage(address: string): Promise<{ status: number; reasons: string[] }> {
  const stats = await fetch(`http://${address}/stats`)
  assert.equal(stats.status, 200)
  assert.match(await stats.text(), /Simulated/)
  for (const path of ['jsonstats', 'metrics']) {
    const response = await fetch(`http://${address}/${path}`)
    assert.equal(response.status, 200)
    const text = await response.text()
    if (path === 'jsonstats') JSON.parse(text)
  }
  const health = await fetch(`http://${address}/health`)
  return { status: health.status, reasons: (await bodyOf(health)).reasons }
}

test('pages are there at any moment of a connection', async () => {
  await using folder = await makeFolder()
  const [workers = 0, clients = 0, ...httpPorts] = await freePorts(5)
  const [proxyHttp = '', clientHttp = '', workerHttp = ''] = httpPorts.map(port => `127.0.0.1:${port}`)
  const root = await folder.write('root.json', rootJson({ workers, clients }))
  const files = runnerJson({ httpPorts })
  const common = ['-C', root, '--state', folder.path]
  const begin = async (role: 'proxy' | 'client' | 'worker', ...flags: string[]): Promise<Running> => {
    const running = start([role, '-c', await folder.write(`${role}.json`, files[role]), ...common, ...flags])
    const ended = running.exitCode.then(code =>
      assert.fail(`${role} ended with ${code}: ${running.stderr.text}`),
    )
    ended.catch(() => {})
    await Promise.race([running.stdout.line(line => line.startsWith(`${role} runs`)), ended])
    return running
  }

  // Nobody to connect to, and no backend.
  const client = await begin('client')
  assert.match((await everyPage(clientHttp)).reasons[0] ?? '', /^proxy 127\.0\.0\.1:\d+ is not connected/)
  const worker = await begin('worker')
  const { status, reasons } = await everyPage(workerHttp)
  assert.equal(status, 503)
  assert.match(reasons[0] ?? '', /^the backend http:\/\/127\.0\.0\.1:1 is not up/)
  client.stop()
  worker.stop()
  assert.deepEqual([await client.exitCode, await worker.exitCode], [0, 0])

  const ports = ['--workers-port', String(workers), '--clients-port', String(clients), '--difficulty', '2']
  const proxy = await begin('proxy', ...ports)
  assert.deepEqual((await everyPage(proxyHttp)).reasons, ['no worker is connected'])

  // Connected, then in the middle of the session's handshake, then gone.
  using identity = await ownIdentity(systemWorld, () => {})
  const world = systemWorld
  const mode = { kind: 'direct' } as const
  const checkPeer = checkPeersAs('server', 'any', world)
  const transports: Transport[] = []
  for (const port of [workers, clients]) {
    const options = { host: '127.0.0.1', port, mode, identity: identity.current(), checkPeer, world }
    transports.push(await dial(options))
    assert.deepEqual((await everyPage(proxyHttp)).reasons, ['no worker is connected'])
  }
  for (const transport of transports) {
    const connection = await new Promise<Connection>(resolve => {
      const events = {
        ready: () => resolve(half),
        packet: () => {},
        query: () => {},
        drain: () => {},
        closed: () => {},
      }
      const half = new Connection({ transport, world, side: 'dialer', events })
      half.start()
    })
    assert.deepEqual((await everyPage(proxyHttp)).reasons, ['no worker is connected'])
    transport.destroy()
    assert.equal(connection.peer.address, transport.peer.address)
    await everyPage(proxyHttp)
  }
  proxy.stop()
  assert.equal(await proxy.exitCode, 0)
})
