import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ed25519 } from '@noble/curves/ed25519.js'
import fc from 'fast-check'
import { fromBase64 } from '../../src/bytes.ts'
import { TrustError } from '../../src/error.ts'
import {
  cosign,
  formatCheckpoint,
  formatNote,
  formatNoteKey,
  formatSignatureLine,
  type KnownLog,
  logLimits,
  parseCheckpoint,
  parseNote,
  parseNoteKey,
  signNote,
  verifyCheckpoint,
  verifyNote,
} from '../../src/log/index.ts'
import { crypto, logSigner, origin, signerOf } from './fixture.ts'

const malformed = { code: 'log-malformed' }
const unverified = { code: 'log-unverified' }

// The published example of the Go implementation, golang.org/x/mod/sumdb/note.
const peter = {
  key: 'PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW',
  secret: fromBase64('AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz')!.subarray(1),
  text: "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n",
  line: '\u2014 PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n',
}

test('a published note is verified, and signed to the byte', async () => {
  const key = parseNoteKey(crypto, peter.key)
  assert.equal(formatNoteKey(key), peter.key)
  const note = `${peter.text}\n${peter.line}`
  assert.equal(verifyNote(crypto, parseNote(note), [key]).length, 1)
  const signer = { key, sign: (message: Uint8Array) => ed25519.sign(message, peter.secret) }
  const signature = await signNote(signer, peter.text)
  assert.equal(formatNote({ text: peter.text, signatures: [signature] }), note)
  assert.throws(() => verifyNote(crypto, parseNote(note.replace('answer', 'Answer')), [key]), unverified)
})

test('every part and every change of the text of a key is refused', () => {
  for (let start = 0; start < peter.key.length; start++) {
    for (let end = start; end <= peter.key.length; end++) {
      if (end - start === peter.key.length) continue
      assert.throws(() => parseNoteKey(crypto, peter.key.slice(start, end)), malformed)
    }
    const next = String.fromCharCode(peter.key.charCodeAt(start) + 1)
    assert.throws(
      () => parseNoteKey(crypto, peter.key.slice(0, start) + next + peter.key.slice(start + 1)),
      malformed,
    )
  }
})

test('notes that are malformed', () => {
  const { text, line } = peter
  const notes = [
    '',
    '\n',
    text,
    `${text}\n`,
    `${text}${line}`,
    `${text}\n${line}`.slice(0, -1),
    `${text}\n${line}\n`,

    `${text}\n${line}x\n`,
    `${text}\n${line.replace('\u2014', '-')}`,
    `${text}\n${line.replace(' P', '  P')}`,
    `${text}\n${line.replace('=\n', '\n')}`,
    `${text}\n${line.replace('PeterNeumann', 'Peter+Neumann')}`,

    `${text}\n${line.replace('PeterNeumann', 'Peter\u00a0Neumann')}`,
    `${text}\n\u2014 PeterNeumann x08goA==\n`,
    `a\tb\n\n${line}`,
    `a\rb\n\n${line}`,
    `\ud800\n\n${line}`,
    `${text}\n\u2014 PeterNeumann \n`,
    `${text}\n${line.repeat(logLimits.noteSignatures + 1)}`,
    `${'x'.repeat(logLimits.noteBytes)}\n\n${line}`,
  ]
  for (const note of notes)
    assert.throws(() => parseNote(note), malformed, JSON.stringify(note.slice(0, 300)))
  assert.throws(() => parseNote(Uint8Array.of(0xff, 10, 10)), malformed)
  assert.throws(() => parseNote(Uint8Array.of(0xef, 0xbb, 0xbf, 10, 10)), malformed)
})

const checkpoint = { origin, size: 20_852_163, root: new Uint8Array(32).fill(7), extensions: [] }
const text = formatCheckpoint(checkpoint)
const witnesses = [1, 2, 3].map(number =>
  signerOf('cosignature-v1', `witness.example/${number}`, 100 + number),
)

test('the text of a checkpoint has one form', () => {
  assert.deepEqual(parseCheckpoint(text), checkpoint)
  const extended = { ...checkpoint, extensions: ['a b', 'c'] }
  assert.deepEqual(parseCheckpoint(formatCheckpoint(extended)), extended)
  const others = [
    '',
    '\n',
    text.slice(0, -1),
    `${text}\n`,
    `\n${text}`,
    text.replace('20852163', '020852163'),
    text.replace('20852163', '+1'),
    text.replace('20852163', '9007199254740992'),
    text.replace('BwcH', 'Bwc'),
    text.replace('cHBwc=', 'cHBwd='),
    text.replace('\n', '\r\n'),
    `${text}${'x\n'.repeat(17)}`,
  ]
  for (const other of others) assert.throws(() => parseCheckpoint(other), malformed, JSON.stringify(other))
  assert.throws(() => formatCheckpoint({ ...checkpoint, extensions: ['a\tb'] }), malformed)
})

test('a checkpoint is verified with the keys of the log and a quorum of witnesses', async () => {
  const known = (quorum: number): KnownLog => ({
    origin,
    keys: [logSigner.key],
    witnesses: { keys: witnesses.map(({ key }) => key), quorum },
  })
  const stranger = signerOf('cosignature-v1', 'witness.example/1', 50)
  const signatures = [
    await signNote(logSigner, text),
    await cosign(stranger, text, 5),
    await cosign(witnesses[0]!, text, 1_700_000_000),
    await cosign(witnesses[2]!, text, 1_700_000_001),
  ]
  const note = formatNote({ text, signatures })
  const verified = verifyCheckpoint(crypto, known(2), new TextEncoder().encode(note))
  assert.equal(verified.note, note)
  assert.equal(verified.size, checkpoint.size)
  assert.deepEqual(
    verified.cosignatures.map(({ key, timestampS }) => [key.name, timestampS]),
    [
      ['witness.example/1', 1_700_000_000],
      ['witness.example/3', 1_700_000_001],
    ],
  )
  assert.throws(() => verifyCheckpoint(crypto, known(3), note), unverified)
  assert.throws(() => verifyCheckpoint(crypto, { ...known(0), origin: 'other.example' }, note), unverified)
  assert.throws(
    () => verifyCheckpoint(crypto, { origin, keys: [signerOf('ed25519', origin, 9).key] }, note),
    unverified,
  )
  const untimely = formatNote({
    text,
    signatures: [signatures[0]!, { ...signatures[2]!, signature: flipped(signatures[2]!.signature, 7) }],
  })
  assert.throws(() => verifyCheckpoint(crypto, known(0), untimely), unverified)
})

test('any changed byte of a signed checkpoint is noticed', async () => {
  const signatures = [await signNote(logSigner, text), await cosign(witnesses[0]!, text, 1)]
  const note = new TextEncoder().encode(formatNote({ text, signatures }))
  const known = { origin, keys: [logSigner.key], witnesses: { keys: [witnesses[0]!.key], quorum: 1 } }
  verifyCheckpoint(crypto, known, note)
  fc.assert(
    fc.property(fc.nat(note.length - 1), fc.integer({ min: 1, max: 255 }), (at, change) => {
      assert.throws(() => verifyCheckpoint(crypto, known, note.with(at, note[at]! ^ change)), TrustError)
    }),
    { numRuns: 300 },
  )
})

test('keys sign what they are for', async () => {
  await assert.rejects(signNote(witnesses[0]!, text), malformed)
  await assert.rejects(cosign(logSigner, text, 1), malformed)
  await assert.rejects(signNote(logSigner, 'no end'), malformed)
  assert.match(
    formatSignatureLine(await signNote(logSigner, text)),
    /^\u2014 log\.example\/receipts [\w+/]+={0,2}\n$/,
  )
})

function flipped(bytes: Uint8Array, at: number): Uint8Array {
  return bytes.with(at, bytes[at]! ^ 1)
}
