import { randomBetween, type World } from '@cocoon/wire'
import { MoneyError } from '../error.ts'
import type { AdnlPeer } from './adnl-connection.ts'

/** Liteservers of one configuration that are used, drawn at random: each one that is used is also watched. */
const maxLiteservers = 4
/** Liteservers that a configuration may list. */
const maxListed = 1_000

/**
 * The liteservers of TON's global configuration, a file of JSON that is read and parsed already: a random few of
 * them. Throws `MoneyError('config')` where it has none.
 */
export function liteserversOf(config: unknown, world: World): AdnlPeer[] {
  const listed = isRecord(config) ? config['liteservers'] : undefined
  if (!Array.isArray(listed) || listed.length === 0 || listed.length > maxListed) {
    throw new MoneyError(
      'config',
      'The global configuration lists no liteservers. Give the file of your network',
    )
  }
  const peers = listed.map(readPeer)
  // The first draws of a shuffle.
  for (let index = 0; index < Math.min(maxLiteservers, peers.length); index++) {
    const drawn = Math.floor(randomBetween(world, index, peers.length))
    const peer = peers[drawn]!
    peers[drawn] = peers[index]!
    peers[index] = peer
  }
  return peers.slice(0, maxLiteservers)
}

/** `{ ip: int32, port, id: { "@type": "pub.ed25519", key: base64 } }` */
function readPeer(entry: unknown): AdnlPeer {
  const { ip, port, id } = isRecord(entry) ? entry : {}
  const key = isRecord(id) && typeof id['key'] === 'string' ? Buffer.from(id['key'], 'base64') : undefined
  if (!isWhole(ip, -(2 ** 31), 2 ** 32) || !isWhole(port, 1, 2 ** 16) || key?.length !== 32) {
    throw new MoneyError(
      'config',
      'A liteserver of the global configuration has no ip, port or key that fits',
    )
  }
  const host = [24, 16, 8, 0].map(shift => (ip >>> shift) & 0xff).join('.')
  return { host, port, publicKey: key, source: `liteserver ${host}:${port}` }
}

function isWhole(value: unknown, from: number, below: number): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value >= from && value < below
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
