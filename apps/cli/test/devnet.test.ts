import assert from 'node:assert/strict'
import { access } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { type Running, runToEnd, start } from './support/console.ts'
import { makeFolder } from './support/files.ts'
import { jsonLine, spawnCli } from './support/process.ts'

const address = 'UQACIKxVxOj2bSVWAZnWL0ZOh2jRmTXK1j7lYVgVYm98CXS1'

interface Started extends AsyncDisposable {
  running: Running
  port: string
}

/** `cocoon devnet` on a free port, with its state in this folder. */
async function startDevnet(state: string, ...flags: string[]): Promise<Started> {
  const running = start(['devnet', '--port', '0', '--block-time', '0', '--state', state, '--json', ...flags])
  const first = running.stdout.line(line => line.includes('"ready"'))
  const failed = running.exitCode.then(code => {
    throw new Error(`It ended with ${code}: ${running.stdout.text}${running.stderr.text}`)
  })
  const ready = JSON.parse(await Promise.race([first, failed])) as { url: string; simulated: boolean }
  assert.equal(ready.simulated, true)
  const stopped = running.exitCode
  return {
    running,
    port: new URL(ready.url).port,
    async [Symbol.asyncDispose]() {
      running.stop()
      assert.equal(await stopped, 0)
    },
  }
}

test('a devnet takes the commands that go to it, and remembers what they did', async () => {
  await using folder = await makeFolder()
  const state = folder.path
  {
    await using devnet = await startDevnet(state)
    const ask = async (...argv: string[]): Promise<Record<string, unknown>> => {
      const asked = ['devnet', ...argv, '--port', devnet.port, '--state', state, '--json']
      const { exitCode, stdout, stderr } = await runToEnd(asked)
      assert.equal(exitCode, 0, stdout + stderr)
      return JSON.parse(stdout) as Record<string, unknown>
    }
    const given = await ask('faucet', address, '1.5')
    assert.deepEqual([given['amount'], given['address'], given['simulated']], ['1500000000', address, true])
    assert.equal((await ask('snapshot', 'funded'))['seqno'], 2)
    assert.equal((await ask('advance', '3600'))['seqno'], 3)
    assert.equal((await ask('mine'))['seqno'], 4)
    const status = await ask('status')
    assert.deepEqual(
      [status['simulated'], status['seqno'], status['aheadS'], status['snapshots']],
      [true, 4, 3600, [{ name: 'funded', seqno: 2 }]],
    )
    assert.equal((await ask('restore', 'funded'))['seqno'], 2)
    const told = devnet.running.stdout.text.split('\n')
    assert.ok(told.some(line => line.includes('"event":"block"') && line.includes('"transactions":2')))
  }
  await using again = await startDevnet(state)
  const { stdout } = await runToEnd(['devnet', 'status', '--port', again.port])
  assert.match(stdout, /Simulated/)
  assert.match(stdout, /^block 2 of /m)
  assert.match(stdout, /snapshot funded, block 2/)
})

test('people see a banner, where it answers, and what came of it', async () => {
  await using folder = await makeFolder()
  const running = start(['devnet', '--port', '0', '--block-time', '50ms', '--state', folder.path])
  await running.stdout.line(line => line.includes('Ctrl-C'))
  assert.match(running.stdout.text, /^Simulated: a chain of this machine alone/)
  assert.match(running.stdout.text, /http:\/\/127\.0\.0\.1:\d+\/api\/v2\/jsonRPC/)
  running.stop()
  assert.equal(await running.exitCode, 0)
  assert.match(running.stderr.text, /Stopped at block \d+, with 0 transactions/)
})

test('what cannot be done is said with a way out', async () => {
  await using folder = await makeFolder()
  const state = folder.path
  await using devnet = await startDevnet(state)
  const { port } = devnet
  const fails = async (argv: string[], wanted: RegExp): Promise<void> => {
    const { exitCode, stderr } = await runToEnd(['devnet', ...argv])
    assert.notEqual(exitCode, 0)
    assert.match(stderr, wanted)
  }
  await fails(['restore', 'none', '--port', port, '--state', state], /There is no snapshot none/)
  await fails(['faucet', 'nonsense', '1', '--port', port], /Not a TON address/)
  await fails(['faucet', address, '0', '--port', port], /amount has to be/)
  await fails(['mine', '--port', port, '--state', join(state, 'other')], /give the --state/)
  await fails(['mine', '--port', '1'], /Start one with `cocoon devnet`/)
  await fails(['--port', port, '--state', join(state, 'other')], /choose another port with --port/)
  await fails(['--port', '0', '--state', state], /Another process has it open/)
  await fails(['--block-time', '3'], /must be a time such as 1s/)
})

test('a process that is killed leaves a chain that goes on', async () => {
  await using folder = await makeFolder()
  const state = folder.path
  const argv = ['devnet', '--port', '0', '--block-time', '0', '--state', state, '--json']
  let seqno: unknown
  {
    await using cli = spawnCli(argv)
    const { url } = await jsonLine(cli, value => value['event'] === 'ready')
    const { port } = new URL(String(url))
    await access(join(state, `devnet-${port}.token`))
    const { exitCode, stdout } = await runToEnd(['devnet', 'faucet', address, '1', '--port', port, '--json'])
    assert.equal(exitCode, 0)
    seqno = (JSON.parse(stdout) as Record<string, unknown>)['seqno']
    cli.kill('SIGKILL')
    await cli.exitCode
  }
  await using cli = spawnCli(argv)
  assert.equal((await jsonLine(cli, value => value['event'] === 'ready'))['seqno'], seqno)
})
