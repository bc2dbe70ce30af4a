import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { LeastProtection, Protection } from '@cocoon/client/role'
import type { World } from '@cocoon/wire'
import { systemWorld } from '@cocoon/wire/node'
import { attestedStreet, type SealedStage, sealedStage, startTestNetwork } from '../src/index.ts'
import { pipeStreet, type Street, tcpStreet } from '../src/street.ts'
import { type Asked, ask } from './asked.ts'

const levels = ['sealed', 'attested-proxy', 'any'] as const satisfies LeastProtection[]

/** What a network has to offer, and what a query gets there by what its caller asks for. */
const networks: Array<{
  readonly name: string
  readonly street: (world: World) => Promise<Street>
  readonly seals: boolean
  readonly gets: Record<LeastProtection, Protection['kind'] | undefined>
}> = [
  {
    name: 'sealed workers behind an attested proxy',
    street: attestedStreet,
    seals: true,
    gets: { sealed: 'sealed', 'attested-proxy': 'sealed', any: 'sealed' },
  },
  {
    name: 'sealed workers behind a proxy that proves nothing',
    street: async world => pipeStreet(world),
    seals: true,
    gets: { sealed: 'sealed', 'attested-proxy': 'sealed', any: 'sealed' },
  },
  {
    name: 'an attested proxy alone',
    street: attestedStreet,
    seals: false,
    gets: { sealed: undefined, 'attested-proxy': 'attested-proxy', any: 'attested-proxy' },
  },
  {
    name: 'evidence that is not verified',
    street: tcpStreet,
    seals: false,
    gets: { sealed: undefined, 'attested-proxy': undefined, any: 'none' },
  },
  {
    name: 'nothing',
    street: async world => pipeStreet(world),
    seals: false,
    gets: { sealed: undefined, 'attested-proxy': undefined, any: 'none' },
  },
]

for (const { name, street, seals, gets } of networks) {
  test(`a network of ${name} gives each query what its caller asks for, or nothing`, async () => {
    using stage = await sealedStage(systemWorld)
    await using network = await startTestNetwork(await optionsOf(stage, await street(systemWorld), seals))
    await network.ready()
    for (const leastProtection of levels) {
      const asked = ask(network.client, { leastProtection })
      await over(asked)
      const got = gets[leastProtection]
      if (got === undefined) {
        assert.equal(asked.ended?.kind === 'failed' && asked.ended.code, 'unprotected', leastProtection)
        assert.equal(asked.status, undefined)
      } else {
        assert.equal(asked.ended?.kind, 'end', leastProtection)
        assert.equal(asked.protection?.kind, got, leastProtection)
        assert.equal(asked.summary?.proof !== undefined, got === 'sealed')
      }
    }
  })
}

test('a query whose caller says nothing gets what its client was told', async () => {
  for (const leastProtection of levels) {
    using stage = await sealedStage(systemWorld)
    const options = await optionsOf(stage, pipeStreet(systemWorld), false)
    await using network = await startTestNetwork({
      ...options,
      clients: [{ ...options.clients![0], leastProtection }],
    })
    await network.ready()
    const asked = ask(network.client)
    await over(asked)
    assert.equal(asked.ended?.kind, leastProtection === 'any' ? 'end' : 'failed')
  }
})

test('a proxy that offers no machine to seal to takes no query from another that does', async () => {
  using stage = await sealedStage(systemWorld)
  const proxies = [{}, ...stage.options.proxies!]
  await using network = await startTestNetwork({ ...stage.options, proxies })
  await network.ready()
  for (let i = 0; i < 4; i++) {
    const asked = ask(network.client)
    await over(asked)
    assert.equal(asked.protection?.kind, 'sealed')
  }
})

async function optionsOf(stage: SealedStage, street: Street, seals: boolean) {
  const { options } = stage
  const { workerHashes } = options.config!
  return {
    ...options,
    street,
    config: { workerHashes: [...workerHashes!, street.imageHash] },
    workers: seals ? options.workers! : [{}],
  }
}

async function over(asked: Asked): Promise<void> {
  const endMs = systemWorld.monotonic() + 20_000
  while (asked.ended === undefined) {
    assert.ok(systemWorld.monotonic() < endMs, 'it took too long')
    await new Promise(resolve => setTimeout(resolve, 5))
  }
}
