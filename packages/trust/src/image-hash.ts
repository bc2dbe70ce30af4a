import { imageHashOf } from '@cocoon/wire'
import type { Bytes } from './bytes.ts'
import { join } from './bytes.ts'

/** The measurements of a TDX guest that identify its image, 48 bytes each, as they stand in a quote. */
export interface Measurements {
  readonly mrTd: Uint8Array
  readonly mrConfigId: Uint8Array
  readonly mrOwner: Uint8Array
  readonly mrOwnerConfig: Uint8Array
  readonly rtmr: readonly [Uint8Array, Uint8Array, Uint8Array, Uint8Array]
}

/**
 * The name of an image on the network: SHA-256 over the eight measurements in order and 64 zero bytes, which
 * stand in place of the report data. 32 bytes.
 */
export function imageHash(measurements: Measurements): Promise<Bytes> {
  return imageHashOf(joinMeasurements(measurements))
}

/** What `imageHash` is the SHA-256 of, for those who hash with a backend of their own: 448 bytes. */
export function imageHashInput(measurements: Measurements): Bytes {
  return join(joinMeasurements(measurements), new Uint8Array(64))
}

function joinMeasurements({ mrTd, mrConfigId, mrOwner, mrOwnerConfig, rtmr }: Measurements): Bytes {
  const fields = [mrTd, mrConfigId, mrOwner, mrOwnerConfig, ...rtmr]
  for (const field of fields) {
    if (field.length !== 48) throw new RangeError(`A measurement has 48 bytes, not ${field.length}.`)
  }
  return join(...fields)
}

/** All measurements zero: what fake TDX amounts to. */
export function zeroMeasurements(): Measurements {
  const zero = new Uint8Array(48)
  return { mrTd: zero, mrConfigId: zero, mrOwner: zero, mrOwnerConfig: zero, rtmr: [zero, zero, zero, zero] }
}
