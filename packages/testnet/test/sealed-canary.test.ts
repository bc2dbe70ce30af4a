import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { addressKey, createPaymentKey, openSqliteLedger, proxyContractAddress } from '@cocoon/money'
import { openSqliteLogStore, ProxyLog } from '@cocoon/proxy'
import { systemWorld } from '@cocoon/wire/node'
import { WorkerError } from '@cocoon/worker'
import {
  addressNamed,
  type BackendScript,
  ScriptedBackend,
  sealedStage,
  startTestNetwork,
  streamedAnswer,
  wholeAnswer,
  wordEvent,
} from '../src/index.ts'
import { type Asked, ask } from './asked.ts'
import { Canary, filesUnder } from './sealed/canary.ts'

const prompt = new Canary('promptCanary7f3a9c55e1b2d4')
const answer = new Canary('answerCanary0b4d17c8a2e6f9')
const caller = new Canary('callerCanary66d0c1fb83a5e7')
const secret = new Canary('secretCanary5e1d9b07c4a3f2_paymt')
const canaries = { prompt, answer, caller, secret }

function assertNone(where: string, bytes: Uint8Array | string): void {
  for (const [name, canary] of Object.entries(canaries)) {
    const form = canary.formIn(bytes)
    assert.equal(form, undefined, `${where} has the ${name}, ${form}`)
  }
}

test('a canary is found in every form', () => {
  const { text } = prompt
  const bytes = Buffer.from(text)
  const forms = [
    text,
    JSON.stringify({ text }),
    bytes.toString('hex'),
    bytes.toString('hex').toUpperCase(),
    [...text].map(letter => `\\u${letter.charCodeAt(0).toString(16).padStart(4, '0')}`).join(''),
    JSON.stringify([...bytes]),
    Buffer.from(text, 'utf16le').toString('latin1'),
    ...['', 'a', 'ab', 'abc'].flatMap(before => {
      const around = Buffer.from(`${before}${text}after`)
      return [around.toString('base64'), around.toString('base64url')]
    }),
  ]
  for (const form of forms) assert.notEqual(prompt.formIn(form), undefined, form)
  assert.equal(prompt.formIn('promptCanary7f3a9c55e1b2d5'), undefined)
})

const usage = { prompt: 20, cached: 4, completion: 5, reasoning: 0 }
const askedText = { messages: [{ role: 'user', content: prompt.text }] }

/** What backends do with a canary. */
const scripts: Record<string, BackendScript> = {
  whole: wholeAnswer(answer.text, usage),
  streamed: streamedAnswer(['so ', answer.text, ' and on'], usage),
  refused: wholeAnswer(answer.text, {}, 400),
  broken: wholeAnswer(answer.text, {}, 500),
  unreachable: ({ events }) => events.failed(new WorkerError('backend-failed', `it said ${answer.text}`)),
  brokenOff: ({ events }) => {
    events.head(200, [['content-type', 'text/event-stream']])
    events.data(wordEvent(answer.text))
    events.failed(new WorkerError('backend-failed', `it broke off at ${answer.text}`))
  },
  noAnswer: ({ events }) => {
    events.head(200, [['content-type', 'application/json']])
    events.data(Buffer.from(`{"${answer.text}": `))
    events.end()
  },
  noEvents: ({ events }) => {
    events.head(200, [['content-type', 'text/event-stream']])
    events.data(Buffer.from(`data: {"${answer.text}": \n\n`))
    events.end()
  },
  thrown: () => {
    throw new Error(answer.text)
  },
}

test('a proxy with books and a log on disk, and roles that log all that they can, write no canary', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'cocoon-canary-'))
  try {
    const log: string[] = []
    await withLoggedNetwork(folder, log, async (client, script) => {
      for (const [name, wanted] of Object.entries(scripts)) {
        script(wanted)
        for (const stream of [false, true]) await over(ask(client, { body: { ...askedText, stream } }), name)
      }
      script(scripts['whole']!)
      for (const body of malformedBodies) await over(run(client, body), 'malformed')
      await over(ask(client, { body: askedText, model: 'test/other' }), 'no such model')
      const cancelled = ask(client, { body: { ...askedText, stream: true } })
      cancelled.cancel()
      await over(cancelled, 'cancelled')
    })
    const files = filesUnder(folder)
    assert.ok(files.some(({ path }) => path.endsWith('books.sqlite')))
    assert.ok(files.some(({ path }) => path.includes('log.sqlite')))
    for (const { path, bytes } of files) assertNone(path, bytes)
    assert.ok(log.length > 5, log.join('\n'))
    for (const line of log) assertNone('the log', line)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
})

/** Nothing that a worker could run. */
const malformedBodies = [
  `{"messages":[{"role":"user","content":"${prompt.text}"`,
  `{"model":"test/model","max_tokens":"${prompt.text}"}`,
  `{"model":"test/model","${prompt.text}":1,"${prompt.text}":2}`,
  prompt.text,
]

type Client = Parameters<typeof ask>[0]

async function withLoggedNetwork(
  folder: string,
  lines: string[],
  use: (client: Client, script: (script: BackendScript) => void) => Promise<void>,
): Promise<void> {
  using stage = await sealedStage(systemWorld)
  const key = createPaymentKey(Buffer.from(secret.text))
  const owner = addressNamed('proxy 0')
  const contract = await contractOf(stage.options, key.publicKey)
  const ledger = await openSqliteLedger({ path: join(folder, 'books.sqlite'), contract, world: systemWorld })
  const store = openSqliteLogStore(join(folder, 'log.sqlite'), systemWorld)
  const publicLog = await ProxyLog.open({
    world: systemWorld,
    ledger,
    store,
    key,
    contract,
    ifEmpty: 'create',
    intervalMs: 100,
    mayAct: () => true,
    anchors: () => [],
    onFailure: cause => lines.push(String(cause)),
  })
  const backend = new ScriptedBackend()
  {
    const { proxies, workers } = stage.options
    await using network = await startTestNetwork({
      ...stage.options,
      proxies: [{ ...proxies![0], ledger, key, owner, publicLog }],
      workers: [{ ...workers![0], backend }],
      log: (who, event) => lines.push(`${who} ${JSON.stringify(event)}`),
    })
    await network.ready()
    await use(network.client, script => {
      backend.script = script
    })
    await new Promise(resolve => setTimeout(resolve, 300))
    lines.push(JSON.stringify([network.client.stats, network.proxy.proxy.stats], plain))
    lines.push(JSON.stringify([network.workers[0]!.stats], plain))
  }
  await publicLog[Symbol.asyncDispose]()
  await ledger[Symbol.asyncDispose]()
}

const plain = (_key: string, value: unknown): unknown => (typeof value === 'bigint' ? `${value}` : value)

async function contractOf(
  options: Parameters<typeof startTestNetwork>[0],
  proxyPublicKey: Uint8Array,
): Promise<string> {
  await using network = await startTestNetwork({ ...options, workers: [], clients: [] })
  const { config, root } = network
  return addressKey(
    proxyContractAddress(config, { proxyPublicKey, proxyOwner: addressNamed('proxy 0'), root }),
  )
}

/** As the endpoint would never send it: bytes that are no JSON, sealed all the same. */
function run(client: Client, body: string): Asked {
  const asked = {} as Asked
  const running = client.run(
    {
      model: 'test/model',
      path: '/v1/chat/completions',
      maxCoefficient: 4_000,
      maxTokens: 100,
      timeoutMs: 10_000,
      enableDebug: true,
      body: Buffer.from(body),
    },
    {
      head: () => {},
      data: () => {},
      end: ({ tokens, proxy }) => void (asked.ended = { kind: 'end', tokens, proxy }),
      failed: ({ code }: Error & { code?: string }, { tokens }) =>
        void (asked.ended = { kind: 'failed', code: code ?? '', tokens }),
    },
  )
  asked.cancel = () => running.cancel()
  return asked
}

async function over(asked: Asked, what: string): Promise<void> {
  const endMs = systemWorld.monotonic() + 20_000
  while (asked.ended === undefined) {
    assert.ok(systemWorld.monotonic() < endMs, `it took too long: ${what}`)
    await new Promise(resolve => setTimeout(resolve, 5))
  }
}

const main = fileURLToPath(new URL('../../../apps/cli/src/main.ts', import.meta.url))

test('a whole network as one program: nothing that it says, shows or stores has a canary', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'cocoon-canary-'))
  const [state, temporary, receipts, home] = ['state', 'tmp', 'receipts', 'home'].map(name =>
    join(folder, name),
  )
  for (const made of [state, temporary, receipts, home]) await mkdir(made!)
  await using backend = await canaryBackend()
  const ports = [
    '--port',
    '--proxy-port',
    '--proxy-workers-port',
    '--proxy-clients-port',
    '--worker-port',
    '--chain-port',
  ]
  const flags = [
    '--json',
    '--state',
    state!,
    '--log-level',
    'trace',
    '--backend',
    backend.address,
    '--receipts',
    receipts!,
  ]
  const child = spawn(process.execPath, [main, 'up', ...flags, ...ports.flatMap(flag => [flag, '0'])], {
    stdio: ['ignore', 'pipe', 'pipe'],
    cwd: folder,
    env: { PATH: process.env['PATH'], HOME: home, TMPDIR: temporary },
  })
  const output: Buffer[] = []
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (bytes: Buffer) => output.push(bytes))
  const ended = new Promise<number | null>(resolve => child.once('close', code => resolve(code)))
  try {
    const { base_url: url, model, client, proxy, worker } = await ready(child, output)
    const send = async (body: string): Promise<string> => {
      const response = await fetch(`${url}/chat/completions`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', authorization: `Bearer ${caller.text}` },
        body,
      })
      return response.text().catch(() => '')
    }
    const question = (change: object): string => JSON.stringify({ model, ...askedText, ...change })
    const whole = await send(question({}))
    assert.ok(whole.includes(answer.text), whole)
    assert.ok((await send(question({ stream: true }))).includes(answer.text))
    assert.ok(backend.asked.includes(prompt.text))
    for (const how of ['fail', 'cut', 'refuse']) {
      backend.how = how
      for (const stream of [false, true]) await send(question({ stream }))
    }
    backend.how = 'answer'
    await send(`{"model":"${model}","messages":[{"content":"${prompt.text}"`)
    await send(question({ max_tokens: prompt.text }))
    await send(question({ temperature: prompt.text, [prompt.text]: 1 }))
    const hungUp = new AbortController()
    const gone = fetch(`${url}/chat/completions`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: question({ stream: true }),
      signal: hungUp.signal,
    }).catch(() => {})
    hungUp.abort()
    await gone
    // What was charged is written to the books and the log within a second or two.
    await new Promise(resolve => setTimeout(resolve, 2_500))
    for (const { http } of [client, proxy, worker]) {
      for (const path of ['/metrics', '/stats', '/jsonstats', '/health', '/tally', '/log']) {
        const shown = await fetch(`http://${http}${path}`).then(response => response.text())
        assertNone(`${http}${path}`, shown)
      }
    }
    const files = filesUnder(folder)
    assert.ok(
      files.some(({ path }) => /books-[\w]+\.sqlite$/.test(path)),
      'there are books on disk',
    )
    assert.ok(
      files.some(({ path }) => path.startsWith(receipts!)),
      'there are receipts on disk',
    )
    for (const { path, bytes } of files) assertNone(path, bytes)
  } finally {
    child.kill('SIGINT')
    await ended
    for (const { path, bytes } of filesUnder(folder)) assertNone(path, bytes)
    await rm(folder, { recursive: true, force: true })
  }
  assert.ok(output.length > 0)
  assertNone('the output', Buffer.concat(output))
})

interface Ready {
  readonly base_url: string
  readonly model: string
  readonly client: { readonly http: string }
  readonly proxy: { readonly http: string }
  readonly worker: { readonly http: string }
}

async function ready(child: ChildProcess, output: readonly Buffer[]): Promise<Ready> {
  for (;;) {
    const text = Buffer.concat([...output]).toString()
    const line = text.split('\n').find(found => found.startsWith('{"event":"ready"') && found.endsWith('}'))
    if (line !== undefined) return JSON.parse(line) as Ready
    assert.equal(child.exitCode, null, text)
    await new Promise(resolve => setTimeout(resolve, 50))
  }
}

interface CanaryBackend extends AsyncDisposable {
  readonly address: string
  /** Bodies of all requests. */
  readonly asked: string
  how: string
}

/** A model server that says the canary, in answers and in errors. */
async function canaryBackend(): Promise<CanaryBackend> {
  const bodies: Buffer[] = []
  const server = createServer((request, response) => {
    request.on('data', (chunk: Buffer) => bodies.push(chunk))
    request.on('end', () => {
      if (request.url === '/v1/models')
        return json(response, 200, { object: 'list', data: [{ id: 'test/canary' }] })
      if (backend.how === 'fail') return json(response, 500, { error: { message: answer.text } })
      if (backend.how === 'refuse') return json(response, 400, { error: { message: answer.text } })
      const text = Buffer.concat(bodies).toString()
      const isStream = text.slice(text.lastIndexOf('{"model"')).includes('"stream":true')
      response.setHeader('content-type', isStream ? 'text/event-stream' : 'application/json')
      const pieces = isStream ? streamed : [JSON.stringify(wholeBody)]
      response.write(pieces[0])
      if (backend.how === 'cut') return setTimeout(() => response.destroy(), 20)
      for (const piece of pieces.slice(1)) response.write(piece)
      return response.end()
    })
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const backend: CanaryBackend = {
    address: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    how: 'answer',
    get asked() {
      return Buffer.concat(bodies).toString()
    },
    [Symbol.asyncDispose]: () =>
      new Promise(resolve => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
  return backend
}

const stated = { prompt_tokens: 3, completion_tokens: 5, total_tokens: 8 }
const wholeBody = {
  id: '1',
  object: 'chat.completion',
  model: 'test/canary',
  choices: [{ index: 0, message: { role: 'assistant', content: answer.text }, finish_reason: 'stop' }],
  usage: stated,
}
const streamed = [
  { choices: [{ index: 0, delta: { content: answer.text } }] },
  { choices: [{ index: 0, delta: {}, finish_reason: 'stop' }] },
  { choices: [], usage: stated },
]
  .map(
    chunk =>
      `data: ${JSON.stringify({ id: '1', object: 'chat.completion.chunk', model: 'test/canary', ...chunk })}\n\n`,
  )
  .concat('data: [DONE]\n\n')

function json(response: ServerResponse, status: number, value: object): void {
  response.statusCode = status
  response.setHeader('content-type', 'application/json')
  response.end(JSON.stringify(value))
}
