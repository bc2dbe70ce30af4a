import assert from 'node:assert/strict'
import { mock, test } from 'node:test'
import { nodeSeal } from '@cocoon/trust/node'
import { type BackendScript, wholeAnswer } from '../src/index.ts'
import { type SealedNetwork, sealedNetwork, usage } from './sealed/sealed-network.ts'

const silent: BackendScript = () => {}
const whole = wholeAnswer('All of it', usage)
const broken = wholeAnswer('broken', {}, 500)

interface End {
  /** Of each worker; absent: the usual stream. */
  readonly scripts: readonly (BackendScript | undefined)[]
  readonly run: (network: SealedNetwork) => Promise<unknown>
}

const ends: Record<string, End> = {
  'answered at once': { scripts: [whole], run: network => network.asked({ body: { stream: false } }) },
  'sealed to three machines': {
    scripts: [whole, whole, whole],
    run: network => network.asked({ body: { stream: false } }),
  },
  'tried at three machines that fail': {
    scripts: [broken, broken, broken],
    run: network => network.asked({ body: { stream: false } }),
  },
  overdue: { scripts: [silent], run: network => network.asked({ timeoutMs: 2_000 }) },
  'refused by the worker for what is inside': {
    scripts: [whole],
    run: network => network.asked({ body: { n: 'many' } }),
  },
  'cancelled before its answer': {
    scripts: [silent],
    run: async network => {
      const asked = network.asking()
      await network.world.runFor(50)
      asked.cancel()
    },
  },
  'streamed, and cancelled in the middle': {
    scripts: [undefined],
    run: async network => {
      await network.asked()
      const asked = network.asking()
      await network.world.until(() => asked.text.length > 0, 5_000)
      asked.cancel()
    },
  },
}

for (const [how, { scripts, run }] of Object.entries(ends)) {
  test(`the keys of a query are erased at both ends: ${how}`, async () => {
    const keys: Uint8Array[] = []
    const { aead } = nodeSeal
    const watching = mock.method(nodeSeal, 'aead', (key: Uint8Array) => {
      keys.push(key)
      return aead(key)
    })
    try {
      await using network = await sealedNetwork({
        workers: scripts.map(script => (script === undefined ? {} : { script })),
      })
      await run(network)
      await network.world.runFor(90_000)
      assert.ok(keys.length >= 2)
      assert.equal(keys.filter(key => key.some(octet => octet !== 0)).length, 0)
    } finally {
      watching.mock.restore()
    }
  })
}
