import { type Bytes, fromHex } from '../bytes.ts'
import { TrustError } from '../error.ts'
import { parseChainCertificate } from '../x509/certificate.ts'
import { parsePem } from '../x509/pem.ts'

/** The one key that everything else has to lead back to. */
export interface TrustedRoot {
  /** As reports call it. */
  readonly name: string
  /** P-256: x and y. */
  readonly publicKey: Bytes
  /** Whoever has this root's key is no maker of processors: what it vouches for proves nothing. */
  readonly simulated: boolean
}

/** Intel SGX Root CA, valid to the end of 2049. */
export const intelRoot: TrustedRoot = {
  name: 'Intel SGX Root CA',
  publicKey: fromHex(
    '0ba9c4c0c0c86193a3fe23d6b02cda10a8bbd4e88e48b4458561a36e705525f5' +
      '67918e2edc88e40d860bd0cc4ee26aacc988e505a953558c453f6b0904ae7394',
  )!,
  simulated: false,
}

/** A root of one's own, from its certificate in PEM. It counts as simulated. Throws `certificate-malformed`. */
export function simulatedRoot(pem: string): TrustedRoot {
  const [der, ...others] = parsePem(pem)
  const certificate = der && others.length === 0 ? parseChainCertificate(der) : undefined
  if (certificate?.publicKey.curve !== 'P-256') {
    throw new TrustError('certificate-malformed', 'A root is one certificate with a key on P-256.')
  }
  return { name: 'simulated root', publicKey: certificate.publicKey.point, simulated: true }
}
