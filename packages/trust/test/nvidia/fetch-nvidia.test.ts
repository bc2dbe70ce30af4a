import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { describe, test } from 'node:test'
import { systemWorld } from '@cocoon/wire/node'
import type { Fetch } from '../../src/index.ts'
import {
  fetchReference,
  fetchRevocation,
  nvidiaServices,
  referenceChainOf,
  verifyGpu,
} from '../../src/nvidia/index.ts'
import type { Issued } from './forge-certificates.ts'
import { forgeWorld, soundCase } from './forge-evidence.ts'
import { forgeAnswer } from './forge-revocation.ts'
import { rememberingCrypto } from './remembering-crypto.ts'
import { readVector } from './vectors.ts'

const failed = { name: 'TrustError', code: 'fetch-failed' }
const id = 'NV_GPU_DRIVER_GH100_550.144.03'
const document = readVector(`${id}.xml`)

/** A service that answers each request with what `answer` gives for it. */
function service(answer: (url: string, body: Uint8Array) => Uint8Array | number): {
  fetch: Fetch
  asked: string[]
} {
  const asked: string[] = []
  return {
    asked,
    fetch: (url, { body = new Uint8Array() }) => {
      asked.push(url)
      const found = answer(url, body)
      const status = typeof found === 'number' ? found : 200
      return Promise.resolve(
        new Response(typeof found === 'number' ? null : Uint8Array.from(found), { status }),
      )
    },
  }
}

describe('a reference document', () => {
  const answer = { id, rim: Buffer.from(document).toString('base64'), sha256: sha256(document) }

  test('is fetched by its id', async () => {
    const { fetch, asked } = service(() => json(answer))
    const found = await fetchReference(id, { fetch, world: systemWorld })
    assert.deepEqual(found, { id, document })
    assert.deepEqual(asked, [nvidiaServices.references + id])
  })

  const bad: [string, Uint8Array | number][] = [
    ['no JSON', Buffer.from('x')],
    ['null', json(null)],
    ['another document', json({ ...answer, id: 'NV_GPU_DRIVER_GH100_1' })],
    ['no document', json({ id })],
    [
      'a document that is cut off',
      json({ ...answer, rim: Buffer.from(document.subarray(1)).toString('base64') }),
    ],
    ['that there is none', 404],
  ]
  for (const [name, body] of bad) {
    test(`is not there where the service answers ${name}`, async () => {
      const { fetch } = service(() => body)
      await assert.rejects(fetchReference(id, { fetch, world: systemWorld }), failed)
    })
  }

  test('cannot be asked for at another address by its id', async () => {
    const { fetch, asked } = service(() => 404)
    await assert.rejects(fetchReference('../../x?y', { fetch, world: systemWorld }), failed)
    assert.deepEqual(asked, [`${nvidiaServices.references}..%2F..%2Fx%3Fy`])
  })
})

describe('answers on revocation', () => {
  const world = forgeWorld()
  const { evidence, options } = soundCase(world)
  const chains = [
    evidence.certificates,
    ...[options.references!.driver!, options.references!.vbios!].map(({ document }) =>
      referenceChainOf(document),
    ),
  ]
  const pairs = [...world.device, ...world.signers].map(
    (certificate, index, all) => [certificate, all[index + 1]] as const,
  )

  function respond(request: Uint8Array, nonceOf: (request: Buffer) => Uint8Array): Uint8Array {
    const bytes = Buffer.from(request)
    const [certificate, issuer] = pairs.find(([{ serial }]) =>
      bytes.includes(Buffer.from([2, 2, serial >> 8, serial & 0xff])),
    ) as [Issued, Issued]
    return forgeAnswer(certificate, issuer, { nonce: nonceOf(bytes) })
  }

  test('are fetched for every certificate that has a responder, once, and hold', async () => {
    const { fetch, asked } = service((_url, body) => respond(body, request => request.subarray(-32)))
    const revocation = await fetchRevocation(chains, { fetch, world: systemWorld })
    assert.equal(revocation.length, 4)
    assert.deepEqual(new Set(asked), new Set([nvidiaServices.responder]))
    const report = await verifyGpu(evidence, { ...options, crypto: rememberingCrypto, revocation })
    assert.equal(report.verdict, 'accept', report.reason ?? '')
  })

  test('to another question are none', async () => {
    const { fetch } = service((_url, body) => respond(body, () => new Uint8Array(32)))
    await assert.rejects(fetchRevocation(chains, { fetch, world: systemWorld }), failed)
  })

  test('that cannot be read are none', async () => {
    const { fetch } = service(() => Buffer.from('x'))
    await assert.rejects(fetchRevocation(chains, { fetch, world: systemWorld }), {
      name: 'TrustError',
      code: 'revocation-malformed',
    })
  })
})

function json(value: unknown): Uint8Array {
  return Buffer.from(JSON.stringify(value))
}

function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex')
}
