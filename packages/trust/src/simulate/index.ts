export * from './plan.ts'
export type { BodyPlan } from './quote-body.ts'
export * from './simulated-tee.ts'
export { simulatedProducer } from './simulated-producer.ts'
