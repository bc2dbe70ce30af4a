import assert from 'node:assert/strict'
import { test } from 'node:test'
import { contractAddress, creditWithoutChain, parsePseudoConfig, writePseudoConfig } from '@cocoon/money'
import { contractsWithoutChain } from '@cocoon/proxy'
import type { AnyCombinator, ClientConnectToProxy, WorkerParams } from '@cocoon/wire'
import {
  askCut,
  clientHello,
  connectPeer,
  nothingKnown,
  type ScriptedPeer,
  scriptedClient,
  scriptedWorker,
  virtualNetwork,
  type VirtualNetwork,
  workerParams,
} from './scripted-peer.ts'

const secret = (bytes: string): AnyCombinator => ({
  _: 'client.authorizeWithProxyShort',
  data: Buffer.from(bytes),
})
const newest = { min: 0, max: 3 }

/** The question is refused in these words, and the connection closes. */
async function refuses(
  network: VirtualNetwork,
  peer: ScriptedPeer,
  question: AnyCombinator,
  code: number,
  words: RegExp,
): Promise<void> {
  await assert.rejects(network.world.finish(peer.ask(question)), (error: Error) => {
    assert.match(error.message, new RegExp(`answered ${code}: `))
    assert.match(error.message, words)
    return true
  })
  await network.world.until(() => peer.closed !== undefined)
}

const clientRefusals: Array<[string, ClientConnectToProxy, number, RegExp]> = [
  ['without the flag of newer clients', clientHello(newest, { flags: 0 }), 602, /tool? old client/],
  ['of another mode', clientHello(newest, { isTest: false }), 602, /test mode mismatch/],
  [
    'without an address',
    clientHello(newest, { clientOwnerAddress: 'nowhere' }),
    602,
    /cannot parse client owner address/,
  ],
  [
    'with a newer configuration',
    { ...clientHello(newest), minConfigVersion: 2 },
    602,
    /active config version is too low/,
  ],
  [
    'with a negative configuration',
    { ...clientHello(newest), minConfigVersion: -1 },
    602,
    /active config version is too low/,
  ],
  ['of the future', clientHello({ min: 4, max: 9 }), 621, /cannot choose common protocol version/],
  ['of before all versions', clientHello({ min: -3, max: -1 }), 621, /cannot choose common protocol version/],
]

for (const [what, hello, code, words] of clientRefusals) {
  test(`a client ${what} is told why and let go`, async () => {
    await using network = await virtualNetwork({ workers: [], clients: [] })
    await refuses(network, await connectPeer(network, 'client'), hello, code, words)
  })
}

test('bytes that are no question of the handshake are told so', async () => {
  await using network = await virtualNetwork({ workers: [], clients: [] })
  const expected = /expected client connection|Not a valid TL object/
  for (const question of [secret(''), { _: 'worker.updatePaymentStatus' } as AnyCombinator]) {
    await refuses(network, await connectPeer(network, 'client'), question, 621, expected)
  }
})

test('a first question that is cut short is told so', async () => {
  await using network = await virtualNetwork({ workers: [], clients: [] })
  for (const [as, question] of [
    ['client', clientHello(newest)],
    ['worker', { _: 'worker.connectToProxy' as const, params: workerParams(network, newest) }],
  ] as const) {
    const peer = await connectPeer(network, as)
    const refused = askCut(peer, question, 24)
    await assert.rejects(network.world.finish(refused), /answered 601: Not a valid TL object/)
    await network.world.until(() => peer.closed !== undefined)
  }
})

test('which side a peer is on is decided by the door alone', async () => {
  await using network = await virtualNetwork({ workers: [], clients: [] })
  const hello = { _: 'worker.connectToProxy' as const, params: workerParams(network, newest) }
  await refuses(network, await connectPeer(network, 'client'), hello, 621, /expected client connection/)
  const asWorker = await connectPeer(network, 'worker')
  await refuses(network, asWorker, clientHello(newest), 601, /Not a valid TL object/)
})

test('nothing is pushed while a handshake goes on, nor right after it', async () => {
  await using network = await virtualNetwork({ workers: [], clients: [] })
  const client = await scriptedClient(network, newest)
  const worker = await scriptedWorker(network, newest)
  await network.world.runFor(5_000)
  assert.deepEqual([...client.packets, ...worker.packets], [])
})

test('the version is the newest that both sides know', async () => {
  await using network = await virtualNetwork({ workers: [], clients: [] })
  const rows: Array<[Parameters<typeof clientHello>[0], number | undefined, number]> = [
    [undefined, undefined, 1],
    [{ min: 0, max: 0 }, undefined, 1],
    [{ min: 0, max: 1 }, 1, 3],
    [{ min: 1, max: 2 }, 2, 3],
    [{ min: 3, max: 3 }, 3, 3],
    [{ min: 0, max: 99 }, 3, 3],
  ]
  for (const [versions, chosen, flags] of rows) {
    const peer = await connectPeer(network, 'client')
    const answer = await network.world.finish(peer.ask(clientHello(versions)))
    assert.ok(answer._ === 'client.connectedToProxy')
    assert.equal(answer.params.protoVersion, chosen)
    assert.equal(answer.params.flags, flags)
  }
})

test('the second step of a client: what is refused, and what is not', async () => {
  await using network = await virtualNetwork({ workers: [], clients: [] })
  const started = async (): Promise<ScriptedPeer> => {
    const peer = await connectPeer(network, 'client')
    await network.world.finish(peer.ask(clientHello(newest)))
    return peer
  }
  await refuses(network, await started(), secret('wrong'), 601, /sha256 mismatch/)
  await refuses(network, await started(), { _: 'client.getWorkerTypes' }, 601, /expected auth message/)
  await refuses(network, await started(), clientHello(newest), 601, /expected auth message/)
  const authorised = await scriptedClient(network, newest)
  await refuses(network, authorised, clientHello(newest), 621, /already authorized/)
  const again = await scriptedClient(network, newest)
  await refuses(network, again, secret(''), 621, /already authorized/)
})

test('a client whose contract closes is refused', async () => {
  const contract = {
    credit: creditWithoutChain({ pricePerTokenNano: 2n, minClientStakeNano: 1n }),
    secretHash: new Uint8Array(32),
  }
  const anyConfig = parsePseudoConfig(
    writePseudoConfig({ ownerAddress: contractAddress(0, new Uint8Array(32)) }),
  )
  let status: 'closing' | 'closed' = 'closing'
  const find = async () => ({ ...contract, status })
  await using network = await virtualNetwork({
    workers: [],
    clients: [],
    proxies: [{ clientContracts: { ...contractsWithoutChain(anyConfig), find } }],
  })
  await refuses(network, await connectPeer(network, 'client'), clientHello(newest), 602, /client is closing/)
  status = 'closed'
  await refuses(network, await connectPeer(network, 'client'), clientHello(newest), 602, /client is closing/)
})

const workerRefusals: Array<[string, Partial<WorkerParams>, number, RegExp]> = [
  ['without the flag of newer workers', { flags: 0 }, 602, /too old worker/],
  ['of another mode', { isTest: false }, 602, /test mode mismatch/],
  ['without a model', { model: '' }, 621, /invalid worker hash or worker type/],
  ['with a model of no name', { model: '@1:0' }, 621, /invalid worker hash or worker type/],
  ['with a price below zero', { coefficient: -1 }, 621, /invalid coefficient value/],
  ['with a price above all', { coefficient: 1_000_000_000 }, 621, /invalid coefficient value/],
  ['that takes no queries', { maxActiveRequests: 0 }, 621, /invalid max_active_requests value/],
  ['that takes fewer than no queries', { maxActiveRequests: -5 }, 621, /invalid max_active_requests value/],
  ['without connections', { proxyCnt: 0 }, 621, /invalid proxy_cnt value/],
  [
    'with a model that is not registered',
    { model: 'test/model@2:0' },
    621,
    /invalid worker model 'test\/model@2:0'/,
  ],
  ['of the future', { minProtoVersion: 4, maxProtoVersion: 9 }, 621, /cannot choose common protocol version/],
  [
    'of before all versions',
    { minProtoVersion: -2, maxProtoVersion: -1 },
    621,
    /cannot choose common protocol version/,
  ],
  ['without an address', { workerOwnerAddress: 'nowhere' }, 602, /cannot parse worker owner address/],
]

for (const [what, change, code, words] of workerRefusals) {
  test(`a worker ${what} is told why and let go`, async () => {
    await using network = await virtualNetwork({ workers: [], clients: [] })
    const question = { _: 'worker.connectToProxy' as const, params: workerParams(network, newest, change) }
    await refuses(network, await connectPeer(network, 'worker'), question, code, words)
    assert.equal(network.proxy.proxy.market.books.size, 0)
  })
}

test('a worker of an image that is not registered is refused', async () => {
  await using network = await virtualNetwork({
    workers: [],
    clients: [],
    config: { workerHashes: ['1'.repeat(64)] },
  })
  const question = { _: 'worker.connectToProxy' as const, params: workerParams(network, newest) }
  await refuses(network, await connectPeer(network, 'worker'), question, 621, /image/)
})

test('a proxy that is switched off lets nobody in', async () => {
  await using network = await virtualNetwork({ workers: [], clients: [] })
  network.proxy.proxy.setEnabled(false)
  const hello = { _: 'worker.connectToProxy' as const, params: workerParams(network, newest) }
  const words = /proxy is not participating in this iteration/
  await refuses(network, await connectPeer(network, 'worker'), hello, 651, words)
  await refuses(network, await connectPeer(network, 'client'), clientHello(newest), 651, words)
  network.proxy.proxy.setEnabled(true)
  await scriptedClient(network, newest)
  await scriptedWorker(network, newest)
})

test('the steps of a worker come in their order or not at all', async () => {
  await using network = await virtualNetwork({ workers: [], clients: [] })
  const { world } = network
  const hello = { _: 'worker.connectToProxy' as const, params: workerParams(network, newest) }
  const complete = { _: 'worker.proxyHandshakeComplete' as const, isDisabled: false }
  const longer = {
    _: 'worker.extendedCompareBalanceWithProxy' as const,
    tokensCommittedToDb: 0n,
    other: new Uint8Array(0),
  }
  const wrongOrders: AnyCombinator[][] = [
    [nothingKnown],
    [complete],
    [hello, hello],
    [hello, complete],
    [hello, longer],
    [hello, nothingKnown, nothingKnown],
    [hello, nothingKnown, hello],
  ]
  for (const questions of wrongOrders) {
    const peer = await connectPeer(network, 'worker')
    for (const question of questions.slice(0, -1)) await world.finish(peer.ask(question))
    await assert.rejects(world.finish(peer.ask(questions.at(-1)!)), { code: 'peer-error' })
    await world.until(() => peer.closed !== undefined)
  }
  assert.equal(network.proxy.proxy.workers.size, 0)
})

test('questions that come all at once are answered one by one, and one session comes of them', async () => {
  await using network = await virtualNetwork({ workers: [], clients: [] })
  const { world } = network
  const client = await connectPeer(network, 'client')
  const asked = [clientHello(newest), secret(''), secret('')].map(question =>
    client.ask(question).then(
      () => 1,
      () => 0,
    ),
  )
  const answers = await world.finish(Promise.all(asked))
  assert.ok(answers.length === 3)
  const worker = await connectPeer(network, 'worker')
  const hello = { _: 'worker.connectToProxy' as const, params: workerParams(network, newest) }
  const complete = { _: 'worker.proxyHandshakeComplete' as const, isDisabled: false }
  const steps: AnyCombinator[] = [hello, nothingKnown, complete, complete]
  await world.finish(Promise.all(steps.map(step => worker.ask(step).catch(() => undefined))))
  await world.runFor(1_000)
  assert.ok((network.proxy.proxy.market.books.get('test/model')?.size ?? 0) <= 1)
  worker.connection.close()
  await world.runFor(1_000)
  assert.equal(network.proxy.proxy.market.books.get('test/model')?.size ?? 0, 0)
})

test('a session that is never completed ends at its deadline, however lively its connection is', async () => {
  await using network = await virtualNetwork({ workers: [], clients: [] })
  const { world } = network
  const silent = await connectPeer(network, 'client')
  const halfway = await connectPeer(network, 'client')
  await world.finish(halfway.ask(clientHello(newest)))
  const worker = await connectPeer(network, 'worker')
  await world.finish(worker.ask({ _: 'worker.connectToProxy', params: workerParams(network, newest) }))
  // Their pings keep the connections alive all the time.
  await world.runFor(29_000)
  assert.ok([silent, halfway, worker].every(({ closed }) => closed === undefined))
  await world.runFor(1_500)
  assert.ok([silent, halfway, worker].every(({ closed }) => closed !== undefined))
  assert.equal(network.proxy.proxy.clients.size + network.proxy.proxy.workers.size, 0)
})

test('whoever says nothing at all is let go even sooner', async () => {
  await using network = await virtualNetwork({ workers: [], clients: [] })
  const transport = await network.dial('client')
  let closed = false
  transport.start({ data: () => {}, drain: () => {}, closed: () => (closed = true) })
  await network.world.runFor(9_000)
  assert.equal(closed, false)
  assert.equal(network.proxy.proxy.clients.size, 1)
  await network.world.runFor(2_000)
  assert.equal(closed, true)
  assert.equal(network.proxy.proxy.clients.size, 0)
})

test('a complete session without a word is given up after a minute, one that pings is not', async () => {
  await using network = await virtualNetwork({ workers: [] })
  const { world } = network
  await world.runFor(300_000)
  assert.equal(network.proxy.proxy.clients.size, 1)
  assert.ok(network.client.isReady)
})
