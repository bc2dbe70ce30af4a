import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { Link } from '../../src/sim/link.ts'
import { SimProcess } from '../../src/sim/process.ts'
import { SimWorld } from '../../src/sim/world.ts'
import { type Ends, Observer, transportSuite } from '../../../wire/test/transport-suite.ts'

interface Scene {
  world: SimWorld
  link: Link
  a: Observer
  b: Observer
  processes: { a: SimProcess; b: SimProcess }
}

function connect(world = new SimWorld(), started = true): Scene {
  const side = (name: string) => ({
    process: new SimProcess(world, name),
    peer: { address: name, imageHash: new Uint8Array(32) },
  })
  const dialer = side('a')
  const acceptor = side('b')
  const conditions = { latencyMs: 5, jitterMs: 3, bytesPerMs: 10_000 }
  const link = new Link({ world, conditions, dialer, acceptor })
  const a = new Observer()
  const b = new Observer()
  if (started) link.dialer.start(a)
  if (started) link.acceptor.start(b)
  return { world, link, a, b, processes: { a: dialer.process, b: acceptor.process } }
}

/** Two ends in a world that moves on by itself, as the real one does. */
async function connectMoving(): Promise<Ends> {
  const { world, link } = connect(new SimWorld(), false)
  let isOver = false
  const move = async (): Promise<void> => {
    while (!isOver) if (!(await world.step())) await new Promise(resolve => setImmediate(resolve))
  }
  const moving = move()
  return {
    a: link.dialer,
    b: link.acceptor,
    [Symbol.asyncDispose]: async () => {
      isOver = true
      await moving
    },
  }
}

transportSuite('a simulated link is a transport like any other', connectMoving)

describe('what goes wrong on a simulated link', () => {
  test('a cut reaches both ends, each in its own time, and nothing after it', async () => {
    const { world, link, a, b } = connect()
    link.cut()
    link.dialer.write(Buffer.from('too late'))
    await world.until(() => a.closings + b.closings === 2)
    assert.equal(b.receivedBytes, 0)
    assert.ok(a.cause !== undefined && b.cause !== undefined)
    assert.ok(link.isOver)
  })

  test('of a half-open link one end never learns, whatever it writes', async () => {
    const { world, link, a, b } = connect()
    link.halfOpen()
    await world.runFor(600_000)
    assert.equal(a.closings + b.closings, 1)
    const survivor = a.closings === 0 ? link.dialer : link.acceptor
    survivor.write(new Uint8Array(1_000_000))
    await world.runFor(600_000)
    assert.equal(a.closings + b.closings, 1)
    // What the systems buffer is gone; the rest waits.
    assert.equal(survivor.queuedBytes, 1_000_000 - (256 << 10))
    survivor.end()
    await world.until(() => a.closings + b.closings === 2)
  })

  test('a stall holds everything back, and then lets it through in order', async () => {
    const { world, link, b } = connect()
    link.stall(10_000)
    link.dialer.write(Buffer.from('one '))
    await world.runFor(5_000)
    link.dialer.write(Buffer.from('two'))
    await world.runFor(4_900)
    assert.equal(b.receivedBytes, 0)
    await world.runFor(200)
    assert.equal(b.text(), 'one two')
  })

  test('a program that is killed hears nothing any more; its peer is told, unless the machine is gone', async () => {
    for (const withMachine of [false, true]) {
      const { world, link, a, b, processes } = connect()
      processes.a.kill()
      link.died(processes.a, withMachine)
      link.acceptor.write(Buffer.from('anybody?'))
      await world.runFor(60_000)
      assert.deepEqual([a.receivedBytes, a.closings, b.closings], [0, 0, withMachine ? 0 : 1])
    }
  })

  test('a program that stands still gets everything afterwards', async () => {
    const { world, link, b, processes } = connect()
    processes.b.freeze(3_000)
    link.dialer.write(Buffer.from('one '))
    await world.runFor(1_000)
    link.dialer.write(Buffer.from('two'))
    link.dialer.end()
    await world.runFor(1_900)
    assert.equal(b.receivedBytes, 0)
    await world.runFor(200)
    assert.equal(b.text(), 'one two')
    assert.equal(b.closings, 1)
  })

  test('bytes take as long as the link is slow', async () => {
    const { world, link, b } = connect()
    link.conditions.bytesPerMs = 10
    link.dialer.write(new Uint8Array(100_000))
    await world.until(() => b.receivedBytes === 100_000)
    assert.ok(world.monotonic() > 10_000 && world.monotonic() < 10_100)
  })
})
