import assert from 'node:assert/strict'
import { readdir, readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { parseAddress } from '@cocoon/money'
import { backendModel, startBackend } from './support/backend.ts'
import { addressOf, freePorts } from './support/files.ts'
import { startChainWithRoot } from './support/local-chain.ts'

interface Line {
  what: string
  nano: string
}

test('a dry run says what a role takes, and writes nothing', async () => {
  await using network = await startChainWithRoot()
  const { run, json, folder, root } = network
  const owner = addressOf(5)
  const out = join(folder.path, 'client.json')
  const dry = await json('client', 'setup', '--owner', owner, '--out', out, '--dry-run')
  // The root is the one that this machine's local network was given.
  assert.equal(parseAddress(String(dry['root'])).hash, parseAddress(root).hash)
  const start = dry['start'] as Line[]
  assert.deepEqual(
    start.map(({ what }) => what),
    ['deposit', 'contracts', 'fees of the chain', 'reserve of the wallet', 'under way'],
  )
  assert.deepEqual([start[0]?.nano, start[3]?.nano], ['1000000000', '2100000000'])
  const sum = start.reduce((total, { nano }) => total + BigInt(nano), 0n)
  const funded = BigInt(String(dry['fund_nano']))
  assert.ok(funded >= sum && funded < sum + 100_000_000n)
  assert.ok(!(await readdir(folder.path)).includes('client.json'))

  const more = ['--requests-per-day', '100000', '--tokens-per-request', '2000']
  const busy = await json('client', 'setup', '--owner', owner, '--dry-run', ...more)
  const [answers] = busy['month'] as Line[]
  assert.equal(answers?.nano, String(30n * 100_000n * 2000n * 2n))

  const text = await run('proxy', 'setup', '--owner', owner, '--dry-run', '--coin', 'GRAM')
  assert.match(text.stdout, /^Simulated: a chain of this machine alone/)
  assert.match(text.stdout, /Price of 1 M units: 0\.002 GRAM, of which workers get 0\.001 GRAM\./)
  assert.match(text.stdout, /stake +1 GRAM/)
  assert.match(text.stdout, /to send before the start +\d+(\.\d)? GRAM/)
  assert.match(text.stdout, /Nothing was written\.\n$/)
})

test('a client is set up and funded, and its file is never lost', async () => {
  await using network = await startChainWithRoot()
  const { run, json, folder, devnet } = network
  const { address: owner } = await json('wallet', 'new')
  const out = join(folder.path, 'client.json')
  const [httpPort = 0] = await freePorts(1)
  const flags = ['--out', out, '--http-port', String(httpPort), '--yes']
  const made = await json('client', 'setup', ...flags, '--fund')
  assert.equal((await stat(out)).mode & 0o777, 0o600)
  const text = await readFile(out, 'utf8')
  const file = JSON.parse(text) as Record<string, unknown>
  assert.deepEqual(
    [
      file['is_test'],
      file['http_port'],
      file['owner_address'],
      file['secret_string'],
      file['ton_config_filename'],
    ],
    [true, httpPort, owner, '', devnet.url],
  )
  assert.equal(Buffer.from(String(file['node_wallet_key']), 'base64').length, 32)
  const { balanceNano } = await devnet.chain.account(parseAddress(String(made['wallet'])))
  assert.equal(String(balanceNano), made['fund_nano'])
  const shown = await json('wallet', 'show', '--config', out)
  assert.equal(shown['address'], made['wallet'])

  const again = await run('client', 'setup', ...flags)
  assert.match(again.stderr, /There is a configuration already at .*\n.*--force/)
  const forced = await run('client', 'setup', ...flags, '--force')
  assert.equal(forced.exitCode, 0, forced.stderr)
  const kept = (await readdir(folder.path)).find(name => name.endsWith('.old'))
  assert.equal(await readFile(join(folder.path, String(kept)), 'utf8'), text)
  assert.match(
    forced.stdout,
    /1\. Send .*TON to the wallet of this client:\n +UQ\S+\n +cocoon wallet fund \S+ --config/,
  )
  assert.match(forced.stdout, /2\. Start it: cocoon client --config/)
})

test('a worker is set up with a model that its server has', async () => {
  await using network = await startChainWithRoot()
  await using backend = await startBackend()
  const { run, json, folder } = network
  const out = join(folder.path, 'worker.json')
  const common = ['worker', 'setup', '--owner', addressOf(6), '--out', out, '--http-port', '0', '--yes']
  const made = await json(...common, '--backend', backend.url)
  assert.deepEqual(made['doubts'], [])
  const file = JSON.parse(await readFile(out, 'utf8')) as Record<string, unknown>
  assert.equal(file['model_name'], `${backendModel}@local:${'0'.repeat(64)}`)
  assert.deepEqual([file['forward_requests_to'], file['coefficient']], [backend.url, 1000])

  const other = [...common.map(word => (word === out ? `${out}.2` : word)), '--backend', backend.url]
  const wrong = await json(...other, '--backend-model', 'nothing')
  assert.match(String(wrong['doubts']), /nothing is not among its models/)
  const silent = await run(...common, '--force', '--backend', 'http://127.0.0.1:1')
  assert.match(silent.stderr, /The server http:\/\/127\.0\.0\.1:1 does not answer/)
})

test('what does not fit is said with the flag that corrects it', async () => {
  await using network = await startChainWithRoot()
  const { run } = network
  const fails = async (argv: string[], wanted: RegExp): Promise<void> => {
    const { exitCode, stderr } = await run(...argv, '--dry-run')
    assert.notEqual(exitCode, 0)
    assert.match(stderr, wanted)
  }
  const owner = ['--owner', addressOf(5)]
  await fails(['client', 'setup'], /Nobody said: whose coins are they.*\n.*--owner/)
  await fails(['client', 'setup', ...owner, '--root', addressOf(4)], /There is no contract at EQ/)
  await fails(['client', 'setup', ...owner, '--root', 'nonsense'], /--root: Not a TON address/)
  await fails(['proxy', 'setup', ...owner, '--host', 'proxy.example'], /--host: It must be an IPv4 address/)
  await fails(['worker', 'setup', ...owner, '--model', 'plain'], /--model: It must be name@commit:hash/)
})
