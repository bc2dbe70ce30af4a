import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { request } from 'node:http'
import { after, before, test } from 'node:test'
import { start } from './support/console.ts'
import { type Folder, freePorts, rootJson, runnerJson } from './support/files.ts'
import { startNetwork, type TestNetwork } from './support/network.ts'
import { bodyOf, getJson } from './support/requests.ts'

let network: TestNetwork
let addresses: TestNetwork['addresses']
let folder: Folder

before(async () => {
  network = await startNetwork()
  addresses = network.addresses
  folder = network.folder
})
after(() => network[Symbol.asyncDispose]())

test('actions need POST and the token; those of the chain say what they lack', async () => {
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
      if (role === 'proxy' && name === 'withdraw') {
        assert.deepEqual(await bodyOf(response), { ordered: true })
        continue
      }
      assert.equal(response.status, 400)
      assert.equal((await bodyOf(response)).error.code, 'address')
      const stranger = `0:${'7'.repeat(64)}`
      const parameter = role === 'proxy' ? (name === 'payout' ? 'worker' : 'client') : 'proxy'
      const unknown = await post(`${url}?${parameter}=${encodeURIComponent(stranger)}`, token)
      assert.equal(unknown.status, 404)
      assert.equal((await bodyOf(unknown)).error.code, 'account-unknown')
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
