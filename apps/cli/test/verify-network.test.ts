import assert from 'node:assert/strict'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import type { ReceiptFile, ReceiptVerdict } from '@cocoon/client'
import { runToEnd } from './support/console.ts'
import { makeFolder } from './support/files.ts'
import { startNetwork } from './support/network.ts'

const waitMs = 60_000

test('an answer of a local network: its receipt is verified up to the chain, and the log is audited', async () => {
  await using folder = await makeFolder()
  const receipts = join(folder.path, 'receipts')
  await using network = await startNetwork({ folder, flags: ['--receipts', receipts] })
  const { chain } = JSON.parse(network.up.stdout.text.split('\n').find(line => line.includes('"ready"'))!)
  const body = JSON.stringify({ model: 'test/parrot', messages: [{ role: 'user', content: 'Hello' }] })
  const texts: Array<{ id: string; flags: string[] }> = []
  for (const [name, request] of [
    ['whole', body],
    ['streamed', body.replace('{', '{"stream":true,')],
  ] as const) {
    const response = await fetch(`${network.url}/chat/completions`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: request,
    })
    const prompt = await folder.write(`${name}-prompt.json`, request)
    const answer = await folder.write(`${name}-answer`, await response.text())
    const id = response.headers.get('x-cocoon-receipt') ?? ''
    texts.push({ id, flags: ['--prompt', prompt, '--answer', answer] })
  }
  const from = ['--chain', chain.api, '--json']
  for (const { id, flags } of texts) {
    const path = await anchored(receipts, id)
    const argv = ['verify', path, '--state', folder.path, ...from, ...flags]
    const { stdout, exitCode } = await runToEnd(argv)
    const { verdict, links } = JSON.parse(stdout) as ReceiptVerdict
    assert.deepEqual(
      links.map(({ state }) => state),
      ['simulated', 'simulated', 'simulated', 'checked', 'checked', 'checked', 'checked', 'simulated'],
      stdout,
    )
    assert.deepEqual([verdict, exitCode], ['simulated', 0])
  }
  const [receipt] = texts
  const url = `http://${network.addresses.proxy}/log`
  const audit = ['log', 'audit', url, '--from', join(receipts, `${receipt!.id}.json`), ...from]
  const { stdout, exitCode } = await runToEnd(audit)
  const { findings, size } = JSON.parse(stdout)
  assert.deepEqual(
    findings.map(({ name, state }: { name: string; state: string }) => `${name} ${state}`),
    [
      'Head checked',
      'History checked',
      'Entries checked',
      'Tiles checked',
      'Anchors checked',
      'Chain simulated',
      'Money simulated',
    ],
    stdout,
  )
  assert.deepEqual([size, exitCode], [2, 0])
  // Another wallet than the proxy's writes no anchors.
  const wallet = ['--wallet', `0:${'12'.repeat(32)}`]
  const other = await runToEnd([
    'verify',
    join(receipts, `${receipt!.id}.json`),
    '--state',
    folder.path,
    ...from,
    ...wallet,
  ])
  assert.equal(other.exitCode, 1)
  assert.match(JSON.parse(other.stdout).sentence, /^Chain: /)
})

/** The file of a receipt, once a head with it is on the chain. */
async function anchored(folder: string, id: string): Promise<string> {
  const path = join(folder, `${id}.json`)
  for (let waited = 0; waited < waitMs; waited += 100) {
    if ((await readdir(folder)).includes(`${id}.json`)) {
      const file = JSON.parse(await readFile(path, 'utf8')) as ReceiptFile
      if (file.log?.anchor !== undefined) return path
    }
    await new Promise(resolve => setTimeout(resolve, 100))
  }
  throw new Error(`The receipt ${id} was not anchored.`)
}
