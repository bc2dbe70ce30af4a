import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { request } from 'node:http'
import { after, before, test } from 'node:test'
import { backendModel, startBackend, type TestBackend } from './support/backend.ts'
import { type Running, start } from './support/console.ts'
import { type Folder, freePorts, makeFolder, rootJson, runnerJson } from './support/files.ts'
import { ask, bodyOf, getJson } from './support/requests.ts'

let folder: Folder
let backend: TestBackend
let up: Running
let addresses: { client: string; proxy: string; worker: string }

before(async () => {
  folder = await makeFolder()
  backend = await startBackend()
  const zero = ['--port', '--proxy-port', '--proxy-workers-port', '--proxy-clients-port', '--worker-port']
  const argv = [
    'up',
    '--json',
    '--state',
    folder.path,
    '--backend',
    backend.url,
    ...zero.flatMap(flag => [flag, '0']),
  ]
  up = start(argv)
  const {
    client,
    proxy,
    worker,
    base_url: url,
  } = JSON.parse(await up.stdout.line(line => line.includes('"ready"')))
  addresses = { client: client.http, proxy: proxy.http, worker: worker.http }
  await ask(url, backendModel)
})

after(async () => {
  up.stop()
  await up.exitCode
  await backend[Symbol.asyncDispose]()
  await folder[Symbol.asyncDispose]()
})

const statusKeys = [
  'enabled',
  'git_commit',
  'git_commit_data',
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
  hasKeys(json.smartcontract, ['address', 'params_version', 'balance', 'ready_for_withdraw'])
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
    assert.match(text, /Simulated: no chain, no sealed hardware\. Do not send anything private\./)
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

test('actions need POST and the token; those of the chain do not exist here', async () => {
  const actions = {
    client: ['charge', 'close', 'topup', 'withdraw'],
    proxy: ['enable', 'disable', 'payout', 'charge', 'withdraw'],
    worker: ['enable', 'disable', 'change_coefficient', 'payout'],
  }
  for (const [role, names] of Object.entries(actions)) {
    const address = addresses[role as keyof typeof addresses]
    const token = await tokenOf(role)
    for (const name of names) {
      const url = `http://${address}/request/${name}`
      assert.equal((await fetch(url)).status, 405, url)
      assert.equal((await fetch(url, { method: 'POST' })).status, 401, url)
      assert.equal((await post(url, `${token}x`)).status, 401, url)
      if (['enable', 'disable', 'change_coefficient'].includes(name)) continue
      const response = await post(url, token)
      assert.equal(response.status, 501)
      assert.equal((await bodyOf(response)).error.code, 'needs-chain')
    }
  }
})

test('a worker is disabled, enabled and repriced', async () => {
  const token = await tokenOf('worker')
  const url = `http://${addresses.worker}`
  assert.deepEqual(await bodyOf(await post(`${url}/request/disable`, token)), { enabled: false })
  const health = await fetch(`${url}/health`)
  assert.equal(health.status, 503)
  const { status, reasons, simulated } = await bodyOf(health)
  assert.deepEqual([status, simulated], ['not ready', true])
  assert.match(reasons[0], /it is disabled/)
  assert.deepEqual(await bodyOf(await post(`${url}/request/enable`, token)), { enabled: true })
  assert.equal((await fetch(`${url}/health`)).status, 200)

  const changed = await post(`${url}/request/change_coefficient?coefficient=1.5`, token)
  assert.deepEqual(await bodyOf(changed), { coefficient: 1500 })
  for (const text of ['', '-1', 'x', '1e3', '9999999']) {
    assert.equal((await post(`${url}/request/change_coefficient?coefficient=${text}`, token)).status, 400)
  }
})

test('a proxy is disabled and enabled', async () => {
  const token = await tokenOf('proxy')
  const url = `http://${addresses.proxy}`
  assert.equal((await bodyOf(await post(`${url}/request/disable`, token))).enabled, false)
  assert.equal((await getJson(`${url}/jsonstats`)).status.enabled, false)
  assert.equal((await fetch(`${url}/health`)).status, 503)
  assert.equal((await bodyOf(await post(`${url}/request/enable`, token))).enabled, true)
  assert.equal((await fetch(`${url}/health`)).status, 200)
})

test('what is not there is told as JSON, and another host name is refused', async () => {
  const missing = await fetch(`http://${addresses.worker}/v1/models`)
  assert.equal(missing.status, 404)
  assert.equal((await bodyOf(missing)).error.code, 'not-found')
  for (const address of Object.values(addresses)) {
    assert.equal(await statusWithHost(address, 'evil.example'), 403)
    assert.equal(await statusWithHost(address, 'localhost:1'), 200)
  }
})

test('http_access_hash guards reads too, and is the token', async () => {
  const [http = 0, workers = 0, clients = 0] = await freePorts(3)
  const root = await folder.write('root.json', rootJson({ workers, clients }))
  const file = { ...runnerJson({ httpPorts: [http] }).proxy, http_access_hash: 'opensesame' }
  const config = await folder.write('guarded.json', file)
  const ports = ['--workers-port', String(workers), '--clients-port', String(clients)]
  const proxy = start(['proxy', '-c', config, '-C', root, '--state', folder.path, ...ports])
  await Promise.race([proxy.stdout.line(line => line.startsWith('proxy runs')), proxy.exitCode])
  const url = `http://127.0.0.1:${http}`
  assert.equal((await fetch(`${url}/jsonstats`)).status, 401)
  assert.equal((await fetch(`${url}/jsonstats?access_hash=wrong`)).status, 401)
  assert.equal((await fetch(`${url}/jsonstats?access_hash=opensesame`)).status, 200)
  assert.equal((await fetch(`${url}/stats`, { headers: { authorization: 'Bearer opensesame' } })).status, 200)
  assert.equal((await fetch(`${url}/health`)).status, 503)
  // In an address a token ends up in logs: it changes nothing.
  assert.equal((await fetch(`${url}/request/disable?access_hash=opensesame`, { method: 'POST' })).status, 401)
  assert.equal((await post(`${url}/request/disable`, 'opensesame')).status, 200)
  proxy.stop()
  assert.equal(await proxy.exitCode, 0)
  assert.doesNotMatch(proxy.stderr.text, /control-token|opensesame/)
})

async function tokenOf(role: string): Promise<string> {
  const port = addresses[role as keyof typeof addresses].split(':')[1]
  return (await readFile(`${folder.path}/${role}-${port}.token`, 'utf8')).trim()
}

async function post(url: string, token: string): Promise<Response> {
  return fetch(url, { method: 'POST', headers: { authorization: `Bearer ${token}` } })
}

function statusWithHost(address: string, host: string): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    const asked = request(`http://${address}/health`, { headers: { host } }, response => {
      response.resume()
      resolve(response.statusCode)
    })
    asked.on('error', reject)
    asked.end()
  })
}
