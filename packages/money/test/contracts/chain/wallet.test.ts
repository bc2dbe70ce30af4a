import assert from 'node:assert/strict'
import { before, beforeEach, describe, test } from 'node:test'
import { Address, beginCell, Cell, external, toNano } from '@ton/core'
import type { BlockchainSnapshot } from '@ton/sandbox'
import { managerKey, message, ref, text, uint, walletExternal, walletKey } from './bodies.ts'
import { exitOf } from './reading.ts'
import { Stage, startS, step, type Step } from './stage.ts'
import { relaxed } from './walk.ts'

let stage: Stage
let fresh: BlockchainSnapshot
const validUntil = startS + 3600

before(async () => {
  stage = await Stage.empty()
  await stage.send(stage.clientOwner, stage.wallet, toNano('20'), new Cell(), {
    init: stage.states.wallet,
    bounce: false,
  })
  fresh = stage.chain.snapshot()
})
beforeEach(async () => {
  await stage.chain.loadFrom(fresh)
  stage.chain.now = startS
})

const to = (): Address => stage.anyone
const gift = (amount = '1'): Cell => relaxed(to(), toNano(amount), new Cell())

async function sign(of: Partial<Parameters<typeof walletExternal>[0]> = {}): Promise<Step[]> {
  const body = walletExternal({ validUntil, seqno: 0, messages: [[0, gift()]], ...of })
  const { transactions } = await stage.chain.sendMessage(external({ to: stage.wallet, body }))
  return transactions.map(step)
}

/** An external message that the contract does not take makes no transaction; the chain says why. */
async function refusal(of: Parameters<typeof sign>[0] = {}): Promise<number> {
  try {
    await sign(of)
  } catch (cause) {
    return (cause as { exitCode?: number }).exitCode ?? 0
  }
  throw new Error('The wallet took the message')
}

async function seqno(): Promise<number> {
  const { stackReader: stack } = await stage.chain.runGetMethod(stage.wallet, 'seqno')
  return stack.readNumber()
}

const owner = (body: Cell, value = '0.1', from = stage.clientOwner) =>
  stage.send(from, stage.wallet, toNano(value), body)
const exit = async (body: Cell, from = stage.clientOwner): Promise<number | undefined> =>
  exitOf(await owner(body, '0.1', from), stage.wallet)

describe('what the key signs', () => {
  test('is sent, up to four messages at once', async () => {
    const messages = [gift('1'), gift('2'), gift('3'), gift('4')].map(cell => [1, cell] as const)
    const [first] = await sign({ messages })
    assert.deepEqual(
      first!.out.map(({ value }) => value),
      ['1', '2', '3', '4'].map(toNano),
    )
    assert.equal(await seqno(), 1)
  })

  test('is done once, even if nothing of it could be sent', async () => {
    // Modes and messages that make an action fail, each by another rule.
    const dust = relaxed(to(), 1n, new Cell())
    const tooMuch = relaxed(to(), toNano('100'), new Cell())
    const nowhere = relaxed(new Address(5, Buffer.alloc(32)), toNano('1'), new Cell())
    const nonsense = beginCell().storeUint(0xff, 8).endCell()
    const failing: Array<readonly [number, Cell]> = [
      [0, dust],
      [1, tooMuch],
      [1, nowhere],
      [3, nonsense],
      [64, dust],
      [12, gift()],
      [127, tooMuch],
    ]
    for (const one of failing) {
      await stage.chain.loadFrom(fresh)
      await sign({ messages: [one] })
      assert.equal(await seqno(), 1, `mode ${one[0]}`)
      assert.equal(await refusal({ messages: [one] }), 1032)
    }
  })

  test('is done once, even if a mode is missing', async () => {
    const unsigned = uint(0, 32).storeUint(validUntil, 32).storeUint(0, 32).storeRef(gift())
    const { sign: ed25519 } = await import('@ton/crypto')
    const signature = ed25519(unsigned.endCell().hash(), walletKey.secretKey)
    const body = beginCell().storeBuffer(signature).storeBuilder(unsigned).endCell()
    await stage.chain.sendMessage(external({ to: stage.wallet, body }))
    assert.equal(await seqno(), 1)
  })

  test('cannot end the account, whose numbers would begin again', async () => {
    await sign({ messages: [[128 + 32, gift('0')]] })
    assert.equal(await seqno(), 1)
    await owner(message('walletSend', 1, uint(128 + 32, 8), ref(gift('0'))))
    assert.equal(await seqno(), 1)
  })

  test('has to be in time, in order, for this wallet and by its key', async () => {
    assert.equal(await refusal({ validUntil: startS }), 1030)
    assert.equal(await refusal({ seqno: 1 }), 1032)
    assert.equal(await refusal({ subwallet: 1 }), 1033)
    assert.equal(await refusal({ key: managerKey }), 1034)
    assert.equal(await exit(text('b')), 0)
    assert.equal(await refusal(), 1031)
    assert.equal(await exit(text('u')), 0)
    await sign()
  })

  test('is not done with less than the wallet keeps', async () => {
    await sign({ messages: [[1, gift('18.5')]] })
    assert.equal(await refusal({ seqno: 1 }), 1035)
  })
})

describe('the owner', () => {
  test('sends by the wallet, blocks and unblocks it and drains it, at any balance', async () => {
    await sign({ messages: [[1, gift('18.5')]] })
    assert.equal(await exit(text('b')), 0)
    const inner = relaxed(to(), toNano('1'), new Cell())
    const steps = await owner(message('walletSend', 1, uint(1, 8), ref(inner)))
    assert.equal(steps[0]!.out[0]?.value, toNano('1'))
    const [drained] = await owner(text('w'))
    assert.ok(drained!.out[0]!.to.equals(stage.clientOwner))
    assert.ok(drained!.out[0]!.body.equals(text('w')))
    assert.equal(await stage.balance(stage.wallet), toNano('0.01'))
  })

  test('is nobody else', async () => {
    const bodies = [text('w'), text('b'), text('x'), message('walletSend', 1, uint(1, 8), ref(gift()))]
    for (const body of [...bodies, message('proxyPayoutRequest', 1)]) {
      assert.equal(await exit(body, stage.anyone), 1040)
    }
  })

  test('gets an error for what the wallet does not know', async () => {
    assert.equal(await exit(text('x')), 1041)
    assert.equal(await exit(message('proxyPayoutRequest', 1)), 1041)
  })
})

test('excesses, payouts, notes and plain coins arrive from anybody', async () => {
  for (const body of [message('excesses', 1), message('payout', 1), message('doNotProcess', 1), new Cell()]) {
    assert.equal(await exit(body, stage.anyone), 0)
  }
})

test('the get methods tell the key and the owner', async () => {
  const key = await stage.chain.runGetMethod(stage.wallet, 'get_public_key')
  assert.equal(key.stackReader.readBigNumber(), BigInt(`0x${walletKey.publicKey.toString('hex')}`))
  const holder = await stage.chain.runGetMethod(stage.wallet, 'get_owner_address')
  assert.ok(holder.stackReader.readAddress().equals(stage.clientOwner))
})
