import { MoneyError } from './error.ts'

/** Where a TON account lives. Two of them name the same account exactly if both fields are equal. */
export interface ContractAddress {
  /** -128 to 127; 0 for all contracts of the network. */
  readonly workchain: number
  /** Hash of the account's initial state: 32 bytes as 64 lower-case hex digits. */
  readonly hash: string
}

const bounceableTag = 0x11
const nonBounceableTag = 0x51
const testnetFlag = 0x80

const friendlyForm = /^[A-Za-z0-9+/_-]{48}$/
const rawForm = /^(-?\d{1,3}):([0-9a-fA-F]{64})$/
const keyForm = /^(0|-?[1-9]\d{0,2}):[0-9a-f]{64}$/
const hashForm = /^[0-9a-f]{64}$/

/** Throws `MoneyError('address')` unless the workchain is a signed byte and the hash 32 bytes or 64 hex digits. */
export function contractAddress(workchain: number, hash: Uint8Array | string): ContractAddress {
  const hex = typeof hash === 'string' ? hash.toLowerCase() : Buffer.from(hash).toString('hex')
  if (!hashForm.test(hex)) throw new MoneyError('address', 'An address needs a hash of 32 bytes')
  if (!isWorkchain(workchain)) {
    throw new MoneyError('address', `An address cannot be in workchain ${workchain}`)
  }
  return Object.freeze({ workchain, hash: hex })
}

/**
 * Reads `0:<64 hex digits>` and the 48-character form (base64 or base64url), whatever its flags for bounce
 * and testnet. Throws `MoneyError('address')`.
 */
export function parseAddress(text: string): ContractAddress {
  const raw = rawForm.exec(text)
  if (raw) return contractAddress(Number(raw[1]), raw[2]!)
  if (!friendlyForm.test(text)) {
    throw new MoneyError(
      'address',
      `Not a TON address: ${shown(text)}. Give 48 base64 characters or 0:<64 hex digits>`,
    )
  }
  const bytes = Buffer.from(text, 'base64')
  if (bytes.readUInt16BE(34) !== crc16(bytes.subarray(0, 34))) {
    throw new MoneyError('address', `The checksum of address ${text} is wrong. Copy the address again`)
  }
  const tag = bytes[0]! & ~testnetFlag
  if (tag !== bounceableTag && tag !== nonBounceableTag) {
    throw new MoneyError('address', `The 48 characters ${text} are not an account address`)
  }
  return contractAddress(bytes.readInt8(1), bytes.subarray(2, 34))
}

/** The 48-character base64url form. Addresses in messages of the network are not bounceable. */
export function formatAddress(
  address: ContractAddress,
  options: { testnet?: boolean; bounceable?: boolean } = {},
): string {
  const bytes = Buffer.alloc(36)
  bytes[0] = (options.bounceable ? bounceableTag : nonBounceableTag) | (options.testnet ? testnetFlag : 0)
  bytes.writeInt8(address.workchain, 1)
  bytes.write(address.hash, 2, 'hex')
  bytes.writeUInt16BE(crc16(bytes.subarray(0, 34)), 34)
  return bytes.toString('base64url')
}

export function sameAddress(a: ContractAddress, b: ContractAddress): boolean {
  return a.workchain === b.workchain && a.hash === b.hash
}

/** Whether coins reach an address: there are no workchains but the base and the master one. */
export function canBePaid({ workchain }: ContractAddress): boolean {
  return workchain === 0 || workchain === -1
}

/** The raw form, `0:<hex>`: one text for each account, fit for a key. */
export function addressKey(address: ContractAddress): string {
  return `${address.workchain}:${address.hash}`
}

/** Whether a text is what `addressKey` returns for some address. */
export function isAddressKey(text: string): boolean {
  return isWorkchain(Number(keyForm.exec(text)?.[1]))
}

function isWorkchain(number: number): boolean {
  return Number.isInteger(number) && number >= -128 && number <= 127
}

/** CRC-16 with polynomial 0x1021 and initial value 0, most significant bit first. */
function crc16(bytes: Uint8Array): number {
  let crc = 0
  for (const byte of bytes) {
    crc ^= byte << 8
    for (let bit = 0; bit < 8; bit++) crc = crc & 0x8000 ? ((crc << 1) ^ 0x1021) & 0xffff : crc << 1
  }
  return crc
}

/** Text of a peer or a person, cut to what fits a message. */
function shown(text: string): string {
  return JSON.stringify(text.length > 80 ? `${text.slice(0, 80)}...` : text)
}
