import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { systemWorld as world } from '@cocoon/wire/node'
import { startDevnet } from '../../src/devnet/index.ts'
import { someone, wallet } from './wallet.ts'

const coin = 1_000_000_000n

async function folder(): Promise<AsyncDisposable & { path: string }> {
  const path = await mkdtemp(join(tmpdir(), 'cocoon-devnet-'))
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true }) }
}

describe('a devnet in a folder', () => {
  test('goes on where it stopped: chain, waiting messages, clock and snapshots', async () => {
    await using place = await folder()
    const directory = place.path
    const first = await startDevnet({ world, directory, blockTimeMs: Infinity, port: false })
    const given = first.faucet(wallet.address, 5n * coin)
    await first.mine()
    await given
    await first.snapshot('funded')
    await first.advance(1000)
    await first.chain.send(wallet.transfer(0, [{ to: someone(1), nano: coin }]))
    const status = first.status()
    await first[Symbol.asyncDispose]()

    await using second = await startDevnet({ world, directory, blockTimeMs: Infinity, port: false })
    assert.deepEqual(second.status(), status)
    assert.equal(status.waiting, 1)
    await second.mine()
    assert.equal((await second.chain.account(someone(1))).balanceNano, coin)
    await second.restore('funded')
    assert.equal((await second.chain.account(wallet.address)).balanceNano, 5n * coin)
  })

  test('is used by one process at a time', async () => {
    await using place = await folder()
    const options = { world, directory: place.path, blockTimeMs: Infinity, port: false } as const
    await using first = await startDevnet(options)
    await assert.rejects(startDevnet(options), { code: 'storage', message: /Another process has it open/ })
    assert.equal(first.status().seqno, 1)
  })

  test('loses nothing that was confirmed when its process is killed', async () => {
    await using place = await folder()
    const program = `
      import { startDevnet } from ${JSON.stringify(new URL('../../src/devnet/index.ts', import.meta.url).href)}
      import { systemWorld as world } from '@cocoon/wire/node'
      const directory = process.argv[1]
      const devnet = await startDevnet({ world, directory, blockTimeMs: 0, port: false })
      for (let round = 1; ; round++) {
        const { hash } = await devnet.faucet({ workchain: 0, hash: '01'.repeat(32) }, 1n)
        process.stdout.write(hash + '\\n')
      }`
    const child = spawn(process.execPath, ['--input-type=module', '-e', program, '--', place.path], {
      cwd: new URL('.', import.meta.url),
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    let told = ''
    for await (const chunk of child.stdout) {
      told += String(chunk)
      if (told.split('\n').length > 20) child.kill('SIGKILL')
    }
    if (child.exitCode === null && child.signalCode === null) await once(child, 'exit')
    const confirmed = told.split('\n').slice(0, -1)
    assert.ok(confirmed.length >= 20)

    await using devnet = await startDevnet({ world, directory: place.path, blockTimeMs: 0, port: false })
    const sent = await devnet.chain.transactions(devnet.faucetAddress, { afterLt: 0n, most: 1000 })
    const hashes = sent.map(({ hash }) => hash)
    assert.deepEqual(hashes.slice(0, confirmed.length), confirmed)
    assert.ok(hashes.length <= confirmed.length + 1)
    await devnet.faucet(someone(1), coin)
    const received = await devnet.chain.transactions(someone(1), { afterLt: 0n, most: 1000 })
    assert.equal(received.length, hashes.length + 1)
  })
})
