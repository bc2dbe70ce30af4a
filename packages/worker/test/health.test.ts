import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { VirtualWorld } from '../../wire/test/virtual-world.ts'
import type { BackendModel } from '../src/backend.ts'
import type { UsageSource } from '../src/event.ts'
import { Health } from '../src/health.ts'
import { ScriptedBackend } from './scripted-backend.ts'

class Watched {
  readonly world = new VirtualWorld()
  readonly backend = new ScriptedBackend()
  readonly news: string[] = []
  readonly health: Health
  asked = 0
  up = true
  findUsageSource: (models: BackendModel[], signal: AbortSignal) => Promise<UsageSource> = async () =>
    'stated'

  constructor() {
    this.backend.models = async () => {
      this.asked++
      if (!this.up) throw new Error('refused')
      return [{ id: 'tiny' }]
    }
    this.health = new Health({
      world: this.world,
      backend: this.backend,
      findUsageSource: (models, signal) => this.findUsageSource(models, signal),
      up: (models, source) => void this.news.push(`up ${models.map(model => model.id).join()} ${source}`),
      down: error => void this.news.push(`down ${error.message}`),
    })
  }
}

describe('the health of a backend', () => {
  test('is asked for at once and every two seconds, and told when it changes', async () => {
    const watched = new Watched()
    assert.equal(watched.health.isUp, false)
    watched.health.start()
    await watched.world.settle()
    assert.deepEqual([watched.health.isUp, watched.news], [true, ['up tiny stated']])
    await watched.world.advance(10_000)
    assert.equal(watched.asked, 6)
    assert.equal(watched.news.length, 1)

    watched.up = false
    await watched.world.advance(2_000)
    assert.deepEqual([watched.health.isUp, watched.news.at(-1)], [false, 'down refused'])
    await watched.world.advance(20_000)
    assert.equal(watched.news.length, 2)

    watched.up = true
    await watched.world.advance(2_000)
    assert.equal(watched.health.isUp, true)
    assert.equal(watched.news.length, 3)
  })

  test('that is bad from the beginning is told once', async () => {
    const watched = new Watched()
    watched.up = false
    watched.health.start()
    await watched.world.advance(10_000)
    assert.deepEqual(watched.news, ['down refused'])
  })

  test('is bad where the backend says nothing for half a minute', async () => {
    const watched = new Watched()
    watched.backend.models = signal =>
      new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(new Error('too late'))))
    watched.health.start()
    await watched.world.advance(29_999)
    assert.deepEqual(watched.news, [])
    await watched.world.advance(1)
    assert.deepEqual(watched.news, ['down too late'])
    await watched.world.advance(2_000)
    // The timeout of the probe under way alone.
    assert.equal(watched.world.timers, 1)
  })

  test('is good only once it is known where the tokens of answers are known from', async () => {
    const watched = new Watched()
    const found = Promise.withResolvers<UsageSource>()
    watched.findUsageSource = () => found.promise
    watched.health.start()
    await watched.world.settle()
    assert.equal(watched.health.isUp, false)
    found.resolve('tokenizer')
    await watched.world.settle()
    assert.deepEqual([watched.health.isUp, watched.news], [true, ['up tiny tokenizer']])
  })

  test('is asked again where that was not found out', async () => {
    const watched = new Watched()
    let tries = 0
    watched.findUsageSource = async () => {
      if (tries++ === 0) throw new Error('cannot tell')
      return 'stated'
    }
    watched.health.start()
    await watched.world.advance(2_000)
    assert.deepEqual(watched.news, ['down cannot tell', 'up tiny stated'])
  })

  test('is found out anew after it was gone: it may be another program', async () => {
    const watched = new Watched()
    let finds = 0
    watched.findUsageSource = async () => (finds++ === 0 ? 'stated' : 'none')
    watched.health.start()
    await watched.world.advance(4_000)
    assert.equal(finds, 1)
    watched.up = false
    await watched.world.advance(2_000)
    watched.up = true
    await watched.world.advance(2_000)
    assert.deepEqual(watched.news.at(-1), 'up tiny none')
  })

  test('is no matter after close, which ends the probe under way', async () => {
    for (const under of ['models', 'usage'] as const) {
      const watched = new Watched()
      let aborted = false
      const hang = (signal: AbortSignal): Promise<never> =>
        new Promise((_resolve, reject) =>
          signal.addEventListener('abort', () => {
            aborted = true
            reject(new Error('aborted'))
          }),
        )
      if (under === 'models') watched.backend.models = hang
      else watched.findUsageSource = (_models, signal) => hang(signal)
      watched.health.start()
      await watched.world.settle()
      watched.health.close()
      await watched.world.advance(60_000)
      assert.deepEqual([aborted, watched.news, watched.world.timers], [true, [], 0])
    }
  })
})
