import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { Transport, TransportEvents } from '../src/index.ts'

/** Two connected transports and how to get rid of them. */
export interface Ends extends AsyncDisposable {
  readonly a: Transport
  readonly b: Transport
}

/** Notes what a transport reports. */
export class Observer implements TransportEvents {
  readonly chunks: Uint8Array[] = []
  receivedBytes = 0
  drains = 0
  closings = 0
  cause: Error | undefined
  onData: (bytes: Uint8Array) => void = () => {}
  #changed = Promise.withResolvers<void>()

  data(bytes: Uint8Array): void {
    assert.equal(this.closings, 0, 'data after closed')
    this.chunks.push(bytes)
    this.receivedBytes += bytes.length
    this.onData(bytes)
    this.#change()
  }

  drain(): void {
    assert.equal(this.closings, 0, 'drain after closed')
    this.drains += 1
    this.#change()
  }

  closed(cause?: Error): void {
    this.closings += 1
    this.cause = cause
    this.#change()
  }

  /** Resolves once something that was reported makes this true. */
  async until(condition: () => boolean): Promise<void> {
    while (!condition()) await this.#changed.promise
  }

  text(): string {
    return Buffer.concat(this.chunks).toString()
  }

  #change(): void {
    this.#changed.resolve()
    this.#changed = Promise.withResolvers()
  }
}

const turn = (): Promise<void> => new Promise(resolve => setImmediate(resolve))

/** What every transport does; each implementation runs it. */
export function transportSuite(name: string, connect: () => Promise<Ends>): void {
  describe(name, () => {
    test('carries bytes both ways in order', async () => {
      await using ends = await connect()
      const [a, b] = observe(ends)
      for (let index = 0; index < 1000; index += 1) {
        ends.a.write(Buffer.from(`a${index} `))
        ends.b.write(Buffer.from(`b${index} `))
      }
      const expected = (letter: string): string =>
        Array.from({ length: 1000 }, (_, index) => `${letter}${index} `).join('')
      await b.until(() => b.text() === expected('a'))
      await a.until(() => a.text() === expected('b'))
    })

    test('delivers what came before the start first', async () => {
      await using ends = await connect()
      ends.a.write(Buffer.from('early '))
      for (let turns = 0; turns < 10; turns += 1) await turn()
      ends.a.write(Buffer.from('late'))
      const [, b] = observe(ends)
      await b.until(() => b.text() === 'early late')
    })

    test('starts once', async () => {
      await using ends = await connect()
      observe(ends)
      assert.throws(() => ends.a.start(new Observer()))
    })

    test('a full queue is told, and drains', async () => {
      await using ends = await connect()
      const [a, b] = observe(ends)
      ends.b.pause()
      let written = 0
      while (ends.a.queuedBytes <= 1 << 20) {
        ends.a.write(new Uint8Array(100_000))
        written += 100_000
        await turn()
      }
      assert.equal(a.drains, 0)
      ends.b.resume()
      await a.until(() => a.drains === 1)
      assert.ok(ends.a.queuedBytes < 256 << 10)
      await b.until(() => b.receivedBytes === written)
      assert.equal(a.drains, 1)
    })

    test('a paused reader hears nothing until it resumes', async () => {
      await using ends = await connect()
      const [, b] = observe(ends)
      ends.b.pause()
      ends.a.write(Buffer.from('wait'))
      for (let turns = 0; turns < 20; turns += 1) await turn()
      assert.equal(b.receivedBytes, 0)
      ends.b.resume()
      await b.until(() => b.text() === 'wait')
    })

    test('pausing and resuming count before the start too', async () => {
      await using ends = await connect()
      ends.a.write(Buffer.from('wait'))
      ends.b.pause()
      const [, b] = observe(ends)
      for (let turns = 0; turns < 20; turns += 1) await turn()
      assert.equal(b.receivedBytes, 0)
      ends.b.resume()
      await b.until(() => b.text() === 'wait')
    })

    test('a transport that was paused and resumed before its start is not paused', async () => {
      await using ends = await connect()
      ends.b.pause()
      ends.b.resume()
      ends.a.write(Buffer.from('flow'))
      const [, b] = observe(ends)
      await b.until(() => b.text() === 'flow')
    })

    test('a slow reader gets 40 MB unchanged, and neither side hoards them', async () => {
      await using ends = await connect()
      const [a, b] = observe(ends)
      const pieceBytes = 50_000
      const pieces = 800
      const pattern = Uint8Array.from({ length: pieceBytes + 251 }, (_, index) => index % 251)
      let mostQueued = 0
      let checked = 0
      b.onData = bytes => {
        for (const byte of [bytes[0]!, bytes.at(-1)!]) assert.ok(byte < 251)
        for (let index = 0; index < bytes.length; index += 997)
          assert.equal(bytes[index], (checked + index) % 251)
        checked += bytes.length
        b.chunks.length = 0
        ends.b.pause()
        setImmediate(() => ends.b.resume())
      }
      for (let piece = 0; piece < pieces; piece += 1) {
        const phase = (piece * pieceBytes) % 251
        ends.a.write(pattern.slice(phase, phase + pieceBytes))
        mostQueued = Math.max(mostQueued, ends.a.queuedBytes)
        const { drains } = a
        if (ends.a.queuedBytes > 1 << 20) await a.until(() => a.drains > drains)
      }
      await b.until(() => checked === pieces * pieceBytes)
      assert.ok(mostQueued <= (1 << 20) + pieceBytes, `${mostQueued} bytes were queued`)
    })

    test('end sends what is queued, then closes both sides once', async () => {
      await using ends = await connect()
      const [a, b] = observe(ends)
      ends.a.write(new Uint8Array(3_000_000))
      ends.a.end()
      ends.a.end()
      ends.a.write(Buffer.from('too late'))
      await b.until(() => b.closings > 0)
      await a.until(() => a.closings > 0)
      assert.equal(b.receivedBytes, 3_000_000)
      assert.deepEqual([a.closings, b.closings, a.cause, b.cause], [1, 1, undefined, undefined])
    })

    test('nothing is delivered to a side that has ended', async () => {
      await using ends = await connect()
      const [a, b] = observe(ends)
      ends.b.write(Buffer.from('unwanted'))
      ends.a.end()
      await a.until(() => a.closings > 0)
      await b.until(() => b.closings > 0)
      assert.equal(a.receivedBytes, 0)
    })

    test('destroy drops what is queued and closes both sides once', async () => {
      await using ends = await connect()
      const [a, b] = observe(ends)
      ends.b.pause()
      ends.a.write(new Uint8Array(30_000_000))
      ends.a.destroy()
      ends.a.destroy()
      ends.a.end()
      await a.until(() => a.closings > 0)
      ends.b.resume()
      await b.until(() => b.closings > 0)
      await turn()
      assert.deepEqual([a.closings, b.closings], [1, 1])
      assert.ok(b.receivedBytes < 30_000_000)
      assert.equal(ends.a.queuedBytes, 0)
    })

    test('a transport may be ended from within its own events', async () => {
      await using ends = await connect()
      const [a, b] = observe(ends)
      b.onData = () => ends.b.destroy()
      ends.a.write(Buffer.from('one'))
      ends.a.write(Buffer.from('two'))
      await a.until(() => a.closings > 0)
      await b.until(() => b.closings > 0)
      assert.equal(b.chunks.length, 1)
    })

    test('a transport that closed before its start says so after it', async () => {
      await using ends = await connect()
      const a = new Observer()
      ends.b.destroy()
      ends.a.destroy()
      for (let turns = 0; turns < 10; turns += 1) await turn()
      ends.a.start(a)
      assert.equal(a.closings, 0)
      await a.until(() => a.closings === 1)
    })
  })
}

function observe(ends: Ends): [a: Observer, b: Observer] {
  const a = new Observer()
  const b = new Observer()
  ends.a.start(a)
  ends.b.start(b)
  return [a, b]
}
