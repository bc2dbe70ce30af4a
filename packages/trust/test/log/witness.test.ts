import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import {
  type AddCheckpoint,
  consistencyProof,
  Cosigners,
  formatAddCheckpoint,
  formatCheckpoint,
  formatNote,
  type KnownLog,
  LogReader,
  type LogStore,
  MemoryWitnessStore,
  parseAddCheckpoint,
  parseNote,
  parseSignatureLines,
  type RemoteWitness,
  signNote,
  storedTiles,
  verifyNote,
  Witness,
  type WitnessStore,
} from '../../src/log/index.ts'
import { crypto, entriesFrom, logSigner, origin, type ServedLog, servedLog, signerOf } from './fixture.ts'

const nowMs = (): number => 1_700_000_000_999
const keys = [logSigner.key]
const witnessSigner = signerOf('cosignature-v1', 'witness.example/1', 101)

function witnessOf(number = 1, store: WitnessStore = new MemoryWitnessStore()): Witness {
  const signer = signerOf('cosignature-v1', `witness.example/${number}`, 100 + number)
  return new Witness({ signer, logs: [{ origin, keys }], store, nowMs })
}

async function requestFrom(
  { store }: ServedLog,
  oldSize: number,
  more: Partial<AddCheckpoint> = {},
): Promise<string> {
  const { size, checkpoint: note } = (await store.head())!
  const tree = { size, tiles: storedTiles(store), sha256: crypto.sha256 }
  const proof = oldSize > size ? [] : await consistencyProof(tree, oldSize)
  return formatAddCheckpoint({ oldSize, proof, note, ...more })
}

async function filledLog(size: number, first = 0): Promise<ServedLog> {
  const log = await servedLog({ isWitnessed: true })
  await log.append(entriesFrom(first, size))
  return log
}

test('the example of C2SP tlog-witness', () => {
  const body = `old 20852014
PlRNCrwHpqhGrupue0L7gxbjbMiKA9temvuZZDDpkaw=
jrJZDmY8Y7SyJE0MWLpLozkIVMSMZcD5kvuKxPC3swk=
5+pKlUdi2LeF/BcMHBn+Ku6yhPGNCswZZD1X/6QgPd8=
/6WVhPs2CwSsb5rYBH5cjHV/wSmA79abXAwhXw3Kj/0=

example.com/behind-the-sofa
20852163
CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=

\u2014 example.com/behind-the-sofa Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=
\u2014 example.com/behind-the-sofa opLqBQsREYCgu6xQkYQwJr9fo45a62DN9EdmHXnZdXNqlcVGlCum2Wks+49/V6267UEjw6QUXTS5Rovnzv++qbSzm9Q=
`
  const request = parseAddCheckpoint(new TextEncoder().encode(body))
  assert.equal(request.oldSize, 20_852_014)
  assert.equal(request.proof.length, 4)
  assert.equal(request.checkpoint.size, 20_852_163)
  assert.equal(request.parsed.signatures.length, 2)
  assert.equal(formatAddCheckpoint(request), body)
})

test('a witness cosigns what continues, once and again', async () => {
  const log = await filledLog(5)
  const witness = witnessOf()
  let old = 0
  for (const count of [0, 0, 1, 300, 7]) {
    await log.append(entriesFrom(1000 + old, count))
    const body = await requestFrom(log, old)
    const answer = await witness.addCheckpoint(body)
    assert.equal(answer.status, 200)
    const { text } = parseNote((await log.store.head())!.checkpoint)
    const signatures = parseSignatureLines(answer.body)
    const [cosignature] = verifyNote(crypto, { text, signatures }, [witnessSigner.key])
    assert.equal(cosignature?.timestampS, 1_700_000_000)
    old = (await log.store.head())!.size
  }
})

test('a witness refuses all else, and says why by its status', async () => {
  const log = await filledLog(5)
  const witness = witnessOf()
  const status = async (body: string): Promise<number> => (await witness.addCheckpoint(body)).status
  const sized = async (body: string, size: number): Promise<void> => {
    const { status: code, contentType, body: text } = await witness.addCheckpoint(body)
    assert.deepEqual([code, contentType, text], [409, 'text/x.tlog.size', `${size}\n`])
  }
  const other = formatCheckpoint({
    origin: 'other.example',
    size: 5,
    root: new Uint8Array(32),
    extensions: [],
  })
  const noteOf = async (text: string, signer = logSigner): Promise<string> =>
    formatNote({ text, signatures: [await signNote(signer, text)] })
  await sized(await requestFrom(log, 3), 0)
  assert.equal(await status(await requestFrom(log, 0, { note: await noteOf(other) })), 404)
  const text = formatCheckpoint({ origin, size: 5, root: new Uint8Array(32), extensions: [] })
  const stranger = await noteOf(text, signerOf('ed25519', origin, 9))
  assert.equal(await status(await requestFrom(log, 0, { note: stranger })), 403)
  assert.equal(await status(await requestFrom(log, 0, { proof: [new Uint8Array(32)] })), 422)
  const nothing = await noteOf(
    formatCheckpoint({ origin, size: 0, root: new Uint8Array(32), extensions: [] }),
  )
  assert.equal(await status(await requestFrom(log, 0, { note: nothing })), 422)

  assert.equal(await status(await requestFrom(log, 0)), 200)
  await sized(await requestFrom(log, 0), 5)
  assert.equal(await status(await requestFrom(log, 6)), 400)
  await sized(await requestFrom(log, 5, { note: await noteOf(text) }), 5)
  assert.equal(await status(await requestFrom(log, 5, { proof: [new Uint8Array(32)] })), 422)
  const fork = await filledLog(9, 50)
  assert.equal(await status(await requestFrom(fork, 5)), 422)
  await log.append(entriesFrom(5, 4))
  assert.equal(await status(await requestFrom(log, 5)), 200)

  const good = await requestFrom(log, 9)
  const [first, ...rest] = good.split('\n')
  const malformed = [
    '',
    '\n',
    'old 9',
    good.slice(0, -1),
    good.replace('old 9', 'old 09'),
    good.replace('old 9', 'old  9'),
    good.replace('old 9', 'Old 9'),
    good.replace('old 9', 'old 9\r'),
    [first, 'AAAA', ...rest].join('\n'),
    [first, ...Array(64).fill(`${'A'.repeat(43)}=`), ...rest].join('\n'),
    `${good}${'x'.repeat(200_000)}`,
  ]
  for (const body of malformed) assert.equal(await status(body), 400, JSON.stringify(body.slice(0, 200)))
  assert.equal((await witness.addCheckpoint(Uint8Array.of(0xff))).status, 400)
})

test('no changed request is cosigned', async () => {
  const log = await filledLog(5)
  const store = new MemoryWitnessStore()
  const witness = witnessOf(1, store)
  await witness.addCheckpoint(await requestFrom(log, 0))
  await log.append(entriesFrom(5, 300))
  const body = new TextEncoder().encode(await requestFrom(log, 5))
  await fc.assert(
    fc.asyncProperty(fc.nat(body.length - 1), fc.integer({ min: 1, max: 255 }), async (at, change) => {
      const { status } = await witness.addCheckpoint(body.with(at, body[at]! ^ change))
      assert.notEqual(status, 200)
      assert.equal((await store.latest(origin))!.size, 5)
    }),
    { numRuns: 150 },
  )
  assert.equal((await witness.addCheckpoint(body)).status, 200)
})

test('of two requests at the same moment one is cosigned', async () => {
  const [one, other] = [await filledLog(7), await filledLog(9, 50)]
  const store = new MemoryWitnessStore()
  const witness = witnessOf(1, store)
  const bodies = [await requestFrom(one, 0), await requestFrom(other, 0)]
  const answers = await Promise.all(bodies.map(body => witness.addCheckpoint(body)))
  assert.deepEqual(
    answers.map(({ status }) => status),
    [200, 409],
  )
  assert.equal(answers[1]!.body, '7\n')
})

function remote(number: number, witness = witnessOf(number)): RemoteWitness {
  const { key } = signerOf('cosignature-v1', `witness.example/${number}`, 100 + number)
  return { key, submit: body => witness.addCheckpoint(body) }
}

test('a log brings its checkpoints to witnesses and publishes them', async () => {
  const log = await filledLog(5)
  const witnesses = [1, 2, 3].map(number => remote(number))
  const known: KnownLog = { origin, keys, witnesses: { keys: witnesses.map(({ key }) => key), quorum: 3 } }
  let signal = new AbortController().signal
  for (const quorum of [3, 2]) {
    // The second one does not know what the witnesses have seen.
    const cosigners = new Cosigners({ store: log.store, witnesses, quorum })
    for (let round = 0; round < 3; round++) {
      await log.append(entriesFrom(5 + 100 * round + 1000 * quorum, 100))
      const { isPublished, cosigned, failures } = await cosigners.publish(signal)
      assert.ok(isPublished)
      assert.deepEqual(
        cosigned.toSorted(),
        witnesses.map(({ key }) => key.name),
      )
      assert.equal(failures.size, 0)
      const checkpoint = await new LogReader({ log: known, get: log.get }).checkpoint()
      assert.equal(checkpoint.size, (await log.store.head())!.size)
      assert.equal(checkpoint.cosignatures.length, 3)
    }
  }
  signal = AbortSignal.abort()
  const before = await log.store.published()
  const { isPublished, failures } = await new Cosigners({ store: log.store, witnesses, quorum: 1 }).publish(
    signal,
  )
  assert.ok(!isPublished)
  assert.equal(failures.size, 3)
  assert.deepEqual(await log.store.published(), before)
})

test('witnesses that fail are named, and nobody waits for them longer than for the signal', async () => {
  const log = await filledLog(5)
  const answers: RemoteWitness['submit'][] = [
    async () => ({ status: 500, body: 'oops' }),
    async () => ({ status: 409, body: '99\n' }),
    async () => ({ status: 409, body: 'many' }),
    async () => ({ status: 200, body: '' }),
    async () => ({ status: 200, body: 'x'.repeat(20_000) }),
    // The cosignature of another witness, and one of another checkpoint.
    async body => witnessOf(1).addCheckpoint(body),
    async () => {
      throw new Error('no route')
    },
    () => new Promise(() => {}),
  ]
  const failing = answers.map((submit, at) => ({ ...remote(10 + at), submit }))
  const cosigners = new Cosigners({ store: log.store, witnesses: [remote(1), ...failing], quorum: 2 })
  const controller = new AbortController()
  const publishing = cosigners.publish(controller.signal)
  setTimeout(() => controller.abort(), 50)
  const { isPublished, cosigned, failures } = await publishing
  assert.ok(!isPublished)
  assert.deepEqual(cosigned, ['witness.example/1'])
  assert.deepEqual([...failures.keys()].toSorted(), failing.map(({ key }) => key.name).toSorted())
  for (const error of failures.values()) assert.ok(['log-unverified', 'log-malformed'].includes(error.code))
  assert.equal(await log.store.published(), undefined)
})

test('a log that has forked gets no cosignature', async () => {
  const witness = witnessOf(1)
  await witness.addCheckpoint(await requestFrom(await filledLog(5), 0))
  for (const [size, first] of [
    [5, 50],
    [9, 50],
    [3, 0],
  ] as const) {
    const fork = await filledLog(size, first)
    const cosigners = new Cosigners({ store: fork.store, witnesses: [remote(1, witness)], quorum: 1 })
    const { isPublished, failures } = await cosigners.publish(new AbortController().signal)
    assert.ok(!isPublished)
    assert.equal(failures.get('witness.example/1')?.code, 'log-unverified')
  }
})

for (const fault of ['failed', 'failed but persisted'] as const) {
  test(`publishing that has ${fault} is done again`, async () => {
    const log = await filledLog(5)
    let isFaulty = true
    const publish: LogStore['publish'] = async head => {
      if (isFaulty && fault === 'failed') throw new Error('the disk is full')
      await log.store.publish(head)
      if (isFaulty) throw new Error('the answer was lost')
    }
    const { store } = log
    const faulty = { head: () => store.head(), tile: store.tile.bind(store), publish } as unknown as LogStore
    const cosigners = new Cosigners({ store: faulty, witnesses: [remote(1)], quorum: 1 })
    await assert.rejects(cosigners.publish(new AbortController().signal), /disk|answer/)
    isFaulty = false
    const { isPublished, head } = await cosigners.publish(new AbortController().signal)
    assert.ok(isPublished)
    assert.deepEqual(await store.published(), head)
  })
}
