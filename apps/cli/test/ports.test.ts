import assert from 'node:assert/strict'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { after, before, test } from 'node:test'
import { runToEnd } from './support/console.ts'
import { freePorts, makeFolder, rootJson, runnerJson } from './support/files.ts'

const other = createServer((_request, response) => response.end('something else'))
let busy = 0

before(async () => {
  await new Promise<void>(resolve => other.listen(0, '127.0.0.1', resolve))
  busy = (other.address() as AddressInfo).port
})
after(() => other.close())

const freeFlags = [
  '--port',
  '--proxy-port',
  '--proxy-workers-port',
  '--proxy-clients-port',
  '--worker-port',
  '--chain-port',
]

for (const flag of freeFlags) {
  test(`up says that the port of ${flag} is busy, before it starts anything`, async () => {
    const argv = ['up', ...freeFlags.flatMap(name => [name, name === flag ? String(busy) : '0'])]
    const { exitCode, stdout, stderr } = await runToEnd([...argv, '--backend', 'http://127.0.0.1:1'])
    assert.equal(exitCode, 1)
    assert.equal(stdout, '')
    assert.match(
      stderr,
      new RegExp(`Port ${busy} of 127.0.0.1 is in use by another program.\n .* with ${flag}\\.`),
    )
  })
}

test('up does not take one port for two things', async () => {
  const [port] = await freePorts(1)
  const argv = ['up', ...freeFlags.flatMap(name => [name, '0'])]
  argv.push('--port', String(port), '--worker-port', String(port))
  const { exitCode, stderr } = await runToEnd(argv)
  assert.equal(exitCode, 2)
  assert.match(stderr, /--port and --worker-port are both/)
})

test('roles name the flag or key of a busy port', async () => {
  await using folder = await makeFolder()
  const root = await folder.write('root.json', rootJson({ workers: 1, clients: 2 }))
  const files = runnerJson({ httpPorts: [busy, busy, busy] })
  const state = ['--state', folder.path]
  for (const role of ['client', 'worker'] as const) {
    const config = await folder.write(`${role}.json`, files[role])
    const { exitCode, stderr } = await runToEnd([role, '-c', config, '-C', root, ...state])
    assert.equal(exitCode, 1)
    assert.match(
      stderr,
      new RegExp(`Port ${busy} .*\n .* with http_port in .*${role}.json or the variable COCOON_HTTP_PORT`),
    )
  }
  const config = await folder.write('proxy.json', { ...files.proxy, workers_rpc_port: busy })
  const direct = ['proxy', '-c', config, '-C', root, ...state, '--clients-port', '0']
  const flagged = await runToEnd([...direct, '--workers-port', String(busy)])
  assert.match(flagged.stderr, new RegExp(`Port ${busy} .*\n .* with --workers-port\\.`))
  const routed = await runToEnd([...direct, '--router'])
  assert.match(routed.stderr, new RegExp(`Port ${busy} .*\n .* with workers_rpc_port\\.`))
})

test('status tells another program from a role, and from nothing', async () => {
  const [free] = await freePorts(1)
  const argv = [
    'status',
    '--json',
    '--port',
    String(busy),
    '--proxy-port',
    String(free),
    '--worker-port',
    String(free),
  ]
  const { exitCode, stdout } = await runToEnd(argv)
  assert.equal(exitCode, 1)
  const { up, roles } = JSON.parse(stdout)
  assert.equal(up, false)
  assert.deepEqual(
    roles.map((role: { role: string; state: string }) => [role.role, role.state]),
    [
      ['client', 'another program'],
      ['proxy', 'down'],
      ['worker', 'down'],
    ],
  )
})

test('what needs an endpoint says that none answers', async () => {
  const [free] = await freePorts(1)
  for (const argv of [['models'], ['chat', 'Hello']]) {
    const { exitCode, stderr } = await runToEnd([...argv, '--url', `http://127.0.0.1:${free}`])
    assert.equal(exitCode, 1)
    assert.match(
      stderr,
      /Nothing answers at http:\/\/127\.0\.0\.1:\d+\/v1\.\n {2}Start a network with `cocoon up`/,
    )
  }
})
