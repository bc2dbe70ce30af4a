import assert from 'node:assert/strict'
import { test } from 'node:test'
import { systemWorld } from '../src/node.ts'
import { connectDirect } from './tcp-pair.ts'
import { Observer, transportSuite } from './transport-suite.ts'

transportSuite('TCP with TLS', () => connectDirect())

test('writes of one turn leave together', async () => {
  await using ends = await connectDirect()
  const b = new Observer()
  ends.b.start(b)
  for (let index = 0; index < 100; index += 1) ends.a.write(Buffer.from('x'))
  assert.equal(ends.a.queuedBytes, 100)
  await b.until(() => b.receivedBytes === 100)
  assert.equal(b.chunks.length, 1)
})

test('a peer that neither reads nor closes is dropped some time after the end', async () => {
  const timers: { delayMs: number; run: () => void }[] = []
  let watching = false
  const after = (delayMs: number, run: () => void) => {
    if (watching) timers.push({ delayMs, run })
    return { cancel: () => {} }
  }
  await using ends = await connectDirect({ ...systemWorld, after })
  watching = true
  const a = new Observer()
  ends.a.start(a)
  ends.b.pause()
  ends.a.write(new Uint8Array(30_000_000))
  ends.a.end()
  assert.deepEqual(
    timers.map(timer => timer.delayMs),
    [5000],
  )
  timers[0]?.run()
  await a.until(() => a.closings === 1)
})

test('a broken connection closes with a cause', async () => {
  await using ends = await connectDirect()
  const [a, b] = [new Observer(), new Observer()]
  ends.a.start(a)
  ends.b.start(b)
  // What the peer has not read when it closes makes the system reset the connection.
  b.onData = () => ends.b.pause()
  ends.a.write(new Uint8Array(20_000_000))
  await b.until(() => b.receivedBytes > 0)
  for (let turns = 0; turns < 20; turns += 1) await new Promise(resolve => setImmediate(resolve))
  ends.b.destroy()
  await a.until(() => a.closings === 1)
  assert.equal((a.cause as { code?: string } | undefined)?.code, 'closed')
})
