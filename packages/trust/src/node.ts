// What needs Node: faster cryptography, and quotes of the machine. The rest of the package runs anywhere.
export { nodeCrypto } from './crypto/node.ts'
export { nodeSeal } from './seal/node-seal.ts'
export * from './produce/configfs-tsm.ts'
