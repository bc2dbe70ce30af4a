import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { PostgresServer } from '../../../packages/money/test/database/postgres-server.ts'
import { addressOf, freePorts } from './support/files.ts'
import { startChainWithRoot } from './support/local-chain.ts'
import { jsonLine, type Spawned, spawnCli } from './support/process.ts'

const password = 'correct-horse'

test(
  'of two processes on one database the first leads, and when it is killed the second',
  { timeout: 60_000 },
  async () => {
    await using network = await startChainWithRoot()
    await using server = await PostgresServer.start()
    const { folder, devnet, json } = network
    const config = join(folder.path, 'proxy.json')
    await json('proxy', 'setup', '--owner', addressOf(5), '--out', config, '--http-port', '0', '--yes')
    const [firstHttp = 0, secondHttp = 0] = await freePorts(2)
    const start = async (httpPort: number): Promise<Spawned> => {
      const ports = ['--workers-port', '0', '--clients-port', '0']
      const argv = ['proxy', '--config', config, '--state', folder.path, '--json', ...ports]
      const process = spawnCli(argv, {
        COCOON_CHAIN: devnet.url,
        COCOON_HTTP_PORT: String(httpPort),
        COCOON_DB_PATH: server.url.replace('cocoon@', `cocoon:${password}@`),
      })
      await jsonLine(process, ({ event }) => event === 'started')
      return process
    }
    const leads = async (httpPort: number): Promise<unknown> => {
      const answer = await fetch(`http://127.0.0.1:${httpPort}/jsonstats`)
      const { status } = (await answer.json()) as { status: { leads?: boolean } }
      return status.leads
    }
    await using first = await start(firstHttp)
    await using second = await start(secondHttp)
    assert.deepEqual([await leads(firstHttp), await leads(secondHttp)], [true, false])

    first.kill('SIGKILL')
    await first.exitCode
    while ((await leads(secondHttp)) !== true) await new Promise(resolve => setTimeout(resolve, 50))

    second.kill('SIGTERM')
    assert.equal(await second.exitCode, 0, second.stderr.text)
    for (const said of [first.stdout, first.stderr, second.stdout, second.stderr]) {
      assert.ok(!said.text.includes(password))
    }
  },
)

test('a database that is not there is said without its password', async () => {
  await using network = await startChainWithRoot()
  const { folder, devnet, json } = network
  const config = join(folder.path, 'proxy.json')
  await json('proxy', 'setup', '--owner', addressOf(5), '--out', config, '--http-port', '0', '--yes')
  for (const host of ['127.0.0.1:1', '127.0.0.1:none']) {
    await using process = spawnCli(['proxy', '--config', config, '--state', folder.path], {
      COCOON_CHAIN: devnet.url,
      COCOON_DB_PATH: `postgres://cocoon:${password}@${host}/cocoon`,
    })
    assert.equal(await process.exitCode, 1)
    assert.match(process.stderr.text, /The records in the PostgreSQL of db_path cannot be opened: /)
    assert.match(process.stderr.text, /Check that the server runs/)
    assert.ok(!(process.stdout.text + process.stderr.text).includes(password))
  }
})
