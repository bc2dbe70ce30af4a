import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import type { PaidNetwork } from '../../src/index.ts'
import { askMany, startPaid } from './place.ts'

let network: PaidNetwork
let mining: NodeJS.Timeout
let acknowledged = 0n

before(async () => {
  network = await startPaid({
    isOverHttp: true,
    policies: { worker: { payoutAtNano: 1n } },
    terms: { minClientStakeNano: 10_000_000_000n },
    fundedNano: 500_000_000_000n,
  })
  mining = setInterval(() => void network.ground.devnet.mine(), 1_000)
  await network.ready()
})
after(async () => {
  clearInterval(mining)
  await network[Symbol.asyncDispose]()
})

const usual = {
  delayMs: 0,
  isDown: false,
  isBusy: false,
  staleBlocks: 0,
  seqnoShift: 0,
  dropsMessages: false,
  failsAfterSending: false,
  garbles: false,
}

describe('answers go on, and are settled once the chain is well again, where it', () => {
  for (const [what, fault] of [
    ['is down', { isDown: true }],
    ['is busy', { isBusy: true }],
    ['is slow', { delayMs: 300 }],
    ['shows what was', { staleBlocks: 3 }],
    ['garbles its answers', { garbles: true }],
    ['says of messages that it has taken that they failed', { failsAfterSending: true }],
    ['lies about its newest block', { seqnoShift: 4 }],
  ] as const) {
    test(what, async () => {
      const { devnet } = network.ground
      Object.assign(devnet.faults, fault)
      acknowledged += await askMany(network, 4)
      // Time in which orders are placed and fail.
      await new Promise(resolve => setTimeout(resolve, 600))
      Object.assign(devnet.faults, usual)
      acknowledged += await askMany(network, 1)
      await network.until(
        'all is charged and paid',
        async () => {
          const { chargedTokens, paidTokens } = await network.audit()
          return chargedTokens === acknowledged && paidTokens === acknowledged
        },
        60_000,
      )
      assert.equal(network.proxy.running.settlement.obstacle, undefined)
    })
  }

  test('takes back a block', async () => {
    const { devnet } = network.ground
    await devnet.mine()
    await new Promise(resolve => setTimeout(resolve, 200))
    await devnet.undoBlock()
    acknowledged += await askMany(network, 2)
    await network.until(
      'all is charged and paid',
      async () => (await network.audit()).paidTokens === acknowledged,
      60_000,
    )
  })
})
