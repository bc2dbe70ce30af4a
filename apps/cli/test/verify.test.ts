import assert from 'node:assert/strict'
import { readFile, writeFile } from 'node:fs/promises'
import { after, describe, test } from 'node:test'
import { stripVTControlCharacters } from 'node:util'
import {
  readReceiptFile,
  type ReceiptContext,
  type ReceiptFile,
  receiptFileOf,
  verifyReceiptFile,
} from '@cocoon/client'
import { modelHash, writePseudoConfig } from '@cocoon/money'
import { createSimulatedTee } from '@cocoon/trust/simulate'
import { ScriptedBackend, sealedStage, startTestNetwork, wholeAnswer } from '@cocoon/testnet'
import { toHex } from '@cocoon/wire'
import { systemWorld } from '@cocoon/wire/node'
import { answer, makeReceipt, model, prompt, tee } from '../../../packages/client/test/receipt/fixture.ts'
import { ask } from '../../../packages/testnet/test/asked.ts'
import { verdictText } from '../src/verify/verdict-text.ts'
import { runToEnd, Text } from './support/console.ts'
import { makeFolder } from './support/files.ts'

const folder = await makeFolder()
after(() => folder[Symbol.asyncDispose]())
const made = await makeReceipt()
const receipt = await folder.write('receipt.json', made.file)
const root = await folder.write('root.pem', tee.rootPem)
const texts = [
  '--prompt',
  await folder.write('prompt.json', new TextDecoder().decode(prompt)),
  '--answer',
  await folder.write('answer.json', new TextDecoder().decode(answer)),
]

/** Away from the state of this machine, and of the network. */
function verify(path: string, ...flags: string[]) {
  return runToEnd(['verify', path, '--offline', '--state', folder.path, ...flags])
}

for (const command of ['verify', 'log', 'log audit', 'log witness-key', 'log verify-fork']) {
  test(`help of ${command} is as in its transcript`, async () => {
    const { stdout } = await runToEnd([...command.split(' '), '--help'])
    await matchesTranscript(`help-${command.replaceAll(' ', '-')}`, stdout)
  })
}

test('the key of a witness is printed as others name it, and other files have none', async () => {
  const record = JSON.stringify({ seed: '11'.repeat(32), logs: {} })
  const path = await folder.write('client.witness.json', record)
  const { stdout, exitCode } = await runToEnd(['log', 'witness-key', path])
  assert.match(stdout, /^cocoon-client-[\da-f]{16}\+[\da-f]{8}\+[\w+/]+=*\n$/)
  assert.equal(exitCode, 0)
  for (const other of [receipt, await folder.write('worker.witness.json', '{}'), 'no.witness.json']) {
    const refused = await runToEnd(['log', 'witness-key', other])
    assert.match(refused.stderr, /is no record of a witness\.\n/)
    assert.equal(refused.exitCode, 2)
  }
})

describe('verdicts of the command', () => {
  test('simulated: with a root that is named, exit code 0', async () => {
    const { stdout, exitCode } = await verify(receipt, '--root', root, ...texts)
    await matchesTranscript('verify-simulated', stdout)
    assert.equal(exitCode, 0)
  })

  test('failed: without that root, exit code 1', async () => {
    const { stdout, exitCode } = await verify(receipt)
    assert.match(stdout, /^Do not rely on this answer\. Hardware: The proof of the machine is wrong: /)
    assert.match(stdout, /With --root you name a root of your own\./)
    assert.equal(exitCode, 1)
  })

  test('failed: a signature of something else, with the evidence and where the thread is cut', async () => {
    const other = await makeReceipt({ receipt: { status: 201 } })
    const path = await folder.write('forged.json', { ...made.file, signature: other.file.signature })
    const { stdout, exitCode } = await verify(path, '--root', root)
    await matchesTranscript('verify-failed', stdout.replace(/and not after \S+Z/, 'and not after now'))
    assert.equal(exitCode, 1)
  })

  test('not verified: without a quote, exit code 2', async () => {
    const path = await folder.write('unproved.json', {
      ...made.file,
      identity: { ...made.file.identity, quote: '' },
    })
    const { stdout, stderr, exitCode } = await verify(path)
    await matchesTranscript('verify-not-verified', stdout)
    assert.equal(stderr, '')
    assert.equal(exitCode, 2)
  })

  test('everything that was compared is shown for who asks', async () => {
    const { stdout } = await verify(receipt, '--root', root, '--evidence', ...texts)
    await matchesTranscript('verify-evidence', stdout.replace(/\(in order,[^)]*\)/s, '(in order)'))
    for (const line of stdout.split('\n')) assert.ok(line.length <= 80, line)
  })

  test('for programs: one line of JSON, with every finding', async () => {
    const { stdout, exitCode } = await verify(receipt, '--root', root, '--json')
    const { verdict, links } = JSON.parse(stdout)
    assert.equal(verdict, 'simulated')
    assert.equal(links.length, 8)
    assert.equal(exitCode, 0)
  })

  test('the standard input is read for -', async () => {
    const stdin = JSON.stringify(made.file)
    const argv = ['verify', '-', '--offline', '--root', root, '--json']
    assert.equal(JSON.parse((await runToEnd(argv, { stdin })).stdout).verdict, 'simulated')
  })

  test('a file that is no receipt, or is not there, proves nothing: exit code 2', async () => {
    const broken = await verify(await folder.write('broken.json', { ...made.file, header: 'AA' }))
    assert.equal(broken.exitCode, 2)
    assert.match(broken.stderr, /This is no receipt file\. header is no padded base64/)
    const missing = await verify(`${folder.path}/missing.json`)
    assert.equal(missing.exitCode, 2)
    assert.match(missing.stderr, /does not exist/)
    const policy = await verify(receipt, '--policy', await folder.write('policy.json', '{"tcbStatus":[]}'))
    assert.equal(policy.exitCode, 2)
    const witness = await verify(receipt, '--witness', 'nobody')
    assert.equal(witness.exitCode, 2)
  })

  test('a policy of one’s own is asked', async () => {
    const policy = await folder.write('strict.json', '{"minTcbDate":"2030-01-01"}')
    const { stdout, exitCode } = await verify(receipt, '--root', root, '--policy', policy)
    assert.match(stdout, /^Do not rely on this answer\. Hardware: The machine is genuine, and your policy/)
    assert.equal(exitCode, 1)
  })
})

describe('what is genuine, as people see it', () => {
  async function textOf(file: ReceiptFile, context: ReceiptContext, stream = new Text()): Promise<string> {
    const read = readReceiptFile(JSON.stringify(file))
    const verdict = await verifyReceiptFile(read, context)
    return `${verdictText(read, verdict, { stream, isFull: false, hints: [] }).join('\n')}\n`
  }

  test('verified', async () => {
    await matchesTranscript('verify-verified', await textOf(made.file, made.context))
  })

  test('verified by somebody without the texts, anchor pending', async () => {
    const { file, context } = await makeReceipt({ log: 'unanchored' })
    await matchesTranscript('verify-anchor-pending', await textOf(file, { ...context, texts: undefined }))
  })

  test('colour is added to what is said without it', async () => {
    const terminal = Object.assign(new Text(), {
      isTTY: true,
      columns: 80,
      hasColors: () => true,
      getColorDepth: () => 4,
    })
    const plain = await textOf(made.file, made.context)
    const coloured = await textOf(made.file, made.context, terminal)
    assert.equal(stripVTControlCharacters(coloured), plain)
    assert.equal(stripVTControlCharacters(plain), plain)
  })
})

test('a receipt of the test network is checked with the file of its network', async () => {
  using stage = await sealedStage(systemWorld)
  const backend = new ScriptedBackend(
    wholeAnswer('Hello', { prompt: 20, cached: 4, completion: 5, reasoning: 0 }),
  )
  const [worker] = stage.options.workers!
  await using network = await startTestNetwork({ ...stage.options, workers: [{ ...worker, backend }] })
  await network.ready()
  const asked = ask(network.client)
  while (asked.ended === undefined) await new Promise(resolve => setTimeout(resolve, 5))
  const proof = asked.summary!.proof!
  const { receipt } = proof.signed
  const file = receiptFileOf(toHex(receipt.requestId), proof)
  const { config } = network
  const json = writePseudoConfig({
    ...config,
    modelHashes: [modelHash(model), modelHash(receipt.model)],
  })
  const path = await folder.write('network-receipt.json', file)
  const flags = [
    '--network',
    await folder.write('network.json', json),
    '--root',
    await folder.write('stage.pem', createSimulatedTee(new Uint8Array(32).fill(7)).rootPem),
    '--prompt',
    await folder.write(
      'asked.json',
      '{"model":"test/model","max_tokens":1000,"messages":[{"role":"user","content":"Hi"}]}',
    ),
    '--answer',
    await folder.write('answered.json', asked.text),
  ]
  const { stdout, exitCode } = await runToEnd(['verify', path, '--json', ...flags])
  const { verdict, sentence, links } = JSON.parse(stdout) as Awaited<ReturnType<typeof verifyReceiptFile>>
  assert.equal(verdict, 'simulated')
  assert.match(sentence, /3 of its knots are pretend.*We could not check the log and the chain\.$/)
  assert.deepEqual(
    links.map(({ state }) => state),
    ['simulated', 'simulated', 'simulated', 'checked', 'checked', 'checked', 'not-checked', 'not-checked'],
  )
  assert.equal(exitCode, 0)
})

/** `COCOON_WRITE_TRANSCRIPTS=1` writes them anew; read the difference before you keep it. */
async function matchesTranscript(name: string, text: string): Promise<void> {
  const file = new URL(`transcripts/${name}.txt`, import.meta.url)
  if (process.env['COCOON_WRITE_TRANSCRIPTS'] === '1') await writeFile(file, text)
  assert.equal(text, await readFile(file, 'utf8'))
}
