import { toHex } from '@cocoon/wire'
import type { Bytes } from '../bytes.ts'
import { malformedReport } from './byte-reader.ts'
import type { ByteReader } from './byte-reader.ts'
import { fromPaddedAscii } from './encoding.ts'

/** What a device says of itself besides its measurements, by field type. */
export type OpaqueData = ReadonlyMap<number, Bytes>

/** Types of the fields that mean something here. */
export const opaqueType = {
  driverVersion: 3,
  vbiosVersion: 6,
  nvdec0: 11,
  chipSku: 15,
  project: 17,
  projectSku: 18,
  fwid: 20,
  protectedPcie: 21,
  featureFlag: 36,
} as const

/** Names of the fields, for people. A field that is not here is shown by its number. */
const names: Readonly<Record<number, string>> = {
  1: 'certificate issuer',
  2: 'certificate authority key identifier',
  3: 'driver version',
  4: 'GPU information',
  5: 'SKU',
  6: 'VBIOS version',
  7: 'manufacturer',
  8: 'tamper detection',
  9: 'SMC',
  10: 'VPR',
  11: 'NVDEC0',
  12: 'measurement counts',
  13: 'CPR information',
  14: 'board',
  15: 'chip SKU',
  16: 'chip SKU modification',
  17: 'project',
  18: 'project SKU',
  19: 'project SKU modification',
  20: 'FWID',
  21: 'protected PCIe',
  22: 'switch or device identifiers',
  23: 'disabled ports',
  24: 'position',
  25: 'lock status',
  26: 'GPU identifiers',
  34: 'version of this data',
  35: 'chip information',
  36: 'feature flag',
}

/** Fields of type u16, length u16, value; no type may come twice. Throws `gpu-evidence-malformed`. */
export function parseOpaqueData(reader: ByteReader): OpaqueData {
  const fields = new Map<number, Bytes>()
  while (reader.more) {
    const type = reader.number(2)
    const value = reader.take(reader.number(2))
    if (fields.has(type)) throw malformedReport(`field ${type} of the opaque data is there twice`)
    fields.set(type, value)
  }
  return fields
}

/** A field as text; undefined where it is absent, empty or no text. */
export function opaqueText(opaque: OpaqueData, type: number): string | undefined {
  const value = opaque.get(type)
  return (value && fromPaddedAscii(value)) || undefined
}

/** The VBIOS version of a GPU, such as 96.00.74.00.20: five of its eight bytes, the last four of them first. */
export function gpuVbiosVersion(opaque: OpaqueData): string | undefined {
  const value = opaque.get(opaqueType.vbiosVersion)
  if (value?.length !== 8) return undefined
  const parts = [value[3]!, value[2]!, value[1]!, value[0]!, value[4]!]
  return parts.map(part => part.toString(16).toUpperCase().padStart(2, '0')).join('.')
}

/** All fields by name, as text where they are text and in hexadecimal where not. */
export function describeOpaqueData(opaque: OpaqueData): Record<string, string> {
  return Object.fromEntries(
    [...opaque].map(([type, value]) => {
      const text = value.length > 1 && value[0] !== 0 ? fromPaddedAscii(value) : undefined
      const shown = type === opaqueType.vbiosVersion ? gpuVbiosVersion(opaque) : undefined
      return [names[type] ?? `field ${type}`, shown ?? text ?? toHex(value)]
    }),
  )
}
