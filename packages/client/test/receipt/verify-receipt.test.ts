import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { anchorHash } from '@cocoon/money'
import { defaultPolicy, toBase64 } from '@cocoon/trust'
import { nodeSeal } from '@cocoon/trust/node'
import { makeIdentityKeys } from '@cocoon/trust/seal'
import fc from 'fast-check'
import {
  type LinkName,
  type LinkState,
  readReceiptFile,
  type ReceiptContext,
  type ReceiptFile,
  type ReceiptVerdict,
  verifyReceiptFile,
} from '../../src/index.ts'
import { anchorHashOf } from '../../src/receipt/anchor-hash.ts'
import {
  answer,
  type Change,
  contract,
  type FakeChain,
  genuineRoot,
  makeReceipt,
  nowMs,
  prompt,
  seeded,
  simulatedRoot,
} from './fixture.ts'

const made = await makeReceipt()

function verify(file: ReceiptFile, context: ReceiptContext): Promise<ReceiptVerdict> {
  return verifyReceiptFile(readReceiptFile(JSON.stringify(file)), context)
}

function statesOf({ links }: ReceiptVerdict): string {
  const letters: Record<LinkState, string> = {
    checked: 'C',
    simulated: 'S',
    pending: 'P',
    'not-checked': '-',
    failed: 'F',
  }
  return links.map(({ state }) => letters[state]).join('')
}

function linkNamed({ links }: ReceiptVerdict, name: LinkName) {
  return links.find(link => link.name === name)!
}

/** Of a receipt that is made otherwise: which link fails, whether by policy, and what it says. */
async function failure(change: Change, context: Partial<ReceiptContext> = {}) {
  const { file, context: usual } = await makeReceipt(change)
  return failed(await verify(file, { ...usual, ...context }))
}

function failed(verdict: ReceiptVerdict) {
  assert.equal(verdict.verdict, 'failed', JSON.stringify(verdict, undefined, 1))
  const at = verdict.links.findIndex(({ state }) => state === 'failed')
  const link = verdict.links[at]!
  assert.match(verdict.sentence, new RegExp(`^${link.name}: `))
  for (const after of verdict.links.slice(at + 1)) {
    assert.deepEqual(
      [after.state, after.sentence, after.evidence],
      ['not-checked', 'Stopped at the first failure.', []],
    )
  }
  assert.ok(link.evidence.some(({ ok }) => !ok))
  return { name: link.name, fault: link.fault, sentence: link.sentence, verdict }
}

describe('verdicts', () => {
  test('verified: every link, with the texts at hand', async () => {
    const verdict = await verify(made.file, made.context)
    assert.equal(statesOf(verdict), 'CCCCCCCC')
    assert.deepEqual(
      [verdict.verdict, verdict.title, verdict.sentence],
      ['verified', 'Verified', '8 of 8 links checked here.'],
    )
    assert.ok(verdict.links.every(({ evidence }) => evidence.length > 0 && evidence.every(({ ok }) => ok)))
  })

  test('verified: the seal is not counted where there is no text', async () => {
    const verdict = await verify(made.file, { ...made.context, texts: undefined })
    assert.equal(statesOf(verdict), 'CCC-CCCC')
    assert.deepEqual(
      [verdict.verdict, verdict.sentence],
      ['verified', '7 of 8 links checked here. The seal is for the caller to check.'],
    )
    assert.equal(linkNamed(verdict, 'Seal').word, 'the caller knows')
    assert.match(linkNamed(verdict, 'Price').sentence, /the cap that the file names/)
  })

  test('anchor pending: only the chain waits, online and offline', async () => {
    const { file, context } = await makeReceipt({ log: 'unanchored' })
    for (const chain of [context.chain, undefined]) {
      const verdict = await verify(file, { ...context, chain })
      assert.equal(statesOf(verdict), 'CCCCCCCP')
      assert.deepEqual(
        [verdict.verdict, verdict.title, verdict.sentence],
        ['anchor-pending', 'Verified, anchor pending', 'The last one waits for the next anchor on TON.'],
      )
    }
    const chainless = await makeReceipt({
      log: 'unanchored',
      identity: { blockSeqno: 0, blockHash: new Uint8Array(32) },
    })
    const never = await verify(chainless.file, { ...chainless.context, chain: undefined })
    assert.equal(never.verdict, 'not-verified')
    const late = await verify(file, { ...context, nowMs: nowMs + 3 * 86_400_000 })
    assert.equal(late.verdict, 'not-verified')
  })

  test('simulated beats verified and not verified: the root, or the chain', async () => {
    const pretend = await verify(made.file, { ...made.context, simulatedRoot })
    assert.equal(statesOf(pretend), 'SSSCCCCC')
    assert.deepEqual(
      [pretend.verdict, pretend.sentence],
      ['simulated', 'The thread holds, but 3 of its knots are pretend. Do not send anything private.'],
    )
    const chain = Object.assign(Object.create(made.chain) as FakeChain, {
      isSimulated: true,
      name: 'a local test chain',
    })
    const local = await verify(made.file, { ...made.context, chain })
    assert.equal(statesOf(local), 'CCCCCCCS')
    assert.match(local.sentence, /1 of its knots is pretend/)
    const offline = await verify(made.file, { ...made.context, simulatedRoot, chain: undefined })
    assert.equal(offline.verdict, 'simulated')
    assert.match(offline.sentence, /We could not check the chain\.$/)
  })

  test('not verified: what is missing is named', async () => {
    const { context } = made
    const offline = await verify(made.file, { ...context, chain: undefined, registry: undefined, prices: [] })
    assert.equal(statesOf(offline), 'C--C-CC-')
    assert.deepEqual(
      [offline.verdict, offline.title, offline.sentence],
      [
        'not-verified',
        'Not verified',
        'We could not check the software, the model, the price and the chain. Treat it as you would any website.',
      ],
    )
    const unlogged = await makeReceipt({ log: 'none' })
    assert.equal(statesOf(await verify(unlogged.file, unlogged.context)), 'CCCCCC--')
    const unproved = await verify({ ...made.file, identity: { ...made.file.identity, quote: '' } }, context)
    assert.equal(statesOf(unproved), '----C-CC')
  })

  test('failed beats everything, and says what was expected and whether money moved', async () => {
    const signer = makeIdentityKeys(nodeSeal, seeded('somebody else'))
    const { name, verdict } = await failure({ signer }, { simulatedRoot, chain: undefined })
    assert.equal(name, 'Receipt')
    assert.equal(statesOf(verdict), 'SSSCCF--')
    assert.equal(verdict.title, 'Do not rely on this answer')
    assert.match(
      verdict.sentence,
      /^Receipt: The receipt is not signed by the key in the hardware’s quote\. Expected for signing key: [\da-f]{8}…[\da-f]{4}; found: another key, or over other bytes\. The log’s entry in this file says that 1,060 nanoTON were charged\.$/,
    )
    const unlogged = await failure({ signer, log: 'none' })
    assert.match(unlogged.verdict.sentence, /Nothing in this file says that anything was charged\.$/)
  })
})

describe('each link', () => {
  test('hardware: a root that nobody knows', async () => {
    const { name, fault, sentence } = await failure({}, { simulatedRoot: undefined })
    assert.deepEqual([name, fault], ['Hardware', 'invalid'])
    assert.match(sentence, /^The proof of the machine is wrong: /)
  })

  test('hardware: evidence that is genuine and refused reads differently', async () => {
    const outdated = await failure({ plan: { tcb: { platform: 'OutOfDate' } } })
    assert.deepEqual([outdated.name, outdated.fault], ['Hardware', 'policy'])
    assert.match(outdated.sentence, /^The machine is genuine, and your policy does not accept it: /)
    const { file, context } = await makeReceipt({ plan: { tcb: { platform: 'OutOfDate' } } })
    const policy = { ...defaultPolicy, tcbStatuses: ['OutOfDate' as const] }
    assert.equal((await verify(file, { ...context, policy })).verdict, 'verified')
  })

  test('hardware: a quote for another document', async () => {
    const other = await makeReceipt({ identity: { blockSeqno: 5 } })
    const identity = { ...made.file.identity, document: other.file.identity.document }
    const { name, sentence } = failed(await verify({ ...made.file, identity }, made.context))
    assert.equal(name, 'Hardware')
    assert.match(sentence, /made for something else/)
  })

  test('hardware: everything is as of the receipt, not of now', async () => {
    const years = { ...made.context, nowMs: nowMs + 5 * 365 * 86_400_000 }
    assert.equal((await verify(made.file, years)).verdict, 'verified')
    const late = await failure({ receipt: { finishedAtMs: nowMs + 2 * 3_600_000 } }, { nowMs: nowMs + 1e9 })
    assert.equal(late.name, 'Hardware')
    assert.match(late.sentence, /did not hold when it signed/)
    const stale = await failure(
      { receipt: { finishedAtMs: nowMs + 40 * 86_400_000 } },
      { nowMs: nowMs + 1e10 },
    )
    assert.match(stale.sentence, /^The proof of the machine is wrong/)
  })

  test('hardware: graphics cards that the quote names and nobody shows, and the other way round', async () => {
    const named = await failure({ identity: { gpuDigest: new Uint8Array(32).fill(1) } })
    assert.deepEqual([named.name, named.fault], ['Hardware', 'invalid'])
    const shown = {
      ...made.file,
      identity: { ...made.file.identity, gpu: toBase64(new TextEncoder().encode('{}')) },
    }
    assert.equal(failed(await verify(shown, made.context)).name, 'Hardware')
    const asked = await failure({}, { gpu: { gpus: 'required' } })
    assert.deepEqual([asked.name, asked.fault], ['Hardware', 'policy'])
    const file = await makeReceipt({ identity: { gpuDigest: new Uint8Array(32).fill(1) } })
    const gpu = {
      ...file.file,
      identity: { ...file.file.identity, gpu: toBase64(new TextEncoder().encode('[]')) },
    }
    assert.match(failed(await verify(gpu, file.context)).sentence, /graphics cards/)
  })

  test('software: an image that the network, or the policy, does not list', async () => {
    const images = new Set(['ab'.repeat(32)])
    const registry = { ...made.context.registry!, images }
    const unlisted = failed(await verify(made.file, { ...made.context, registry }))
    assert.deepEqual([unlisted.name, unlisted.fault], ['Software', 'policy'])
    const policy = { ...defaultPolicy, imageHashes: [...images] }
    const pinned = failed(await verify(made.file, { ...made.context, policy }))
    assert.deepEqual([pinned.name, pinned.fault], ['Software', 'policy'])
    assert.match(pinned.sentence, /^Your policy/)
    const right = { ...defaultPolicy, imageHashes: [...made.context.registry!.images] }
    const without = await verify(made.file, { ...made.context, policy: right, registry: undefined })
    assert.equal(statesOf(without), 'CC-CCCCC')
  })

  test('model: one that is not listed, not the one of the query, or another in the receipt', async () => {
    const registry = { ...made.context.registry!, models: new Set<string>() }
    const unlisted = failed(await verify(made.file, { ...made.context, registry }))
    assert.deepEqual([unlisted.name, unlisted.fault], ['Model', 'policy'])
    for (const change of [{ routing: { model: 'other' } }, { receipt: { model: 'other@1:00' } }]) {
      const { name, fault } = await failure(change)
      assert.deepEqual([name, fault], ['Model', 'invalid'])
    }
  })

  test('seal: another machine, and texts that are not those of the receipt', async () => {
    const other = await failure({ routing: { recipients: [new Uint8Array(32).fill(3)] } })
    assert.equal(other.name, 'Seal')
    for (const texts of [
      { prompt: new TextEncoder().encode('{}'), answer },
      { prompt, answer: new TextEncoder().encode('no') },
    ]) {
      const { name, sentence } = failed(await verify(made.file, { ...made.context, texts }))
      assert.equal(name, 'Seal')
      assert.match(sentence, /at hand is not the one that this receipt is for/)
    }
    const partly = await verify(made.file, { ...made.context, texts: { prompt } })
    assert.equal(statesOf(partly), 'CCC-CCCC')
    const { openings: _, ...shared } = made.file
    assert.equal((await verify(shared, made.context)).verdict, 'not-verified')
  })

  test('seal: texts are found with the line end of a file, and with the limit that a client adds', async () => {
    const withLine = (bytes: Uint8Array) => Uint8Array.from([...bytes, 10])
    const texts = { prompt: withLine(prompt), answer: withLine(answer) }
    assert.equal((await verify(made.file, { ...made.context, texts })).verdict, 'verified')
    const body = new TextEncoder().encode('{"max_tokens":100,"model":"test/model","messages":[]}')
    const limited = await makeReceipt({ body })
    assert.equal((await verify(limited.file, limited.context)).verdict, 'verified')
  })

  test('seal: several machines could read it, and one of them is known here', async () => {
    const identity = await identityDigestOf(made.file)
    const { file, context } = await makeReceipt({
      routing: { recipients: [identity, new Uint8Array(32).fill(3)] },
    })
    const verdict = await verify(file, context)
    assert.equal(verdict.verdict, 'verified')
    assert.match(
      linkNamed(verdict, 'Seal').sentence,
      /to this machine and one other, which the caller’s client checked/,
    )
  })

  test('price: over the cap, the limit, the sum, the prices, the text', async () => {
    const changes: Change[] = [
      { receipt: { coefficient: 1_201 } },
      { receipt: { completionTokens: 101 } },
      { receipt: { chargedTokens: 54n } },
      { receipt: { pricePerTokenNano: 21n } },
      { receipt: { promptTokens: 21 } },
      { receipt: { promptTokens: 2 ** 31 - 1, coefficient: 1_000 } },
    ]
    for (const change of changes)
      assert.equal(
        (await failure(change)).name,
        'Price',
        JSON.stringify(change.receipt, (_key, value: unknown) => String(value)),
      )
    const refused = await failure({ receipt: { status: 429 } }, { texts: {} })
    assert.deepEqual([refused.name, /A refusal was charged/.test(refused.sentence)], ['Price', true])
    const unknown = await verify((await makeReceipt({ receipt: { paramsVersion: 4 } })).file, made.context)
    assert.equal(linkNamed(unknown, 'Price').state, 'not-checked')
  })

  test('receipt: another signer, another machine, times that cannot be, an answer that was cut off', async () => {
    assert.equal((await failure({ signer: makeIdentityKeys(nodeSeal, seeded('other')) })).name, 'Receipt')
    assert.equal((await failure({ receipt: { identity: new Uint8Array(32) } })).name, 'Receipt')
    assert.equal((await failure({ receipt: { startedAtMs: nowMs + 1 } })).name, 'Receipt')
    assert.equal((await failure({}, { nowMs: nowMs - 3_600_000 })).name, 'Receipt')
    const { file, context } = await makeReceipt({ receipt: { outcome: 'cancelled' } })
    const verdict = await verify(file, context)
    assert.match(linkNamed(verdict, 'Receipt').sentence, /The answer was cut off by the caller\.$/)
  })

  test('log: an entry for something else, and a charge above the receipt', async () => {
    const wrong = new Uint8Array(32).fill(8)
    const entries = [
      { receipt: wrong },
      { identity: wrong },
      { model: 'x' },
      { coefficient: 1 },
      { chargedTokens: 54n },
    ]
    for (const entry of entries) assert.equal((await failure({ entry })).name, 'Log')
    const { file, context } = await makeReceipt({ entry: { chargedTokens: 50n } })
    assert.equal((await verify(file, context)).verdict, 'verified')
  })

  test('log: another place, another head, another key, too few witnesses', async () => {
    const other = await makeReceipt({ entry: { chargedTokens: 52n } })
    const log = made.file.log!
    const changes = [
      { index: '5' },
      { index: '11' },
      { proof: log.proof.slice(1) },
      { checkpoint: other.file.log!.checkpoint },
      { checkpoint: log.checkpoint.replace('cocoon/', 'cocoon.example/') },
      { checkpoint: 'none' },
      { entry: toBase64(Uint8Array.of(1)) },
    ]
    for (const change of changes) {
      const file = { ...made.file, log: { ...log, ...change } }
      assert.equal(failed(await verify(file, made.context)).name, 'Log')
    }
    const witnesses = { keys: [], quorum: 1 }
    assert.equal(failed(await verify(made.file, { ...made.context, witnesses })).name, 'Log')
  })

  test('chain: another head, another state, another time, another proxy, an unknown block', async () => {
    const log = made.file.log!
    const anchor = log.anchor!
    const changes = [
      { nonce: '00'.repeat(32) },
      { root: '00'.repeat(32) },
      { size: '8' },
      { seqno: 13 },
      { transaction: '00'.repeat(32) },
      { lt: '4712' },
      { at: new Date(nowMs + 31_000).toISOString() },
      { at: new Date(nowMs - 86_400_000).toISOString() },
      { proxy: `0:${'12'.repeat(32)}` },
      { proof: [] },
    ]
    for (const change of changes) {
      const file = { ...made.file, log: { ...log, anchor: { ...anchor, ...change } } }
      assert.equal(failed(await verify(file, made.context)).name, 'Chain', JSON.stringify(change))
    }
    const chain = (change: Partial<FakeChain>): FakeChain =>
      Object.assign(Object.create(made.chain) as FakeChain, change)
    const changed = [
      chain({ proxies: new Map() }),
      chain({
        proxies: new Map([
          [contract, { ...made.chain.proxies.get(contract)!, publicKey: new Uint8Array(32) }],
        ]),
      }),
      chain({ proxies: new Map([[contract, { ...made.chain.proxies.get(contract)!, root: contract }]]) }),
      chain({ anchors: new Map() }),
      chain({ blocks: new Map() }),
      chain({ blocks: new Map([[61_204_118, { rootHash: '07'.repeat(32), timeMs: nowMs - 3_600_000 }]]) }),
    ]
    for (const chain of changed) {
      assert.equal(failed(await verify(made.file, { ...made.context, chain })).name, 'Chain')
    }
    assert.equal(
      (await failure({ identity: { blockSeqno: 0, blockHash: new Uint8Array(32) } })).name,
      'Chain',
    )
  })

  test('chain: one that does not answer was not asked', async () => {
    const chain = Object.assign(Object.create(made.chain) as FakeChain, {
      proxy: () => Promise.reject(new Error('No source of TON answers.')),
    })
    const verdict = await verify(made.file, { ...made.context, chain })
    assert.equal(statesOf(verdict), 'CCCCCCC-')
    assert.equal(linkNamed(verdict, 'Chain').sentence, 'Not checked: No source of TON answers.')
  })
})

describe('a file that was changed', () => {
  /** Members with a text, by their path. */
  function paths(value: unknown, path: string[] = []): string[][] {
    if (typeof value !== 'object' || value === null) return [path]
    return Object.entries(value).flatMap(([name, member]) => paths(member, [...path, name]))
  }

  function changed(file: ReceiptFile, path: string[], change: (value: unknown) => unknown): ReceiptFile {
    const copy = structuredClone(file) as unknown as Record<string, unknown>
    let at = copy
    for (const name of path.slice(0, -1)) at = at[name] as Record<string, unknown>
    at[path.at(-1)!] = change(at[path.at(-1)!])
    return copy as unknown as ReceiptFile
  }

  /** Other text of the same length and alphabet, mostly of the same form. */
  function edited(value: unknown, at: number, by: number): unknown {
    if (typeof value === 'number') return value + by
    const text = String(value)
    const index = at % Math.max(1, text.length)
    const alphabet = /^[\da-f]*$/.test(text) ? '0123456789abcdef' : 'ABCDEFGHabcdefgh01234567'
    const replaced =
      alphabet[(alphabet.indexOf(text[index] ?? 'A') + by + alphabet.length) % alphabet.length]!
    return text.slice(0, index) + replaced + text.slice(index + 1)
  }

  /** Texts of certificates in them have spare room that nobody signs. */
  const roomy = new Set(['identity.collateral', 'identity.quote'])

  test('whatever member it is: it is refused or failed, and never verified', async () => {
    const members = paths(made.file).filter(path => path[0] !== 'version' && !roomy.has(path.join('.')))
    assert.ok(members.length > 20)
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...members),
        fc.nat(),
        fc.integer({ min: 1, max: 7 }),
        async (path, at, by) => {
          const file = changed(made.file, path, value => edited(value, at, by))
          if (JSON.stringify(file) === JSON.stringify(made.file)) return
          const text = JSON.stringify(file)
          let read
          try {
            read = readReceiptFile(text)
          } catch (error) {
            assert.equal((error as { code?: string }).code, 'invalid-request')
            return
          }
          const verdict = await verifyReceiptFile(read, made.context)
          assert.equal(verdict.verdict, 'failed', `${path.join('.')} at ${at} by ${by}`)
        },
      ),
      { numRuns: 300 },
    )
  })

  test('what has spare room says the same, or is failed', async () => {
    const due = (await verify(made.file, made.context)).links.map(({ sentence }) => sentence)
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...roomy), fc.nat(), async (path, at) => {
        const file = changed(made.file, path.split('.'), value => edited(value, at, 1))
        const { verdict, links } = await verify(file, made.context)
        if (verdict === 'failed') return
        assert.deepEqual(
          links.map(({ sentence }) => sentence),
          due,
        )
      }),
      { numRuns: 100 },
    )
  })

  test('no file makes the check throw anything but its own error', async () => {
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...paths(made.file)), fc.jsonValue(), async (path, value) => {
        const text = JSON.stringify(changed(made.file, path, () => value))
        try {
          await verifyReceiptFile(readReceiptFile(text), { ...made.context, simulatedRoot: genuineRoot })
        } catch (error) {
          assert.equal((error as Error).name, 'ClientError')
        }
      }),
      { numRuns: 300 },
    )
  })
})

test('an anchor here is an anchor of the settlement', () => {
  const opening = {
    nonce: new Uint8Array(32).fill(1),
    size: 2n ** 40n + 3n,
    root: new Uint8Array(32).fill(2),
  }
  assert.deepEqual(Buffer.from(anchorHashOf(nodeSeal, opening)), Buffer.from(anchorHash(opening)))
})

async function identityDigestOf(file: ReceiptFile): Promise<Uint8Array> {
  return readReceiptFile(JSON.stringify(file)).signed.receipt.identity
}
