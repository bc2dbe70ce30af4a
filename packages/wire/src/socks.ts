import { WireError } from './error.ts'

/** Offers no authentication, which is all that a router asks for. */
export const socksGreeting: Uint8Array = Uint8Array.of(5, 1, 0)
export const socksMethodBytes = 2
export const socksReplyBytes = 10

/** Throws `handshake` unless the router took the offer. */
export function checkSocksMethod(bytes: Uint8Array): void {
  const [version, method] = bytes
  if (bytes.length === socksMethodBytes && version === 5 && method === 0) return
  throw new WireError('handshake', 'The router does not speak SOCKS5 without authentication on this port.')
}

/** A CONNECT request to an IPv4 address, the only kind that routers serve. Throws `handshake` for others. */
export function encodeSocksConnect(host: string, port: number): Uint8Array {
  const octets = host.split('.').map(part => (/^\d{1,3}$/.test(part) ? Number(part) : 256))
  if (octets.length !== 4 || octets.some(octet => octet > 255)) {
    throw new WireError('handshake', `A router connects to IPv4 addresses only, not to ${host}.`)
  }
  return Uint8Array.of(5, 1, 0, 1, ...octets, port >>> 8, port & 0xff)
}

/** Throws `handshake` unless the router reports success. */
export function checkSocksReply(bytes: Uint8Array): void {
  const [version, code = -1, , addressType] = bytes
  if (bytes.length !== socksReplyBytes || version !== 5 || addressType !== 1) {
    throw new WireError('handshake', "The router's SOCKS5 reply is malformed.")
  }
  if (code !== 0) {
    const reason = replyReasons[code] ?? `code ${code}`
    throw new WireError('handshake', `The router could not connect to the peer: ${reason}.`)
  }
}

/** The meanings that RFC 1928 gives to reply codes. */
const replyReasons: readonly (string | undefined)[] = [
  undefined,
  'general failure',
  'connection not allowed by its rules',
  'network unreachable',
  'host unreachable',
  'connection refused',
  'time to live expired',
  'command not supported',
  'address type not supported',
]
