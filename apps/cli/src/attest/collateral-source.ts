import {
  type Collateral,
  CollateralCache,
  type CollateralKey,
  collateralService,
  fetchCollateral,
  intelCollateralService,
  TrustError,
} from '@cocoon/trust'
import type { World } from '@cocoon/wire'
import { CliError, reasonOf } from '../error.ts'
import { readCollateralFile } from './files.ts'

export interface CollateralSourceOptions {
  readonly world: World
  /** Address of a service, path of a file, or `stapled` for none; Intel's service if absent. */
  readonly from: string | undefined
  readonly onFailure: (why: string) => void
}

/** Where a role has collateral from; undefined where it relies on what peers staple. Throws `config`. */
export function collateralSource(
  options: CollateralSourceOptions,
): ((key: CollateralKey) => Promise<Collateral>) | undefined {
  const { world, from, onFailure } = options
  if (from === 'stapled') return undefined
  const cache = new CollateralCache({
    world,
    load: loaderOf(from, world),
    onFailure: cause => onFailure(reasonOf(cause)),
  })
  return key => cache.get(key)
}

function loaderOf(from: string | undefined, world: World): (key: CollateralKey) => Promise<Collateral> {
  if (from !== undefined && !/^https?:/i.test(from)) return () => readCollateralFile(from)
  try {
    const service = from === undefined ? intelCollateralService : collateralService(from)
    return key => fetchCollateral(service, key, { fetch, world })
  } catch (cause) {
    if (!(cause instanceof TrustError)) throw cause
    throw new CliError('config', cause.message, { cause, advice: 'Correct --collateral.' })
  }
}
