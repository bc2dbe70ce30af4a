export { type AttestedStreet, attestedStreet } from './attested-street.ts'
export * from './error.ts'
export { addressNamed, startTestNetwork, testModel } from './network.ts'
export type { TestNetwork, TestNetworkOptions, TestProxy } from './network.ts'
export * from './scripted-backend.ts'
export { profiles, type Profile, type ProfileName } from './sim/profile.ts'
export { simulate, type SimulationOptions, type SimulationResult } from './sim/simulation.ts'
export { withoutThreads } from './sim/without-threads.ts'
export { SimWorld, type SimWorldOptions } from './sim/world.ts'
export { soak, type SoakOptions, type SoakProgress, type SoakResult } from './soak/soak.ts'
export { type Ground, oneTon } from './paid/ground.ts'
export {
  type PaidNetwork,
  type PaidNetworkOptions,
  type Party,
  startPaidNetwork,
} from './paid/paid-network.ts'
export type { PaidClient, PaidProxy, PaidWorker } from './paid/parties.ts'
export { type SealedStage, sealedStage } from './sealed.ts'
