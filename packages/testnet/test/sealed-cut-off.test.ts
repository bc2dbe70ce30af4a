import assert from 'node:assert/strict'
import { test } from 'node:test'
import { disputeReasons } from '@cocoon/trust/seal'
import type { ClientSealedEnd } from '@cocoon/wire'
import { assertFailed, flipped, sealedNetwork } from './sealed/sealed-network.ts'

const ends: Array<{
  readonly name: string
  readonly end: (end: ClientSealedEnd) => ClientSealedEnd | undefined
  readonly charged: (due: bigint) => bigint
  readonly reason?: number
}> = [
  { name: 'without a receipt', end: () => undefined, charged: () => 0n },
  { name: 'with the receipt of the worker', end: end => end, charged: due => due },
  { name: 'with less than it allows', end: end => ({ ...end, chargedTokens: 1n }), charged: () => 1n },
  {
    name: 'with more than the receipt allows',
    end: end => ({ ...end, chargedTokens: end.chargedTokens + 1n }),
    charged: due => due + 1n,
    reason: disputeReasons.charge,
  },
  {
    name: 'with a receipt that nobody signed',
    end: end => ({ ...end, receipt: { ...end.receipt, signature: flipped(end.receipt.signature) } }),
    charged: due => due,
    reason: disputeReasons.signature,
  },
  {
    name: 'with a receipt that was altered',
    end: end => ({ ...end, receipt: { ...end.receipt, receipt: flipped(end.receipt.receipt) } }),
    charged: due => due,
    reason: disputeReasons.signature,
  },
]

for (const { name, end: altered, charged, reason } of ends) {
  test(`an answer whose end a proxy keeps for itself, ${name}: it is booked, and disputed where it does not hold`, async () => {
    await using network = await sealedNetwork()
    let due = 0n
    network.tap.rewrite = ({ message }) => {
      if (message._ !== 'client.sealedAnswerPart' || message.end === undefined) return message
      const { requestId } = message
      due = message.end.chargedTokens
      const end = altered(message.end)
      return {
        _: 'client.sealedFailure',
        requestId,
        identity: network.holders[0]!.current!.digest,
        errorCode: 601,
        error: 'made up',
        flags: end === undefined ? 0 : 1,
        ...(end && { end }),
      }
    }
    const asked = await network.asked()
    assertFailed(asked, 'upstream')
    assert.ok(due > 0n)
    assert.equal(asked.summary?.tokens, charged(due))
    await network.world.runFor(100)
    const disputes = network.tap.all('client.disputeReceipt').map(dispute => dispute.reason)
    assert.deepEqual(disputes, reason === undefined ? [] : [reason])
  })
}

test('what is charged before anything of the answer came is disputed', async () => {
  await using network = await sealedNetwork()
  assert.equal((await network.asked()).ended?.kind, 'end')
  const { end } = network.tap.all('client.sealedAnswerPart').findLast(part => part.end !== undefined)!
  network.tap.rewrite = ({ message }) =>
    message._ !== 'client.sealedAnswer'
      ? message
      : {
          _: 'client.sealedFailure',
          requestId: message.requestId,
          identity: message.identity,
          errorCode: 601,
          error: 'made up',
          flags: 1,
          end: end!,
        }
  assertFailed(await network.asked(), 'upstream')
  await network.world.runFor(100)
  assert.deepEqual(
    network.tap.all('client.disputeReceipt').map(dispute => dispute.reason),
    [disputeReasons.charge],
  )
})
