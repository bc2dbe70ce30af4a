export * from './pow-solver.ts'
export * from './system-world.ts'
export * from './tcp.ts'
