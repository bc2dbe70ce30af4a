import type { Bytes } from '../bytes.ts'
import { encode, encodeOid, encodeUnsigned, tag } from '../der.ts'
import { sgxExtensionOid } from '../x509/sgx-extension.ts'
import { encodeExtension } from './certificates.ts'
import type { PlatformPlan } from './plan.ts'

/** The extension of a PCK certificate, in the layout that `platformIdentity` reads. */
export function encodeSgxExtension(platform: PlatformPlan): Bytes {
  const number = (value: number): Bytes => encodeUnsigned(Uint8Array.of(value >> 8, value & 0xff))
  const field = (arcs: string, value: Uint8Array): Bytes =>
    encode(tag.sequence, encodeOid(`${sgxExtensionOid}.${arcs}`), value)
  const tcb = [
    ...platform.components.map((svn, index) => field(`2.${index + 1}`, number(svn))),
    field('2.17', number(platform.pceSvn)),
    field('2.18', encode(tag.octetString, Uint8Array.from(platform.components))),
  ]
  return encodeExtension(
    sgxExtensionOid,
    false,
    encode(
      tag.sequence,
      field('1', encode(tag.octetString, platform.ppid)),
      field('2', encode(tag.sequence, ...tcb)),
      field('3', encode(tag.octetString, platform.pceId)),
      field('4', encode(tag.octetString, platform.fmspc)),
      field('5', encode(0x0a, Uint8Array.of(1))),
    ),
  )
}
