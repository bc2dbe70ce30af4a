import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import {
  beginCell,
  Cell,
  internal,
  loadStateInit,
  SendMode,
  storeStateInit,
  toNano,
  TonClient,
  WalletContractV4,
  WalletContractV5R1,
} from '@ton/ton'
import { keyPairFromSeed } from '@ton/crypto'
import { systemWorld } from '@cocoon/wire/node'
import { parseAddress } from '../../src/address.ts'
import { type Devnet, startDevnet } from '../../src/devnet/index.ts'

const keys = keyPairFromSeed(Buffer.alloc(32, 7))
const v4 = WalletContractV4.create({ workchain: 0, publicKey: keys.publicKey })
const v5 = WalletContractV5R1.create({ workchain: 0, publicKey: keys.publicKey })

describe('the client of @ton/ton works unchanged', () => {
  let devnet: Devnet
  let client: TonClient

  before(async () => {
    devnet = await startDevnet({ world: systemWorld, blockTimeMs: 0 })
    client = new TonClient({ endpoint: `${devnet.url}/api/v2/jsonRPC` })
  })
  after(() => devnet[Symbol.asyncDispose]())

  for (const [name, wallet] of [
    ['v4', v4],
    ['v5', v5],
  ] as const) {
    test(`a wallet ${name} is deployed by its first transfer`, async () => {
      const address = parseAddress(wallet.address.toString())
      assert.equal(await client.isContractDeployed(wallet.address), false)
      await devnet.faucet(address, toNano(10))
      assert.equal(await client.getBalance(wallet.address), toNano(10))
      const opened = client.open(wallet)
      const to = parseAddress(`0:${(name === 'v4' ? '44' : '55').repeat(32)}`)
      const message = internal({ to: `0:${to.hash}`, value: toNano(1), bounce: false, body: 'hello' })
      assert.equal(await opened.getSeqno(), 0)
      const sendMode = SendMode.PAY_GAS_SEPARATELY | SendMode.IGNORE_ERRORS
      await opened.sendTransfer({ seqno: 0, secretKey: keys.secretKey, messages: [message], sendMode })
      assert.equal(await opened.getSeqno(), 1)
      assert.equal(await client.isContractDeployed(wallet.address), true)
      assert.equal((await devnet.chain.account(to)).balanceNano, toNano(1))
      const [newest, first] = await client.getTransactions(wallet.address, { limit: 10 })
      assert.equal(newest?.outMessagesCount, 1)
      assert.equal(first?.inMessage?.info.type, 'internal')
    })
  }

  test('a transfer as wallets make it for TON Connect deploys a contract and carries a payload', async () => {
    const other = WalletContractV4.create({ workchain: 0, publicKey: keys.publicKey, walletId: 7 })
    // What an app hands over: texts alone.
    const asked = {
      address: other.address.toString(),
      amount: '500000000',
      payload: beginCell().storeUint(0, 32).storeStringTail('order 7').endCell().toBoc().toString('base64'),
      stateInit: beginCell().store(storeStateInit(other.init)).endCell().toBoc().toString('base64'),
    }
    const opened = client.open(v5)
    await opened.sendTransfer({
      seqno: await opened.getSeqno(),
      secretKey: keys.secretKey,
      sendMode: SendMode.PAY_GAS_SEPARATELY | SendMode.IGNORE_ERRORS,
      messages: [
        internal({
          to: asked.address,
          value: BigInt(asked.amount),
          bounce: false,
          body: Cell.fromBase64(asked.payload),
          init: loadStateInit(Cell.fromBase64(asked.stateInit).beginParse()),
        }),
      ],
    })
    assert.equal(await client.isContractDeployed(other.address), true)
    const [received] = await client.getTransactions(other.address, { limit: 1 })
    assert.equal(
      received?.inMessage?.body.hash().toString('base64'),
      Cell.fromBase64(asked.payload).hash().toString('base64'),
    )
    const { stack } = await client.runMethod(other.address, 'get_subwallet_id')
    assert.equal(stack.readNumber(), 7)
    await assert.rejects(client.runMethod(other.address, 'nonsense'), /exit_code: 11/)
  })

  test('blocks, shards and transactions are found', async () => {
    const info = await client.getMasterchainInfo()
    const { seqno } = await devnet.chain.head()
    assert.equal(info.latestSeqno, seqno)
    const [shard] = await client.getWorkchainShards(seqno)
    assert.deepEqual(shard, { workchain: 0, shard: '-9223372036854775808', seqno })
    const inBlock = await client.getShardTransactions(0, seqno, shard!.shard)
    assert.ok(inBlock.length >= 2)
    const { account, lt, hash } = inBlock[0]!
    const transaction = await client.getTransaction(account, lt, hash)
    assert.equal(transaction?.hash().toString('base64'), hash)
  })

  test('fees are estimated without a signature', async () => {
    const body = v4.createTransfer({
      seqno: 1,
      secretKey: keys.secretKey,
      messages: [internal({ to: v5.address, value: toNano(1) })],
      sendMode: SendMode.PAY_GAS_SEPARATELY,
    })
    const { source_fees: fees } = await client.estimateExternalMessageFee(v4.address, {
      body,
      initCode: null,
      initData: null,
      ignoreSignature: true,
    })
    assert.ok(fees.gas_fee > 0)
    assert.ok(fees.in_fwd_fee > 0)
    assert.ok(fees.fwd_fee > 0)
  })

  test('a message that the account does not take is refused when it is sent', async () => {
    const body = beginCell().storeUint(0, 600).endCell()
    await assert.rejects(client.sendExternalMessage(v4, body), (error: { response?: { data?: unknown } }) => {
      const data = error.response?.data as { ok: boolean; error: string; code: number }
      assert.equal(data.ok, false)
      assert.equal(data.code, 500)
      assert.match(data.error, /cannot apply external message to current state/)
      return true
    })
  })
})
