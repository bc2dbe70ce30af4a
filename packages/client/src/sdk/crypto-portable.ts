// What `#crypto` stands for in browsers and wherever else there is no Node.
export { portableCrypto as proofCrypto } from '@cocoon/trust'
export { nobleSeal as sealCrypto } from '@cocoon/trust/seal'
