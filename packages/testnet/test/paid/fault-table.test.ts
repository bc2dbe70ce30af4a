import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { addressKey, openSqliteLedger, openSqliteStore } from '@cocoon/money'
import { systemWorld as world } from '@cocoon/wire/node'
import type { PaidNetwork } from '../../src/index.ts'
import { faultKinds, Faults, faultyChain, faultyLedger, faultyStore } from './faults.ts'
import { askOne, startPaid } from './place.ts'

const steps = [
  ['a charge in the books', 'charge'],
  ['the number of a state in the books', 'announce'],
  ['the note that a state is announced', '/anchor/'],
  ['the order of a transaction', '/open/'],
  ['a transaction that is signed', '/external'],
  ['a transaction that is handed in', 'send'],
  ['the confirmation of a state', 'confirm'],
  ['what the chain was seen to have', '/cursor'],
  ['a payment that is signed', 'recordSigned'],
  ['a look at the chain', 'account'],
] as const

let network: PaidNetwork
let acknowledged = 0n
const faults = new Faults()

before(async () => {
  network = await startPaid({
    policies: { worker: { payoutAtNano: 1n } },
    terms: { minClientStakeNano: 10_000_000_000n },
    fundedNano: 500_000_000_000n,
    chainOf: (chain, party) => (party === 'proxy' ? faultyChain(chain, faults) : chain),
    openStore: async (party, path) => {
      const store = await openSqliteStore({ path, world })
      return party === 'proxy' ? faultyStore(store, faults) : store
    },
    openLedger: async (path, contract) =>
      faultyLedger(await openSqliteLedger({ path, contract, world }), faults),
  })
  await network.ready()
})
after(() => network[Symbol.asyncDispose]())

/** Asks until the fault has happened, at least once. */
async function askThrough(): Promise<void> {
  const until = Date.now() + 30_000
  for (let asked = 0; asked === 0 || faults.isArmed; asked++) {
    assert.ok(Date.now() < until, 'the fault happens')
    const { status, ended } = await askOne(network)
    if (status === 200 && ended?.kind === 'end') acknowledged += ended.tokens
    else await new Promise(resolve => setTimeout(resolve, 30))
  }
}

async function settled(): Promise<void> {
  await network.until('all is charged and paid', async () => {
    const { ledger } = network.proxy.running
    const [books] = ledger.clients()
    const { chargedTokens, paidTokens } = await network.audit()
    return chargedTokens === books?.max && paidTokens === books.max
  })
}

describe('after a step of a payment that fails nothing acknowledged is lost, and nothing is charged or paid twice', () => {
  for (const [what, step] of steps) {
    for (const kind of faultKinds) {
      test(`${what} ${kind}`, async () => {
        const happened = faults.happened
        faults.arm(step, kind)
        await askThrough()
        await network.proxy.restart()
        await network.ready()
        await askThrough()
        await settled()
        assert.equal(faults.happened, happened + 1)
        const { chargedTokens } = await network.audit()
        assert.ok(acknowledged <= chargedTokens, `${acknowledged} acknowledged, ${chargedTokens} charged`)
        assert.ok(chargedTokens <= 500n * BigInt(network.backend.calls.length))
        const { settlement, ledger } = network.proxy.running
        ledger.assertConserved()
        assert.equal(settlement.obstacle, undefined)
        const view = network.clients[0]!.running.settlement.views()[0]!
        assert.equal(view.proxyContract, addressKey(network.contract))
      })
    }
  }
})
