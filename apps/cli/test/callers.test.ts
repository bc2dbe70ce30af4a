import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { type IncomingMessage, request } from 'node:http'
import { test } from 'node:test'
import { systemWorld } from '@cocoon/wire/node'
import { createAccess } from '../src/http/access.ts'
import { backendModel } from './support/backend.ts'
import { runToEnd } from './support/console.ts'
import { freePorts, makeFolder, rootJson, runnerJson } from './support/files.ts'
import { startNetwork } from './support/network.ts'
import { bodyOf, type Json } from './support/requests.ts'

test('with keys only they may call, each within what it is allowed', async t => {
  await using folder = await makeFolder()
  const keys = `${folder.path}/keys.json`
  const able = await newKey(keys)
  const slow = await newKey(keys, '--requests-per-minute', '1')
  const poor = await newKey(keys, '--budget-nano', '1')
  const other = await newKey(keys, '--models', 'other/model')
  await using network = await startNetwork({ folder, environment: { COCOON_KEYS: keys } })
  const { url, up } = network

  await t.test('a stranger is refused, a key is served', async () => {
    for (const key of [undefined, `${able.key}x`]) {
      const refused = await ask(url, key)
      assert.equal(refused.status, 401)
      assert.equal((await bodyOf(refused)).error.code, 'invalid_api_key')
    }
    assert.equal((await fetch(`${url}/models`)).status, 401)
    assert.equal((await ask(url, able.key)).status, 200)
    const listed = await runToEnd(['models', '--url', url], { environment: { COCOON_API_KEY: able.key } })
    assert.equal(listed.exitCode, 0)
    // Whoever runs the client needs no key to see how it is.
    assert.equal((await fetch(`http://${network.addresses.client}/health`)).status, 200)
  })

  await t.test('too many requests', async () => {
    assert.equal((await ask(url, slow.key)).status, 200)
    const limited = await ask(url, slow.key)
    assert.equal(limited.status, 429)
    assert.equal((await bodyOf(limited)).error.code, 'rate_limit_exceeded')
    assert.ok(Number(limited.headers.get('retry-after')) > 0)
  })

  await t.test('a budget that is too small, and another model', async () => {
    const refused = await ask(url, poor.key)
    assert.equal(refused.status, 429)
    assert.equal(refused.headers.get('x-should-retry'), 'false')
    assert.equal((await bodyOf(refused)).error.code, 'insufficient_quota')
    assert.equal((await ask(url, other.key)).status, 404)
  })

  await t.test('a changed file counts at the next SIGHUP', async () => {
    await runToEnd(['keys', 'remove', '--file', keys, able.id])
    const later = await newKey(keys)
    // The file is looked at now and then as well, maybe between the two changes.
    const loaded = up.stdout.line(line => line.includes('"keys-loaded"') && line.includes('"keys":4'))
    up.reload()
    assert.deepEqual(JSON.parse(await loaded), {
      role: 'client',
      event: 'keys-loaded',
      file: keys,
      keys: 4,
    })
    assert.equal((await ask(url, able.key)).status, 401)
    assert.equal((await ask(url, later.key)).status, 200)
    // A key whose requests are used up does not get new ones by a reload.
    assert.equal((await ask(url, slow.key)).status, 429)

    await folder.write('keys.json', '{"keys": 1}')
    const failed = up.stdout.line(line => line.includes('"keys-not-loaded"'))
    up.reload()
    assert.match(JSON.parse(await failed).why, /The key file cannot be used/)
    assert.equal((await ask(url, later.key)).status, 200)
  })
  for (const text of [up.stdout.text, up.stderr.text]) assert.doesNotMatch(text, /sk-cocoon/)
})

test('a budget is spent once, also by a client that starts again', async () => {
  await using folder = await makeFolder()
  const keys = `${folder.path}/keys.json`
  const [port] = await freePorts(1)
  const flags = ['--keys', keys, '--port', String(port)]
  const { key, id } = await newKey(keys, '--budget', '0.000005')
  let spentNano = 0n
  {
    await using network = await startNetwork({ folder, flags })
    for (;;) {
      const response = await ask(network.url, key)
      if (response.status === 429) break
      assert.equal(response.status, 200)
      spentNano += BigInt(response.headers.get('x-cocoon-total-cost') ?? '')
    }
  }
  assert.ok(spentNano > 0n)
  const { spent } = JSON.parse(await readFile(`${folder.path}/client-${port}.spent.json`, 'utf8'))
  assert.deepEqual(spent, [{ id, day: spent[0].day, spentNano: String(spentNano) }])
  await using network = await startNetwork({ folder, flags })
  assert.equal((await ask(network.url, key)).status, 429)
})

test('web pages and other names are let in where a flag names them', async () => {
  const page = 'https://app.example'
  const flags = ['--cors', page, '--cors', 'app://other', '--allow-host', 'box.example', '--allow-host', 'b']
  await using network = await startNetwork({ flags })
  const preflight = (origin: string): Promise<Response> =>
    fetch(`${network.url}/chat/completions`, {
      method: 'OPTIONS',
      headers: { origin, 'access-control-request-method': 'POST' },
    })
  for (const origin of [page, 'app://other']) {
    const allowed = await preflight(origin)
    assert.equal(allowed.status, 204)
    assert.equal(allowed.headers.get('access-control-allow-origin'), origin)
  }
  assert.equal((await preflight('https://evil.example')).status, 403)
  const { client } = network.addresses
  assert.equal(await statusAs(client, 'box.example'), 200)
  assert.equal(await statusAs(client, 'evil.example'), 403)

  await using open = await startNetwork({ flags: ['--cors', '*'] })
  assert.match(open.up.stderr.text, /"event":"setting-doubtful","why":"every web page may call/)
  const response = await fetch(`${open.url}/models`, { headers: { origin: 'https://evil.example' } })
  assert.equal(response.headers.get('access-control-allow-origin'), '*')
})

test('flags that name no origin, and key files that are none, are refused', async () => {
  await using folder = await makeFolder()
  for (const text of ['app.example', 'https://app.example/', 'null', '']) {
    const { exitCode, stderr } = await runToEnd(['up', `--cors=${text}`])
    assert.equal(exitCode, 2)
    assert.match(stderr, /It must be an origin such as https:\/\/app\.example/)
  }
  const state = ['--state', folder.path, '--difficulty', '0', ...(await portFlags())]
  const missing = await runToEnd(['up', '--keys', `${folder.path}/none.json`, ...state])
  assert.equal(missing.exitCode, 1)
  assert.match(missing.stderr, /The key file .*none\.json does not exist\./)
})

test('other machines are let in with keys or with --allow-anyone alone', async () => {
  await using folder = await makeFolder()
  const root = await folder.write('root.json', rootJson({ workers: 1, clients: 2 }))
  const config = await folder.write('client.json', runnerJson().client)
  const client = ['client', '-c', config, '-C', root]
  for (const command of [client, ['up']]) {
    for (const host of ['0.0.0.0', '::', '192.0.2.1']) {
      const { exitCode, stdout, stderr } = await runToEnd([...command, '--host', host])
      assert.equal(exitCode, 2)
      assert.equal(stdout, '')
      assert.match(stderr, /Other machines reach .*\n .*--keys FILE .*--allow-anyone\./)
    }
  }
  // An address for documentation, which no machine has: how far it comes shows that it was let through.
  const [port] = await freePorts(1)
  const file = await folder.write('client.json', { ...runnerJson().client, http_port: port })
  const keys = `${folder.path}/keys.json`
  await newKey(keys)
  for (const flags of [['--allow-anyone'], ['--keys', keys]]) {
    const argv = ['client', '-c', file, '-C', root, '--state', folder.path, '--host', '192.0.2.1', ...flags]
    const { exitCode, stderr } = await runToEnd(argv)
    assert.equal(exitCode, 1)
    assert.match(stderr, /Port \d+ of 192\.0\.2\.1 cannot be opened: .*EADDRNOTAVAIL/)
  }
})

test('beyond this machine the status needs the token too', () => {
  const asked = (token?: string) =>
    ({ headers: token === undefined ? {} : { authorization: `Bearer ${token}` } }) as IncomingMessage
  const local = createAccess('', systemWorld)
  const remote = createAccess('', systemWorld, false)
  assert.equal(local.mayRead(asked()), true)
  assert.equal(remote.mayRead(asked()), false)
  assert.equal(remote.mayRead(asked(remote.made)), true)
})

async function newKey(file: string, ...grant: string[]): Promise<{ key: string; id: string }> {
  return JSON.parse((await runToEnd(['keys', 'new', '--json', '--file', file, ...grant])).stdout)
}

function ask(url: string, key: string | undefined): Promise<Response> {
  const body: Json = { model: backendModel, max_tokens: 10, messages: [{ role: 'user', content: 'Hello' }] }
  return fetch(`${url}/chat/completions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...(key && { authorization: `Bearer ${key}` }) },
    body: JSON.stringify(body),
  })
}

async function portFlags(): Promise<string[]> {
  const names = [
    '--port',
    '--proxy-port',
    '--proxy-workers-port',
    '--proxy-clients-port',
    '--worker-port',
    '--chain-port',
  ]
  const ports = await freePorts(names.length)
  return names.flatMap((name, index) => [name, String(ports[index])])
}

function statusAs(address: string, host: string): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    const asked = request(`http://${address}/v1/models`, { headers: { host } }, response => {
      response.resume()
      resolve(response.statusCode)
    })
    asked.on('error', reject)
    asked.end()
  })
}
