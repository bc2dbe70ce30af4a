import type { Bytes } from '../bytes.ts'
import { TrustError } from '../error.ts'

/** How much of a log is read. */
export const eventLogLimits = {
  /** Firmware sets aside 64 KiB to 1 MiB. */
  maxLogBytes: 4_194_304,
  maxEvents: 16_384,
  /** Hash algorithms that a log has digests of. */
  maxAlgorithms: 8,
  /** Name of a runtime event. */
  maxNameLength: 1_024,
  /** Characters of what is told of one event. */
  maxDescriptionLength: 256,
} as const

/** Something that extended a runtime measurement register, or is noted beside those. */
export interface MeasuredEvent {
  /** RTMR 0 to 3; absent where nothing was extended. */
  readonly register?: 0 | 1 | 2 | 3
  /** As the TCG numbers them; runtime agents have numbers of their own. */
  readonly type: number
  /** SHA-384, 48 bytes. */
  readonly digest: Bytes
  /** Of a runtime event. */
  readonly name?: string
  /** What the writer of the log says was measured. Nothing vouches for it but the digest, where it is of it. */
  readonly data: Bytes
}

/** `EV_NO_ACTION`: noted, and not measured. */
export const noAction = 3

/** Events of a runtime agent: SHA-384(type as u32 ‖ ":" ‖ name ‖ ":" ‖ data). */
export const runtimeEvent = 0x0800_0001

export function isRegister(value: number): value is 0 | 1 | 2 | 3 {
  return Number.isInteger(value) && value >= 0 && value <= 3
}

export function malformedLog(what: string, options?: ErrorOptions): TrustError {
  return new TrustError(
    'event-log-malformed',
    `The event log is malformed: ${what}. Read it again from the machine that wrote it.`,
    options,
  )
}
