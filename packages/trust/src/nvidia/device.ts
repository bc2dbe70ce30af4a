import type { Bytes } from '../bytes.ts'
import { contextTag, DerReader, malformed, tag } from '../der.ts'
import type { Chain } from '../verify/chain.ts'
import type { ChainCertificate } from '../x509/certificate.ts'
import { oidOf } from '../x509/values.ts'
import { gpuVbiosVersion, opaqueText, opaqueType } from './opaque.ts'
import type { OpaqueData } from './opaque.ts'

/** Kinds of devices, as evidence files call them. */
export type Architecture = 'HOPPER' | 'BLACKWELL' | 'LS10'

/** What a device's driver and firmware call themselves, and which reference documents belong to them. */
export interface DeviceIdentity {
  readonly driverVersion?: string
  readonly vbiosVersion?: string
  /** Ids of the reference documents that its measurements are compared with; a switch has no driver of its own. */
  readonly driverReference?: string
  readonly vbiosReference?: string
}

/**
 * The kind of device that a chain is of, by the chips that names in it speak of, such as `GH100 A01 GSP BROM` and
 * `NVIDIA GH100 Identity`. Undefined where they speak of none, or of several.
 */
export function architectureOf(chain: Chain): Architecture | undefined {
  const named = chain.flatMap(({ commonName }) => commonName.match(/\b(?:GH\d{3}|GB\d{3}|LS10)\b/g) ?? [])
  const kinds = new Set(
    named.map(chip => (chip === 'LS10' ? 'LS10' : chip.startsWith('GH') ? 'HOPPER' : 'BLACKWELL')),
  )
  return kinds.size === 1 ? [...kinds][0] : undefined
}

/** Which reference documents a report asks for. */
export function identityOf(architecture: Architecture, opaque: OpaqueData): DeviceIdentity {
  if (architecture === 'LS10') {
    const vbiosVersion = safeVersion(opaqueText(opaque, opaqueType.vbiosVersion)?.toUpperCase())
    if (vbiosVersion === undefined) return {}
    return { vbiosVersion, vbiosReference: `NV_SWITCH_BIOS_5612_0002_890_${compact(vbiosVersion)}` }
  }
  const driverVersion = safeVersion(opaqueText(opaque, opaqueType.driverVersion))
  const vbiosVersion = gpuVbiosVersion(opaque)
  const project = safeVersion(opaqueText(opaque, opaqueType.project))
  const sku = safeVersion(opaqueText(opaque, opaqueType.projectSku))
  const chip = safeVersion(opaqueText(opaque, opaqueType.chipSku))
  const driverPrefix = architecture === 'HOPPER' ? 'NV_GPU_DRIVER_GH100_' : 'NV_GPU_CC_DRIVER_GB100_'
  return {
    ...(driverVersion === undefined
      ? {}
      : { driverVersion, driverReference: `${driverPrefix}${driverVersion}` }),
    ...(vbiosVersion === undefined ? {} : { vbiosVersion }),
    ...(vbiosVersion === undefined || project === undefined || sku === undefined || chip === undefined
      ? {}
      : { vbiosReference: `NV_GPU_VBIOS_${project}_${sku}_${chip}_${compact(vbiosVersion)}` }),
  }
}

function compact(version: string): string {
  return version.replaceAll('.', '')
}

/** Versions become parts of addresses and file names. */
function safeVersion(version: string | undefined): string | undefined {
  return version !== undefined && /^[\w.-]{1,64}$/.test(version) && !version.includes('..')
    ? version
    : undefined
}

/** DICE of the composite device and of its TCB. */
export const diceOids: readonly string[] = ['2.23.133.5.4.1', '2.23.133.5.4.1.1']

const sha384 = '2.16.840.1.101.3.4.2.2'

/**
 * Digests of the firmware that a device certificate was made for, 48 bytes each: the FWIDs of its DICE extensions,
 * which are a CompositeDeviceID (SEQUENCE of version, key, FWID) or a DiceTcbInfo (FWIDs under tag 6). Empty where
 * there is no such extension. Throws `certificate-malformed`.
 */
export function firmwareIdsOf({ extensions }: ChainCertificate): Bytes[] {
  return diceOids.flatMap(type => {
    const content = extensions.get(type)?.content
    return content ? parseDice(content) : []
  })
}

function parseDice(content: Bytes): Bytes[] {
  const outer = new DerReader(content)
  const fields = outer.enter(tag.sequence)
  outer.end()
  const found: Bytes[] = []
  while (fields.more) {
    const field = fields.next()
    if (field.tag === contextTag(6, true)) found.push(...firmwareIds(new DerReader(field.content)))
    else if (field.tag === tag.sequence && isDigest(field.content)) found.push(digestOf(field.content))
  }
  if (found.length === 0) throw malformed('a DICE extension without a firmware id')
  return found
}

function firmwareIds(list: DerReader): Bytes[] {
  const found: Bytes[] = []
  while (list.more) found.push(digestOf(list.next(tag.sequence).content))
  return found
}

/** A key is a SEQUENCE too, and begins with another SEQUENCE. */
function isDigest(content: Bytes): boolean {
  return content[0] === tag.objectIdentifier
}

function digestOf(content: Bytes): Bytes {
  const pair = new DerReader(content)
  const algorithm = oidOf(pair)
  const digest = pair.next(tag.octetString).content
  pair.end()
  if (algorithm !== sha384 || digest.length !== 48) throw malformed('a firmware id that is not SHA-384')
  return digest
}
