import assert from 'node:assert/strict'
import { test } from 'node:test'
import { LogFollower, ReceiptBook, type ReceiptFile } from '@cocoon/client/role'
import {
  addressKey,
  type ContractAddress,
  createPaymentKey,
  MemoryLedger,
  proxyContractAddress,
} from '@cocoon/money'
import { logOrigin, nodeLogCrypto, ProxyLog } from '@cocoon/proxy'
import { fromHex } from '@cocoon/trust'
import {
  type Equivocation,
  LogAppender,
  MemoryLogStore,
  MemoryWitnessStore,
  noteKey,
  parseNote,
  PeerWitness,
  verifyEquivocation,
} from '@cocoon/trust/log'
import { nodeSeal } from '@cocoon/trust/node'
import { systemWorld } from '@cocoon/wire/node'
import {
  addressNamed,
  ScriptedBackend,
  sealedStage,
  startTestNetwork,
  type TestNetworkOptions,
  wholeAnswer,
} from '../src/index.ts'
import { type Asked, ask } from './asked.ts'

const usage = { prompt: 20, cached: 4, completion: 5, reasoning: 0 }
const key = createPaymentKey(new Uint8Array(32).fill(5))

function witnessNamed(name: string): PeerWitness {
  const signing = nodeSeal.signingKey(new Uint8Array(32).fill(name.length))
  return new PeerWitness({
    signer: {
      key: noteKey(nodeLogCrypto, 'cosignature-v1', name, signing.publicKey),
      sign: message => signing.sign(message),
    },
    store: new MemoryWitnessStore(),
    nowMs: () => systemWorld.now(),
    crypto: nodeLogCrypto,
  })
}

/** A network that seals and logs, and whose client and worker are witnesses. */
async function loggedNetwork() {
  const stack = new AsyncDisposableStack()
  const stage = stack.use(await sealedStage(systemWorld))
  const ledger = new MemoryLedger()
  const owner = addressNamed('proxy 0')
  const store = new MemoryLogStore()
  const [worker, client] = [stage.options.workers![0]!, stage.options.clients![0]!]
  const contract = await contractOf(stage.options, owner)
  const log = stack.use(
    await ProxyLog.open({
      world: systemWorld,
      ledger,
      store,
      key,
      contract,
      ifEmpty: 'create',
      intervalMs: 200,
      mayAct: () => true,
      anchors: () => [],
      onFailure: cause => assert.fail(String(cause)),
    }),
  )
  const network = stack.use(
    await startTestNetwork({
      ...stage.options,
      proxies: [{ ...stage.options.proxies![0], ledger, key, owner, publicLog: log }],
      workers: [
        {
          ...worker,
          backend: new ScriptedBackend(wholeAnswer('Hello', usage)),
          witness: witnessNamed('the-worker'),
        },
      ],
      clients: [{ ...client, witness: witnessNamed('the-client') }],
    }),
  )
  return { network, store, contract, [Symbol.asyncDispose]: () => stack.disposeAsync() }
}

/** The address follows from what is the same for all networks of these options. */
async function contractOf(options: TestNetworkOptions, owner: ContractAddress): Promise<string> {
  await using network = await startTestNetwork({ ...options, workers: [], clients: [] })
  const { config, root } = network
  return addressKey(proxyContractAddress(config, { proxyPublicKey: key.publicKey, proxyOwner: owner, root }))
}

async function until(isTrue: () => boolean): Promise<void> {
  const endMs = systemWorld.monotonic() + 20_000
  while (!isTrue()) {
    assert.ok(systemWorld.monotonic() < endMs, 'it took too long')
    await new Promise(resolve => setTimeout(resolve, 10))
  }
}

async function answered(asked: Asked): Promise<Asked> {
  await until(() => asked.ended !== undefined)
  assert.equal(asked.ended?.kind, 'end')
  return asked
}

test('a receipt is followed into the log, which the client and the worker have cosigned', async () => {
  await using logged = await loggedNetwork()
  const { network } = logged
  await network.ready()
  const book = new ReceiptBook(systemWorld)
  const files: ReceiptFile[] = []
  using following = new DisposableStack()
  following.use(book.onChange(news => files.push(news.file())))
  following.use(
    new LogFollower({
      world: systemWorld,
      most: 10,
      book,
      sealCrypto: nodeSeal,
      logCrypto: nodeLogCrypto,
      proofs: proxyKey => network.client.logProofs(proxyKey),
      unlogged: () => assert.fail('it is logged'),
      forked: () => assert.fail('it has one history'),
    }),
  )
  for (let round = 0; round < 3; round++) {
    const asked = await answered(ask(network.client))
    book.add(asked.summary!.proof!)
    await until(() => files.some(({ log }) => log?.index === String(round)))
  }
  const signers = parseNote(files.at(-1)!.log!.checkpoint).signatures.map(({ name }) => name)
  assert.deepEqual(signers.slice(1).toSorted(), ['the-client', 'the-worker'])
})

async function catchFork(isRestarted: boolean): Promise<void> {
  await using logged = await loggedNetwork()
  const { network, store, contract } = logged
  await network.ready()
  const book = new ReceiptBook(systemWorld)
  const forks: Equivocation[] = []
  let hasForked = false
  const heads = new Map<string, string>()
  const follow = () =>
    new LogFollower({
      world: systemWorld,
      most: 10,
      book,
      sealCrypto: nodeSeal,
      logCrypto: nodeLogCrypto,
      heads: {
        find: origin => heads.get(origin),
        keep: (origin, checkpoint) => void heads.set(origin, checkpoint),
      },
      proofs: proxyKey => {
        const honest = network.client.logProofs(proxyKey)
        return honest && hasForked ? { ...honest, inclusion: leaf => forked(leaf) } : honest
      },
      unlogged: () => {},
      forked: (_log, evidence) => forks.push(evidence),
    })
  let follower = follow()
  using following = new DisposableStack()
  following.defer(() => follower[Symbol.dispose]())
  const first = await answered(ask(network.client))
  const id = book.add(first.summary!.proof!)
  await until(() => book.find(id)?.log !== undefined)

  // The same key signs a log of as many entries, of which one is another.
  const other = new MemoryLogStore()
  const origin = logOrigin(contract)
  const appender = await LogAppender.open({
    store: other,
    origin,
    signer: {
      key: noteKey(nodeLogCrypto, 'ed25519', origin, key.publicKey),
      sign: message => key.sign(message),
    },
    writer: 'liar',
    ifEmpty: 'create',
    crypto: nodeLogCrypto,
  })
  const size = (await store.head())!.size
  await appender.append(
    Array.from({ length: size }, (_, at) => ({ id: String(at), entry: fromHex('00ff')! })),
  )
  const forked = async (_leaf: Uint8Array) => ({
    _: 'client.inclusion' as const,
    index: 0n,
    entry: fromHex('00ff')!,
    proof: [],
    checkpoint: new TextEncoder().encode((await other.head())!.checkpoint),
    flags: 0,
  })
  hasForked = true
  if (isRestarted) {
    follower[Symbol.dispose]()
    follower = follow()
  }
  const second = await answered(ask(network.client))
  book.add(second.summary!.proof!)
  await until(() => forks.length > 0)
  const keys = [noteKey(nodeLogCrypto, 'ed25519', origin, key.publicKey)]
  assert.ok(verifyEquivocation(nodeLogCrypto, { origin, keys }, forks[0]!))
}

test('a proxy that shows another log than before is caught, with a proof that stands by itself', () =>
  catchFork(false))

test('a proxy that forks while a client restarts is caught by the head that the client kept', () =>
  catchFork(true))
