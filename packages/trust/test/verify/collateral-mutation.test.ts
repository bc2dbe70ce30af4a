import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { Collateral } from '../../src/collateral/collateral.ts'
import { nodeCrypto } from '../../src/crypto/node.ts'
import { encodePem, parsePem } from '../../src/x509/pem.ts'
import { verifyQuote } from '../../src/verify/verify-quote.ts'
import { failedChecks } from './evidence.ts'
import { changeByte, remembering } from './mutation.ts'
import { caseNamed } from './vectors.ts'

describe('a changed byte of collateral is noticed, part by part', () => {
  const real = caseNamed('phala-sgx-quote')
  const crypto = remembering(nodeCrypto)
  const judge = async (changed: Partial<Collateral>): Promise<string[]> => {
    const collateral = { ...real.collateral, ...changed }
    const report = await verifyQuote(real.quote, collateral, { nowMs: real.nowMs, crypto })
    assert.equal(report.verdict === 'accept' || report.kind === 'invalid', true)
    return failedChecks(report)
  }

  for (const [part, noticedBy] of [
    ['rootCaCrl', /^root-crl-/],
    ['pckCrl', /^pck-crl-/],
    ['tcbInfoSignature', /^tcb-info-signature$/],
    ['qeIdentitySignature', /^qe-identity-signature$/],
  ] as const) {
    test(part, async () => {
      const given = real.collateral[part]!
      for (let at = 0; at < given.length; at += 1) {
        const failed = await judge({ [part]: changeByte(given, at) })
        assert.ok(
          failed.some(name => noticedBy.test(name)),
          `byte ${at}: ${failed.join()}`,
        )
      }
    })
  }

  // Of long texts every few bytes: a signature covers all of them alike.
  for (const [part, every, noticedBy] of [
    ['tcbInfo', 11, /^tcb-info-(?:signature|format)$/],
    ['qeIdentity', 5, /^qe-identity-(?:signature|format)$/],
    ['tcbInfoIssuerChain', 31, /^tcb-info-issuer-chain$/],
    ['qeIdentityIssuerChain', 31, /^qe-identity-issuer-chain$/],
    ['pckCrlIssuerChain', 31, /^pck-crl-issuer-chain$/],
  ] as const) {
    test(part, async () => {
      const given = new TextEncoder().encode(real.collateral[part])
      for (let at = 0; at < given.length; at += every) {
        const failed = await judge({ [part]: new TextDecoder().decode(changeByte(given, at)) })
        assert.ok(
          failed.some(name => noticedBy.test(name)),
          `byte ${at}: ${failed.join()}`,
        )
      }
    })
  }

  test('each byte of the DER of a certificate', async () => {
    const [signer, root] = parsePem(real.collateral.tcbInfoIssuerChain!)
    for (const [changing, other] of [
      [signer!, root!],
      [root!, signer!],
    ] as const) {
      for (let at = 0; at < changing.length; at += changing === signer ? 1 : 5) {
        const changed = changeByte(changing, at)
        const chain = encodePem(changing === signer ? [changed, other] : [other, changed])
        const failed = await judge({ tcbInfoIssuerChain: chain })
        assert.ok(failed.includes('tcb-info-issuer-chain'), `byte ${at}`)
      }
    }
  })
})
