import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { Sealer } from '@cocoon/client/role'
import { IdentityVerifier } from '@cocoon/trust/seal'
import { nodeCrypto, nodeSeal } from '@cocoon/trust/node'
import { decode, sealedWorkerEvidence, type SealedQuery } from '@cocoon/wire'
import { systemWorld } from '@cocoon/wire/node'
import { silence, wholeAnswer } from '../../src/index.ts'
import { messages, model, type SdkStage, sdkStage } from './stage.ts'

const usage = { prompt: 20, cached: 4, completion: 5, reasoning: 0 }

async function sealedQuery({ network, believing }: SdkStage): Promise<SealedQuery> {
  const { passing } = network.client
  const told = await passing.offers(model)
  const [offer] = told.offers
  const evidence = decode(sealedWorkerEvidence, (await passing.evidence(offer!.identity))!)
  const verifier = new IdentityVerifier({
    world: systemWorld,
    crypto: nodeCrypto,
    sealCrypto: nodeSeal,
    needsBlock: false,
    policy: believing.policy,
    simulatedRoot: believing.simulatedRoot,
  })
  const verified = await verifier.verify(evidence, systemWorld.now())
  const body = Buffer.from(JSON.stringify({ model, messages, max_tokens: 100 }))
  const plain = { model, path: '/v1/chat/completions', body, maxTokens: 100, timeoutMs: 5_000 }
  const sealer = new Sealer({ world: systemWorld, crypto: nodeSeal })
  return sealer.seal(plain, [{ verified, coefficient: offer!.coefficient }], told).query
}

/** What came of a query: how many pieces, and its end. */
async function outcome(
  { network }: SdkStage,
  query: SealedQuery,
  options: { timeoutMs?: number; proxyKey?: Uint8Array; after?: () => void } = {},
): Promise<{ pieces: number; end: string; costNano: bigint }> {
  return await new Promise(resolve => {
    let pieces = 0
    network.client.passing.run(
      query,
      { timeoutMs: options.timeoutMs ?? 5_000, proxyKey: options.proxyKey },
      {
        piece: () => pieces++,
        end: ({ costNano }) => resolve({ pieces, end: 'end', costNano }),
        failed: (error, { costNano }) =>
          resolve({ pieces, end: (error as { code?: string }).code ?? '', costNano }),
      },
    )
    options.after?.()
  })
}

describe('a client that hands sealed queries on', () => {
  test('pays for them as for its own', async () => {
    await using stage = await sdkStage(wholeAnswer('Hello', usage))
    const { client } = stage.network
    const { pieces, end, costNano } = await outcome(stage, await sealedQuery(stage))
    assert.deepEqual([pieces, end], [1, 'end'])
    assert.ok(costNano > 0n)
    const { queries, succeeded, costNano: spent } = client.stats
    assert.deepEqual([queries, succeeded, spent, client.running], [1, 1, costNano, 0])
  })

  test('takes what is malformed, or for a proxy that is not there, not at all', async () => {
    await using stage = await sdkStage(wholeAnswer('Hello', usage))
    const query = await sealedQuery(stage)
    const { passing } = stage.network.client
    const events = { piece: () => {}, end: () => {}, failed: () => {} }
    const run = (changed: SealedQuery, proxyKey?: Uint8Array): unknown =>
      passing.run(changed, { timeoutMs: 1_000, proxyKey }, events)
    assert.throws(() => run({ ...query, header: query.header.subarray(1) }), { code: 'invalid-request' })
    assert.throws(() => run({ ...query, keys: [] }), { code: 'invalid-request' })
    assert.throws(() => run(query, new Uint8Array(32)), { code: 'no-proxy' })
    assert.equal(stage.network.client.running, 0)
  })

  test('runs a request id once at a time', async () => {
    await using stage = await sdkStage(silence)
    const query = await sealedQuery(stage)
    let again: Promise<{ end: string }> | undefined
    const first = outcome(stage, query, {
      timeoutMs: 200,
      after: () => {
        again = outcome(stage, query)
      },
    })
    assert.equal((await again!).end, 'invalid-request')
    // The proxy gives up a little earlier, and says so in a piece, unless that comes too late.
    const { pieces, end } = await first
    assert.ok((pieces === 1 && end === 'end') || (pieces === 0 && end === 'timeout'), `${pieces}, ${end}`)
  })

  test('says when the connection is lost', async () => {
    await using stage = await sdkStage(silence)
    const asked = outcome(stage, await sealedQuery(stage))
    while (stage.backend.calls.length === 0) await new Promise(resolve => setTimeout(resolve, 5))
    stage.tap.wireOf('client').cut()
    assert.equal((await asked).end, 'upstream')
  })

  test('asks the logs of its proxies', async () => {
    await using stage = await sdkStage(wholeAnswer('Hello', usage))
    const { passing } = stage.network.client
    assert.equal(await passing.inclusion!(new Uint8Array(32)), undefined)
  })
})
