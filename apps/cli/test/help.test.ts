import assert from 'node:assert/strict'
import { readFile, writeFile } from 'node:fs/promises'
import { test } from 'node:test'
import { version } from '../src/version.ts'
import { runToEnd } from './support/console.ts'

/** `COCOON_WRITE_TRANSCRIPTS=1` writes them anew; read the difference before you keep it. */
async function matchesTranscript(name: string, text: string): Promise<void> {
  const file = new URL(`transcripts/${name}.txt`, import.meta.url)
  if (process.env['COCOON_WRITE_TRANSCRIPTS'] === '1') await writeFile(file, text)
  assert.equal(text, await readFile(file, 'utf8'))
}

for (const command of [
  'up',
  'chat',
  'models',
  'keys',
  'status',
  'doctor',
  'proxy',
  'client',
  'worker',
  'devnet',
  'wallet',
  'balance',
  'earnings',
  'close',
]) {
  test(`help ${command} is as in its transcript`, async () => {
    const { exitCode, stdout, stderr } = await runToEnd(['help', command])
    assert.equal(exitCode, 0)
    assert.equal(stderr, '')
    await matchesTranscript(`help-${command}`, stdout)
  })
}

for (const command of ['new', 'list', 'remove']) {
  test(`help of keys ${command} is as in its transcript`, async () => {
    const { exitCode, stdout } = await runToEnd(['keys', command, '--help'])
    assert.equal(exitCode, 0)
    await matchesTranscript(`help-keys-${command}`, stdout)
  })
}

for (const role of ['client', 'worker', 'proxy']) {
  test(`help of ${role} setup is as in its transcript`, async () => {
    const { exitCode, stdout } = await runToEnd([role, 'setup', '--help'])
    assert.equal(exitCode, 0)
    await matchesTranscript(`help-${role}-setup`, stdout)
  })
}

for (const command of ['new', 'show', 'fund', 'send', 'withdraw', 'export']) {
  test(`help of wallet ${command} is as in its transcript`, async () => {
    const { exitCode, stdout } = await runToEnd(['wallet', command, '--help'])
    assert.equal(exitCode, 0)
    await matchesTranscript(`help-wallet-${command}`, stdout)
  })
}

for (const command of ['faucet', 'snapshot', 'restore', 'advance', 'root', 'mine', 'status']) {
  test(`help of devnet ${command} is as in its transcript`, async () => {
    const { exitCode, stdout } = await runToEnd(['devnet', command, '--help'])
    assert.equal(exitCode, 0)
    await matchesTranscript(`help-devnet-${command}`, stdout)
  })
}

test('help lists the commands, asked for in three ways', async () => {
  const { exitCode, stdout } = await runToEnd(['--help'])
  assert.equal(exitCode, 0)
  await matchesTranscript('help', stdout)
  assert.equal((await runToEnd(['help'])).stdout, stdout)
  assert.equal((await runToEnd([])).stderr, stdout)
})

test('the version is that of the package', async () => {
  const { exitCode, stdout } = await runToEnd(['--version'])
  assert.equal(exitCode, 0)
  assert.equal(stdout, `${version}\n`)
})

test('a call that makes no sense ends with 2 and says what would', async () => {
  const unknown = await runToEnd(['stauts'])
  assert.equal(unknown.exitCode, 2)
  assert.match(unknown.stderr, /unknown command 'stauts'/)
  assert.match(unknown.stderr, /Did you mean status\?/)

  const badPort = await runToEnd(['up', '--port', '70000'])
  assert.equal(badPort.exitCode, 2)
  assert.match(badPort.stderr, /--port <port>.*It must be a port from 0 to 65535/)

  const noConfig = await runToEnd(['proxy'])
  assert.equal(noConfig.exitCode, 2)
  assert.match(noConfig.stderr, /--config <file>/)

  const noPrompt = await runToEnd(['chat', '--json'])
  assert.equal(noPrompt.exitCode, 2)
  assert.equal(JSON.parse(noPrompt.stdout).error.code, 'usage')
})
