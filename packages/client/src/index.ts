// The SDK: runs in Node and in browsers. What needs Node, the client role and its endpoint, is in `role.ts`.
export * from './error.ts'
export type { LeastProtection, Protection } from './network.ts'
export * from './receipt/receipt-file.ts'
export type { Finding, Link, LinkName, LinkState } from './receipt/link.ts'
export * from './receipt/receipt-context.ts'
export { notShown, type ReceiptVerdict, type Verdict } from './receipt/verdict.ts'
export { verifyReceiptFile } from './receipt/verify-receipt.ts'
