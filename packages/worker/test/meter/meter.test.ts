import assert from 'node:assert/strict'
import { readFileSync, readdirSync } from 'node:fs'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { WorkerError } from '../../src/error.ts'
import { createMeter } from '../../src/meter/meter.ts'
import type { Meter, MeterOptions, MeteredUsage } from '../../src/meter/meter.ts'
import type { Usage, UsageCosts } from '../../src/meter/usage.ts'

const folder = new URL('../../../../vectors/metering/', import.meta.url)

interface MeteringCase {
  name: string
  contentType: string | null
  stream: boolean
  price: Price
  maxTokens?: number
  choices?: number
  input: string
  output: string
  usage: MeteredUsage
  completionDeltas: number
  text?: string
  exceeded?: boolean
  known?: Partial<Usage>
  cut?: string
}

interface Price {
  coefficient: number
  pricePerTokenNano: number
  multipliers: { prompt: number; cached: number; completion: number; reasoning: number }
}

function pricing(price: Price): (usage: Usage) => UsageCosts {
  const adjust = (tokens: number, multiplier: number) =>
    BigInt(Math.trunc(tokens * (price.coefficient * 0.001) * multiplier * 0.0001))
  const { multipliers } = price
  return usage => {
    const prompt =
      adjust(usage.promptTokens - usage.cachedTokens, multipliers.prompt) +
      adjust(usage.cachedTokens, multipliers.cached)
    const completion =
      adjust(usage.completionTokens - usage.reasoningTokens, multipliers.completion) +
      adjust(usage.reasoningTokens, multipliers.reasoning)
    const nano = BigInt(price.pricePerTokenNano)
    return {
      promptTotalCost: prompt * nano,
      completionTotalCost: completion * nano,
      totalCost: (prompt + completion) * nano,
    }
  }
}

const free: MeterOptions['price'] = () => ({ promptTotalCost: 0n, completionTotalCost: 0n, totalCost: 0n })

function meterFor(vector: MeteringCase): Meter {
  return createMeter({
    contentType: vector.contentType ?? undefined,
    stream: vector.stream,
    price: pricing(vector.price),
    keepTextBytes: 1 << 20,
    ...(vector.maxTokens === undefined ? {} : { maxTokens: vector.maxTokens }),
    ...(vector.choices === undefined ? {} : { choices: vector.choices }),
  })
}

function run(meter: Meter, chunks: Uint8Array[]): string {
  const out: Uint8Array[] = []
  for (const chunk of chunks) {
    const ready = meter.push(chunk)
    if (ready !== undefined) out.push(ready)
    if (meter.exceeded) break
  }
  const rest = meter.end()
  if (rest !== undefined) out.push(rest)
  return Buffer.concat(out).toString()
}

function pieces(bytes: Buffer, size: number): Buffer[] {
  const chunks: Buffer[] = []
  for (let i = 0; i < bytes.length; i += size) chunks.push(bytes.subarray(i, i + size))
  return chunks
}

function check(vector: MeteringCase, chunks: Buffer[], how: string): void {
  const meter = meterFor(vector)
  assert.equal(run(meter, chunks), vector.output, how)
  assert.equal(meter.completionDeltas, vector.completionDeltas, how)
  assert.equal(meter.exceeded, vector.exceeded ?? false, how)
  if (vector.text !== undefined) assert.equal(meter.text(), vector.text, how)
  assert.deepEqual(meter.usage, vector.usage, how)
  assert.equal(meter.cut(vector.known)?.toString(), vector.cut, how)
}

for (const file of readdirSync(folder).filter(name => name.endsWith('.json'))) {
  describe(`metering/${file}`, () => {
    const cases = JSON.parse(readFileSync(new URL(file, folder), 'utf8')) as MeteringCase[]
    for (const vector of cases) {
      test(vector.name, () => {
        const input = Buffer.from(vector.input)
        check(vector, [input], 'whole')
        for (const size of [1, 2, 7, 64]) check(vector, pieces(input, size), `pieces of ${size}`)
        for (let at = 1; at < input.length; at += 3)
          check(vector, [input.subarray(0, at), input.subarray(at)], `split at ${at}`)
      })
    }
  })
}

test('bytes that do not change are passed on as the same view', () => {
  const meter = createMeter({ contentType: 'text/event-stream', stream: true, price: free, maxTokens: 9 })
  const chunk = Buffer.from('data: {"choices":[{"index":0,"delta":{"content":"a"}}],"usage":null}\n\n')
  assert.equal(meter.push(chunk), chunk)
  const half = chunk.subarray(0, 40)
  assert.equal(meter.push(half), half)
  assert.equal(meter.end(), undefined)
})

test('a delta that arrives whole leaves at once, also at the limit', () => {
  const meter = createMeter({ contentType: 'text/event-stream', stream: true, price: free, maxTokens: 2 })
  const chunk = Buffer.from('data: {"choices":[{"index":0,"delta":{"content":"a"}}]}\n\n')
  for (let i = 0; i < 2; i++) assert.deepEqual(meter.push(chunk), chunk)
  assert.equal(meter.exceeded, false)
})

test('an answer that is no stream is never cut', () => {
  const meter = createMeter({ contentType: 'application/json', stream: false, price: free, maxTokens: 0 })
  const body = Buffer.from('{"choices":[{"index":0,"message":{"content":"a"}}]}')
  assert.equal(meter.push(body), body)
  assert.equal(meter.exceeded, false)
  assert.equal(meter.cut(), undefined)
})

test('finished tells whether every choice said why it ended', () => {
  const meter = createMeter({ contentType: 'text/event-stream', stream: true, price: free, choices: 2 })
  assert.equal(meter.finished, false)
  meter.push(Buffer.from('data: {"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}\n\n'))
  assert.equal(meter.finished, true)
  meter.push(Buffer.from('data: {"choices":[{"index":1,"delta":{},"finish_reason":null}]}\n\n'))
  assert.equal(meter.finished, false)
})

test('a cut stream is billed for what came after its last statement', () => {
  const options = { contentType: 'text/event-stream', stream: true, price: free, maxTokens: 2 }
  const meter = createMeter(options)
  meter.push(Buffer.from('data: {"choices":[],"usage":{"prompt_tokens":7,"completion_tokens":0}}\n\n'))
  for (let i = 0; i < 3; i++)
    meter.push(Buffer.from('data: {"choices":[{"index":0,"delta":{"content":"a"}}]}\n\n'))
  assert.equal(meter.exceeded, true)
  meter.cut({ promptTokens: 99 })
  assert.deepEqual([meter.usage.promptTokens, meter.usage.completionTokens], [7, 2])
})

test('the text kept has a bound', () => {
  const meter = createMeter({ contentType: 'application/json', stream: false, price: free, keepTextBytes: 4 })
  meter.push(Buffer.from('{"choices":[{"index":0,"message":{"content":"abc"}}'))
  assert.deepEqual([meter.text(), meter.textComplete], ['abc', true])
  meter.push(Buffer.from(',{"index":1,"message":{"content":"def"}}]}'))
  assert.deepEqual([meter.text(), meter.textComplete], ['abc', false])
})

test('an event that never ends is refused once the answer stands at its limit', () => {
  const meter = createMeter({ contentType: 'text/event-stream', stream: true, price: free, maxTokens: 0 })
  const endless = Buffer.alloc(1 << 20, 'data: {"a":"')
  assert.throws(
    () => {
      for (let i = 0; i < 20; i++) meter.push(endless)
    },
    (error: WorkerError) => error instanceof WorkerError && error.code === 'malformed-answer',
  )
})

test('a usage object without end is refused', () => {
  const meter = createMeter({ contentType: 'application/json', stream: false, price: free })
  meter.push(Buffer.from('{"usage":{"x":"'))
  assert.throws(() => meter.push(Buffer.alloc(100_000, 'a')), { code: 'malformed-answer' })
})

test('whatever the bytes are, they pass through unless a usage object is in them', () => {
  const letters = fc.constantFrom(...'{}[]":,\\\n\r 1au', 'data:', '"choices"', '"index"', '"delta"', 'é')
  fc.assert(
    fc.property(
      fc.array(letters, { maxLength: 60 }).map(parts => Buffer.from(parts.join(''))),
      fc.constantFrom('text/event-stream', 'application/json'),
      fc.integer({ min: 1, max: 9 }),
      (input, contentType, size) => {
        const options = { contentType, stream: true, price: free, keepTextBytes: 100 }
        assert.equal(run(createMeter(options), pieces(input, size)), input.toString())
      },
    ),
  )
})

test('where a body is split makes no difference', () => {
  const values = fc.array(
    fc.oneof(
      fc.record({ usage: fc.record({ prompt_tokens: fc.nat(50), completion_tokens: fc.nat(50) }) }),
      fc.record({
        choices: fc.array(
          fc.record({ index: fc.nat(2), delta: fc.record({ content: fc.string({ unit: 'binary' }) }) }),
          { maxLength: 2 },
        ),
      }),
      fc.json().map(json => JSON.parse(json) as unknown),
    ),
    { maxLength: 8 },
  )
  fc.assert(
    fc.property(
      values,
      fc.boolean(),
      fc.nat(6),
      fc.integer({ min: 1, max: 40 }),
      (sent, lines, maxTokens, size) => {
        const json = sent.map(value => JSON.stringify(value))
        const input = Buffer.from(lines ? json.map(v => `data: ${v}\n\n`).join('') : `{}${json.join('\n')}`)
        const options = {
          contentType: lines ? 'text/event-stream' : 'application/x-ndjson',
          stream: true,
          price: pricing({
            coefficient: 1000,
            pricePerTokenNano: 3,
            multipliers: { prompt: 10_000, cached: 10_000, completion: 10_000, reasoning: 10_000 },
          }),
          maxTokens,
          choices: 3,
        }
        const whole = createMeter(options)
        const split = createMeter(options)
        assert.equal(run(split, pieces(input, size)), run(whole, [input]))
        assert.deepEqual(split.usage, whole.usage)
        assert.equal(split.exceeded, whole.exceeded)
        assert.equal(split.cut()?.toString(), whole.cut()?.toString())
      },
    ),
  )
})
