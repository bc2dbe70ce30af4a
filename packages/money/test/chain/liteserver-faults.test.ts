import assert from 'node:assert/strict'
import { connect, createServer, type AddressInfo } from 'node:net'
import { after, afterEach, before, test } from 'node:test'
import { beginCell, Cell } from '@ton/core'
import { systemWorld as world } from '@cocoon/wire/node'
import { LiteClient, LiteSingleEngine } from 'ton-lite-client'
import { Codecs } from 'ton-lite-client/dist/schema.js'
import { TLWriteBuffer } from 'ton-tl'
import { addressKey } from '../../src/address.ts'
import { headLimits } from '../../src/chain/head-watch.ts'
import { LiteServerChain } from '../../src/chain/liteserver.ts'
import { startDevnet, type Devnet } from '../../src/devnet/index.ts'
import { failure, LiteServer, someId } from './lite-server.ts'
import { plainBlock, proofOf, pruned } from './lite-state.ts'
import { TestWallet } from './test-wallet.ts'

const ton = 1_000_000_000n
const wallet = new TestWallet('liteserver faults')

let devnet: Devnet
let server: LiteServer
let chain: LiteServerChain

before(async () => {
  devnet = await startDevnet({ world, blockTimeMs: 0 })
  server = await LiteServer.start(devnet, [devnet.faucetAddress, wallet.address])
  chain = chainAt(server.port)
  for (let index = 0; index < 20; index++) await devnet.faucet(wallet.address, ton + BigInt(index))
})
afterEach(() => {
  for (const name of Object.keys(server.faults)) delete server.faults[name as keyof typeof server.faults]
})
after(async () => {
  await chain[Symbol.asyncDispose]()
  await server[Symbol.asyncDispose]()
  await devnet[Symbol.asyncDispose]()
})

function chainAt(port: number, publicKey = server.publicKey, timeoutMs = 1_500): LiteServerChain {
  const peer = { host: '127.0.0.1', port, publicKey, source: 'the liteserver' }
  return new LiteServerChain({ peer, world, timeoutMs, perSecond: Infinity, heads: headLimits })
}

test('a client of other makers speaks with the liteserver of these tests', async () => {
  const engine = new LiteSingleEngine({ host: `tcp://127.0.0.1:${server.port}`, publicKey: server.publicKey })
  await new Promise<void>(resolve => engine.once('ready', resolve))
  const client = new LiteClient({ engine })
  const { last } = await client.getMasterchainInfo({ timeout: 500 })
  assert.equal(last.seqno, (await devnet.chain.head()).seqno)
  engine.close()
})

test('a connection that breaks is opened again', async () => {
  await chain.head()
  server.dropConnections()
  assert.equal((await chain.head()).seqno, (await devnet.chain.head()).seqno)
})

test('silence ends with the deadline', async () => {
  server.faults.isSilent = true
  await using hurried = chainAt(server.port, server.publicKey, 400)
  await assert.rejects(hurried.head(), { code: 'chain-unreachable' })
})

test('nobody at the port, and a liteserver with another key, are unreachable', async () => {
  const none = createServer()
  await new Promise<void>(resolve => none.listen(0, '127.0.0.1', resolve))
  const { port } = none.address() as AddressInfo
  await new Promise<void>(resolve => none.close(() => resolve()))
  await using nobody = chainAt(port, server.publicKey, 300)
  await assert.rejects(nobody.head(), { code: 'chain-unreachable' })
  const strange = createServer(socket => socket.on('data', () => socket.end(Buffer.alloc(300, 7))))
  await new Promise<void>(resolve => strange.listen(0, '127.0.0.1', resolve))
  await using other = chainAt((strange.address() as AddressInfo).port, server.publicKey, 300)
  await assert.rejects(other.head(), { code: /^chain-(?:unreachable|answer)$/ })
  await new Promise<void>(resolve => strange.close(() => resolve()))
})

test('damaged packets and answers of any bytes end as errors, and the next question is answered', async () => {
  server.faults.garble = packet =>
    Buffer.concat([packet.subarray(0, 60), Buffer.from([packet[60]! ^ 1]), packet.subarray(61)])
  await assert.rejects(chain.head(), { code: 'chain-answer' })
  server.faults.garble = () => Buffer.alloc(1000, 0xff)
  await assert.rejects(chain.head(), { code: /^chain-/ })
  delete server.faults.garble
  for (const bytes of [Buffer.alloc(0), Buffer.alloc(3), Buffer.alloc(4, 0xff), Buffer.alloc(500, 1)]) {
    server.faults.answer = () => bytes
    await assert.rejects(chain.head(), { code: /^chain-/ })
  }
  delete server.faults.answer
  assert.equal((await chain.head()).seqno, (await devnet.chain.head()).seqno)
})

test('every byte of an answer that is changed is noticed, or changes nothing', async () => {
  const due = await chain.account(wallet.address)
  for (let place = 0; place < 1; place += 0.04) {
    server.faults.answer = (question, answer) => {
      if (question !== 'getAccountState') return undefined
      const changed = Buffer.from(answer)
      changed[Math.floor(place * changed.length)]! ^= 0x10
      return changed
    }
    const told = await chain.account(wallet.address).catch((error: { code: string }) => error.code)
    if (typeof told === 'string') assert.match(told, /^chain-/)
    else assert.equal(told.balanceNano, due.balanceNano)
  }
})

test('a state that the block does not prove is refused', async () => {
  server.faults.state = state => {
    // The account of the faucet instead of the wallet's, with all of its proof but the last step.
    const accounts = new Map(state.accounts)
    accounts.set(addressKey(wallet.address), state.accounts.get(addressKey(devnet.faucetAddress))!)
    return { ...state, accounts }
  }
  await assert.rejects(chain.account(wallet.address), { code: 'chain-answer' })
  server.faults.state = state => ({ ...state, accounts: new Map() })
  await assert.rejects(chain.account(wallet.address), { code: 'chain-answer' })
  server.faults.state = state => ({ ...state, masterState: state.shardState })
  await assert.rejects(chain.account(wallet.address), { code: 'chain-answer' })
  server.faults.state = state => ({ ...state, shardBlock: state.masterBlock })
  await assert.rejects(chain.account(wallet.address), { code: 'chain-answer' })
})

test('an account with a part left out is refused', async () => {
  server.faults.state = state => {
    const account = state.accounts.get(addressKey(devnet.faucetAddress))!
    const [first, ...others] = account.refs
    assert.ok(first)
    const part = new Cell({ bits: account.bits, refs: [pruned(first), ...others] })
    return { ...state, accounts: new Map(state.accounts).set(addressKey(devnet.faucetAddress), part) }
  }
  await assert.rejects(chain.account(devnet.faucetAddress), { code: 'chain-answer' })
})

test('histories that miss a transaction, or have one of another account, are refused', async () => {
  const due = await devnet.chain.transactions(wallet.address, { afterLt: 0n })
  assert.equal((await chain.transactions(wallet.address, { afterLt: 0n })).length, due.length)
  server.faults.answer = question => (question === 'getTransactions' ? failure('lt not in db') : undefined)
  await assert.rejects(chain.transactions(wallet.address, { afterLt: 0n }), { code: 'chain-history' })
  let first: Buffer | undefined
  server.faults.answer = (question, answer) => {
    if (question !== 'getTransactions') return undefined
    first ??= answer
    return first
  }
  await assert.rejects(chain.transactions(wallet.address, { afterLt: 0n }), { code: 'chain-answer' })
})

test('what a liteserver says in words has its code', async () => {
  await using hurried = chainAt(server.port, server.publicKey, 400)
  const said = async (text: string): Promise<string> => {
    server.faults.answer = () => failure(text)
    return hurried.send(wallet.wrong()).then(
      () => 'taken',
      (error: { code: string }) => error.code,
    )
  }
  assert.equal(await said('cannot apply external message to current state : not accepted'), 'chain-refused')
  assert.equal(await said('duplicate message'), 'taken')
  assert.equal(await said('too many requests, ratelimit'), 'chain-busy')
  assert.equal(await said('the weather is bad'), 'chain-unreachable')
})

test('a block from another time is stale', async () => {
  const strict = new LiteServerChain({
    peer: { host: '127.0.0.1', port: server.port, publicKey: server.publicKey, source: 'the liteserver' },
    world: { ...world, now: () => world.now() - 60_000 },
    timeoutMs: 1_000,
    perSecond: Infinity,
    heads: headLimits,
  })
  await using late = strict
  await assert.rejects(late.head(), { code: 'chain-stale' })
})

test('a socket that only listens does not hold a closed chain', async () => {
  const mute = createServer(() => {})
  await new Promise<void>(resolve => mute.listen(0, '127.0.0.1', resolve))
  const { port } = mute.address() as AddressInfo
  const waiting = chainAt(port, server.publicKey, 60_000)
  const answer = assert.rejects(waiting.head(), { code: 'chain-unreachable' })
  // Whoever dials after the chain is accepted after it.
  const other = connect(port, '127.0.0.1')
  await new Promise<void>(resolve => other.once('connect', () => resolve()))
  other.destroy()
  await waiting[Symbol.asyncDispose]()
  await answer
  await new Promise<void>(resolve => mute.close(() => resolve()))
})

test('an empty cell in place of any proof is refused', async () => {
  const empty = beginCell().endCell()
  for (const name of ['masterBlock', 'masterState', 'shardBlock', 'shardState'] as const) {
    server.faults.state = state => ({ ...state, [name]: empty })
    await assert.rejects(chain.account(wallet.address), { code: /^chain-/ })
  }
})

test('a block that the newest one does not name is not believed, nor is one of another number', async () => {
  const { timeS } = await devnet.chain.blockHash(3)
  const lookUp = (block: { seqno: number; timeS: number }, seqno: number) => (question: string) =>
    question === 'lookupBlock' ? headerOf(plainBlock(block), seqno) : undefined
  assert.equal((await chain.blockHash(3)).timeS, timeS)
  for (const answer of [
    lookUp({ seqno: 3, timeS: timeS + 1 }, 3),
    lookUp({ seqno: 2, timeS }, 3),
    lookUp({ seqno: 2, timeS }, 2),
  ]) {
    server.faults.answer = answer
    await assert.rejects(chain.blockHash(3), { code: 'chain-answer' })
  }
  server.faults.answer = question => (question === 'getBlockProof' ? proofWithoutLinks() : undefined)
  await assert.rejects(chain.blockHash(3), { code: 'chain-answer' })
})

test('a liteserver that has a block no more, or not its proof, says so', async () => {
  for (const asked of ['lookupBlock', 'getBlockProof']) {
    server.faults.answer = question => (question === asked ? failure('block not found') : undefined)
    await assert.rejects(chain.blockHash(3), { code: 'chain-history' })
  }
})

function headerOf(block: Cell, seqno: number): Buffer {
  const out = new TLWriteBuffer()
  const headerProof = proofOf(block).toBoc()
  const id = { ...someId, seqno, rootHash: block.hash(), fileHash: block.hash() }
  Codecs.liteServer_BlockHeader.encode({ kind: 'liteServer.blockHeader', id, mode: 1, headerProof }, out)
  return out.build()
}

function proofWithoutLinks(): Buffer {
  const out = new TLWriteBuffer()
  const of = { complete: true, from: someId, to: someId, steps: [] }
  Codecs.liteServer_PartialBlockProof.encode({ kind: 'liteServer.partialBlockProof', ...of }, out)
  return out.build()
}
