import crypto from 'node:crypto'
import { syncBuiltinESMExports } from 'node:module'

/**
 * Loaded before a role: Ed25519 costs it nothing from then on, and proves nothing. What is left of the difference to
 * another run is what the signatures of receipts cost.
 */
const { sign, verify } = crypto
const signature = Buffer.alloc(64, 1)

crypto.sign = ((algorithm, ...rest: [never, never]) =>
  algorithm === null ? signature : sign(algorithm, ...rest)) as typeof sign
crypto.verify = ((algorithm, ...rest: [never, never, never]) =>
  algorithm === null || verify(algorithm, ...rest)) as typeof verify
syncBuiltinESMExports()
