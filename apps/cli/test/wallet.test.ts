import assert from 'node:assert/strict'
import { readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import {
  compiledCode,
  createPaymentKey,
  formatAddress,
  keyOfMnemonic,
  MemoryStore,
  NodeWallet,
  parseAddress,
  walletBody,
} from '@cocoon/money'
import { type Devnet, startDevnet } from '@cocoon/money/devnet'
import { systemWorld } from '@cocoon/wire/node'
import { addressOf, type Folder, keyOf, makeFolder } from './support/files.ts'
import { runToEnd } from './support/console.ts'

const password = 'correct horse'
const stranger = addressOf(9)

interface Person extends AsyncDisposable {
  readonly devnet: Devnet
  readonly folder: Folder
  readonly file: string
  run(...argv: string[]): ReturnType<typeof runToEnd>
  json(...argv: string[]): Promise<Record<string, unknown>>
}

/** Somebody with a local chain and a place for a wallet. */
async function person(): Promise<Person> {
  await using stack = new AsyncDisposableStack()
  const folder = stack.use(await makeFolder())
  const devnet = stack.use(await startDevnet({ world: systemWorld, blockTimeMs: 0 }))
  const file = join(folder.path, 'wallet.json')
  const environment = {
    COCOON_CHAIN: devnet.url,
    COCOON_WALLET: file,
    COCOON_WALLET_PASSWORD: password,
  }
  const run = (...argv: string[]): ReturnType<typeof runToEnd> => runToEnd(argv, { environment })
  const closing = stack.move()
  return {
    devnet,
    folder,
    file,
    run,
    json: async (...argv) => {
      const { exitCode, stdout, stderr } = await run(...argv, '--json')
      assert.equal(exitCode, 0, stdout + stderr)
      return JSON.parse(stdout) as Record<string, unknown>
    },
    [Symbol.asyncDispose]: () => closing.disposeAsync(),
  }
}

test('a wallet is made, funded, spends, and tells of it', async () => {
  await using somebody = await person()
  const { run, json, file, devnet } = somebody
  const made = await json('wallet', 'new', '--yes-show')
  const words = made['mnemonic'] as string[]
  assert.equal(words.length, 24)
  assert.equal((await stat(file)).mode & 0o777, 0o600)
  const text = await readFile(file, 'utf8')
  const { publicKey } = await keyOfMnemonic(words)
  assert.ok(text.includes(Buffer.from(publicKey).toString('hex')))
  for (const [index, word] of words.slice(1).entries()) assert.ok(!text.includes(`${words[index]} ${word}`))

  const funded = await run('wallet', 'fund', '5')
  assert.match(funded.stdout, /^Simulated: a chain of this machine alone/)
  assert.match(funded.stdout, /It holds 5 TON now\./)

  const sent = await run(
    'wallet',
    'send',
    stranger,
    '1.5',
    '--comment',
    'for lunch',
    '--yes',
    '--coin',
    'GRAM',
  )
  assert.equal(sent.exitCode, 0, sent.stderr)
  assert.match(sent.stdout, /Send 1\.5 GRAM to UQ\S{46}, with “for lunch”\./)
  assert.match(sent.stdout, /Fee: at most 0\.00\d+ GRAM, with the contract of the wallet\./)
  assert.match(sent.stdout, /Nothing was ever sent to that address: check it\./)
  assert.match(sent.stdout, /Arrived: transaction [\da-f]{64}/)
  assert.equal((await devnet.chain.account(parseAddress(stranger))).balanceNano, 1_500_000_000n)

  const shown = await json('wallet', 'show')
  assert.deepEqual([shown['simulated'], shown['state'], shown['address']], [true, 'active', made['address']])
  const transfers = shown['transactions'] as Array<Record<string, string>>
  assert.deepEqual(
    transfers.map(({ kind, amount_nano: amount, comment }) => [kind, amount, comment]),
    [
      ['sent', '1500000000', 'for lunch'],
      ['received', '5000000000', undefined],
    ],
  )
  const all = await json('wallet', 'send', stranger, 'all', '--yes')
  assert.deepEqual([all['outcome'], all['amount_nano']], ['delivered', 'everything'])
  assert.equal((await json('wallet', 'show'))['balance_nano'], '0')
})

test('the words come out again, with the password and a confirmation', async () => {
  await using somebody = await person()
  const { run, json } = somebody
  const made = await json('wallet', 'new', '--yes-show', '--type', 'v4r2')
  assert.equal(made['type'], 'v4r2')
  const open = await json('wallet', 'export')
  assert.equal(open['address'], made['address'])
  assert.ok(!('mnemonic' in open))
  const secret = await json('wallet', 'export', '--words', '--yes-show')
  assert.deepEqual(secret['mnemonic'], made['mnemonic'])
  const { exitCode, stderr } = await run('wallet', 'export', '--words')
  assert.equal(exitCode, 2)
  assert.match(stderr, /Nobody confirmed/)
})

test('what a wallet will not do is said with a way out, and no secret', async () => {
  await using somebody = await person()
  const { run, json, file, devnet, folder } = somebody
  const fails = async (argv: string[], wanted: RegExp, environment = {}): Promise<void> => {
    const { exitCode, stdout, stderr } = await runToEnd(argv, {
      environment: {
        COCOON_CHAIN: devnet.url,
        COCOON_WALLET: file,
        COCOON_WALLET_PASSWORD: password,
        ...environment,
      },
    })
    assert.notEqual(exitCode, 0, stdout)
    assert.match(stderr, wanted)
    assert.ok(!`${stdout}${stderr}`.includes('horse'))
  }
  await fails(['wallet', 'show'], /There is no wallet at .*\n.*`cocoon wallet new` makes one/)
  await fails(['wallet', 'new'], /at least 8 characters/, { COCOON_WALLET_PASSWORD: 'horse' })
  await fails(['wallet', 'new'], /password of the wallet is missing\.\n.*--password-file/, {
    COCOON_WALLET_PASSWORD: undefined,
  })
  await json('wallet', 'new')
  await fails(['wallet', 'new'], /There is a file already/)
  await fails(
    ['wallet', 'send', stranger, '1', '--yes'],
    /holds 0 TON; this takes 1 TON and up to .* are missing/,
  )
  await run('wallet', 'fund', '2')
  await fails(['wallet', 'send', stranger, '1', '--yes'], /The password does not open/, {
    COCOON_WALLET_PASSWORD: 'wrong horse',
  })
  await fails(['wallet', 'send', stranger, '1'], /Nobody confirmed the transfer\.\n.*--yes/)
  await fails(['wallet', 'send', `${stranger.slice(0, -1)}x`, '1', '--yes'], /checksum of address/)
  await fails(['wallet', 'send', stranger, '0', '--yes'], /An amount of 0/)
  await fails(['wallet', 'send', stranger, '1.0000000001', '--yes'], /at most 9 decimals/)
  await writeFile(`${file}.lock`, '')
  await fails(['wallet', 'send', stranger, '1', '--yes'], /Another command spends from/)

  const stored = JSON.parse(await readFile(file, 'utf8')) as Record<string, unknown>
  const changed = await folder.write('changed.json', { ...stored, address: stranger })
  await fails(['wallet', 'show', '--wallet', changed], /was changed: its address is not the one of its key/)
  const cheap = await folder.write('cheap.json', {
    ...stored,
    kdf: { ...(stored['kdf'] as object), n: 1024 },
  })
  await fails(['wallet', 'export', '--words', '--yes-show', '--wallet', cheap], /is no wallet file: kdf\.n/)
  const moved = await folder.write('moved.json', { ...stored, created: '2020-01-01T00:00:00.000Z' })
  await fails(['wallet', 'export', '--words', '--yes-show', '--wallet', moved], /or the file was changed/)
})

test('where no faucet is, a link says what to send where', async () => {
  await using folder = await makeFolder()
  const environment = { COCOON_WALLET: join(folder.path, 'w.json'), COCOON_WALLET_PASSWORD: password }
  const { stdout } = await runToEnd(['wallet', 'new', '--json'], { environment })
  const { address } = JSON.parse(stdout) as { address: string }
  const liteservers = await folder.write('global.json', {
    liteservers: [{ ip: 2130706433, port: 1, id: { '@type': 'pub.ed25519', key: keyOf(7) } }],
  })
  const asked = ['wallet', 'fund', '2.5', '--chain', liteservers, '--json']
  const funded = await runToEnd(asked, { environment })
  const { link, amount_nano: nano } = JSON.parse(funded.stdout) as { link: string; amount_nano: string }
  assert.equal(nano, '2500000000')
  assert.equal(link, `ton://transfer/${address}?amount=2500000000`)
})

test("a role's wallet is shown, funded and emptied to its owner, who alone can", async () => {
  await using somebody = await person()
  const { run, json, folder, devnet } = somebody
  const { address: owner } = (await json('wallet', 'new')) as { address: string }
  await json('wallet', 'fund', '2')
  const config = { is_test: true, owner_address: owner, node_wallet_key: keyOf(3) }
  const file = await folder.write('worker.json', config)
  const funded = await json('wallet', 'fund', '10', '--config', file)
  assert.equal(funded['balance_nano'], '10000000000')

  const early = await run('wallet', 'withdraw', '--config', file, '--yes')
  assert.match(early.stderr, /has no contract yet/)
  await using service = new NodeWallet({
    chain: devnet.chain,
    store: new MemoryStore(),
    world: systemWorld,
    key: createPaymentKey(Buffer.from(keyOf(3), 'base64')),
    owner: parseAddress(owner),
    code: compiledCode('wallet'),
    interval: { fromMs: 20, toMs: 40 },
  })
  assert.equal(formatAddress(service.address), funded['address'])
  await service.send('first', {
    destination: parseAddress(stranger),
    valueNano: 1n,
    body: walletBody.unblock(),
    isBounceable: false,
  })
  await service.outcome('first')

  const shown = await json('wallet', 'show', '--config', file)
  assert.deepEqual([shown['kind'], shown['owner'], shown['state']], ['wallet of a role', owner, 'active'])
  const withdrawn = await run('wallet', 'withdraw', '--config', file, '--yes')
  assert.equal(withdrawn.exitCode, 0, withdrawn.stderr)
  assert.match(withdrawn.stdout, /send 9\.9\d+ TON to its owner/)
  assert.ok((await devnet.chain.account(service.address)).balanceNano < 2_000_000_000n)
  assert.ok((await devnet.chain.account(parseAddress(owner))).balanceNano > 11_900_000_000n)

  const foreign = await folder.write('other.json', { ...config, owner_address: stranger })
  const refused = await run('wallet', 'withdraw', '--config', foreign, '--yes')
  assert.match(
    refused.stderr,
    /belongs to UQ\S+, which is not .*\n.*ton:\/\/transfer\/\S+\?amount=50000000&text=w/,
  )
})
