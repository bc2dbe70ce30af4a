import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { backendModel, startBackend } from './support/backend.ts'
import { type Running, start } from './support/console.ts'
import { addressOf, freePorts } from './support/files.ts'
import { type ChainWithRoot, startChainWithRoot } from './support/local-chain.ts'

type Json = Record<string, unknown>

const patienceMs = 120_000

/** Asks again until the answer is as wanted. */
async function until<Value>(
  what: string,
  ask: () => Promise<Value>,
  isWanted: (value: Value) => boolean,
): Promise<Value> {
  const giveUpAt = Date.now() + patienceMs
  for (;;) {
    const value = await ask()
    if (isWanted(value)) return value
    if (Date.now() > giveUpAt) throw new Error(`${what} did not come: ${JSON.stringify(value)}`)
    await new Promise(resolve => setTimeout(resolve, 300))
  }
}

/** The three roles as their set-ups made them, each started from its file. */
interface Roles extends AsyncDisposable {
  readonly files: Readonly<Record<'client' | 'proxy' | 'worker', string>>
  readonly endpoint: string
  stop(role: 'client' | 'proxy' | 'worker'): Promise<void>
}

async function startRoles(network: ChainWithRoot, backendUrl: string): Promise<Roles> {
  const { folder, json, workersPort, clientsPort } = network
  const [clientPort = 0, proxyPort = 0, workerPort = 0] = await freePorts(3)
  const files = {
    client: join(folder.path, 'client.json'),
    proxy: join(folder.path, 'proxy.json'),
    worker: join(folder.path, 'worker.json'),
  }
  const common = (role: keyof typeof files, port: number): string[] => {
    const owner = addressOf(role === 'worker' ? 6 : 7)
    const flags = ['--owner', owner, '--out', files[role], '--http-port', String(port), '--yes', '--fund']
    return [role, 'setup', ...flags]
  }
  const ports = ['--workers-port', String(workersPort), '--clients-port', String(clientsPort)]
  await json(...common('proxy', proxyPort), ...ports)
  await json(...common('worker', workerPort), '--backend', backendUrl)
  await json(...common('client', clientPort))
  const begin = (role: keyof typeof files, ...flags: string[]): Running =>
    start([role, '--config', files[role], '--state', folder.path, '--json', ...flags])
  const running = {
    proxy: begin('proxy', ...ports, '--difficulty', '4', '--policy', 'any'),
    worker: begin('worker', '--policy', 'any'),
    client: begin('client', '--policy', 'any'),
  }
  const stop = async (role: keyof typeof files): Promise<void> => {
    running[role].stop()
    await running[role].exitCode
  }
  return {
    files,
    endpoint: `http://127.0.0.1:${clientPort}`,
    stop,
    [Symbol.asyncDispose]: async () => {
      for (const role of ['client', 'worker', 'proxy'] as const) await stop(role)
    },
  }
}

test('roles that were set up earn and spend; balance, earnings and close tell of it', async () => {
  await using network = await startChainWithRoot()
  await using backend = await startBackend()
  await using roles = await startRoles(network, backend.url)
  const { run, json, folder } = network
  const { files, endpoint } = roles
  const state = ['--state', folder.path]
  const ask = async (): Promise<{ status: number; cost: string | null }> => {
    const response = await fetch(`${endpoint}/v1/chat/completions`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({
        model: backendModel,
        messages: [{ role: 'user', content: 'Hello' }],
        max_tokens: 20,
      }),
    }).catch(() => undefined)
    await response?.arrayBuffer()
    return { status: response?.status ?? 0, cost: response?.headers.get('x-cocoon-total-cost') ?? null }
  }
  const first = await until('an answer', ask, ({ status }) => status === 200)
  // 8 price units of 2 nanotons.
  assert.equal(first.cost, '16')
  await ask()

  const spent = (await json('earnings', 'client', '--config', files.client, '--by', 'model', ...state))[
    'rows'
  ] as Json[]
  assert.deepEqual(
    spent.map(({ model, requests, spent_nano: nano }) => [model, requests, nano]),
    [[backendModel, 2, '32']],
  )
  const earned = (await json('earnings', '--config', files.worker, ...state))['rows'] as Json[]
  assert.deepEqual(
    earned.map(({ requests, tokens, earned_nano: nano }) => [requests, tokens, nano]),
    [[2, '16', '16']],
  )
  const csv = await run('earnings', 'proxy', '--config', files.proxy, '--by', 'partner', '--csv', ...state)
  assert.match(
    csv.stdout,
    /^partner,requests,tokens,price_units,commission_nano,commission\nUQ\S+,2,0,16,16,0\.000000016\n$/,
  )

  // A client looks at its contract every few seconds.
  const client = await until(
    'the deposit',
    () => json('balance', '--config', files.client, ...state),
    balance => balance['deposited_nano'] !== '0',
  )
  assert.deepEqual(
    [client['running'], client['deposited_nano'], client['used_nano'], client['left_nano']],
    [true, '1000000000', '32', '999999968'],
  )
  const worker = await json('balance', '--config', files.worker, ...state)
  assert.equal(
    BigInt(String(worker['paid_nano'])) +
      BigInt(String(worker['signed_nano'])) +
      BigInt(String(worker['unsigned_nano'])),
    16n,
  )
  const proxy = await json('balance', '--config', files.proxy, ...state)
  assert.equal(proxy['stake_nano'], '1000000000')
  assert.ok(BigInt(String(proxy['pool_nano'])) >= 2_000_000_000n)
  assert.match(
    (await run('balance', '--config', files.client, ...state)).stdout,
    /0\.999999968 TON left to spend/,
  )

  // A role that does not run is read from the chain and its records.
  await roles.stop('worker')
  const resting = await json('balance', '--config', files.worker, ...state)
  assert.equal(resting['running'], false)
  assert.equal(
    BigInt(String(resting['paid_nano'])) +
      BigInt(String(resting['signed_nano'])) +
      BigInt(String(resting['unsigned_nano'])),
    16n,
  )
  const recorded = (await json('earnings', '--config', files.worker, '--by', 'model', ...state))[
    'rows'
  ] as Json[]
  assert.deepEqual(
    recorded.map(({ earned_nano: nano }) => nano),
    ['16'],
  )

  const unsure = await run('close', '--config', files.client, ...state)
  assert.equal(unsure.exitCode, 2)
  assert.match(unsure.stderr, /Nobody confirmed it/)
  const closed = await run('close', '--config', files.client, '--yes', ...state)
  assert.match(closed.stdout, /0\.999999968 TON come back from UQ\S+\n.*after 5 min in any case/)
  // What was sent at the start was 3.9 TON.
  await until(
    'the refund',
    () => json('balance', '--config', files.client, ...state),
    ({ proxies, deposited_nano: deposited, wallet_nano: wallet }) =>
      (proxies as Json[])[0]?.['state'] === 'closed' &&
      deposited === '0' &&
      BigInt(String(wallet)) > 3_700_000_000n,
  )
  assert.match((await run('close', '--config', files.client, '--yes', ...state)).stdout, /no open contract/)
})
