import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { systemWorld as world } from '@cocoon/wire/node'
import {
  defaultPolicy,
  encodeStaple,
  EvidencePolicy,
  inspectPeer,
  peerCheck,
  reportData,
  TrustError,
} from '../../src/index.ts'
import { nodeCrypto } from '../../src/node.ts'
import { oid } from '../../src/oid.ts'
import { createSimulatedTee } from '../../src/simulate/index.ts'
import {
  ed25519,
  extension,
  forgeCertificate,
  type Forgery,
  p256,
  rawPublicKey,
} from '../forge-certificate.ts'

const tee = createSimulatedTee(new Uint8Array(32).fill(8))
const nowMs = world.now()
const dates = { notBeforeMs: nowMs - 60_000, notAfterMs: nowMs + 60_000 }
const subjectKey = ed25519()
const own = await evidenceFor(subjectKey)

async function evidenceFor(key: ReturnType<typeof ed25519>) {
  const body = { reportData: await reportData(rawPublicKey(key)) }
  const { quote, collateral } = tee.evidence({ nowMs, body })
  return {
    quote: extension(oid.quote, true, quote),
    staple: extension(oid.collateral, false, encodeStaple(collateral)),
    bytes: quote,
  }
}

const policy = new EvidencePolicy({
  name: 'tdx',
  world,
  policy: { ...defaultPolicy, allowSimulated: true },
  simulatedRoot: tee.root,
  crypto: nodeCrypto,
})

const other = ed25519()
const foreign = await evidenceFor(other)
const padded = (size: number): Uint8Array<ArrayBuffer> => {
  const quote = new Uint8Array(size)
  quote.set(own.bytes)
  return extension(oid.quote, true, quote)
}
const both = [own.quote, own.staple]

const accepted: Record<string, Forgery> = {
  'with a quote and its collateral': { extensions: both },
  'with the collateral before the quote': { extensions: both.toReversed() },
  'of version 1, as the reference makes it': { version: 'v1', extensions: both },
  'with user claims of somebody else, which nobody reads': {
    extensions: [...both, extension(oid.userClaims, true, rawPublicKey(other))],
  },
  'with an unknown extension that is not critical': {
    extensions: [...both, extension('1.2.3.4', false, Uint8Array.of(1))],
  },
  'with a quote in a padded buffer of 32 KiB': { extensions: [padded(32_768), own.staple] },
}

const refused: Record<string, [Forgery, TrustError['code'], RegExp]> = {
  'with a quote for another key': [
    { extensions: [foreign.quote, own.staple] },
    'evidence-invalid',
    /report-data: The quote was made for something else/,
  ],
  'with a quote for another key, which the claims name': [
    { extensions: [foreign.quote, own.staple, extension(oid.userClaims, true, rawPublicKey(other))] },
    'evidence-invalid',
    /report-data/,
  ],
  'without a quote': [{ extensions: [own.staple] }, 'evidence-missing', /no quote/],
  'with the quote in another extension': [
    { extensions: [extension('1.3.6.1.4.1.12345.3', false, own.bytes), own.staple] },
    'evidence-missing',
    /no quote/,
  ],
  'with the quote in another extension, critical': [
    { extensions: [extension('1.3.6.1.4.1.12345.3', true, own.bytes), own.staple] },
    'certificate-unknown-extension',
    /1\.3\.6\.1\.4\.1\.12345\.3/,
  ],
  'with an unknown critical extension': [
    { extensions: [...both, extension('1.2.3.4', true, Uint8Array.of(1))] },
    'certificate-unknown-extension',
    /1\.2\.3\.4/,
  ],
  'with two quotes': [{ extensions: [...both, foreign.quote] }, 'certificate-malformed', /twice/],
  'with two staples': [{ extensions: [...both, foreign.staple] }, 'certificate-malformed', /twice/],
  'with a quote that is too long': [
    { extensions: [padded(32_769), own.staple] },
    'evidence-invalid',
    /32769 bytes; 32768 are allowed/,
  ],
  'that is too long as a whole': [
    { extensions: [...both, extension('1.2.3.4', false, new Uint8Array(60_000))] },
    'certificate-malformed',
    /it has \d+ bytes/,
  ],
  'with an empty quote': [
    { extensions: [extension(oid.quote, true, new Uint8Array()), own.staple] },
    'evidence-invalid',
    /quote-format/,
  ],
  'that somebody else has signed': [
    { extensions: both, signerKey: other },
    'certificate-not-self-signed',
    /not signed by its own key/,
  ],
  'that somebody else has issued': [
    { extensions: both, issuer: 'authority' },
    'certificate-not-self-signed',
    /issued by somebody else/,
  ],
  'that was changed after it was signed': [
    { extensions: both, tamper: body => void (body[body.length - 20]! ^= 1) },
    'certificate-not-self-signed',
    /not signed by its own key/,
  ],
  'that has expired': [
    { extensions: both, notBeforeMs: nowMs - 20_000, notAfterMs: nowMs - 10_000 },
    'certificate-expired',
    /expired/,
  ],
  'that is not valid yet': [
    { extensions: both, notBeforeMs: nowMs + 10_000, notAfterMs: nowMs + 20_000 },
    'certificate-not-yet-valid',
    /valid from/,
  ],
  'with a key of another type': [{ extensions: both, subjectKey: p256() }, 'key-not-ed25519', /Ed25519/],
}

for (const role of ['server', 'client'] as const) {
  const check = peerCheck(policy, world, role)

  describe(`a certificate of a ${role}`, () => {
    for (const [name, forgery] of Object.entries(accepted)) {
      test(`${name} is accepted`, async () => {
        const der = forgeCertificate({ ...dates, subjectKey, ...forgery })
        const { publicKey, simulated } = await check(der)
        assert.deepEqual(publicKey, rawPublicKey(subjectKey))
        assert.equal(simulated, true)
        assert.equal((await inspectPeer(der, { policy, nowMs, role })).verdict, 'accept')
      })
    }

    for (const [name, [forgery, code, why]] of Object.entries(refused)) {
      test(`${name} is refused`, async () => {
        const der = forgeCertificate({ ...dates, subjectKey, ...forgery })
        await assert.rejects(check(der), (error: unknown) => {
          assert.ok(error instanceof TrustError)
          assert.equal(error.code, code)
          assert.match(error.message, why)
          return true
        })
        // Who inspects a peer comes to the same verdict as who connects to it.
        const report = await inspectPeer(der, { policy, nowMs, role })
        assert.equal(report.verdict, 'reject')
        assert.match(report.reason ?? '', why)
      })
    }
  })
}
