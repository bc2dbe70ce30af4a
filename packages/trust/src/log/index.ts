/** A transparency log of C2SP tlog-tiles: how it grows, and how others see that it only ever grows. */
export { type Appended, LogAppender, type LogAppenderOptions, type LogEntry } from './appender.ts'
export * from './checkpoint.ts'
export { type LogCrypto, nobleLogCrypto, type Sha256 } from './crypto.ts'
export { logLimits } from './limits.ts'
export * from './log-store.ts'
export { MemoryLogStore } from './memory-log-store.ts'
export {
  type ConsistencyClaim,
  emptyRoot,
  type InclusionClaim,
  leafHash,
  nodeHash,
  verifyConsistency,
  verifyInclusion,
} from './merkle.ts'
export * from './note.ts'
export * from './note-key.ts'
export { consistencyProof, inclusionProof, type TiledTree, type TileSource, treeRoot } from './proof.ts'
export {
  decodeBundle,
  encodeBundle,
  type LogResource,
  maxBundleBytes,
  parseResourcePath,
  resourcePath,
  tileWidth,
  widthOf,
} from './tile.ts'
export { type Equivocation, verifyEquivocation } from './equivocation.ts'
export { LogReader, type LogReaderOptions, type ProvedEntry } from './reader.ts'
export type { GetResource } from './verified-tree.ts'
export { LogWatcher, type Observation, type ProofSource } from './watcher.ts'
export { Cosigners, type CosignersOptions, type Cosigned, type RemoteWitness } from './cosigners.ts'
export {
  MemoryWitnessStore,
  Witness,
  type WitnessAnswer,
  type Witnessed,
  type WitnessOptions,
  type WitnessStore,
} from './witness.ts'
export { type AddCheckpoint, formatAddCheckpoint, parseAddCheckpoint } from './witness-request.ts'
export * from './peer-witness.ts'
