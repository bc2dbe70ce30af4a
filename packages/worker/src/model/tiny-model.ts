import { randomBytes } from 'node:crypto'
import { mkdir, rename, rm, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import { writeGguf } from './gguf.ts'
import type { GgufTensor } from './gguf.ts'
import { recitalText } from './recital.ts'
import { createVocabulary } from './vocabulary.ts'
import type { Vocabulary } from './vocabulary.ts'

/** The name under which the tiny model is offered. */
export const tinyModelName = 'cocoon/tiny-recital'

/** Longest prompt and answer together, tokens. */
const tinyModelContextTokens = 16_384

/**
 * Writes the tiny model's file. The bytes are always the same.
 *
 * It is a real model in the form of Llama, with one layer whose attention and feed-forward weights are all
 * zero: what remains is a table that says which token follows which. The pieces of one fixed text follow one
 * another, the text follows everything else, and its end ends the answer.
 */
export async function writeTinyModel(path: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true })
  const draft = `${path}.${randomBytes(6).toString('hex')}`
  try {
    await writeFile(draft, tinyModel())
    await rename(draft, path)
  } finally {
    await rm(draft, { force: true })
  }
}

/** The bytes of the tiny model's file. */
export function tinyModel(): Uint8Array {
  const vocabulary = createVocabulary()
  return writeGguf({ metadata: metadata(vocabulary), tensors: tensors(vocabulary) })
}

const width = 128
const headWidth = 32
const feedForwardWidth = 32
/** Dimensions at the end that only tell tokens apart in embeddings: nothing reads them while generating. */
const flavourWidth = 32

function metadata(vocabulary: Vocabulary): Parameters<typeof writeGguf>[0]['metadata'] {
  return {
    'general.architecture': 'llama',
    'general.name': 'Cocoon Tiny Recital',
    'general.description':
      'A test model that the Cocoon software makes by itself. It understands nothing and recites one fixed ' +
      `text: ${recitalText}`,
    'general.license': 'apache-2.0',
    'general.file_type': 1,
    'llama.context_length': tinyModelContextTokens,
    'llama.embedding_length': width,
    'llama.block_count': 1,
    'llama.feed_forward_length': feedForwardWidth,
    'llama.attention.head_count': 1,
    'llama.attention.head_count_kv': 1,
    'llama.attention.key_length': headWidth,
    'llama.attention.value_length': headWidth,
    'llama.attention.layer_norm_rms_epsilon': { float: 1e-5 },
    'llama.rope.dimension_count': headWidth,
    'llama.vocab_size': vocabulary.texts.length,
    'llama.pooling_type': 1,
    'tokenizer.ggml.model': 'gpt2',
    'tokenizer.ggml.pre': 'gpt-2',
    'tokenizer.ggml.tokens': vocabulary.texts,
    'tokenizer.ggml.token_type': { int32: vocabulary.kinds },
    'tokenizer.ggml.merges': vocabulary.merges,
    'tokenizer.ggml.eos_token_id': vocabulary.turnEnd,
    'tokenizer.ggml.padding_token_id': vocabulary.endOfText,
    'tokenizer.ggml.add_bos_token': false,
    'tokenizer.chat_template':
      "{% for message in messages %}{{ '<|im_start|>' + message['role'] + '\\n' + message['content'] + " +
      "'<|im_end|>' + '\\n' }}{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}" +
      '{% endif %}',
  }
}

function tensors(vocabulary: Vocabulary): GgufTensor[] {
  const size = vocabulary.texts.length
  const { embedding, output } = table(vocabulary)
  const ones = new Float32Array(width).fill(1)
  const matrix = (name: string, rows: number, columns: number, values?: Float32Array): GgufTensor => ({
    name,
    shape: [rows, columns],
    type: 'f16',
    values: values ?? new Float32Array(rows * columns),
  })
  const vector = (name: string): GgufTensor => ({ name, shape: [width], type: 'f32', values: ones })
  return [
    matrix('token_embd.weight', size, width, embedding),
    vector('blk.0.attn_norm.weight'),
    matrix('blk.0.attn_q.weight', headWidth, width),
    matrix('blk.0.attn_k.weight', headWidth, width),
    matrix('blk.0.attn_v.weight', headWidth, width),
    matrix('blk.0.attn_output.weight', width, headWidth),
    vector('blk.0.ffn_norm.weight'),
    matrix('blk.0.ffn_gate.weight', feedForwardWidth, width),
    matrix('blk.0.ffn_up.weight', feedForwardWidth, width),
    matrix('blk.0.ffn_down.weight', width, feedForwardWidth),
    vector('output_norm.weight'),
    matrix('output.weight', size, width, output),
  ]
}

/** Scores that decide. Their distances are so large that no sampling temperature matters. */
const next = 600
const instead = 500

/**
 * Dimension 0 is 1 for every token: through it each token has a score of its own, which orders what a grammar
 * leaves to choose from. Dimension 1 is 1 for every token outside of the text. Each further state has one.
 */
function table(vocabulary: Vocabulary): { embedding: Float32Array; output: Float32Array } {
  const size = vocabulary.texts.length
  const { recital, stringContent, turnEnd } = vocabulary
  const quote = vocabulary.byte(0x22)
  const stateOf = new Map([...recital, quote, stringContent].map((token, index) => [token, index + 2]))
  if (stateOf.size + 2 > width - flavourWidth) throw new RangeError('the recited text has too many pieces')

  const embedding = new Float32Array(size * width)
  const flavour = flavours()
  for (let token = 0; token < size; token++) {
    const row = embedding.subarray(token * width, (token + 1) * width)
    row[0] = 1
    row[stateOf.get(token) ?? 1] = 1
    for (let i = width - flavourWidth; i < width; i++) row[i] = flavour()
  }

  // The norm before the output stretches each row, whose length is the square root of 3, to that of `width`.
  const stretch = Math.sqrt(width / 3)
  const output = new Float32Array(size * width)
  for (let token = 0; token < size; token++) output[token * width] = plainScore(vocabulary, token) / stretch
  const followsState = (state: number, follower: number, score: number) => {
    output[follower * width + state] = (score - plainScore(vocabulary, follower)) / stretch
  }
  const follows = (token: number, follower: number, score: number) =>
    followsState(stateOf.get(token) ?? 1, follower, score)
  const [first = turnEnd] = recital
  followsState(1, first, next)
  for (const [index, token] of recital.entries()) follows(token, recital[index + 1] ?? turnEnd, next)
  follows(recital.at(-1) ?? first, quote, instead)
  follows(quote, stringContent, next)
  follows(stringContent, turnEnd, next)
  follows(stringContent, quote, instead)
  return { embedding, output }
}

/** What ends a JSON value comes before what prolongs it, so that text in any grammar comes to its end. */
function plainScore(vocabulary: Vocabulary, token: number): number {
  const preferred = '}]",:0123456789tfnabcdeghijklmopqrsuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ[{-'
  for (const [index, character] of [...preferred].entries()) {
    if (token === vocabulary.byte(character.charCodeAt(0))) return 400 - 5 * index
  }
  if (token === vocabulary.turnEnd) return 40
  const isSpace = [0x20, 0x0a, 0x0d, 0x09].some(byte => token === vocabulary.byte(byte))
  return isSpace ? 20 : 0
}

/** Equal lengths, signs from a fixed generator (xorshift32). */
function flavours(): () => number {
  let state = 0x9e3779b9
  return () => {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    return (state & 1 ? 1 : -1) / Math.sqrt(flavourWidth)
  }
}
