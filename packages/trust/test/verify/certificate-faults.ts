import { join } from '../../src/bytes.ts'
import { encode, encodeUnsigned, tag } from '../../src/der.ts'
import { oid } from '../../src/oid.ts'
import { encodeExtension } from '../../src/simulate/certificates.ts'
import { keyUsage } from '../../src/x509/certificate.ts'
import { encodePem, parsePem } from '../../src/x509/pem.ts'
import { type Fault, certificate, signedBy, collateral, without } from './fault.ts'

const unknownCritical = encodeExtension('1.2.3.4', true, Uint8Array.of(5, 0))
const dayMs = 86_400_000

/** Everything that evidence can get wrong in its certificates and revocation lists. */
export const certificateFaults: readonly Fault[] = [
  {
    name: 'a PCK of another name',
    noticedBy: 'pck-chain-names',
    plan: certificate('pck', { commonName: 'PCK' }),
  },
  {
    name: 'an intermediate of another name',
    noticedBy: 'pck-chain-names',
    plan: plan => ({
      certificates: {
        ...plan.certificates,
        intermediate: { ...plan.certificates.intermediate, commonName: 'Some CA' },
        pck: { ...plan.certificates.pck, issuerName: 'Some CA' },
      },
      pckCrl: { ...plan.pckCrl, issuerName: 'Some CA' },
    }),
  },
  {
    name: 'a PCK that names another issuer',
    noticedBy: 'pck-chain-names',
    plan: certificate('pck', { issuerName: 'Intel SGX PCK Processor CA' }),
  },
  { name: 'a PCK signed by the root', noticedBy: 'pck-chain-signatures', plan: signedBy({ pck: 'root' }) },
  {
    name: 'a PCK signed by a stranger',
    noticedBy: 'pck-chain-signatures',
    plan: signedBy({ pck: 'stranger' }),
  },
  {
    name: 'an intermediate signed by a stranger',
    noticedBy: 'pck-chain-signatures',
    plan: signedBy({ intermediate: 'stranger' }),
  },
  {
    name: 'a root that has not signed itself',
    noticedBy: 'pck-chain-signatures',
    plan: signedBy({ root: 'stranger' }),
  },
  {
    name: 'an intermediate that is no authority',
    noticedBy: 'pck-chain-names',
    plan: certificate('intermediate', { isAuthority: false }),
  },
  {
    name: 'an intermediate that may not sign certificates',
    noticedBy: 'pck-chain-names',
    plan: certificate('intermediate', { keyUsage: keyUsage.crlSign }),
  },
  {
    name: 'a PCK that is an authority',
    noticedBy: 'pck-chain-names',
    plan: certificate('pck', { isAuthority: true }),
  },
  {
    name: 'a root with no room below it',
    noticedBy: 'pck-chain-names',
    plan: certificate('root', { pathLength: 0 }),
  },
  {
    name: 'a PCK with an unknown critical extension',
    noticedBy: 'pck-chain-format',
    plan: certificate('pck', { extensions: [unknownCritical] }),
  },
  {
    name: 'a PCK with two basic constraints',
    noticedBy: 'pck-chain-format',
    plan: certificate('pck', {
      extensions: [encodeExtension(oid.basicConstraints, true, encode(tag.sequence))],
    }),
  },
  {
    name: 'an expired PCK',
    noticedBy: 'pck-chain-dates',
    plan: certificate('pck', { notAfterMs: Date.UTC(2026, 4, 1) }),
  },
  {
    name: 'a PCK of tomorrow',
    noticedBy: 'pck-chain-dates',
    plan: certificate('pck', { notBeforeMs: Date.UTC(2026, 6, 1) }),
  },
  {
    name: 'an expired signing certificate',
    noticedBy: 'tcb-info-issuer-chain',
    plan: certificate('signer', { notAfterMs: Date.UTC(2026, 4, 1) }),
  },
  {
    name: 'a signing certificate of another name',
    noticedBy: 'tcb-info-issuer-chain',
    plan: certificate('signer', { commonName: 'Signer' }),
  },
  {
    name: 'a signing certificate signed by the intermediate',
    noticedBy: 'tcb-info-issuer-chain',
    plan: signedBy({ signer: 'intermediate' }),
  },
  {
    name: 'a signing certificate that may not sign data',
    noticedBy: 'qe-identity-issuer-chain',
    plan: certificate('signer', { keyUsage: 0x04 }),
  },
  {
    name: 'a revoked PCK',
    noticedBy: 'pck-revocation',
    plan: plan => ({ pckCrl: { ...plan.pckCrl, revoked: [plan.certificates.pck.serial] } }),
  },
  {
    name: 'a revoked intermediate',
    noticedBy: 'intermediate-revocation',
    plan: plan => ({
      rootCrl: { ...plan.rootCrl, revoked: [Uint8Array.of(1), plan.certificates.intermediate.serial] },
    }),
  },
  {
    name: 'a revoked signing certificate',
    noticedBy: 'signing-revocation',
    plan: plan => ({ rootCrl: { ...plan.rootCrl, revoked: [plan.certificates.signer.serial] } }),
  },
  { name: 'no root CRL', noticedBy: 'root-crl-format', evidence: without('rootCaCrl') },
  { name: 'no PCK CRL', noticedBy: 'pck-crl-format', evidence: without('pckCrl') },
  {
    name: 'an empty PCK CRL',
    noticedBy: 'pck-crl-format',
    evidence: collateral(() => ({ pckCrl: new Uint8Array() })),
  },
  {
    name: 'CRLs that changed places',
    noticedBy: 'pck-crl-signature',
    evidence: collateral(({ rootCaCrl, pckCrl }) => ({ rootCaCrl: pckCrl!, pckCrl: rootCaCrl! })),
  },
  {
    name: 'the root CRL in both places',
    noticedBy: 'pck-crl-signature',
    evidence: collateral(({ rootCaCrl }) => ({ pckCrl: rootCaCrl! })),
  },
  {
    name: 'the PCK CRL of another processor authority',
    noticedBy: 'pck-crl-signature',
    plan: plan => ({ pckCrl: { ...plan.pckCrl, issuerName: 'Intel SGX PCK Processor CA' } }),
  },
  {
    name: 'a PCK CRL signed by the root',
    noticedBy: 'pck-crl-signature',
    plan: signedBy({ pckCrl: 'root' }),
  },
  {
    name: 'a PCK CRL signed by a stranger',
    noticedBy: 'pck-crl-signature',
    plan: signedBy({ pckCrl: 'stranger' }),
  },
  {
    name: 'a root CRL signed by the intermediate',
    noticedBy: 'root-crl-signature',
    plan: signedBy({ rootCrl: 'intermediate' }),
  },
  {
    name: 'an intermediate that may not sign CRLs',
    noticedBy: 'pck-crl-signature',
    plan: certificate('intermediate', { keyUsage: keyUsage.certificateSign }),
  },
  {
    name: 'a stale PCK CRL',
    noticedBy: 'pck-crl-dates',
    plan: plan => ({ pckCrl: { ...plan.pckCrl, nextUpdateMs: plan.pckCrl.thisUpdateMs + dayMs } }),
  },
  {
    name: 'a stale root CRL',
    noticedBy: 'root-crl-dates',
    plan: plan => ({ rootCrl: { ...plan.rootCrl, nextUpdateMs: plan.rootCrl.thisUpdateMs + dayMs } }),
  },
  {
    name: 'a root CRL of tomorrow',
    noticedBy: 'root-crl-dates',
    plan: plan => ({ rootCrl: { ...plan.rootCrl, thisUpdateMs: plan.rootCrl.thisUpdateMs + 5 * dayMs } }),
  },
  {
    name: 'a CRL of changes only',
    noticedBy: 'pck-crl-format',
    plan: plan => ({
      pckCrl: {
        ...plan.pckCrl,
        extensions: [encodeExtension('2.5.29.27', true, encodeUnsigned(Uint8Array.of(1)))],
      },
    }),
  },
  {
    name: 'a CRL for some purposes only',
    noticedBy: 'root-crl-format',
    plan: plan => ({
      rootCrl: { ...plan.rootCrl, extensions: [encodeExtension('2.5.29.28', true, encode(tag.sequence))] },
    }),
  },
  {
    name: 'a CRL with a byte behind it',
    noticedBy: 'pck-crl-format',
    evidence: collateral(({ pckCrl }) => ({ pckCrl: join(pckCrl!, Uint8Array.of(0)) })),
  },
  {
    name: 'a CRL issuer chain of somebody else',
    noticedBy: 'pck-crl-issuer-chain',
    evidence: collateral((_, other) => ({ pckCrlIssuerChain: other.pckCrlIssuerChain! })),
  },
  {
    name: 'a CRL issuer chain that is no PEM',
    noticedBy: 'pck-crl-issuer-chain',
    evidence: collateral(() => ({ pckCrlIssuerChain: 'PEM' })),
  },
  { name: 'another root of the same name', noticedBy: 'pck-chain-root', evidence: (_, other) => other },
  {
    name: 'collateral of another root of the same name',
    noticedBy: 'tcb-info-issuer-chain',
    evidence: (_, other) => ({ collateral: other.collateral }),
  },
  {
    name: 'a quote of another root of the same name',
    noticedBy: 'pck-chain-root',
    evidence: (_, other) => ({ quote: other.quote }),
  },
  {
    name: 'a signing chain in the wrong order',
    noticedBy: 'tcb-info-issuer-chain',
    evidence: collateral(({ tcbInfoIssuerChain = '' }) => ({
      tcbInfoIssuerChain: encodePem(parsePem(tcbInfoIssuerChain).toReversed()),
    })),
  },
  {
    name: 'a signing chain with a certificate too many',
    noticedBy: 'qe-identity-issuer-chain',
    evidence: collateral(({ qeIdentityIssuerChain = '', pckCrlIssuerChain = '' }) => ({
      qeIdentityIssuerChain: qeIdentityIssuerChain + pckCrlIssuerChain,
    })),
  },
  {
    name: 'a signing chain without its root',
    noticedBy: 'tcb-info-issuer-chain',
    evidence: collateral(({ tcbInfoIssuerChain = '' }) => ({
      tcbInfoIssuerChain: encodePem(parsePem(tcbInfoIssuerChain).slice(0, 1)),
    })),
  },
]
