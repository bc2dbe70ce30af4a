import assert from 'node:assert/strict'
import { test } from 'node:test'
import { addressKey } from '@cocoon/money'
import { oneTon } from '../../src/index.ts'
import { askMany, askOne, startPaid } from './place.ts'

test('coins go from the client over the pool to the owner of the worker, to the nanoton', async () => {
  await using network = await startPaid({ clients: 2, policies: { worker: { payoutAtNano: 1n } } })
  await network.ready()
  const tokens = [
    await askMany(network, 12, network.clients[0]),
    await askMany(network, 5, network.clients[1]),
  ].reduce((a, b) => a + b)
  assert.equal(tokens, 17n * 500n)

  const { settlement, ledger } = network.proxy.running
  await network.until('everything is charged and paid', async () => {
    const { chargedTokens, paidTokens } = await network.audit()
    return chargedTokens === tokens && paidTokens === tokens
  })
  await network.until(
    'the commission is taken out',
    async () => (await network.audit()).commissionNano === 0n,
  )

  const audit = await network.audit()
  assert.equal(audit.toWorkersNano, tokens * 70_000n)
  assert.equal(audit.toProxyOwnerNano, tokens * 30_000n)
  assert.equal(audit.stakeNano, oneTon)
  assert.equal(settlement.obstacle, undefined)
  ledger.assertConserved()
  for (const { max, committedToChain } of ledger.clients()) assert.equal(max, committedToChain)

  // The owner's own account shows what came.
  const { owner } = network.worker.running
  const received = await network.ground.chain.transactions(owner, { afterLt: 0n })
  const fromPool = received.filter(({ inMessage }) => inMessage?.source?.hash === network.contract.hash)
  assert.equal(
    fromPool.reduce((sum, { inMessage }) => sum + inMessage!.valueNano, 0n),
    audit.toWorkersNano,
  )
})

test('a balance that falls below half of the stake is filled up, and what is above the stake is taken out when asked', async () => {
  await using network = await startPaid()
  await network.ready()
  const client = network.clients[0]!
  const before = await network.audit()
  assert.equal(before.topUpsNano, oneTon)
  // 11 requests of 0.05 TON leave less than half of the stake.
  await askMany(network, 11)
  await network.until('it is filled up', async () => (await network.audit()).topUpsNano === 2n * oneTon)
  await network.until('all is charged', async () => (await network.audit()).chargedTokens === 5_500n)

  await client.running.settlement.withdraw(addressKey(network.contract))
  await network.until(
    'the rest comes back',
    async () => (await network.audit()).backToClientsNano === (9n * oneTon) / 20n,
  )
  const { balancesNano } = await network.audit()
  assert.equal(balancesNano, oneTon)
  // It was asked for once, and happens once.
  await client.running.settlement.topUp(addressKey(network.contract))
  await network.until('it pays in again', async () => (await network.audit()).topUpsNano === 3n * oneTon)
  await askOne(network)
  assert.equal((await network.audit()).backToClientsNano, (9n * oneTon) / 20n)
})
