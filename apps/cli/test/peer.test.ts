import assert from 'node:assert/strict'
import { readFile, writeFile } from 'node:fs/promises'
import { after, describe, test } from 'node:test'
import { anyPolicy, createCertificate, type Identity, peerCheck } from '@cocoon/trust'
import { createSimulatedTee, simulatedEvidence, type SimulatedTee } from '@cocoon/trust/simulate'
import { listen, type Listener, systemWorld as world } from '@cocoon/wire/node'
import { openLocalTee } from '../src/attest/local-tee.ts'
import { runToEnd } from './support/console.ts'
import { makeFolder } from './support/files.ts'
import { startNetwork } from './support/network.ts'
import { getJson } from './support/requests.ts'

const folder = await makeFolder()
after(() => folder[Symbol.asyncDispose]())
const tee = await openLocalTee(world, folder.path)
const foreignTee = createSimulatedTee(new Uint8Array(32).fill(9))
const lenient = await folder.write('lenient.json', { allowSimulated: true })
const common = ['--collateral', 'stapled', '--state', folder.path]

/** `COCOON_WRITE_TRANSCRIPTS=1` writes it anew; read the difference before you keep it. */
async function matchesTranscript(name: string, text: string): Promise<void> {
  const file = new URL(`transcripts/${name}.txt`, import.meta.url)
  if (process.env['COCOON_WRITE_TRANSCRIPTS'] === '1') await writeFile(file, text)
  assert.equal(text, await readFile(file, 'utf8'))
}

for (const command of ['peer', 'peer inspect']) {
  test(`help of ${command} is as in its transcript`, async () => {
    const { stdout } = await runToEnd([...command.split(' '), '--help'])
    await matchesTranscript(`help-${command.replace(' ', '-')}`, stdout)
  })
}

describe('peer inspect', () => {
  test('accepts a simulated peer where the policy does, and says that it proves nothing', async () => {
    await using peer = await listenAs(await simulatedPeer(tee))
    const { exitCode, stdout } = await inspect(peer, '--policy', lenient)
    assert.equal(exitCode, 0, stdout)
    assert.match(stdout, /^SIMULATED: this leads to simulated root, and proves nothing\.\n✓ Accepted\n/)
    for (const check of ['tls', 'certificate-signature', 'evidence', 'report-data', 'tcb-status']) {
      assert.match(stdout, new RegExp(`\n✓ ${check}\n`))
    }
    assert.match(stdout, /certificate +\d+ bytes, quote of \d+ bytes, collateral stapled\n/)
    // Nobody sees colours in a text that is no terminal.
    assert.ok(!stdout.includes('\u001b'))
  })

  test('refuses it under a production policy, with the failing check first and what to do', async () => {
    await using peer = await listenAs(await simulatedPeer(tee))
    const { exitCode, stdout } = await inspect(peer)
    assert.equal(exitCode, 1)
    const lines = stdout.split('\n')
    assert.equal(lines[1], '✗ Rejected: it is genuine, and the policy refuses it')
    assert.equal(lines[2], '✗ root: The evidence is simulated, and proves nothing.')
    assert.match(stdout, /\n {2}Simulated evidence is for tests\. Nothing private belongs there\.\n/)
  })

  test('refuses a root that nobody knows as invalid evidence', async () => {
    await using peer = await listenAs(await simulatedPeer(foreignTee))
    const { exitCode, stdout } = await inspect(peer, '--policy', lenient, '--json')
    assert.equal(exitCode, 1)
    const { verdict, kind, reason } = JSON.parse(stdout)
    assert.deepEqual({ verdict, kind }, { verdict: 'reject', kind: 'invalid' })
    assert.match(reason, /^pck-chain-root: The chain leads to another root/)
  })

  test('accepts a root that is named', async () => {
    await using peer = await listenAs(await simulatedPeer(foreignTee))
    const root = `${folder.path}/root.pem`
    await writeFile(root, foreignTee.rootPem)
    const { exitCode, stdout } = await inspect(peer, '--root', root, '--json')
    assert.equal(exitCode, 0, stdout)
    const { verdict, simulated, quote, publicKey, imageHash } = JSON.parse(stdout)
    assert.deepEqual({ verdict, simulated }, { verdict: 'accept', simulated: true })
    assert.equal(quote.measurements.imageHash, imageHash)
    assert.match(publicKey, /^[\da-f]{64}$/)
  })

  test('tells of a peer without evidence, and accepts it where nothing is asked', async () => {
    await using peer = await listenAs(await createCertificate({ world }))
    const refused = await inspect(peer)
    assert.equal(refused.exitCode, 1)
    assert.match(refused.stdout, /^✗ Rejected: .*\n✗ evidence: The certificate carries no quote\.\n/)
    const accepted = await inspect(peer, '--policy', 'any')
    assert.equal(accepted.exitCode, 0)
    assert.match(accepted.stdout, /^✓ Accepted\n/)
    assert.match(accepted.stdout, /\n– evidence: The policy any asks for none\.\n/)
  })

  test('says where it stopped when there is no peer', async () => {
    const peer = await listenAs(await createCertificate({ world }))
    await peer.close()
    const { exitCode, stdout } = await inspect(peer)
    assert.equal(exitCode, 1)
    assert.match(stdout, /^✗ Not met: .*\n {2}Check the address, and whether the peer runs\.\n$/)
    const json = JSON.parse((await inspect(peer, '--json')).stdout)
    assert.deepEqual([json.verdict, json.step], ['unreachable', 'connection'])
  })

  test('does no harder work than allowed', async () => {
    await using peer = await listenAs(await createCertificate({ world }))
    const { exitCode, stdout } = await inspect(peer, '--max-difficulty', '0')
    assert.equal(exitCode, 1)
    assert.match(stdout, /proof of work .*\n {2}Allow harder proofs of work/)
  })
})

test('a local network proves itself with the simulated TEE, and says so everywhere', async () => {
  await using network = await startNetwork()
  const ready = network.up.stdout.text.split('\n').find(line => line.includes('"ready"')) ?? '{}'
  const { proxy, simulated } = JSON.parse(ready)
  assert.equal(simulated, true)
  const state = ['--state', network.folder.path, '--collateral', 'stapled']
  for (const address of [proxy.workers, proxy.clients]) {
    const trusting = await runToEnd(['peer', 'inspect', address, '--policy', lenient, ...state])
    assert.equal(trusting.exitCode, 0, trusting.stdout)
    const production = await runToEnd(['peer', 'inspect', address, ...state])
    assert.match(production.stdout, /✗ root: The evidence is simulated, and proves nothing\./)
  }
  for (const address of Object.values(network.addresses)) {
    const { status } = await getJson(`http://${address}/jsonstats`)
    assert.deepEqual(
      [status.simulated, status.evidence, status.policy, status.protection],
      [true, 'simulated', 'tdx, simulated too', 'simulated'],
    )
    const page = await (await fetch(`http://${address}/stats`)).text()
    assert.match(page, /role="note">Simulated: no sealed hardware/)
    assert.match(page, /tdx, simulated too/)
  }
})

function inspect(peer: Listener, ...flags: string[]) {
  return runToEnd(['peer', 'inspect', `127.0.0.1:${peer.port}`, ...common, ...flags])
}

function simulatedPeer(of: SimulatedTee): Promise<Identity> {
  return createCertificate({ world, evidence: simulatedEvidence(of, world) })
}

function listenAs(identity: Identity): Promise<Listener> {
  return listen({
    mode: 'direct',
    port: 0,
    identity: () => identity,
    checkPeer: peerCheck(anyPolicy(), world, 'client'),
    proofOfWork: { difficulty: () => 1 },
    onTransport: transport => transport.start({ data: () => {}, drain: () => {}, closed: () => {} }),
    world,
  })
}
