import { hash } from 'node:crypto'
import type { RootConfig } from './root-config.ts'

/** How the root knows a model: SHA-256 of its text `name@commit:weights-hash`, 64 hex digits. */
export function modelHash(model: string): string {
  return hash('sha256', model, 'hex')
}

/** What queries ask for: the text before `@`. */
export function modelBaseName(model: string): string {
  const at = model.indexOf('@')
  return at < 0 ? model : model.slice(0, at)
}

/** Whether the root admits this model, by its whole text. */
export function isModelAllowed(config: Pick<RootConfig, 'modelHashes'>, model: string): boolean {
  return config.modelHashes.has(modelHash(model))
}

/** Whether an image hash of a peer is in a set of the root. */
export function isImageAllowed(allowed: ReadonlySet<string>, imageHash: Uint8Array): boolean {
  return allowed.has(Buffer.from(imageHash).toString('hex'))
}
