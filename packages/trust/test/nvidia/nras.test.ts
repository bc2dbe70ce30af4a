import assert from 'node:assert/strict'
import { createHash, generateKeyPairSync, sign } from 'node:crypto'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import {
  nvidiaLimits,
  renderNrasReport,
  verifyNrasResult,
  type VerifyNrasOptions,
} from '../../src/nvidia/index.ts'
import { readText } from './vectors.ts'

const genuine = readText('hopperClaimsv3_detached_eat.json')
const keys: unknown = JSON.parse(readText('nras-jwks.json'))
const nonce = Buffer.from('931d8dd0add203ac3d8b4fbde75e115278eefcdceac5b87671a748f32364dfcb', 'hex')
const from = 1_749_601_858_000
const to = 1_749_605_458_000
const options: VerifyNrasOptions = { nowMs: from, nonce, keys }

describe('a genuine result of the service', () => {
  test('is accepted in its time', async () => {
    const report = await verifyNrasResult(genuine, options)
    assert.equal(report.verdict, 'accept', report.reason ?? '')
    assert.equal(report.expiresAt, '2025-06-11T01:30:58Z')
    assert.deepEqual(report.devices, [
      {
        name: 'GPU-0',
        model: 'GH100 A01 GSP BROM',
        deviceId: '478176379286082186618948445787393647364802107249',
        driverVersion: '550.90.07',
        vbiosVersion: '96.00.9F.00.01',
      },
    ])
    assert.match(renderNrasReport(report).join('\n'), /^Accepted\./)
    assert.deepEqual(JSON.parse(JSON.stringify(report)), report)
  })

  const times: [number, string][] = [
    [from - 1, 'reject'],
    [from, 'accept'],
    [to - 1, 'accept'],
    [to, 'reject'],
    [Date.UTC(2026, 0, 1), 'reject'],
  ]
  for (const [nowMs, verdict] of times) {
    test(`${verdict} at ${new Date(nowMs).toISOString()}`, async () => {
      assert.equal((await verifyNrasResult(genuine, { ...options, nowMs })).verdict, verdict)
    })
  }

  test('is refused for another nonce, issuer or key', async () => {
    const { publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-384' })
    const [kept] = (keys as { keys: [{ kid: string }] }).keys
    const others = { keys: [{ ...publicKey.export({ format: 'jwk' }), kid: kept.kid }] }
    for (const [change, check] of [
      [{ nonce: new Uint8Array(32) }, 'overall-nonce'],
      [{ nonce: new Uint8Array() }, 'overall-nonce'],
      [{ issuer: 'https://issuer.example' }, 'overall-issuer'],
      [{ keys: others }, 'overall-signature'],
      [{ keys: { keys: [] } }, 'overall-signature'],
      [{ keys: null }, 'overall-signature'],
      [{ keys: 'text' }, 'overall-signature'],
    ] as const) {
      const report = await verifyNrasResult(genuine, { ...options, ...change })
      assert.equal(report.verdict, 'reject')
      assert.ok(report.reason?.startsWith(check), report.reason ?? '')
    }
  })

  test('counts in each of its characters', async () => {
    const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
    const places = [...genuine.matchAll(/[\w-]{16}/g)].map(({ index }) => index + 7)
    for (const place of places.filter((_, index) => index % 3 === 0)) {
      const letter = letters[(letters.indexOf(genuine[place]!) + 1) % letters.length]!
      const mutated = genuine.slice(0, place) + letter + genuine.slice(place + 1)
      assert.equal((await verifyNrasResult(mutated, options)).verdict, 'reject', `character ${place}`)
    }
  })
})

describe('results of a service of our own', () => {
  const pair = generateKeyPairSync('ec', { namedCurve: 'P-384' })
  const ownKeys = { keys: [{ ...pair.publicKey.export({ format: 'jwk' }), kid: 'own', alg: 'ES384' }] }
  const seconds = from / 1000
  const claims = {
    iss: 'https://nras.attestation.nvidia.com',
    nbf: seconds,
    exp: seconds + 60,
    eat_nonce: nonce.toString('hex'),
  }
  const device = { ...claims, measres: 'success', secboot: true, dbgstat: 'disabled' }
  const own = { ...options, keys: ownKeys }

  function token(payload: unknown, header: object = { alg: 'ES384', kid: 'own' }): string {
    const encode = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url')
    const head = `${encode(header)}.${encode(payload)}`
    const signature = sign('sha384', Buffer.from(head), { key: pair.privateKey, dsaEncoding: 'ieee-p1363' })
    return `${head}.${signature.toString('base64url')}`
  }

  interface Parts {
    readonly overall?: object
    readonly devices?: Record<string, string>
    readonly submods?: object
    readonly sent?: Record<string, string>
  }

  function result({
    overall = {},
    devices = { 'GPU-0': token(device) },
    submods,
    sent = devices,
  }: Parts = {}): string {
    const digests = Object.fromEntries(
      Object.entries(devices).map(([name, text]) => [
        name,
        ['DIGEST', ['SHA-256', createHash('sha256').update(text).digest('hex')]],
      ]),
    )
    const all = { ...claims, 'x-nvidia-overall-att-result': true, submods: submods ?? digests, ...overall }
    return JSON.stringify([['JWT', token(all)], sent])
  }

  const accepted: [string, string][] = [
    ['one GPU', result()],
    [
      'eight GPUs',
      result({
        devices: Object.fromEntries(Array.from({ length: 8 }, (_, index) => [`GPU-${index}`, token(device)])),
      }),
    ],
  ]
  for (const [name, text] of accepted) {
    test(`${name}: accepted`, async () => {
      const report = await verifyNrasResult(text, own)
      assert.equal(report.verdict, 'accept', report.reason ?? '')
    })
  }

  const of = (change: object): string => result({ devices: { 'GPU-0': token({ ...device, ...change }) } })
  const good = token(device)
  const refused: [string, string, string][] = [
    ['no expiry', result({ overall: { exp: undefined } }), 'overall-dates'],
    ['no beginning', result({ overall: { nbf: undefined } }), 'overall-dates'],
    ['an expiry in words', result({ overall: { exp: '2099' } }), 'overall-dates'],
    ['no issuer', result({ overall: { iss: undefined } }), 'overall-issuer'],
    ['no nonce', result({ overall: { eat_nonce: undefined } }), 'overall-nonce'],
    [
      'an overall result that is false',
      result({ overall: { 'x-nvidia-overall-att-result': false } }),
      'overall-result',
    ],
    [
      'an overall result in words',
      result({ overall: { 'x-nvidia-overall-att-result': 'true' } }),
      'overall-result',
    ],
    [
      'no overall result',
      result({ overall: { 'x-nvidia-overall-att-result': undefined } }),
      'overall-result',
    ],
    ['no submodules', result({ devices: {} }), 'submodules-present'],
    [
      'a submodule that is not vouched for',
      result({ sent: { 'GPU-0': good, 'GPU-1': good } }),
      'submodules-present',
    ],
    [
      'a submodule that is missing',
      result({ devices: { 'GPU-0': good, 'GPU-1': good }, sent: { 'GPU-0': good } }),
      'submodules-present',
    ],
    [
      'another token than was vouched for',
      result({ sent: { 'GPU-0': token(device) }, submods: { 'GPU-0': ['DIGEST', ['SHA-256', '00']] } }),
      'submodule-digests',
    ],
    [
      'a digest of another kind',
      result({
        submods: { 'GPU-0': ['DIGEST', ['MD5', createHash('md5').update(good).digest('hex')]] },
        sent: { 'GPU-0': good },
      }),
      'submodule-digests',
    ],
    ['submodules that are none', result({ submods: { 'GPU-0': 'JWT' } }), 'submodule-digests'],
    ['measurements that fail', of({ measres: 'fail' }), 'measurements'],
    ['no measurements', of({ measres: undefined }), 'measurements'],
    ['no secure boot', of({ secboot: false }), 'secure-boot'],
    ['secure boot in words', of({ secboot: 'true' }), 'secure-boot'],
    ['debugging', of({ dbgstat: 'enabled' }), 'debug-status'],
    ['nothing of debugging', of({ dbgstat: undefined }), 'debug-status'],
    ['a GPU with another nonce', of({ eat_nonce: '00'.repeat(32) }), 'submodule-nonces'],
    ['a GPU of another issuer', of({ iss: 'https://issuer.example' }), 'submodule-issuers'],
    ['a GPU whose token is over', of({ exp: seconds - 1 }), 'submodule-dates'],
    [
      'a GPU whose token is not signed',
      result({ devices: { 'GPU-0': `${good.slice(0, good.lastIndexOf('.'))}.` } }),
      'submodule-signatures',
    ],
    ['a GPU whose token is no token', result({ devices: { 'GPU-0': 'x' } }), 'submodule-signatures'],
    [
      'a token without an algorithm',
      result({ devices: { 'GPU-0': token(device, { alg: 'none', kid: 'own' }) } }),
      'submodule-signatures',
    ],
    [
      'a token of another algorithm',
      result({ devices: { 'GPU-0': token(device, { alg: 'ES256', kid: 'own' }) } }),
      'submodule-signatures',
    ],
    [
      'a token of an unknown key',
      result({ devices: { 'GPU-0': token(device, { alg: 'ES384', kid: 'other' }) } }),
      'submodule-signatures',
    ],
    [
      'a token with critical headers',
      result({ devices: { 'GPU-0': token(device, { alg: 'ES384', kid: 'own', crit: ['x'], x: 1 }) } }),
      'submodule-signatures',
    ],
    ['claims that are no object', result({ devices: { 'GPU-0': token([]) } }), 'submodule-signatures'],
  ]
  for (const [name, text, check] of refused) {
    test(`${name}: refused by ${check}`, async () => {
      const report = await verifyNrasResult(text, own)
      assert.equal(report.verdict, 'reject')
      assert.equal(report.kind, 'invalid')
      assert.ok(
        report.checks.some(({ name, outcome }) => name === check && outcome === 'failed'),
        report.reason ?? '',
      )
    })
  }

  test('one bad GPU among good ones is a refusal, whatever its place', async () => {
    for (const bad of ['GPU-0', 'GPU-1', 'GPU-2']) {
      const devices = Object.fromEntries(
        ['GPU-0', 'GPU-1', 'GPU-2'].map(name => [
          name,
          token(name === bad ? { ...device, secboot: false } : device),
        ]),
      )
      assert.equal((await verifyNrasResult(result({ devices }), own)).verdict, 'reject')
    }
  })
})

test('any text is refused with all that it lacks', async () => {
  const texts = [
    '',
    '[]',
    '{}',
    'null',
    '[["JWT"],{}]',
    '[["JWT",1],{}]',
    '[["JWS","a"],{}]',
    '[["JWT","a"],[]]',
    '[["JWT","a"],{"a":1}]',
    ' '.repeat(nvidiaLimits.maxTokenBytes + 1),
  ]
  for (const text of texts) {
    const report = await verifyNrasResult(text, options)
    assert.equal(report.verdict, 'reject')
    assert.match(report.reason ?? '', /^token-format/)
    assert.ok(report.checks.every(({ outcome }) => outcome === 'failed'))
  }
  await fc.assert(
    fc.asyncProperty(fc.string(), fc.json(), async (text, json) => {
      assert.equal((await verifyNrasResult(text, options)).verdict, 'reject')
      assert.equal((await verifyNrasResult(json, { ...options, keys: json })).verdict, 'reject')
    }),
    { numRuns: 50 },
  )
})
