import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { beginCell, Cell } from '@ton/core'
import { VirtualWorld } from '../../../wire/test/virtual-world.ts'
import { startDevnet, type Devnet } from '../../src/devnet/index.ts'
import {
  createPaymentKey,
  type MoneyError,
  NodeWallet,
  outcomeError,
  walletBody,
  type Chain,
  type ContractAddress,
  type OutgoingMessage,
} from '../../src/index.ts'
import { Disk } from '../watch/faulty-store.ts'
import { someAddress } from '../watch/scripted-chain.ts'

const ton = 1_000_000_000n
const human = someAddress(0xabc)

/** This project's wallets on the real virtual machine. */
class Place implements AsyncDisposable {
  readonly world = new VirtualWorld()
  readonly devnet: Devnet
  readonly #wallets: NodeWallet[] = []

  private constructor(world: VirtualWorld, devnet: Devnet) {
    this.world = world
    this.devnet = devnet
  }

  static async open(): Promise<Place> {
    const world = new VirtualWorld()
    return new Place(world, await startDevnet({ world, blockTimeMs: Infinity, port: false }))
  }

  /** A wallet with coins that nobody has deployed yet. */
  async wallet(
    seed: number,
    of: { owner?: ContractAddress; coins?: bigint; disk?: Disk; chain?: Chain } = {},
  ): Promise<NodeWallet> {
    const { owner = human, coins = 20n * ton, disk = new Disk(), chain = this.devnet.chain } = of
    const key = createPaymentKey(new Uint8Array(32).fill(seed))
    const wallet = new NodeWallet({ chain, store: disk.open(), world: this.world, key, owner })
    this.#wallets.push(wallet)
    if (coins > 0n) {
      const [paid] = await Promise.all([this.devnet.faucet(wallet.address, coins), this.devnet.mine()])
      assert.ok(paid.lt > 0n)
      await this.devnet.mine()
    }
    await wallet.poke()
    return wallet
  }

  /** What is handed in goes into a block, and what that causes into the next ones. */
  async round(...wallets: NodeWallet[]): Promise<void> {
    for (let block = 0; block < 3; block++) {
      for (const wallet of wallets) await wallet.poke()
      await this.devnet.mine()
    }
    for (const wallet of wallets) await wallet.poke()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const wallet of this.#wallets) await wallet[Symbol.asyncDispose]()
    await this.devnet[Symbol.asyncDispose]()
  }
}

function order(destination: ContractAddress, change: Partial<OutgoingMessage> = {}): OutgoingMessage {
  return { destination, valueNano: ton / 2n, body: Cell.EMPTY, isBounceable: true, ...change }
}

const unknownOperation = beginCell().storeUint(0x12345678, 32).storeUint(1, 64).endCell()

describe('this project’s wallet', async () => {
  test('deploys itself with the first message, and sends more', async () => {
    await using place = await Place.open()
    const wallet = await place.wallet(1)
    assert.equal(wallet.view.problem, undefined)
    await wallet.send('first', order(human, { isBounceable: false }))
    await place.round(wallet)
    assert.equal((await wallet.outcome('first')).kind, 'delivered')
    assert.equal(wallet.view.seqno, 1)
    for (let number = 0; number < 6; number++)
      await wallet.send(`more/${number}`, order(someAddress(number + 1), { isBounceable: false }))
    await place.round(wallet)
    await place.round(wallet)
    for (let number = 0; number < 6; number++)
      assert.equal((await wallet.outcome(`more/${number}`)).kind, 'delivered')
    const { balanceNano } = await place.devnet.chain.account(someAddress(6))
    assert.ok(balanceNano > ton / 2n - ton / 100n && balanceNano < ton / 2n)
    assert.ok(wallet.view.seqno! <= 4)
  })

  test('hears of each message by itself what became of it', async () => {
    await using place = await Place.open()
    const [wallet, other] = [await place.wallet(1), await place.wallet(2)]
    await other.send('deploy', order(human, { isBounceable: false }))
    await place.round(other)
    const note = beginCell().storeUint(7, 32).endCell()
    await Promise.all([
      // No validator knows this workchain: the wallet leaves the message out and sends the others.
      wallet.send('nowhere', order({ ...human, workchain: 5 })),
      wallet.send('refused', order(other.address, { body: unknownOperation })),
      wallet.send('note', order(other.address, { valueNano: 1n, body: note })),
      wallet.send('nobody', order(someAddress(0xdead))),
    ])
    await place.round(wallet)
    await place.round(wallet)
    const kinds = Object.fromEntries(
      await Promise.all(
        ['nowhere', 'refused', 'note', 'nobody'].map(
          async id => [id, (await wallet.outcome(id)).kind] as const,
        ),
      ),
    )
    assert.deepEqual(kinds, { nowhere: 'not-sent', refused: 'failed', note: 'delivered', nobody: 'bounced' })
    const refused = await wallet.outcome('refused')
    assert.match(outcomeError(refused)!.message, /Only the owner.*1040/)
    assert.ok(refused.kind === 'failed' && refused.isReturned)
    const noted = await wallet.outcome('note')
    assert.ok(noted.kind === 'delivered' && noted.isSkipped)
    assert.equal(wallet.view.seqno, 1)
    // All but fees came back.
    assert.ok(wallet.view.balanceNano! > 19_950_000_000n, `${wallet.view.balanceNano}`)
  })

  test('is blocked and unblocked by its owner', async () => {
    await using place = await Place.open()
    const owner = await place.wallet(1)
    const wallet = await place.wallet(2, { owner: owner.address })
    await wallet.send('first', order(human, { isBounceable: false }))
    await place.round(wallet)
    await owner.send('block', order(wallet.address, { body: walletBody.block() }))
    await place.round(owner)
    assert.equal((await owner.outcome('block')).kind, 'delivered')
    await wallet.send('second', order(human, { isBounceable: false }))
    await place.round(wallet)
    assert.equal((wallet.view.problem as MoneyError).code, 'wallet-blocked')
    await owner.send('unblock', order(wallet.address, { body: walletBody.unblock() }))
    await place.round(owner)
    await place.round(wallet)
    assert.equal((await wallet.outcome('second')).kind, 'delivered')
    assert.equal(wallet.view.problem, undefined)
  })

  test('waits for coins', async () => {
    await using place = await Place.open()
    const wallet = await place.wallet(1, { coins: ton })
    await wallet.send('first', order(human, { isBounceable: false }))
    await place.round(wallet)
    assert.equal((wallet.view.problem as MoneyError).code, 'wallet-balance')
    assert.match(wallet.view.problem!.message, /lacks 1.65 TON/)
    await Promise.all([place.devnet.faucet(wallet.address, 1_650_000_000n), place.devnet.mine()])
    await place.devnet.mine()
    await place.round(wallet)
    assert.equal((await wallet.outcome('first')).kind, 'delivered')
  })

  test('sends again, under the same number, what has expired on its way', async () => {
    await using place = await Place.open()
    const { chain } = place.devnet
    let drops = true
    const lossy: Chain = {
      head: () => chain.head(),
      blockHash: seqno => chain.blockHash(seqno),
      account: address => chain.account(address),
      transactions: (address, range) => chain.transactions(address, range),
      fees: () => chain.fees(),
      send: message => (drops ? Promise.resolve() : chain.send(message)),
      [Symbol.asyncDispose]: () => Promise.resolve(),
    }
    const wallet = await place.wallet(1, { chain: lossy })
    await wallet.send('first', order(human, { isBounceable: false }))
    await place.round(wallet)
    assert.equal(wallet.view.waiting, 1)
    drops = false
    await place.devnet.advance(700)
    await place.round(wallet)
    assert.equal((await wallet.outcome('first')).kind, 'delivered')
    assert.equal(wallet.view.seqno, 1)
    assert.ok(wallet.view.balanceNano! > 19n * ton)
  })

  test('stops where a second copy with its key is seen', async () => {
    await using place = await Place.open()
    const [first, second] = [await place.wallet(1), await place.wallet(1, { coins: 0n })]
    assert.deepEqual(first.address, second.address)
    await first.send('mine', order(human, { isBounceable: false }))
    await place.round(first, second)
    await place.round(first, second)
    assert.equal((await first.outcome('mine')).kind, 'delivered')
    assert.equal(first.view.problem, undefined)
    assert.equal((second.view.problem as MoneyError).code, 'rolled-back')
  })

  test('goes on after its process ended', async () => {
    await using place = await Place.open()
    const disk = new Disk()
    const before = await place.wallet(1, { disk })
    await before.send('first', order(human, { isBounceable: false }))
    await before.poke()
    await before[Symbol.asyncDispose]()
    await place.devnet.mine()
    const after = await place.wallet(1, { disk, coins: 0n })
    await after.send('first', order(human, { isBounceable: false }))
    await place.round(after)
    assert.equal((await after.outcome('first')).kind, 'delivered')
    assert.equal(after.view.seqno, 1)
    const { balanceNano } = await place.devnet.chain.account(human)
    assert.ok(balanceNano <= ton / 2n)
  })
})
