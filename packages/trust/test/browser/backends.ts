// Stands for the cryptography of Node in a browser, so that tests that take it run with what is there.
export { portableCrypto as nodeCrypto } from '../../src/crypto/portable.ts'
