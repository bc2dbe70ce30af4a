import assert from 'node:assert/strict'
import { test } from 'node:test'
import { foreign } from '../src/context.ts'
import { createLog } from '../src/log.ts'
import { Text } from './support/console.ts'

test('events become lines of JSON with their level', () => {
  const stream = new Text()
  const log = createLog({ stream, level: 'info' })
  log.report('worker', { event: 'backend-down', backend: 'http://127.0.0.1:8000', why: 'gone' })
  log.report('proxy', { event: 'client-ready', client: '1.2.3.4:5', version: 3 })
  log.note('info', 'started', { role: 'proxy' })
  const [down, started, ...more] = stream.text
    .trim()
    .split('\n')
    .map(line => JSON.parse(line))
  assert.deepEqual([down.level, down.role, down.event, down.why], ['warn', 'worker', 'backend-down', 'gone'])
  assert.deepEqual([started.level, started.msg], ['info', 'started'])
  assert.deepEqual(more, [])
})

test('on a terminal a line stays a line, whatever a peer says', () => {
  const stream = Object.assign(new Text(), { isTTY: true })
  const log = createLog({ stream, level: 'debug' })
  log.report('proxy', { event: 'worker-gone', worker: 'w', why: `a\nb\u001b[2J\u009b${'x'.repeat(2000)}` })
  assert.equal(stream.text.split('\n').length, 2)
  assert.match(stream.text, /^\d\d:\d\d:\d\d proxy worker-gone worker=w why=a b \[2J x+…\n$/)
  assert.ok(stream.text.length < 700)
})

test('words of others are cut and stripped', () => {
  assert.equal(foreign('a\u0000b\r\nc'), 'a b c')
  assert.equal(foreign('abcdef', 4), 'abc…')
})
