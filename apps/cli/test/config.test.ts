import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseRunnerConfig } from '../src/config/runner-config.ts'
import { configuredEndpoint, configuredUrl } from '../src/config/address.ts'
import type { CliError } from '../src/error.ts'
import { runToEnd } from './support/console.ts'
import { makeFolder, rootJson, runnerJson } from './support/files.ts'

const place = { path: 'runner.json', environment: {} }

test('a runner file is read with defaults, and unknown keys are ignored', () => {
  const runner = parseRunnerConfig('clientRunner.config', runnerJson().client, place)
  assert.equal(runner.isTest, true)
  assert.equal(runner.proxyConnections, 1)
  assert.equal(runner.secretString, '')
  assert.equal(runner.checkProxyHashes, false)
})

test('variables take the place of keys', () => {
  const environment = {
    COCOON_HTTP_PORT: '10123',
    COCOON_CHECK_PROXY_HASHES: 'true',
    COCOON_SECRET_STRING: 'word',
    COCOON_DEBUG: '1',
  }
  const runner = parseRunnerConfig('clientRunner.config', runnerJson().client, { ...place, environment })
  assert.equal(runner.httpPort, 10_123)
  assert.equal(runner.checkProxyHashes, true)
  assert.equal(runner.secretString, 'word')
})

test('a value that does not fit is named by its key, with its place and without its content', () => {
  const inFile = { http_port: 'ten thousand' }
  assert.throws(() => parseRunnerConfig('clientRunner.config', inFile, place), {
    code: 'config',
    message: /^The configuration runner\.json does not fit: http_port must be a 32-bit integer, not a string/,
  })
  const environment = { COCOON_NODE_WALLET_KEY: 'secret-but-short' }
  assert.throws(
    () => parseRunnerConfig('clientRunner.config', {}, { ...place, environment }),
    (error: CliError) =>
      error.message.startsWith(
        'The variable COCOON_NODE_WALLET_KEY does not fit: node_wallet_key must be 32 bytes',
      ) && !error.message.includes('secret'),
  )
  assert.throws(() => parseRunnerConfig('clientRunner.config', [], place), {
    message: /The JSON must be an object/,
  })
})

test('addresses of backends and routers', () => {
  assert.equal(configuredUrl('forward_requests_to', '127.0.0.1:8000'), 'http://127.0.0.1:8000')
  assert.equal(configuredUrl('forward_requests_to', 'https://host/prefix/'), 'https://host/prefix')
  assert.throws(() => configuredUrl('forward_requests_to', ''), {
    code: 'config',
    message: /^forward_requests_to/,
  })
  assert.deepEqual(configuredEndpoint('connect_to_proxy_via', '127.0.0.1:8116'), {
    host: '127.0.0.1',
    port: 8116,
  })
  for (const text of ['', '8116', '127.0.0.1', '127.0.0.1:0', '127.0.0.1:70000', 'http://127.0.0.1:1']) {
    assert.throws(() => configuredEndpoint('connect_to_proxy_via', text), {
      message: /^connect_to_proxy_via/,
    })
  }
})

test('faulty files end a role with 1, a reason and advice', async () => {
  await using folder = await makeFolder()
  const root = await folder.write('root.json', rootJson({ workers: 1, clients: 2 }))
  const good = await folder.write('client.json', runnerJson().client)

  const without = await runToEnd(['client', '-c', good])
  assert.equal(without.exitCode, 1)
  assert.match(without.stderr, /The global configuration of TON ignored\.json does not exist\./)

  const missing = await runToEnd(['client', '-c', `${folder.path}/no.json`, '-C', root])
  assert.equal(missing.exitCode, 1)
  assert.match(missing.stderr, /no\.json does not exist\.\n {2}Check the path/)
  assert.doesNotMatch(missing.stderr, / at /)

  const broken = await folder.write('broken.json', '{\n  "node_wallet_key": "c2VjcmV0",\n  oops\n}')
  const notJson = await runToEnd(['client', '-c', broken, '-C', root, '--json'])
  assert.equal(notJson.exitCode, 1)
  const { error } = JSON.parse(notJson.stdout)
  assert.equal(error.code, 'config')
  assert.match(error.message, /is not JSON: it breaks off at line 3/)
  assert.doesNotMatch(notJson.stdout + notJson.stderr, /c2VjcmV0/)

  const badRoot = await folder.write('bad-root.json', {
    ...rootJson({ workers: 1, clients: 2 }),
    version: 'x',
  })
  const wrongRoot = await runToEnd(['client', '-c', good, '-C', badRoot])
  assert.match(wrongRoot.stderr, /bad-root\.json does not fit: .*version must be a 32-bit integer/)

  const noOwner = await folder.write('no-owner.json', { ...runnerJson().client, owner_address: '' })
  const ownerless = await runToEnd(['client', '-c', noOwner, '-C', root])
  assert.match(ownerless.stderr, /owner_address is missing\.\n {2}Set owner_address to a TON address/)
})

test('a stack trace comes only on request', async () => {
  const argv = ['client', '-c', '/no/such/file', '-C', '/no/such/root']
  assert.match((await runToEnd(argv, { environment: { COCOON_DEBUG: '1' } })).stderr, /\n {4}at /)
})
