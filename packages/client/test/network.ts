import {
  clientContractAddress,
  contractAddress,
  createPaymentKey,
  parsePseudoConfig,
  proxyContractAddress,
  signPayment,
  writePseudoConfig,
} from '@cocoon/money'
import type { ProxySignedPaymentAny } from '@cocoon/wire'

export const address = (fill: number) => contractAddress(0, new Uint8Array(32).fill(fill))

export const root = address(2)
export const wallet = address(3)
export const proxyOwner = address(4)
export const proxyKey = createPaymentKey(new Uint8Array(32).fill(8))

export const config = parsePseudoConfig(
  writePseudoConfig({
    ownerAddress: address(1),
    version: 7,
    proxies: [1, 2, 3, 4].map(seqno => ({
      seqno,
      workerEndpoint: { host: '10.0.0.1', port: 1000 + seqno },
      clientEndpoint: { host: '10.0.0.1', port: 2000 + seqno },
    })),
  }),
)

export const proxyContract = proxyContractAddress(config, {
  proxyPublicKey: proxyKey.publicKey,
  proxyOwner,
  root,
})
export const contract = clientContractAddress(config, {
  clientOwner: wallet,
  proxyContract,
  proxyPublicKey: proxyKey.publicKey,
})

export function signed(
  tokens: bigint,
  wrong: Partial<Parameters<typeof signPayment>[0]> = {},
): ProxySignedPaymentAny {
  const data = signPayment({
    kind: 'client-charge',
    key: proxyKey,
    queryId: tokens,
    tokens,
    contract,
    excessesTo: address(5),
    ...wrong,
  })
  return { _: 'proxy.signedPayment', data }
}

export const forged = (tokens: bigint): ProxySignedPaymentAny =>
  signed(tokens, { key: createPaymentKey(new Uint8Array(32).fill(7)) })

export const noPayment: ProxySignedPaymentAny = { _: 'proxy.signedPaymentEmpty' }

/** SHA-256 of nothing: what stands for the secret where there is none. */
export const emptySecretHash = Buffer.from(
  'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855',
  'hex',
)
