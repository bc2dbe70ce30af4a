import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { nodeCrypto } from '../../src/node.ts'
import { type GpuEvidence, type VerifyGpuOptions, verifyGpu } from '../../src/nvidia/index.ts'
import { reportRegions } from '../../src/nvidia/spdm.ts'
import { forgeReference, forgeWorld, measurement, nonce, soundAnswers, soundCase } from './forge-evidence.ts'
import { nowMs } from './forge-certificates.ts'
import { rememberingCrypto } from './remembering-crypto.ts'
import { genuineMs, hopperEvidence, readVector } from './vectors.ts'

const crypto = rememberingCrypto

/**
 * Between two bytes that are tried. The whole of it takes half a minute: `MUTATE_EVERY_BYTE=1` runs it, and nothing of it
 * is accepted. What is tried without it is spread over every region.
 */
const everyByte = process.env['MUTATE_EVERY_BYTE'] !== undefined
const step = (length: number): number => (everyByte ? 1 : Math.max(1, Math.ceil(length / 45)))

const policy = { revocation: 'optional', references: 'optional', acceptsHold: false } as const

/** Bytes with one bit of them flipped, another one each time, over the whole range. */
function* mutations(
  bytes: Uint8Array,
  [from, to]: readonly [number, number] = [0, bytes.length],
  stride = step(to - from),
): Generator<[number, Uint8Array<ArrayBuffer>]> {
  for (let index = from; index < to; index += stride) {
    const mutated = Uint8Array.from(bytes)
    mutated[index] = mutated[index]! ^ (1 << (index % 8))
    yield [index, mutated]
  }
}

describe('each byte of genuine evidence', () => {
  const evidence = hopperEvidence()
  const options: VerifyGpuOptions = { nowMs: genuineMs, nonce: evidence.statedNonce!, policy, crypto }

  for (const [region, range] of Object.entries(reportRegions(evidence.report))) {
    test(`of the report's ${region} counts`, async () => {
      for (const [index, report] of mutations(evidence.report, range)) {
        await expectRefused({ ...evidence, report }, options, `byte ${index}`)
      }
    })
  }

  for (const [place, certificate] of evidence.certificates.entries()) {
    test(`of certificate ${place} counts`, async () => {
      for (const [index, mutated] of mutations(certificate)) {
        const certificates = evidence.certificates.with(place, mutated)
        await expectRefused({ ...evidence, certificates }, options, `byte ${index}`)
      }
    })
  }
})

describe('each byte of a reference document', () => {
  const world = forgeWorld()
  const { evidence, options } = soundCase(world)
  // A short one, so that every byte can be tried.
  const document = forgeReference({
    version: '535.1',
    golden: new Map([[7, [measurement(7), measurement(8)]]]),
    signers: world.signers,
    edit: text => text.replaceAll(/<ns0:Resource type="Measurement" index="\d+" active="False"[^>]*>\n/g, ''),
  })
  const sound: VerifyGpuOptions = { ...options, policy, crypto, references: { driver: { document } } }

  test('counts, wherever it stands', async () => {
    assert.equal((await verifyGpu(evidence, sound)).verdict, 'accept')
    for (const [index, mutated] of mutations(document)) {
      const references = { driver: { document: mutated } }
      await expectRefused(evidence, { ...sound, references }, `byte ${index}`)
    }
  })

  test('of a genuine one counts', async () => {
    const genuine = readVector('NV_GPU_DRIVER_GH100_550.144.03.xml')
    const { isReferenceSigned, parseReference } = await import('../../src/nvidia/reference.ts')
    for (const [index, mutated] of mutations(genuine, undefined, everyByte ? 7 : 101)) {
      const isSigned = await Promise.resolve()
        .then(() => isReferenceSigned(parseReference(mutated), nodeCrypto))
        .catch(() => false)
      // Certificates stand beside what is signed; they are judged as a chain.
      if (isSigned) assert.ok(index > Buffer.from(genuine).indexOf('<ds:KeyInfo>'), `byte ${index}`)
    }
  })
})

test('each byte of an answer on revocation counts', async () => {
  const world = forgeWorld()
  const { evidence, options } = soundCase(world)
  const answers = soundAnswers(world)
  const [answer] = answers
  const strict: VerifyGpuOptions = {
    ...options,
    crypto,
    policy: { revocation: 'required', references: 'optional', acceptsHold: false },
    references: {},
    nowMs,
    nonce,
  }
  assert.equal((await verifyGpu(evidence, strict)).verdict, 'accept')
  for (const [index, mutated] of mutations(answer!)) {
    await expectRefused(evidence, { ...strict, revocation: answers.with(0, mutated) }, `byte ${index}`)
  }
})

async function expectRefused(evidence: GpuEvidence, options: VerifyGpuOptions, what: string): Promise<void> {
  const { verdict, reason } = await verifyGpu(evidence, options)
  assert.equal(verdict, 'reject', `${what} is of no matter`)
  assert.ok(reason)
}
