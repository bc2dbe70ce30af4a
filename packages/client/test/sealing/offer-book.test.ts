import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { IdentityVerifier, VerifiedIdentity } from '@cocoon/trust/seal'
import { toHex } from '@cocoon/wire'
import { VirtualWorld } from '../../../wire/test/virtual-world.ts'
import { type Offer, OfferBook } from '../../src/sealing/offer-book.ts'

const listed = '5e'.repeat(32)

/** Machines are known by the byte that their digest is made of. */
class Bench {
  readonly world = new VirtualWorld()
  asked = 0
  offers: () => Promise<Offer[]> = async () => [offer(1)]
  verify: (fill: number) => Promise<VerifiedIdentity> = async fill => this.verified(fill)
  readonly book = new OfferBook({
    world: this.world,
    source: {
      offers: () => {
        this.asked++
        return this.offers()
      },
      evidence: async identity => ({ fill: identity[0] }) as never,
    },
    verifier: {
      known: () => undefined,
      verify: ({ fill }: { fill: number }) => this.verify(fill),
    } as unknown as IdentityVerifier,
    registry: () => ({ images: new Set([listed]), models: new Set([listed]) }),
    modelHash: () => listed,
  })

  verified(fill: number): VerifiedIdentity {
    const holdsUntilMs = this.world.now() + 3_600_000
    const report = { measurements: { imageHash: listed } }
    return { digest: digest(fill), identity: { model: 'm@c:5e' }, report, holdsUntilMs } as never
  }
}

const digest = (fill: number): Uint8Array => new Uint8Array(32).fill(fill)
const offer = (fill: number): Offer => ({
  identity: digest(fill),
  coefficient: fill,
  activeRequests: 0,
  maxActiveRequests: 1,
})
const chosen = async (bench: Bench): Promise<string[]> =>
  (await bench.book.choose('m', 1_000)).map(({ verified }) => toHex(verified.digest).slice(0, 2))

test('who comes while a model is asked for the first time waits for the same answer', async () => {
  const bench = new Bench()
  const all = await Promise.all(Array.from({ length: 100 }, () => chosen(bench)))
  assert.equal(bench.asked, 1)
  assert.ok(all.every(([first]) => first === '01'))
})

test('what was asked before a model was forgotten is not kept', async () => {
  const bench = new Bench()
  const { promise, resolve } = Promise.withResolvers<Offer[]>()
  bench.offers = () => promise
  const before = chosen(bench)
  bench.book.forget('m')
  bench.offers = async () => [offer(2)]
  assert.deepEqual(await chosen(bench), ['02'])
  resolve([offer(1)])
  assert.deepEqual(await before, ['01'])
  assert.deepEqual([await chosen(bench), bench.asked], [['02'], 2])
})

test('after a failure it is asked anew', async () => {
  const bench = new Bench()
  bench.offers = () => Promise.reject(new Error('away'))
  await assert.rejects(async () => chosen(bench), { code: 'upstream' })
  bench.offers = async () => [offer(1)]
  assert.deepEqual([await chosen(bench), bench.asked], [['01'], 2])
})

test('a machine whose proof does not come in time holds up no other', async () => {
  const bench = new Bench()
  bench.offers = async () => [offer(1), offer(2)]
  bench.verify = fill => (fill === 1 ? new Promise(() => {}) : Promise.resolve(bench.verified(fill)))
  let got: string[] | undefined
  void chosen(bench).then(found => (got = found))
  await bench.world.advance(9_999)
  assert.equal(got, undefined)
  await bench.world.advance(1)
  assert.deepEqual([got, bench.world.timers], [['02'], 0])
})

test('each machine comes with the offer that it was chosen by, also while others are being asked for', async () => {
  const bench = new Bench()
  const [before, after] = [[offer(1), offer(2)], [offer(1)]]
  bench.offers = async () => before
  const offersOf = async (): Promise<Offer[]> =>
    (await bench.book.choose('m', 1_000)).map(candidate => candidate.offer)
  assert.deepEqual(await offersOf(), before)
  await bench.world.advance(2_001)
  const { promise, resolve } = Promise.withResolvers<Offer[]>()
  bench.offers = () => promise
  assert.ok((await offersOf()).every(one => before.includes(one)))
  resolve(after)
  await bench.world.settle()
  const [only, ...others] = await offersOf()
  assert.ok(only === after[0] && others.length === 0)
})
