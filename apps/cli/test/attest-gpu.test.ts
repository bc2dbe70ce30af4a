import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { readFile, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { runToEnd } from './support/console.ts'

const vector = (name: string): string => fileURLToPath(new URL(`../../../vectors/${name}`, import.meta.url))
const folder = mkdtempSync(join(tmpdir(), 'cocoon-gpu-'))
after(() => rmSync(folder, { recursive: true }))

for (const command of ['gpu', 'events']) {
  test(`help of attest ${command} is as in its transcript`, async () => {
    const { stdout } = await runToEnd(['attest', command, '--help'])
    const file = new URL(`transcripts/help-attest-${command}.txt`, import.meta.url)
    if (process.env['COCOON_WRITE_TRANSCRIPTS'] === '1') await writeFile(file, stdout)
    assert.equal(stdout, await readFile(file, 'utf8'))
  })
}

describe('attest gpu', () => {
  const evidence = vector('nvidia/hopper_evidence.json')
  const [{ nonce }] = JSON.parse(readFileSync(evidence, 'utf8')) as [{ nonce: string }]
  const lenient = ['--without-references', '--without-revocation', '--at', '2026-01-15T00:00:00Z']
  const gpu = (...argv: string[]): ReturnType<typeof runToEnd> => runToEnd(['attest', 'gpu', ...argv])

  test('accepts genuine evidence, and says what it did without', async () => {
    const { stdout, exitCode } = await gpu(evidence, '--nonce', nonce, ...lenient)
    assert.equal(exitCode, 0)
    assert.match(stdout, /^Accepted\./)
    assert.match(stdout, /- device-revocation: No answer says/)
  })

  test('refuses it where nothing is done without', async () => {
    const { stdout, exitCode } = await gpu(
      evidence,
      '--nonce',
      nonce,
      '--at',
      '2026-01-15T00:00:00Z',
      '--json',
    )
    assert.equal(exitCode, 1)
    const [device] = (JSON.parse(stdout) as { devices: [{ verdict: string; kind: string }] }).devices
    assert.equal(device.verdict, 'reject')
    assert.equal(device.kind, 'policy')
  })

  test('says when the nonce is the one that the file states, and refuses another', async () => {
    assert.match((await gpu(evidence, ...lenient)).stdout, /^The nonce is the one that the file states/)
    const { stdout, exitCode } = await gpu(evidence, '--nonce', '00'.repeat(32), ...lenient)
    assert.equal(exitCode, 1)
    assert.match(stdout, /^Refused, because the evidence is invalid: nonce/)
  })

  test('refuses a report that its device did not sign', async () => {
    const report = vector('nvidia/hopperAttestationReportInvalidSignature.txt')
    const asked = readFileSync(report, 'utf8').slice(8, 72)
    const chain = ['--chain', vector('nvidia/hopperCertChain.txt')]
    const { stdout, exitCode } = await gpu(report, ...chain, '--nonce', asked, ...lenient)
    assert.equal(exitCode, 1)
    assert.match(stdout, /^Refused, because the evidence is invalid: report-signature/)
    assert.equal((await gpu(report, ...chain, ...lenient)).exitCode, 2)
  })

  test('refuses an expired reference document and measurements that differ', async () => {
    const document = vector('nvidia/NV_GPU_DRIVER_GH100_550.144.03.xml')
    const flags = [...lenient.slice(0, 2), '--driver', document, '--at', '2027-01-15T00:00:00Z', '--json']
    const { stdout, exitCode } = await gpu(evidence, '--nonce', nonce, ...flags)
    assert.equal(exitCode, 1)
    const [device] = (JSON.parse(stdout) as { devices: [{ checks: { name: string; outcome: string }[] }] })
      .devices
    const failed = device.checks.filter(({ outcome }) => outcome === 'failed').map(({ name }) => name)
    assert.deepEqual(failed, ['driver-reference-chain-dates', 'driver-reference-id', 'measurements'])
  })

  test('verifies a result of NRAS at its time', async () => {
    const result = vector('nvidia/hopperClaimsv3_detached_eat.json')
    const keys = ['--keys', vector('nvidia/nras-jwks.json')]
    const asked = ['--nonce', '931d8dd0add203ac3d8b4fbde75e115278eefcdceac5b87671a748f32364dfcb']
    const then = ['--at', '2025-06-11T01:00:00Z']
    assert.equal((await gpu(result, ...keys, ...asked, ...then)).exitCode, 0)
    const { stdout, exitCode } = await gpu(result, ...keys, ...asked)
    assert.equal(exitCode, 1)
    assert.match(stdout, /overall-dates/)
    assert.equal((await gpu(result, ...asked, ...then)).exitCode, 2)
  })

  test('says what is wrong with a file that holds something else', async () => {
    const path = join(folder, 'else.json')
    writeFileSync(path, '{}')
    const { stderr, exitCode } = await gpu(path, ...lenient)
    assert.notEqual(exitCode, 0)
    assert.match(stderr, /else\.json: The GPU evidence is malformed/)
  })
})

describe('attest events', () => {
  const log = vector('eventlog/dstack-quote-report.json')
  const { quote } = JSON.parse(readFileSync(log, 'utf8')) as { quote: string }
  const quotePath = join(folder, 'quote.hex')
  writeFileSync(quotePath, quote)

  test('lists what was measured', async () => {
    const { stdout, exitCode } = await runToEnd(['attest', 'events', vector('eventlog/grub.ccel.bin')])
    assert.equal(exitCode, 0)
    assert.match(stdout, /^Compared with no quote/)
    assert.match(stdout, /= \w{16}  EV_EFI_VARIABLE_DRIVER_CONFIG  SecureBoot is on/)
  })

  test('compares a log with a quote', async () => {
    const { stdout, exitCode } = await runToEnd(['attest', 'events', log, '--quote', quotePath, '--json'])
    assert.equal(exitCode, 0)
    assert.equal((JSON.parse(stdout) as { verdict: string }).verdict, 'accept')
  })

  test('names the register that a log does not lead to', async () => {
    const other = join(folder, 'other.hex')
    // RTMR1 stands at 424 of a version 4 quote.
    writeFileSync(other, quote.slice(0, 848) + (quote[848] === '0' ? '1' : '0') + quote.slice(849))
    const { stdout, exitCode } = await runToEnd(['attest', 'events', log, '--quote', other])
    assert.equal(exitCode, 1)
    assert.match(stdout, /^Refused: rtmr1: The log does not lead to RTMR1/)
  })
})
