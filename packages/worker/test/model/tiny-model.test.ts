import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { mkdtemp, readFile, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { writeGguf } from '../../src/model/gguf.ts'
import { recitalPieces, recitalText } from '../../src/model/recital.ts'
import { tinyModel, writeTinyModel } from '../../src/model/tiny-model.ts'
import { createVocabulary } from '../../src/model/vocabulary.ts'

test('the tiny model is always the same file', () => {
  const bytes = tinyModel()
  assert.ok(bytes.length < 1_000_000)
  assert.equal(
    createHash('sha256').update(bytes).digest('hex'),
    '4b274ccc02a13c3a5fc795dac71b7b886fa3e9604f79a6d7ff034243ba6f2ceb',
  )
})

test('it is written whole, over what was there, and leaves nothing beside', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'cocoon-model-'))
  try {
    const path = join(folder, 'models', 'tiny.gguf')
    await writeTinyModel(path)
    await writeTinyModel(path)
    assert.ok((await readFile(path)).equals(tinyModel()))
    assert.deepEqual(await readdir(join(folder, 'models')), ['tiny.gguf'])
    await assert.rejects(writeTinyModel(join(path, 'below-a-file')))
  } finally {
    await rm(folder, { recursive: true })
  }
})

test('the text says what it is, in pieces that are all different', () => {
  assert.equal(recitalPieces.join(''), recitalText)
  assert.equal(new Set(recitalPieces).size, recitalPieces.length)
  for (const words of ['tiny test model', 'did not understand', 'whatever you ask', 'cocoon up --model'])
    assert.ok(recitalText.includes(words))
})

test('every byte has a token, no token is there twice, and merges join what there is', () => {
  const { texts, kinds, merges, byte, recital } = createVocabulary()
  assert.equal(kinds.length, texts.length)
  assert.equal(new Set(texts).size, texts.length)
  const bytes = Array.from({ length: 256 }, (_, value) => texts[byte(value)])
  assert.deepEqual([bytes[0x41], bytes[0x20], bytes[0x0a], bytes[0xc3]], ['A', 'Ġ', 'Ċ', 'Ã'])
  const known = new Set(texts)
  const pieces = new Set(recital.map(token => texts[token]))
  for (const merge of merges) {
    const [left = '', right = ''] = merge.split(' ')
    assert.ok(known.has(left) && known.has(right) && known.has(left + right), merge)
    assert.ok(!pieces.has(left + right), merge)
  }
})

test('a GGUF file holds its metadata and its tensors where the head says', () => {
  const values = Float32Array.from([1, -2, 0.5, 65504, 0, 3])
  const file = Buffer.from(
    writeGguf({
      metadata: { a: 'text', b: 7, c: { float: 0.5 }, d: true, e: ['x', 'yz'], f: { int32: [-1] } },
      tensors: [
        { name: 'half', shape: [2, 3], type: 'f16', values },
        { name: 'whole', shape: [6], type: 'f32', values },
      ],
    }),
  )
  const reader = new Reader(file)
  assert.equal(reader.bytes(4).toString(), 'GGUF')
  assert.deepEqual([reader.u32(), reader.u64(), reader.u64()], [3, 2, 6])
  const field = <Value>(key: string, type: number, read: () => Value): Value => {
    assert.deepEqual([reader.text(), reader.u32()], [key, type])
    return read()
  }
  assert.equal(
    field('a', 8, () => reader.text()),
    'text',
  )
  assert.equal(
    field('b', 4, () => reader.u32()),
    7,
  )
  assert.equal(
    field('c', 6, () => reader.bytes(4).readFloatLE()),
    0.5,
  )
  assert.equal(
    field('d', 7, () => reader.bytes(1)[0]),
    1,
  )
  const texts = field('e', 9, () => [reader.u32(), reader.u64(), reader.text(), reader.text()])
  assert.deepEqual(texts, [8, 2, 'x', 'yz'])
  assert.deepEqual(
    field('f', 9, () => [reader.u32(), reader.u64(), reader.bytes(4).readInt32LE()]),
    [5, 1, -1],
  )
  const half = [reader.text(), reader.u32(), reader.u64(), reader.u64(), reader.u32(), reader.u64()]
  assert.deepEqual(half, ['half', 2, 3, 2, 1, 0])
  const whole = [reader.text(), reader.u32(), reader.u64(), reader.u32(), reader.u64()]
  assert.deepEqual(whole, ['whole', 1, 6, 0, 32])
  const data = Math.ceil(reader.at / 32) * 32
  assert.equal(file.length, data + 64)
  assert.deepEqual(
    [0, 2, 4, 6, 8, 10].map(offset => file.readUInt16LE(data + offset)),
    [0x3c00, 0xc000, 0x3800, 0x7bff, 0, 0x4200],
  )
  assert.equal(file.readFloatLE(data + 32 + 12), 65504)
})

class Reader {
  at = 0
  private readonly file: Buffer

  constructor(file: Buffer) {
    this.file = file
  }

  bytes(size: number): Buffer {
    this.at += size
    return this.file.subarray(this.at - size, this.at)
  }

  u32(): number {
    return this.bytes(4).readUInt32LE()
  }

  u64(): number {
    return Number(this.bytes(8).readBigUInt64LE())
  }

  text(): string {
    return this.bytes(this.u64()).toString()
  }
}
