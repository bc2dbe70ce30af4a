import assert from 'node:assert/strict'
import { test } from 'node:test'
import { nobleLogCrypto } from '@cocoon/trust/log'
import { nodeSeal } from '@cocoon/trust/node'
import { type ClientInclusion, WireError } from '@cocoon/wire'
import { VirtualWorld } from '../../../wire/test/virtual-world.ts'
import type { LogProofs } from '../../src/receipt/log-proofs.ts'
import { LogFollower, type LogFollowerOptions } from '../../src/receipt/log-follower.ts'

const hash = new Uint8Array(32)
const receipt = { proxyKey: hash, identity: hash, model: 'm', coefficient: 1_000 }
const proof = { signed: { receipt, bytes: hash, signature: hash }, chargedTokens: 1n } as never
const garbage: ClientInclusion = {
  _: 'client.inclusion',
  index: 0n,
  entry: hash,
  proof: [],
  checkpoint: new TextEncoder().encode('nothing that is signed'),
  flags: 0,
}

/** How often it was found that a receipt is not logged, after each of these minutes. */
async function unlogged(inclusion: LogProofs['inclusion'], minutes = [1, 2, 3]): Promise<number[]> {
  const world = new VirtualWorld()
  const counts: number[] = []
  let count = 0
  let tell: Parameters<LogFollowerOptions['book']['onChange']>[0] = () => {}
  const book = {
    onChange: (listener: typeof tell) => {
      tell = listener
      return { [Symbol.dispose]: () => {} }
    },
    attachLog: () => true,
  }
  const follower = new LogFollower({
    world,
    book: book as never,
    most: 10,
    sealCrypto: nodeSeal,
    logCrypto: nobleLogCrypto,
    proofs: () => ({ proxyKey: hash, contract: '0:00', inclusion, consistency: async () => [] }),
    unlogged: () => void count++,
    forked: () => assert.fail('a fork'),
  })
  tell({ id: 'a', proof } as never)
  for (let minute = 1; minute <= minutes.at(-1)!; minute++) {
    await world.advance(60_000)
    if (minutes.includes(minute)) counts.push(count)
  }
  follower[Symbol.dispose]()
  return counts
}

test('a receipt of which the proxy proves nothing is not logged, whatever it shows', async () => {
  assert.deepEqual(await unlogged(async () => undefined), [0, 1, 1])
  assert.deepEqual(await unlogged(async () => garbage), [0, 1, 1])
})

test('a proxy that does not answer says nothing against its log at first, and never to answer is no log', async () => {
  const silent = (): Promise<never> => Promise.reject(new WireError('timeout', 'no answer'))
  assert.deepEqual(await unlogged(silent, [1, 2, 19, 21, 30]), [0, 0, 0, 1, 1])
})
