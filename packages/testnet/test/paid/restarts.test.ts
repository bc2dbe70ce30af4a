import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { addressKey } from '@cocoon/money'
import type { PaidNetwork, Party } from '../../src/index.ts'
import { askMany, startPaid } from './place.ts'

const roles: Readonly<Record<string, (network: PaidNetwork) => Party<AsyncDisposable>>> = {
  proxy: network => network.proxy,
  client: network => network.clients[0]!,
  worker: network => network.worker,
}

describe('ends and begins again in the middle of everything, and no money is lost', () => {
  for (const [role, partyOf] of Object.entries(roles)) {
    test(`the ${role}`, async () => {
      await using network = await startPaid({ policies: { worker: { payoutAtNano: 1n } } })
      const party = partyOf(network)
      // While contracts are being deployed, and deposits are on their way.
      await party.restart()
      await network.ready()
      await party.restart()
      await network.ready()
      // Under load.
      const asking = askMany(network, 6)
      await network.until('the first answers are there', () => network.backend.calls.length >= 3)
      await party.restart()
      const tokens = await asking
      // While charges and payouts are on their way.
      await party.restart()
      await network.until('all is charged and paid', async () => {
        const { chargedTokens, paidTokens } = await network.audit()
        // An answer that the restart cut may be charged as well.
        const { max } = network.proxy.running.ledger.client(addressKey(network.clients[0]!.wallet))
        return chargedTokens === paidTokens && chargedTokens === max && chargedTokens >= tokens
      })
      const { chargedTokens } = await network.audit()
      assert.ok(chargedTokens <= 500n * BigInt(network.backend.calls.length), 'no answer is charged twice')
      // While a refund is on its way.
      await network.clients[0]!.running.settlement.close(addressKey(network.contract))
      await party.restart()
      await network.until('the client has closed', () =>
        network.clients[0]!.running.settlement.views().every(({ isClosed }) => isClosed),
      )
      const audit = await network.audit()
      assert.equal(audit.balancesNano, 0n)
      assert.equal(audit.backToClientsNano, audit.topUpsNano - chargedTokens * 100_000n)
    })
  }
})
