/** Object identifiers that appear in the certificates of the network. */
export const oid = {
  ed25519: '1.3.101.112',
  country: '2.5.4.6',
  state: '2.5.4.8',
  organization: '2.5.4.10',
  commonName: '2.5.4.3',
  subjectKeyIdentifier: '2.5.29.14',
  keyUsage: '2.5.29.15',
  subjectAltName: '2.5.29.17',
  crlNumber: '2.5.29.20',
  basicConstraints: '2.5.29.19',
  extendedKeyUsage: '2.5.29.37',
  serverAuth: '1.3.6.1.5.5.7.3.1',
  clientAuth: '1.3.6.1.5.5.7.3.2',
  /** Content: the raw quote, without a DER wrapper of its own. */
  quote: '1.3.6.1.4.1.12345.1',
  /** Content: the 32 raw bytes of the public key. Written for the reference's layout; nobody relies on it. */
  userClaims: '1.3.6.1.4.1.12345.2',
  /** Ours, of a UUID: collateral that belongs to the quote. Others pass it over, as it is never critical. */
  collateral: '2.25.19920627335827372032689974388460362276',
} as const
