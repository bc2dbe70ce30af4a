// What needs Node: faster cryptography. The rest of the package runs anywhere.
export { nodeCrypto } from './crypto/node.ts'
