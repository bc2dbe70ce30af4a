import assert from 'node:assert/strict'
import { cp, mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { startPaidNetwork } from '../../src/index.ts'
import { openPaidProxy, quickPolicies } from '../../src/paid/parties.ts'
import type { Place } from '../../src/street.ts'
import { askMany, askOne } from './place.ts'

const files = ['proxy-records.sqlite', 'proxy-books.sqlite']
const older = /older than what the chain knows, or another copy of them runs/
let folder: string

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'cocoon-copies-'))
})
after(() => rm(folder, { recursive: true, force: true }))

async function startIn(name: string): Promise<{
  network: Awaited<ReturnType<typeof startPaidNetwork>>
  directory: string
  copy: (from: string, to: string, which?: string[]) => Promise<void>
}> {
  const directory = join(folder, name)
  await mkdir(directory)
  return {
    network: await startPaidNetwork({ directory }),
    directory,
    copy: async (from, to, which = files) => {
      await mkdir(to, { recursive: true })
      for (const file of which) {
        for (const tail of ['-wal', '-shm']) await rm(join(to, file + tail), { force: true })
        await cp(join(from, file), join(to, file))
      }
    },
  }
}

describe('a proxy whose database is an old one', () => {
  for (const [what, which] of [
    ['all of it', files],
    ['the records alone', files.slice(0, 1)],
    ['the books alone', files.slice(1)],
  ] as const) {
    test(`serves nobody and signs nothing, and says why: ${what}`, async () => {
      const { network: started, directory, copy } = await startIn(what.replaceAll(' ', '-'))
      await using network = started
      await network.ready()
      const { proxy } = network
      await proxy.stop()
      const [old, newest] = [join(directory, 'old'), join(directory, 'newest')]
      await copy(directory, old)
      await proxy.start()
      await askMany(network, 2)
      await network.until('it is charged', async () => (await network.audit()).chargedTokens === 1_000n)
      await proxy.stop()
      await copy(directory, newest)

      await copy(old, directory, [...which])
      await proxy.start()
      const obstacle = (): string | undefined => proxy.running.settlement.obstacle
      await network.until('it says why', () => older.test(obstacle() ?? ''))
      assert.equal(proxy.running.proxy.isOpen(), false)
      const committed = proxy.running.ledger.clients().map(({ committedToChain }) => committedToChain)
      // Another start forgets nothing, and comes to the same.
      await proxy.restart()
      await network.until('it is found again', () => older.test(obstacle() ?? ''))
      await network.until('it has looked at the chain', () => proxy.running.settlement.data !== undefined)
      assert.match(obstacle()!, older)
      assert.deepEqual(
        proxy.running.ledger.clients().map(({ committedToChain }) => committedToChain),
        committed,
      )
      assert.equal((await network.audit()).chargedTokens, 1_000n)
      await proxy.stop()

      await copy(newest, directory)
      await proxy.start()
      await network.until(
        'a second copy of the wallet, or of the books, was seen: a person says which is right',
        async () => {
          const { settlement, wallet } = proxy.running
          if (wallet.view.problem !== undefined) await wallet.resumeAfterSecondCopy()
          if (older.test(settlement.obstacle ?? '')) await settlement.resumeAfterSecondCopy()
          return settlement.obstacle === undefined
        },
      )
      await network.ready()
      assert.equal((await askOne(network)).status, 200)
    })
  }
})

test('of two proxies on copies of one database, the one that meets what it never announced serves nobody', async () => {
  const { network: started, directory, copy } = await startIn('two')
  await using network = started
  await network.ready()
  const { proxy } = network
  await proxy.stop()
  const other = join(directory, 'other')
  await copy(directory, other)
  await proxy.start()
  await network.ready()
  const place: Place = {
    workerEndpoint: { host: '', port: 0 },
    clientEndpoint: { host: '', port: 0 },
    accept: undefined,
    close: async () => {},
  }
  const { world, ground } = network
  await using second = await openPaidProxy(
    {
      name: 'proxy',
      world,
      chain: ground.chain,
      street: {
        imageHash: '',
        open: async () => place,
        dial: () => Promise.reject(new Error('nobody dials')),
        [Symbol.asyncDispose]: async () => {},
      },
      root: ground.root,
      config: ground.config,
      directory: other,
      report: () => {},
    },
    place,
    quickPolicies.proxy,
  )
  await network.until('the second one sees what it never announced', () =>
    older.test(second.settlement.obstacle ?? ''),
  )
  assert.equal(second.proxy.isOpen(), false)
  // The first one goes on, as nothing of the second one has come to the chain.
  assert.equal((await askOne(network)).status, 200)
})
