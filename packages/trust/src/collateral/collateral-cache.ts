import type { World } from '@cocoon/wire'
import { parseCrl } from '../x509/crl.ts'
import type { Collateral } from './collateral.ts'
import type { CollateralKey } from './collateral-key.ts'
import { parseQeIdentity } from './qe-identity.ts'
import { parseTcbInfo } from './tcb-info.ts'

export interface CollateralCacheOptions {
  readonly world: Pick<World, 'now'>
  /** Where collateral is from: a service, files, anything. */
  load(key: CollateralKey): Promise<Collateral>
  /** Hears of refreshes that failed while older collateral still holds. */
  readonly onFailure?: (cause: unknown) => void
}

/** Kinds of platforms that a peer of a network meets. */
const maxCachedPlatforms = 256
/** After a refresh that failed, the next one is this much later. */
const refreshRetryMs = 60_000

interface Entry {
  collateral?: Collateral
  /** Milliseconds since the Unix epoch. */
  expiresAtMs: number
  refreshAtMs: number
  loading?: Promise<Collateral>
}

/**
 * Collateral by platform. It is kept to the earliest nextUpdate in it, and fetched again when four fifths of that
 * time are over: callers get the older one meanwhile, as long as it holds. At most one fetch for a platform is on
 * its way.
 */
export class CollateralCache {
  readonly #options: CollateralCacheOptions
  readonly #entries = new Map<string, Entry>()

  constructor(options: CollateralCacheOptions) {
    this.#options = options
  }

  /** Rejects as `load` does where there is nothing that still holds. */
  async get(key: CollateralKey): Promise<Collateral> {
    const { world, onFailure } = this.#options
    const name = `${key.tee} ${key.ca} ${key.fmspc}`
    const entry = this.#entries.get(name) ?? { expiresAtMs: 0, refreshAtMs: 0 }
    // The entry that was used last is the last in the map, and the first is dropped when there are too many.
    this.#entries.delete(name)
    this.#entries.set(name, entry)
    if (this.#entries.size > maxCachedPlatforms)
      this.#entries.delete(this.#entries.keys().next().value ?? name)

    const nowMs = world.now()
    if (!entry.collateral || nowMs >= entry.expiresAtMs) return this.#load(key, entry)
    if (nowMs >= entry.refreshAtMs) {
      entry.refreshAtMs = nowMs + refreshRetryMs
      this.#load(key, entry).catch(cause => onFailure?.(cause))
    }
    return entry.collateral
  }

  #load(key: CollateralKey, entry: Entry): Promise<Collateral> {
    const { world, load } = this.#options
    entry.loading ??= load(key)
      .then(collateral => {
        const nowMs = world.now()
        const expiresAtMs = earliestNextUpdate(collateral)
        // What does not hold now is for the verifier to refuse, and not to be kept.
        if (expiresAtMs > nowMs) {
          entry.collateral = collateral
          entry.expiresAtMs = expiresAtMs
          entry.refreshAtMs = nowMs + (expiresAtMs - nowMs) * 0.8
        }
        return collateral
      })
      .finally(() => {
        delete entry.loading
      })
    return entry.loading
  }
}

/** When the first part of it is due to be replaced, milliseconds since the Unix epoch; 0 if it cannot be read. */
export function earliestNextUpdate(collateral: Collateral): number {
  const { rootCaCrl, pckCrl, tcbInfo, qeIdentity } = collateral
  if (!rootCaCrl || !pckCrl || tcbInfo === undefined || qeIdentity === undefined) return 0
  try {
    const parts = [parseCrl(rootCaCrl), parseCrl(pckCrl), parseTcbInfo(tcbInfo), parseQeIdentity(qeIdentity)]
    return Math.min(...parts.map(({ nextUpdateMs }) => nextUpdateMs))
  } catch {
    return 0
  }
}
