// The SDK: runs in Node and in browsers. What needs Node, the client role and its endpoint, is in `role.ts`.
export * from './error.ts'
export type { LeastProtection, Protection } from './network.ts'
export * from './receipt/receipt-file.ts'
