// What `#crypto` stands for in Node: several times faster, and the same.
export { nodeCrypto as proofCrypto, nodeSeal as sealCrypto } from '@cocoon/trust/node'
