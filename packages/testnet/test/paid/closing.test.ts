import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { addressKey } from '@cocoon/money'
import { oneTon, type PaidNetwork } from '../../src/index.ts'
import { askMany, startPaid } from './place.ts'

const requestNano = oneTon / 20n

function isClosed(network: PaidNetwork): boolean {
  return network.clients[0]!.running.settlement.views().every(view => view.isClosed)
}

describe('a client that closes', () => {
  test('gets all back that it has not used, at once, however little is due', async () => {
    // By itself this proxy would announce its books in ten minutes.
    const proxy = { anchorLatestMs: 600_000, anchorAtNano: 1_000n * oneTon }
    await using network = await startPaid({ policies: { proxy } })
    await network.ready()
    assert.equal(await askMany(network, 2), 1_000n)
    await network.clients[0]!.running.settlement.close(addressKey(network.contract))
    await network.until('the client has closed', () => isClosed(network))
    const { topUpsNano, backToClientsNano, balancesNano, stakeNano } = await network.audit()
    assert.equal(backToClientsNano, topUpsNano - 2n * requestNano)
    assert.deepEqual([balancesNano, stakeNano], [0n, oneTon])
  })

  test('gets its balance out of the guarantee of a proxy that is silent, after the delay', async () => {
    await using network = await startPaid()
    await network.ready()
    await network.proxy.stop()
    const [client] = network.clients as [(typeof network.clients)[0]]
    const { settlement } = client.running
    await settlement.close(addressKey(network.contract))
    const phase = (): string | undefined => settlement.views()[0]?.contract?.phase
    await network.until('it is closing', () => phase() === 'closing')
    assert.equal((await network.audit()).backToClientsNano, 0n)

    await network.ground.devnet.advance(301)
    await network.until('the client has closed', () => isClosed(network))
    const { backToClientsNano, stakeNano, topUpsNano } = await network.audit()
    assert.deepEqual([topUpsNano, backToClientsNano, stakeNano], [oneTon, oneTon, 0n])

    // The proxy comes back, fills up its guarantee, and has no debt to the client any more.
    await network.proxy.start()
    await network.until(
      'the guarantee is filled up',
      async () => (await network.audit()).stakeNano === oneTon,
    )
    assert.equal(network.proxy.running.settlement.client(addressKey(client.wallet))?.phase, 'closed')
  })

  test('does so also where it ends and begins again in the middle of it', async () => {
    await using network = await startPaid()
    await network.ready()
    await askMany(network, 1)
    await network.proxy.stop()
    const [client] = network.clients as [(typeof network.clients)[0]]
    await client.running.settlement.close(addressKey(network.contract))
    await client.restart()
    await network.until(
      'it is closing',
      () => client.running.settlement.views()[0]?.contract?.phase === 'closing',
    )
    await network.ground.devnet.advance(301)
    await client.restart()
    await network.until('the client has closed', () => isClosed(network))
    await network.audit()
  })
})

test('nothing is paid in at a proxy without the guarantee that the registry asks for, and the client says why', async () => {
  await using network = await startPaid({ policies: { proxy: { stakeNano: 0n } } })
  const heldBack = (): string | undefined =>
    network.events.flatMap(({ event }) => (event.event === 'deposit-held-back' ? [event.why] : [])).at(-1)
  await network.until('the client says why', () => heldBack()?.includes('guarantee of 0 nanotons') === true)
  assert.match(heldBack()!, /registry asks 1000000000/)
  await network.until(
    'it is told to people',
    () => network.clients[0]!.running.settlement.views()[0]?.trouble === heldBack(),
  )
  assert.equal((await network.audit()).topUpsNano, 0n)
})

test('a transaction that fails is told of with its exit code in words', async () => {
  await using network = await startPaid()
  await network.ready()
  // A charge for nothing, which the contract refuses.
  const client = addressKey(network.clients[0]!.wallet)
  network.proxy.running.settlement.chargeNow(client)
  const failure = (): string | undefined =>
    network.events.flatMap(({ event }) => (event.event === 'chain-order-failed' ? [event.why] : [])).at(0)
  await network.until('the charge has failed', () => failure() !== undefined)
  assert.match(failure()!, /1000/)
  assert.match(failure()!, /[a-z]{3,} [a-z]{2,}/)
  assert.equal((await network.audit()).chargedTokens, 0n)
  assert.equal(network.proxy.running.settlement.obstacle, undefined)
})
