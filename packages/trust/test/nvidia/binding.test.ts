import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { fromHex } from '../../src/bytes.ts'
import {
  gpuEvidenceDigest,
  gpuNonce,
  gpuTokenDigest,
  referenceIdsOf,
  renderGpusReport,
  verifyGpus,
  type GpuEvidence,
  type VerifyGpusOptions,
} from '../../src/nvidia/index.ts'
import { forgeReport, forgeWorld, soundAnswers, soundCase } from './forge-evidence.ts'
import { nowMs } from './forge-certificates.ts'
import { rememberingCrypto } from './remembering-crypto.ts'
import { readText } from './vectors.ts'

interface Vectors {
  readonly nonces: readonly { parts: string[]; nonce: string }[]
  readonly evidence: readonly { devices: { report: string; certificates: string[] }[]; digest: string }[]
  readonly tokens: readonly { text: string; digest: string }[]
}

describe('the vectors', () => {
  const vectors = JSON.parse(readText('binding.json')) as Vectors

  test('give nonces, none of them twice', () => {
    for (const { parts, nonce } of vectors.nonces) assert.equal(hex(gpuNonce(parts.map(bytes))), nonce)
    assert.equal(new Set(vectors.nonces.map(({ nonce }) => nonce)).size, vectors.nonces.length)
  })

  test('give digests of evidence, none of them twice', () => {
    for (const { devices, digest } of vectors.evidence) {
      const read = devices.map(({ report, certificates }) => ({
        report: bytes(report),
        certificates: certificates.map(bytes),
      }))
      assert.equal(hex(gpuEvidenceDigest(read)), digest)
    }
    assert.equal(new Set(vectors.evidence.map(({ digest }) => digest)).size, vectors.evidence.length)
  })

  test('give digests of tokens', () => {
    for (const { text, digest } of vectors.tokens) assert.equal(hex(gpuTokenDigest(text)), digest)
  })
})

describe('the GPUs of a machine', () => {
  const nonceParts = [new Uint8Array(32).fill(1), new Uint8Array(64).fill(2)]
  const worlds = [forgeWorld(), forgeWorld()]
  const devices: GpuEvidence[] = worlds.map(({ device }) => ({
    architecture: 'HOPPER',
    report: forgeReport(device[0]!.keys, { nonce: gpuNonce(nonceParts) }),
    certificates: device.map(({ der }) => der),
  }))
  const [first, second] = devices as [GpuEvidence, GpuEvidence]
  const anchors = {
    simulated: true,
    device: worlds.flatMap(world => world.anchors.device),
    reference: worlds.flatMap(world => world.anchors.reference),
  }
  const { references } = soundCase(worlds[0]!).options
  const documents = new Map(
    [references!.driver!, references!.vbios!].map(({ id, document }) => [id!, document] as const),
  )
  const sound: VerifyGpusOptions = {
    nowMs,
    crypto: rememberingCrypto,
    anchors,
    nonceParts,
    committedDigest: gpuEvidenceDigest(devices),
    references: documents,
    revocation: worlds.flatMap(soundAnswers),
  }

  test('are accepted where the quote commits to them and to the keys behind their nonce', async () => {
    const report = await verifyGpus(devices, sound)
    assert.equal(report.verdict, 'accept', report.reason ?? '')
    assert.equal(report.devices.length, 2)
    assert.match(renderGpusReport(report).join('\n'), /GPU 1/)
    assert.deepEqual(JSON.parse(JSON.stringify(report)), report)
  })

  const cases: [string, readonly GpuEvidence[], Partial<VerifyGpusOptions>, string][] = [
    ['none', [], {}, 'devices-present'],
    ['too many', Array.from({ length: 33 }, () => first), {}, 'devices-present'],
    ['one of two', [first], {}, 'bound-to-quote'],
    ['another order', [second, first], {}, 'bound-to-quote'],
    ['another digest', devices, { committedDigest: new Uint8Array(32) }, 'bound-to-quote'],
    ['no digest', devices, { committedDigest: new Uint8Array() }, 'bound-to-quote'],
    ['other keys', devices, { nonceParts: nonceParts.toReversed() }, 'devices'],
    [
      'keys with another border',
      devices,
      { nonceParts: [Uint8Array.of(...nonceParts[0]!, ...nonceParts[1]!)] },
      'devices',
    ],
    [
      'one GPU twice',
      [first, first],
      { committedDigest: gpuEvidenceDigest([first, first]) },
      'devices-distinct',
    ],
    [
      'one that is not sound',
      [first, { ...second, report: first.report }],
      { committedDigest: gpuEvidenceDigest([first, { ...second, report: first.report }]) },
      'devices',
    ],
    ['no documents', devices, { references: new Map() }, 'devices'],
  ]
  for (const [name, shown, change, check] of cases) {
    test(`with ${name} are refused by ${check}`, async () => {
      const report = await verifyGpus(shown, { ...sound, ...change })
      assert.equal(report.verdict, 'reject')
      assert.ok(report.checks.some(({ name, outcome }) => name === check && outcome === 'failed'))
      assert.equal(report.kind, name === 'no documents' ? 'policy' : 'invalid')
    })
  }

  test('name the documents that they need', () => {
    assert.deepEqual(referenceIdsOf(first), { driver: references!.driver!.id, vbios: references!.vbios!.id })
    const nothing = { driver: undefined, vbios: undefined }
    assert.deepEqual(referenceIdsOf({ ...first, report: new Uint8Array() }), nothing)
    assert.deepEqual(referenceIdsOf({ ...first, certificates: [new Uint8Array(2)] }), nothing)
  })
})

function bytes(text: string): Uint8Array<ArrayBuffer> {
  return fromHex(text)!
}

function hex(value: Uint8Array): string {
  return Buffer.from(value).toString('hex')
}
