import assert from 'node:assert/strict'
import { test } from 'node:test'
import { backendAnswer, backendModel, startBackend } from './support/backend.ts'
import { runToEnd } from './support/console.ts'
import { freePorts, makeFolder, rootJson, runnerJson } from './support/files.ts'
import { spawnCli } from './support/process.ts'
import { ask, askStreaming, getJson, untilHealthy } from './support/requests.ts'

test('three processes from runner files', { timeout: 60_000 }, async t => {
  await using folder = await makeFolder()
  await using backend = await startBackend()
  const [workers = 0, clients = 0, ...httpPorts] = await freePorts(5)
  const files = runnerJson({ backend: backend.address, httpPorts })
  const [proxyHttp, clientHttp, workerHttp] = httpPorts.map(port => `127.0.0.1:${port}`)
  const root = await folder.write('root.json', rootJson({ workers, clients }))
  const paths = {
    proxy: await folder.write('proxy.json', files.proxy),
    client: await folder.write('client.json', files.client),
    worker: await folder.write('worker.json', files.worker),
  }
  const common = ['--disable-ton', root, '--state', folder.path, '--policy', 'fake_tdx']
  const ports = ['--workers-port', String(workers), '--clients-port', String(clients), '--difficulty', '6']

  await using worker = spawnCli(['worker', '--config', paths.worker, ...common])
  await using client = spawnCli(['client', '-c', paths.client, ...common, '-v', '4'])
  await using proxy = spawnCli(['proxy', '-c', paths.proxy, ...common, ...ports, '--json'])
  const ended = [worker, client, proxy].map(async role => {
    throw new Error(`A role ended with ${await role.exitCode}: ${role.stderr.text}`)
  })
  const up = untilHealthy(workerHttp ?? '', clientHttp ?? '', proxyHttp ?? '')
  await Promise.race([up, ...ended])
  for (const end of ended) end.catch(() => {})

  const url = `http://${clientHttp}/v1`
  assert.equal(await ask(url, backendModel, 'simulated'), backendAnswer)
  assert.equal(await askStreaming(url, backendModel), backendAnswer)

  await t.test('the peers showed the evidence that the policy asks for', async () => {
    const { worker_connections: connections } = await getJson(`http://${proxyHttp}/jsonstats`)
    assert.equal(connections.length, 1)
    assert.notEqual(connections[0].worker_hash, '0'.repeat(64))
    assert.equal(connections[0].queries_10m, 2)
  })

  await t.test('doctor goes the whole way', async () => {
    const argv = ['doctor', '-C', root, '--policy', 'fake_tdx', '--state', folder.path, '--json']
    for (const [role, steps] of [
      ['client', 5],
      ['worker', 5],
      ['proxy', 0],
    ] as const) {
      const { exitCode, stdout } = await runToEnd([
        ...argv,
        '-c',
        paths[role],
        ...(role === 'proxy' ? ports.slice(0, 4) : []),
      ])
      assert.equal(exitCode, 0, stdout)
      const { ok, checks } = JSON.parse(stdout)
      assert.equal(ok, true)
      const way = checks.filter((check: { name: string }) => check.name.startsWith('proxy '))
      assert.equal(way.length, steps)
      assert.ok(way.every((check: { result: string }) => check.result === 'ok'))
    }
    const plain = await runToEnd(['doctor', '-c', paths.client, '-C', root, '--max-difficulty', '3'])
    assert.equal(plain.exitCode, 1)
    assert.match(
      plain.stdout,
      /^✗ proxy .*: proof of work: The peer asks for a proof of work of difficulty 6/,
    )
    assert.match(plain.stdout, /\n {2}Allow harder proofs of work with --max-difficulty/)
    assert.match(plain.stdout, /\n✓ proxy .*: TCP: passed\n– proxy .*: TLS: not reached/)
  })

  for (const role of [client, worker, proxy]) {
    role.kill(role === proxy ? 'SIGTERM' : 'SIGINT')
    assert.equal(await role.exitCode, 0, role.stderr.text)
  }
  assert.match(
    proxy.stdout.text,
    /^\{"event":"started","role":"proxy".*\}\n\{"event":"stopped","role":"proxy"\}\n$/,
  )
  const lines = [client, worker, proxy].flatMap(role => role.stderr.text.trim().split('\n'))
  for (const line of lines) assert.equal(typeof JSON.parse(line).time, 'string')
  for (const secret of ['Hello', backendAnswer, files.client.node_wallet_key]) {
    assert.ok(!lines.join('\n').includes(secret))
  }
})

test('doctor says what is wrong first, and what to do about it', async () => {
  await using folder = await makeFolder()
  const [workers = 0, clients = 0] = await freePorts(2)
  const root = await folder.write('root.json', rootJson({ workers, clients }))
  await using backend = await startBackend({ usage: false })
  const { worker } = runnerJson({ backend: backend.address })
  const faulty = { ...worker, model_name: 'other/model@1:2' }
  const config = await folder.write('worker.json', faulty)
  const { exitCode, stdout } = await runToEnd(['doctor', '-c', config, '-C', root])
  assert.equal(exitCode, 1)
  const [failing = '', rest = ''] = stdout.split('\n\n')
  assert.match(failing, new RegExp(`✗ proxy 127.0.0.1:${workers}: TCP: Cannot connect`))
  assert.match(
    failing,
    /✗ backend .*: model: other\/model is not among its models; it has test\/parrot\n {2}Name /,
  )
  assert.match(
    failing,
    /✗ backend .*: usage: it states no tokens and counts none\n {2}Use a server that states usage/,
  )
  assert.doesNotMatch(failing, /✓/)
  assert.match(rest, /✓ configuration .*: a worker; every key fits/)

  const empty = await folder.write('empty.json', {})
  const bare = await runToEnd(['doctor', '-c', empty, '--json'])
  const failed = JSON.parse(bare.stdout).checks.filter(
    (check: { result: string }) => check.result === 'failed',
  )
  assert.deepEqual(
    failed.map((check: { found: string }) => check.found.split(/[ :,]/, 1)[0]),
    ['owner_address', 'root_contract_address', 'node_wallet_key', 'is_test', 'proxy_connections'],
  )
  assert.ok(failed.every((check: { advice: string }) => check.advice.length > 0))
})
