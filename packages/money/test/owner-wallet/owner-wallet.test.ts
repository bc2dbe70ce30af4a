import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Cell, internal, SendMode } from '@ton/core'
import { keyPairFromSeed, mnemonicToPrivateKey } from '@ton/crypto'
import { WalletContractV4, WalletContractV5R1 } from '@ton/ton'
import { systemWorld } from '@cocoon/wire/node'
import { contractAddress, formatAddress } from '../../src/address.ts'
import { walletBody } from '../../src/contracts/bodies.ts'
import { startDevnet } from '../../src/devnet/index.ts'
import { commentBody, readComment } from '../../src/owner-wallet/comment.ts'
import { walletHistory } from '../../src/owner-wallet/history.ts'
import { keyOfMnemonic, newMnemonic } from '../../src/owner-wallet/mnemonic.ts'
import { planTransfer, sendTransfer } from '../../src/owner-wallet/transfer.ts'
import { OwnerWallet, ownerWalletKinds } from '../../src/owner-wallet/wallet.ts'
import { createPaymentKey } from '../../src/payment-key.ts'
import { MemoryStore } from '../../src/store/memory.ts'
import { NodeWallet } from '../../src/wallet/node-wallet.ts'
import { outcomeError } from '../../src/wallet/outcome.ts'

const seed = Buffer.alloc(32, 7)
const key = createPaymentKey(seed)
const pair = keyPairFromSeed(seed)
const stranger = contractAddress(0, Buffer.alloc(32, 9))
const world = systemWorld
const { signal } = new AbortController()

test('a mnemonic has 24 words, and its key is the one that others find', async () => {
  const words = await newMnemonic(world)
  assert.equal(words.length, 24)
  const { publicKey } = await mnemonicToPrivateKey(words)
  assert.deepEqual(Buffer.from((await keyOfMnemonic(words)).publicKey), publicKey)
  assert.notDeepEqual(await newMnemonic(world), words)
  const shouted = await keyOfMnemonic(words.map(word => word.toUpperCase()))
  assert.deepEqual(Buffer.from(shouted.publicKey), publicKey)
})

test('words that are no mnemonic are refused, and not repeated', async () => {
  const words = await newMnemonic(world)
  for (const wrong of [words.slice(1), [...words.slice(1), 'cocoon'], words.map(() => 'abandon')]) {
    await assert.rejects(keyOfMnemonic(wrong), (error: Error) => {
      assert.equal((error as { code?: string }).code, 'key')
      assert.ok(words.every(word => !error.message.split(/\W+/).includes(word) || word === 'wallet'))
      return true
    })
  }
})

test('addresses and signed transfers are those of the usual library', () => {
  // So long that the other library gives it a cell of its own too.
  const lunch = 'for lunch '.repeat(12)
  const transfer = { to: stranger, valueNano: 1_500_000_000n, isBounceable: false, comment: lunch }
  const args = {
    seqno: 5,
    timeout: 2_000_000_000,
    secretKey: pair.secretKey,
    sendMode: SendMode.PAY_GAS_SEPARATELY | SendMode.IGNORE_ERRORS,
    messages: [
      internal({
        to: formatAddress(stranger),
        value: 1_500_000_000n,
        bounce: false,
        body: commentBody(lunch),
      }),
    ],
  }
  const by = { key, seqno: 5, validUntilS: 2_000_000_000, deploys: false }
  const v4 = WalletContractV4.create({ workchain: 0, publicKey: pair.publicKey })
  const v5 = WalletContractV5R1.create({ workchain: 0, publicKey: pair.publicKey })
  for (const theirs of [v4, v5]) {
    const kind = theirs === v4 ? 'v4r2' : 'v5r1'
    const wallet = new OwnerWallet({ kind, publicKey: key.publicKey })
    assert.equal(wallet.address.hash, theirs.address.hash.toString('hex'))
    const body = kind === 'v4r2' ? v4.createTransfer(args) : v5.createTransfer(args)
    assert.equal(wallet.sign(transfer, by).bodyHash, body.hash().toString('hex'), kind)
  }
  const testnet = new OwnerWallet({ kind: 'v5r1', publicKey: key.publicKey, isTestnet: true })
  const theirs = WalletContractV5R1.create({ publicKey: pair.publicKey, walletId: { networkGlobalId: -3 } })
  assert.equal(testnet.address.hash, theirs.address.hash.toString('hex'))
})

for (const kind of ownerWalletKinds) {
  test(`a ${kind} wallet deploys itself, sends, empties itself, and tells of it`, async () => {
    await using devnet = await startDevnet({ world, blockTimeMs: 0, port: false })
    const { chain } = devnet
    const wallet = new OwnerWallet({ kind, publicKey: key.publicKey })
    const options = { chain, world, wallet, key, signal }
    const early = await planTransfer(chain, wallet, { to: stranger, valueNano: 1n })
    assert.equal(early.missingNano, early.feeNano + 1n)
    await assert.rejects(sendTransfer(early, options), { code: 'wallet-balance' })
    await devnet.faucet(wallet.address, 10_000_000_000n)

    const first = await planTransfer(chain, wallet, {
      to: stranger,
      valueNano: 1_500_000_000n,
      comment: 'hello',
    })
    assert.deepEqual([first.deploys, first.seqno, first.transfer.isBounceable], [true, 0, false])
    assert.equal((await sendTransfer(first, options)).kind, 'delivered')
    const afterFirst = await chain.account(wallet.address)
    const costNano = 8_500_000_000n - afterFirst.balanceNano
    assert.ok(costNano > 0n && costNano <= first.feeNano, `${costNano} of at most ${first.feeNano}`)
    assert.equal((await chain.account(stranger)).balanceNano, 1_500_000_000n)

    const second = await planTransfer(chain, wallet, { to: stranger, valueNano: 1_000_000_000n })
    assert.deepEqual([second.deploys, second.seqno], [false, 1])
    assert.equal((await sendTransfer(second, options)).kind, 'delivered')
    const afterSecond = await chain.account(wallet.address)
    const secondNano = afterFirst.balanceNano - 1_000_000_000n - afterSecond.balanceNano
    assert.ok(secondNano > 0n && secondNano <= second.feeNano, `${secondNano} of at most ${second.feeNano}`)

    const last = await planTransfer(chain, wallet, { to: stranger, valueNano: 'everything' })
    assert.equal((await sendTransfer(last, options)).kind, 'delivered')
    const { balanceNano, lastLt } = await chain.account(wallet.address)
    assert.equal(balanceNano, 0n)

    const entries = await walletHistory(chain, wallet.address, { lastLt, most: 3 })
    assert.deepEqual(
      entries.map(entry => [entry.kind, entry.comment]),
      [
        ['sent', undefined],
        ['sent', undefined],
        ['sent', 'hello'],
      ],
    )
    assert.equal((await walletHistory(chain, wallet.address, { lastLt, most: 10 })).at(-1)?.kind, 'received')
  })
}

test('a transfer that was executed cannot be executed again', async () => {
  await using devnet = await startDevnet({ world, blockTimeMs: 0, port: false })
  const { chain } = devnet
  const wallet = new OwnerWallet({ kind: 'v5r1', publicKey: key.publicKey })
  await devnet.faucet(wallet.address, 10_000_000_000n)
  const plan = await planTransfer(chain, wallet, { to: stranger, valueNano: 1_000_000_000n })
  await sendTransfer(plan, { chain, world, wallet, key, signal })
  await assert.rejects(sendTransfer(plan, { chain, world, wallet, key, signal }), { code: 'chain-refused' })
  assert.equal((await chain.account(stranger)).balanceNano, 1_000_000_000n)
})

test('coins that nobody takes come back, and it is said why', async () => {
  await using devnet = await startDevnet({ world, blockTimeMs: 0, port: false })
  const { chain } = devnet
  const wallet = new OwnerWallet({ kind: 'v5r1', publicKey: key.publicKey })
  const options = { chain, world, wallet, key, signal }
  await devnet.faucet(wallet.address, 10_000_000_000n)
  const plan = await planTransfer(chain, wallet, { to: stranger, valueNano: 1_000_000_000n })
  const bounceable = { ...plan, transfer: { ...plan.transfer, isBounceable: true } }
  assert.equal((await sendTransfer(bounceable, options)).kind, 'bounced')

  await using service = new NodeWallet({
    chain,
    store: new MemoryStore(),
    world,
    key: createPaymentKey(Buffer.alloc(32, 8)),
    owner: contractAddress(0, Buffer.alloc(32, 1)),
    interval: { fromMs: 20, toMs: 40 },
  })
  await devnet.faucet(service.address, 5_000_000_000n)
  await service.send('first', { destination: stranger, valueNano: 1n, body: Cell.EMPTY, isBounceable: false })
  await service.outcome('first')
  const body = walletBody.send({ queryId: 1n, mode: 0, message: Cell.EMPTY })
  const foreign = await planTransfer(chain, wallet, { to: service.address, valueNano: 1_000_000_000n, body })
  assert.equal(foreign.transfer.isBounceable, true)
  const outcome = await sendTransfer(foreign, options)
  assert.equal(outcome.kind, 'failed')
  assert.deepEqual(outcome.kind === 'failed' && [outcome.exitCode !== 0, outcome.isReturned], [true, true])
  assert.match(outcomeError(outcome)?.message ?? '', /exit code \d+/)

  const { lastLt, balanceNano } = await chain.account(wallet.address)
  assert.ok(balanceNano > 9_900_000_000n)
  const entries = await walletHistory(chain, wallet.address, { lastLt, most: 2 })
  assert.deepEqual(
    entries.map(entry => entry.kind),
    ['returned', 'sent'],
  )
})

test('comments are read as they were written, and nothing else is taken for one', () => {
  const long = 'слово '.repeat(70)
  assert.equal(readComment(commentBody(long)), long)
  assert.throws(() => commentBody('x'.repeat(961)), { code: 'limit' })
})
