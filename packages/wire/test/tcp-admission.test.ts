import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { WireError } from '../src/index.ts'
import { Admission, defaultListenLimits } from '../src/tcp-admission.ts'
import type { ListenLimits, Place } from '../src/tcp-admission.ts'

const overloaded = { name: 'WireError', code: 'overloaded' }

/** An admission whose displaced guests are noted by name. */
function admissionOf(limits: Partial<ListenLimits>) {
  const displaced: string[] = []
  const admission = new Admission({ ...defaultListenLimits, ...limits })
  const enter = (host: string, name = host): Place => admission.enter(host, () => displaced.push(name))
  return { admission, displaced, enter }
}

describe('admission', () => {
  test('counts who comes and goes', () => {
    const { admission, enter } = admissionOf({})
    const place = enter('a')
    assert.deepEqual([admission.handshakes, admission.connections], [1, 0])
    place.prove()
    place.establish()
    assert.deepEqual([admission.handshakes, admission.connections], [0, 1])
    place.leave()
    place.leave()
    assert.deepEqual([admission.handshakes, admission.connections], [0, 0])
  })

  test('displaces the oldest handshake', () => {
    const { admission, displaced, enter } = admissionOf({ maxHandshakes: 2 })
    for (const name of ['first', 'second', 'third', 'fourth']) enter('a', name)
    assert.deepEqual(displaced, ['first', 'second'])
    assert.equal(admission.handshakes, 2)
  })

  test('displaces the host with the most handshakes before others', () => {
    const { displaced, enter } = admissionOf({ maxHandshakes: 4 })
    enter('honest')
    for (const name of ['flood 1', 'flood 2', 'flood 3', 'flood 4', 'flood 5']) enter('flood', name)
    assert.deepEqual(displaced, ['flood 1', 'flood 2'])
  })

  test('displaces those who have worked last', () => {
    const { displaced, enter } = admissionOf({ maxHandshakes: 2 })
    enter('worker 1').prove()
    enter('idler')
    enter('worker 2').prove()
    assert.deepEqual(displaced, ['idler'])
    enter('worker 3')
    assert.deepEqual(displaced, ['idler', 'worker 1'])
  })

  test('does not establish who was displaced', () => {
    const { admission, enter } = admissionOf({ maxHandshakes: 1 })
    const place = enter('a')
    enter('b')
    assert.throws(() => place.establish(), overloaded)
    assert.equal(admission.connections, 0)
  })

  test('has no more connections than it may', () => {
    const { enter } = admissionOf({ maxConnections: 1 })
    const [first, second] = [enter('a'), enter('b')]
    first.establish()
    assert.throws(() => second.establish(), overloaded)
    assert.throws(() => enter('c'), overloaded)
    first.leave()
    enter('c').establish()
  })

  test('has no more from one address than it may', () => {
    const { enter } = admissionOf({ maxPerAddress: 2 })
    enter('a').establish()
    const second = enter('a')
    assert.throws(() => enter('a'), overloaded)
    enter('b')
    second.leave()
    enter('a')
  })

  test('can displace all', () => {
    const { admission, displaced, enter } = admissionOf({})
    enter('a')
    enter('b')
    enter('c').establish()
    admission.displaceAll(new WireError('closed', 'The end.'))
    assert.deepEqual(displaced, ['a', 'b'])
    assert.deepEqual([admission.handshakes, admission.connections], [0, 1])
  })
})
