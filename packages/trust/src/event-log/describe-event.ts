import { toHex } from '@cocoon/wire'
import type { Bytes } from '../bytes.ts'
import { eventLogLimits } from './event.ts'
import type { MeasuredEvent } from './event.ts'

const typeNames: Readonly<Record<number, string>> = {
  0x0000_0000: 'EV_PREBOOT_CERT',
  0x0000_0001: 'EV_POST_CODE',
  0x0000_0003: 'EV_NO_ACTION',
  0x0000_0004: 'EV_SEPARATOR',
  0x0000_0005: 'EV_ACTION',
  0x0000_0006: 'EV_EVENT_TAG',
  0x0000_0007: 'EV_S_CRTM_CONTENTS',
  0x0000_0008: 'EV_S_CRTM_VERSION',
  0x0000_0009: 'EV_CPU_MICROCODE',
  0x0000_000a: 'EV_PLATFORM_CONFIG_FLAGS',
  0x0000_000b: 'EV_TABLE_OF_DEVICES',
  0x0000_000c: 'EV_COMPACT_HASH',
  0x0000_000d: 'EV_IPL',
  0x0000_000e: 'EV_IPL_PARTITION_DATA',
  0x0000_0012: 'EV_OMIT_BOOT_DEVICE_EVENTS',
  0x0800_0001: 'runtime event',
  0x8000_0001: 'EV_EFI_VARIABLE_DRIVER_CONFIG',
  0x8000_0002: 'EV_EFI_VARIABLE_BOOT',
  0x8000_0003: 'EV_EFI_BOOT_SERVICES_APPLICATION',
  0x8000_0004: 'EV_EFI_BOOT_SERVICES_DRIVER',
  0x8000_0005: 'EV_EFI_RUNTIME_SERVICES_DRIVER',
  0x8000_0006: 'EV_EFI_GPT_EVENT',
  0x8000_0007: 'EV_EFI_ACTION',
  0x8000_0008: 'EV_EFI_PLATFORM_FIRMWARE_BLOB',
  0x8000_0009: 'EV_EFI_HANDOFF_TABLES',
  0x8000_000a: 'EV_EFI_PLATFORM_FIRMWARE_BLOB2',
  0x8000_000b: 'EV_EFI_HANDOFF_TABLES2',
  0x8000_000c: 'EV_EFI_VARIABLE_BOOT2',
  0x8000_00e0: 'EV_EFI_VARIABLE_AUTHORITY',
}

export function typeName(type: number): string {
  return typeNames[type] ?? `0x${type.toString(16).padStart(8, '0')}`
}

/** What an event says was measured, in one line of printable characters. Never throws. */
export function describeEvent({ type, name, data }: MeasuredEvent): string {
  const described = name === undefined ? describeData(type, data) : describeRuntime(name, data)
  return printable(described)
}

function describeRuntime(name: string, data: Bytes): string {
  return data.length === 0 ? name : `${name} = ${textOrHex(data)}`
}

function describeData(type: number, data: Bytes): string {
  switch (type) {
    case 0x8000_0001:
    case 0x8000_0002:
    case 0x8000_000c:
    case 0x8000_00e0:
      return describeVariable(data)
    case 0x8000_0003:
    case 0x8000_0004:
    case 0x8000_0005:
      return describeImage(data)
    case 0x8000_000a:
    case 0x8000_000b:
      return describeCounted(data)
    case 0x8000_0006:
      return 'partition table'
    case 6:
      return describeTag(data)
    case 0x0a:
      return describeNamed(data)
    case 4:
      return `separator ${toHex(data.subarray(0, 8))}`
    default:
      return textOrHex(data)
  }
}

/** UEFI_VARIABLE_DATA: GUID 16, name length u64, data length u64, name in UTF-16, data. */
function variableOf(data: Bytes): { name: string; content: Bytes } | undefined {
  if (data.length < 32) return undefined
  const view = new DataView(data.buffer, data.byteOffset, data.length)
  const nameLength = view.getBigUint64(16, true)
  const contentLength = view.getBigUint64(24, true)
  if (BigInt(data.length) !== 32n + 2n * nameLength + contentLength) return undefined
  const contentStart = 32 + 2 * Number(nameLength)
  const name = new TextDecoder('utf-16le').decode(data.subarray(32, contentStart))
  return { name, content: data.subarray(contentStart) }
}

function describeVariable(data: Bytes): string {
  const variable = variableOf(data)
  if (!variable) return textOrHex(data)
  const { name, content } = variable
  if (name === 'SecureBoot' && content.length === 1) return `SecureBoot is ${content[0] === 1 ? 'on' : 'off'}`
  return `variable ${name}, ${content.length} bytes`
}

/** UEFI_IMAGE_LOAD_EVENT: address, length and link address u64 each, length of the device path u64, path. */
function describeImage(data: Bytes): string {
  const names: string[] = []
  let offset = 32
  // Nodes of a device path: type, subtype, length u16. Files are (4, 4), with their name in UTF-16.
  while (offset + 4 <= data.length) {
    const length = data[offset + 2]! | (data[offset + 3]! << 8)
    if (length < 4 || offset + length > data.length) break
    if (data[offset] === 4 && data[offset + 1] === 4) {
      names.push(new TextDecoder('utf-16le').decode(data.subarray(offset + 4, offset + length)))
    }
    offset += length
  }
  return `image ${names.join('').replaceAll('\0', '') || 'without a file name'}`
}

/** A length u8 and as many characters; addresses and tables follow. */
function describeCounted(data: Bytes): string {
  const length = data[0] ?? 0
  return length > 0 && length < data.length ? textOrHex(data.subarray(1, 1 + length)) : textOrHex(data)
}

/** TCG_PCClientTaggedEvent: id u32, length u32, data. */
function describeTag(data: Bytes): string {
  if (data.length < 8) return textOrHex(data)
  const view = new DataView(data.buffer, data.byteOffset, data.length)
  const length = view.getUint32(4, true)
  return length === data.length - 8 ? textOrHex(data.subarray(8)) : textOrHex(data)
}

/** What a TD shim notes: a name of 16 bytes, length u32, data. */
function describeNamed(data: Bytes): string {
  if (data.length < 20) return textOrHex(data)
  const view = new DataView(data.buffer, data.byteOffset, data.length)
  if (view.getUint32(16, true) !== data.length - 20) return textOrHex(data)
  return `${textOrHex(data.subarray(0, 16))} ${textOrHex(data.subarray(20))}`
}

/** Text where the bytes are ASCII that ends in any number of zeros, else hexadecimal. */
function textOrHex(data: Bytes): string {
  const shown = data.subarray(0, 2 * eventLogLimits.maxDescriptionLength)
  const end = shown.findLastIndex(byte => byte !== 0) + 1
  const isText = end > 0 && shown.subarray(0, end).every(byte => byte >= 0x20 && byte < 0x7f)
  if (isText) return new TextDecoder().decode(shown.subarray(0, end))
  return toHex(shown.subarray(0, 64))
}

/** Names are written by others: nothing in them may move a cursor or be taken for another line. */
function printable(text: string): string {
  const { maxDescriptionLength } = eventLogLimits
  const cut = text.length > maxDescriptionLength ? `${text.slice(0, maxDescriptionLength - 1)}…` : text
  return cut.replaceAll(/[^\x20-\x7e…]/g, '?')
}
