import assert from 'node:assert/strict'
import { readdir } from 'node:fs/promises'
import { test } from 'node:test'
import { runToEnd } from './support/console.ts'
import { backendAnswer, backendModel, startBackend } from './support/backend.ts'
import { makeFolder } from './support/files.ts'
import { jsonLine, type Spawned, spawnCli } from './support/process.ts'
import { ask, askStreaming, bodyOf } from './support/requests.ts'

const freePorts = [
  '--port',
  '--proxy-port',
  '--proxy-workers-port',
  '--proxy-clients-port',
  '--worker-port',
  '--chain-port',
].flatMap(flag => [flag, '0'])

interface Ready extends Record<string, unknown> {
  base_url: string
  model: string
  simulated: boolean
  client: { http: string }
  proxy: { http: string; workers: string; clients: string }
  worker: { http: string }
}

async function ready(up: Spawned): Promise<Ready> {
  return (await jsonLine(up, ({ event }) => event === 'ready')) as Ready
}

test('up with its own model: ready, answers, ends at Ctrl-C and leaves nothing behind', async () => {
  await using folder = await makeFolder()
  await using up = spawnCli(['up', '--json', '--state', folder.path, ...freePorts])
  const network = await ready(up)
  assert.equal(network.simulated, true)
  assert.equal(network.model, 'cocoon/tiny-recital')
  assert.equal(up.stdout.text.split('\n')[0], JSON.stringify(network))
  assert.equal(up.stderr.text, '')

  const whole = await ask(network.base_url, network.model)
  assert.match(whole, /^Hello. I am a tiny test model/)
  assert.equal(await askStreaming(network.base_url, network.model), whole)

  up.kill('SIGINT')
  assert.equal(await up.exitCode, 0)
  const lines = up.stdout.text.trim().split('\n')
  assert.deepEqual(JSON.parse(lines.at(-1) ?? ''), { event: 'stopped' })
  for (const line of lines) assert.equal(typeof JSON.parse(line).event, 'string')
  assert.deepEqual(await readdir(folder.path), ['models', 'simulated-tee'])
})

test('up in front of a server, and the commands that look at it', async t => {
  await using folder = await makeFolder()
  await using backend = await startBackend()
  await using up = spawnCli([
    'up',
    '--json',
    '--state',
    folder.path,
    '--backend',
    backend.address,
    ...freePorts,
  ])
  const { base_url: url, model, client, proxy, worker } = await ready(up)
  assert.equal(model, backendModel)
  assert.equal(await ask(url, model), backendAnswer)
  assert.equal(await askStreaming(url, model), backendAnswer)

  await t.test('models', async () => {
    const { exitCode, stdout } = await runToEnd(['models', '--url', url])
    assert.equal(exitCode, 0)
    assert.equal(stdout, 'model        workers  price  slots in use\ntest/parrot  1        1 ×    0 of 8\n')
    const { models } = JSON.parse((await runToEnd(['models', '--url', url, '--json'])).stdout)
    const price = { least: 1, most: 1 }
    assert.deepEqual(models, [{ id: backendModel, workers: 1, price, running: 0, slots: 8 }])
  })

  await t.test('chat', async () => {
    const once = await runToEnd(['chat', 'Hello', '--url', url])
    assert.equal(once.exitCode, 0)
    assert.equal(once.stdout, `${backendAnswer}\n`)
    const piped = await runToEnd(['chat', '--json', '--url', client.http], { stdin: 'Hello' })
    const { usage, receipt, ...rest } = JSON.parse(piped.stdout)
    assert.match(receipt, /^[\da-f]{64}$/)
    assert.deepEqual(rest, {
      model: backendModel,
      answer: backendAnswer,
      finish_reason: 'stop',
      protection: 'sealed; simulated',
    })
    assert.equal(usage.total_tokens, 8)
    const unknown = await runToEnd(['chat', 'Hello', '--url', url, '--model', 'no/such'])
    assert.equal(unknown.exitCode, 1)
    assert.match(unknown.stderr, /no\/such.*\n {2}`cocoon models` lists/)
  })

  await t.test('status and doctor', async () => {
    const port = (address: string): string => address.split(':')[1] ?? ''
    const ports = [
      '--port',
      port(client.http),
      '--proxy-port',
      port(proxy.http),
      '--worker-port',
      port(worker.http),
    ]
    const status = await runToEnd(['status', ...ports])
    assert.equal(status.exitCode, 0, status.stdout)
    assert.match(status.stdout, /^Simulated: no sealed hardware\./)
    assert.match(status.stdout, /client {2}up .*1 of 1 proxies connected/)
    assert.match(status.stdout, /proxy {3}up .*workers 1, clients 1/)
    assert.match(status.stdout, /worker {2}up .*test\/parrot at 1 ×/)
    const one = await runToEnd(['status', 'proxy', '--json', ...ports])
    assert.equal(JSON.parse(one.stdout).roles.length, 1)
  })

  up.kill('SIGTERM')
  assert.equal(await up.exitCode, 0)
})

test('up for people: what is simulated, a line that works, how to go on', async () => {
  await using folder = await makeFolder()
  await using backend = await startBackend()
  await using up = spawnCli(['up', '--state', folder.path, '--backend', backend.url, ...freePorts])
  const stopLine = up.stdout.line(line => line.startsWith('Ctrl-C'))
  await Promise.race([stopLine, up.exitCode])
  const text = up.stdout.text.replaceAll(/127\.0\.0\.1:\d+/g, 'ADDRESS')
  assert.match(text, /^Simulated: no sealed hardware\. Do not send anything private\.\n/)
  assert.match(text, /\ntest\/parrot answers at http:\/\/ADDRESS\/v1\n/)
  assert.match(text, /base_url http:\/\/ADDRESS\/v1, any API key/)
  assert.ok(!text.includes('\u001b'))
  const [, url = '', body = ''] =
    /curl (\S+) \\\n.*'content-type: application\/json' \\\n\s+-d '(.*)'\n/.exec(up.stdout.text) ?? []
  const response = await fetch(url, { method: 'POST', headers: { 'content-type': 'application/json' }, body })
  assert.equal(response.status, 200)
  const answer = await bodyOf(response)
  assert.equal(answer.choices[0].message.content, backendAnswer)
  up.kill('SIGINT')
  assert.equal(await up.exitCode, 0)
})

test('up with a backend that has no models, or is no address, says so and ends', async () => {
  await using folder = await makeFolder()
  const state = ['--state', folder.path, ...freePorts]
  const noAddress = await runToEnd(['up', '--backend', 'http://', ...state])
  assert.equal(noAddress.exitCode, 1)
  assert.match(noAddress.stderr, /--backend must be the address of an OpenAI-compatible server/)
  const noFile = await runToEnd(['up', '--model', `${folder.path}/none.gguf`, ...state])
  assert.equal(noFile.exitCode, 1)
  assert.match(noFile.stderr, /The model file .*none\.gguf cannot be read/)
  const both = await runToEnd(['up', '--model', 'a.gguf', '--backend', '127.0.0.1:1', ...state])
  assert.equal(both.exitCode, 2)
})

test('Ctrl-C lets an answer end that is under way; a second one does not wait', async () => {
  await using folder = await makeFolder()
  await using backend = await startBackend()
  const argv = ['up', '--json', '--state', folder.path, '--backend', backend.address, ...freePorts]
  const interrupted = async (up: Spawned) => {
    const { base_url: url, model } = await ready(up)
    const held = backend.hold()
    const answer = ask(url, model).catch(() => 'lost')
    await held.reached
    up.kill('SIGINT')
    // The endpoint takes no new connection as soon as it drains.
    while (
      await fetch(`${url}/models`).then(
        () => true,
        () => false,
      )
    ) {
      await new Promise(resolve => setTimeout(resolve, 5))
    }
    return { answer, release: held.release }
  }

  await using patient = spawnCli(argv)
  const first = await interrupted(patient)
  first.release()
  assert.equal(await first.answer, backendAnswer)
  assert.equal(await patient.exitCode, 0)

  await using hasty = spawnCli(argv)
  const second = await interrupted(hasty)
  // One that comes at once is taken for the same signal on another way, as through npm.
  hasty.kill('SIGINT')
  await new Promise(resolve => setTimeout(resolve, 400))
  hasty.kill('SIGINT')
  assert.equal(await hasty.exitCode, null)
  assert.equal(await second.answer, 'lost')
  second.release()
})
