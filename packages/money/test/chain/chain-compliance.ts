import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import type { ContractAddress } from '../../src/address.ts'
import type { Chain, ChainHead, ChainTransaction } from '../../src/chain/chain.ts'
import type { Devnet } from '../../src/devnet/index.ts'
import { comparable, emptyAddress, TestWallet } from './test-wallet.ts'

const ton = 1_000_000_000n

/** A devnet, and the chain that is tested on it. */
export interface ChainUnderTest extends AsyncDisposable {
  readonly devnet: Devnet
  readonly chain: Chain
  /** Hashes that the block of that number may have; the devnet's own if absent. */
  readonly rootHashes?: (seqno: number) => Promise<ReadonlyArray<string | undefined>>
}

const wallet = new TestWallet('chain compliance')
const [first, second, third] = ['first', 'second', 'third'].map(emptyAddress) as [
  ContractAddress,
  ContractAddress,
  ContractAddress,
]

/** The accounts that the suite deals with, besides the faucet's. */
export const complianceAccounts: readonly ContractAddress[] = [wallet.address, first, second, third]

/** What every implementation of `Chain` has to do, held against what the devnet itself says. */
export function testChain(name: string, open: () => Promise<ChainUnderTest>): void {
  describe(name, () => {
    const unused = emptyAddress('chain compliance')
    let under: ChainUnderTest
    let chain: Chain
    let devnet: Devnet

    before(async () => {
      under = await open()
      chain = under.chain
      devnet = under.devnet
      await devnet.faucet(wallet.address, 100n * ton)
      await devnet.chain.send(wallet.pay({ to: first, amountNano: ton }))
      // Bounces, for there is nothing at the address.
      await devnet.chain.send(wallet.pay({ to: second, amountNano: ton, bounce: true }))
      for (let index = 0; index < 8; index++) await devnet.faucet(wallet.address, ton + BigInt(index))
      await devnet.mine()
      await devnet.mine()
    })
    after(() => under[Symbol.asyncDispose]())

    test('tells the newest block', async () => {
      const first = await chain.head()
      await sameBlock(first)
      await devnet.mine()
      const second = await chain.head()
      assert.equal(second.seqno, first.seqno + 1)
      assert.ok(second.timeS >= first.timeS)
      await sameBlock(second)
      assert.notEqual(first.rootHash, second.rootHash)
    })

    test('tells the hash and the time of any block', async () => {
      // An account is the first that it is asked for in a block.
      await devnet.mine()
      await chain.account(wallet.address)
      const { seqno: newest, ...head } = await chain.head()
      assert.deepEqual(await chain.blockHash(newest), head)
      const hashes = new Set<string>()
      for (const seqno of [1, 2, newest >> 1, newest - 1, newest]) {
        const { rootHash, timeS } = await chain.blockHash(seqno)
        assert.equal(timeS, (await devnet.chain.blockHash(seqno)).timeS)
        assert.ok((await rootHashes(seqno)).includes(rootHash), `${rootHash} of block ${seqno}`)
        hashes.add(rootHash)
      }
      assert.equal(hashes.size, 5)
    })

    test('knows no block that was not made', async () => {
      const { seqno } = await chain.head()
      for (const unknown of [0, seqno + 1, 2 ** 31 - 1]) {
        await assert.rejects(chain.blockHash(unknown), { code: 'chain-history' })
      }
    })

    test('tells accounts in every state', async () => {
      await sameAccount(devnet.faucetAddress)
      await sameAccount(wallet.address)
      await sameAccount(first)
      assert.equal((await chain.account(wallet.address)).status, 'active')
      assert.equal((await chain.account(first)).status, 'uninitialised')
      const absent = await chain.account(unused)
      assert.equal(absent.status, 'absent')
      assert.equal(absent.balanceNano, 0n)
      assert.equal(absent.lastLt, 0n)
      assert.equal(absent.code ?? absent.data, undefined)
    })

    test('tells all transactions of an account, oldest first', async () => {
      const told = await all(wallet.address, 1000)
      assert.deepEqual(comparable(told), comparable(await everything(wallet.address)))
      assert.ok(told.length >= 12)
      assert.ok(told.some(({ inMessage }) => inMessage?.isBounced === true))
      assert.ok(told.some(({ inMessage }) => inMessage?.kind === 'external-in'))
      assert.ok(told.some(({ outMessages }) => outMessages.length === 1))
      // The chain itself forgets the history of an account that has no record, such as the second one.
      for (const address of [devnet.faucetAddress, first]) {
        assert.deepEqual(comparable(await all(address, 1000)), comparable(await everything(address)))
      }
    })

    test('tells them in pieces of any size, from anywhere, without a gap', async () => {
      const due = await everything(wallet.address)
      for (const most of [1, 5]) {
        assert.deepEqual(comparable(await all(wallet.address, most)), comparable(due))
      }
      for (const index of [0, 1, 5, due.length - 2, due.length - 1]) {
        const { lt } = due[index]!
        const rest = await chain.transactions(wallet.address, { afterLt: lt })
        assert.deepEqual(hashes(rest), hashes(due.slice(index + 1)))
        // A time between two transactions is as good as that of the earlier one.
        const next = await chain.transactions(wallet.address, { afterLt: lt + 1n, most: 1 })
        assert.deepEqual(hashes(next), hashes(due.slice(index + 1, index + 2)))
      }
      assert.deepEqual(await chain.transactions(unused, { afterLt: 0n }), [])
    })

    test('hands in a message, once or twice', async () => {
      const before = await devnet.chain.account(wallet.address)
      const message = wallet.pay({ to: third, amountNano: ton })
      await chain.send(message)
      await devnet.mine()
      // It may be refused, for its number is used; it is never executed again.
      await chain.send(message).catch(error => assert.equal(error.code, 'chain-refused'))
      await devnet.mine()
      const [executed, ...more] = await chain.transactions(wallet.address, { afterLt: before.lastLt })
      assert.equal(executed?.inMessage?.kind, 'external-in')
      assert.equal(executed.isSuccess, true)
      assert.deepEqual(more, [])
      await devnet.mine()
      assert.equal((await chain.account(third)).balanceNano > 0n, true)
    })

    test('refuses what the account would not execute, and what is no message', async () => {
      await assert.rejects(chain.send(wallet.wrong()), { code: 'chain-refused' })
      await assert.rejects(chain.send(Buffer.from('no message')), { code: 'chain-refused' })
      await assert.rejects(chain.send(Buffer.alloc(100_000)), { code: 'chain-refused' })
    })

    test('tells the prices', async () => {
      assert.deepEqual(await chain.fees(), await devnet.chain.fees())
      assert.deepEqual(await chain.fees(), await devnet.chain.fees())
    })

    test('answers many questions at once', async () => {
      const answers = await Promise.all(
        Array.from({ length: 12 }, (_, index) =>
          index % 2 === 0 ? chain.account(wallet.address) : chain.account(unused),
        ),
      )
      assert.deepEqual(
        answers.map(({ status }) => status),
        Array.from({ length: 12 }, (_, index) => (index % 2 === 0 ? 'active' : 'absent')),
      )
    })

    async function rootHashes(seqno: number): Promise<ReadonlyArray<string | undefined>> {
      return under.rootHashes?.(seqno) ?? [(await devnet.chain.blockHash(seqno)).rootHash]
    }

    async function sameBlock({ rootHash, ...block }: ChainHead): Promise<void> {
      const { rootHash: _, ...due } = await devnet.chain.head()
      assert.deepEqual(block, due)
      assert.ok((await rootHashes(block.seqno)).includes(rootHash))
    }

    async function sameAccount(address: ContractAddress): Promise<void> {
      assert.deepEqual(
        comparable(await chain.account(address)),
        comparable(await devnet.chain.account(address)),
      )
    }

    function everything(address: ContractAddress): Promise<ChainTransaction[]> {
      return devnet.chain.transactions(address, { afterLt: 0n, most: 1000 })
    }

    async function all(address: ContractAddress, most: number): Promise<ChainTransaction[]> {
      const told: ChainTransaction[] = []
      for (;;) {
        const piece = await chain.transactions(address, { afterLt: told.at(-1)?.lt ?? 0n, most })
        assert.ok(piece.length <= most)
        if (piece.length === 0) return told
        told.push(...piece)
      }
    }
  })
}

function hashes(transactions: readonly ChainTransaction[]): string[] {
  return transactions.map(({ hash }) => hash)
}
