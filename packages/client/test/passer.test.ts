import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type ClientInclusion, decode, clientInclusion } from '@cocoon/wire'
import { Passer, type PasserOptions } from '../src/passer.ts'
import type { ClientSession } from '../src/session.ts'

const nothing = new Uint8Array(0)
const found: ClientInclusion = {
  _: 'client.inclusion',
  index: 7n,
  entry: nothing,
  proof: [],
  checkpoint: nothing,
  flags: 0,
}

/** Passes queries on over proxies of which each answers so when it is asked for an entry of its log. */
function passer(...answers: ReadonlyArray<() => Promise<ClientInclusion | undefined>>): Passer {
  const sessions = answers.map(inclusion => ({ canSeal: true, logProofs: { inclusion } }))
  return new Passer({ sessions: () => sessions as unknown as ClientSession[] } as unknown as PasserOptions)
}

const fails = (): Promise<never> => Promise.reject(new Error('gone'))
const hasNone = (): Promise<undefined> => Promise.resolve(undefined)
const has = (): Promise<ClientInclusion> => Promise.resolve(found)

test('an entry is looked for at each proxy, also after one that fails', async () => {
  for (const answers of [[has], [fails, has], [hasNone, fails, has]]) {
    const bytes = await passer(...answers).inclusion(nothing)
    assert.equal(decode(clientInclusion, bytes!).index, 7n)
  }
  assert.equal(await passer(hasNone, hasNone).inclusion(nothing), undefined)
  // Whether it is nowhere is not known then.
  await assert.rejects(passer(fails, hasNone).inclusion(nothing), { code: 'upstream' })
})
