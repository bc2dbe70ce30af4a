import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import {
  eventLogLimits,
  listEvents,
  parseCcel,
  parseEventLog,
  parseRuntimeLog,
  renderEventLogReport,
  replay,
  runtimeDigest,
  verifyEventLog,
} from '../../src/event-log/index.ts'
import { TrustError } from '../../src/index.ts'
import { dstackCase, readLog, readParsedLog } from './vectors.ts'

const malformed = { name: 'TrustError', code: 'event-log-malformed' }

describe('CCEL', () => {
  for (const name of ['td-shim', 'grub']) {
    test(`${name}: every event is as another reader has it`, () => {
      const events = parseCcel(readLog(`${name}.ccel.bin`))
      const due = readParsedLog(`${name}.json`)
      assert.equal(events.length, due.length)
      const listed = listEvents(events)
      for (const [index, event] of events.entries()) {
        const expected = due[index]!
        assert.equal(event.register, expected.index - 1)
        assert.equal(Buffer.from(event.data).toString('base64'), expected.event)
        assert.equal(Buffer.from(event.digest).toString('hex'), expected.digests[0]?.digest)
        assert.equal(listed[index]?.type, expected.type_name)
        assert.equal(listed[index]?.vouched, expected.digest_matches_event)
      }
    })
  }

  test('events are told in words', () => {
    const words = new Set(
      listEvents(parseCcel(readLog('grub.ccel.bin'))).map(({ description }) => description),
    )
    assert.ok(words.has('SecureBoot is on'))
    assert.ok(words.has('image \\EFI\\BOOT\\BOOTX64.EFI'))
    assert.ok(words.has('Linux initrd'))
    const shim = listEvents(parseCcel(readLog('td-shim.ccel.bin'))).map(({ description }) => description)
    assert.ok(shim.includes('td_payload_info root=/dev/vda1 console=hvc0 rw'))
  })

  test('the registers are those that the events lead to', () => {
    const log = readLog('grub.ccel.bin')
    const registers = replayByHand(log)
    assert.deepEqual(replay(parseCcel(log)).map(hex), registers.map(hex))
    assert.equal(verifyEventLog(log, registers).verdict, 'accept')
  })

  test('an event that is noted and not measured extends nothing', () => {
    const log = Uint8Array.from(readLog('td-shim.ccel.bin'))
    const before = replay(parseCcel(log))
    const { length: header } = headerOf(log)
    log.set([3, 0, 0, 0], header + 4) // The type of the first event.
    const [first, ...others] = parseCcel(log)
    assert.equal(first?.register, undefined)
    assert.notEqual(hex(replay(parseCcel(log))[0]), hex(before[0]))
    assert.equal(hex(replay(others)[0]), hex(replay(parseCcel(log))[0]))
  })

  const sound = readLog('td-shim.ccel.bin')
  const { length: headerLength } = headerOf(sound)
  const broken: [string, (log: Uint8Array) => Uint8Array | void][] = [
    ['nothing', () => new Uint8Array()],
    ['more than it may be', () => new Uint8Array(eventLogLimits.maxLogBytes + 1)],
    ['a first record of another type', log => void log.fill(1, 4, 5)],
    ['a header with a digest', log => void log.fill(1, 8, 9)],
    ['a header of another version', log => void log.set([0x32], 32 + 14)],
    ['no hash algorithm', log => void log.fill(0, 56, 60)],
    ['too many hash algorithms', log => void log.fill(0xff, 56, 60)],
    ['another hash algorithm', log => void log.set([0x0b], 60)],
    ['a register that does not exist', log => void log.set([5, 0, 0, 0], headerLength)],
    ['register 0', log => void log.set([0, 0, 0, 0], headerLength)],
    ['more digests than algorithms', log => void log.set([2, 0, 0, 0], headerLength + 8)],
    ['no digest', log => void log.set([0, 0, 0, 0], headerLength + 8)],
    ['a digest of another algorithm', log => void log.set([0x0b, 0], headerLength + 12)],
    ['data that reach past the end', log => void log.set([0xff, 0xff, 0xff, 0xff], headerLength + 62)],
    ['bytes in its padding', log => void log.set([1], log.length - 1)],
    ['an event that is cut off', log => log.subarray(0, headerLength + 30)],
  ]
  for (const [name, breakLog] of broken) {
    test(`refuses ${name}`, () => {
      const log = Uint8Array.from(sound)
      const result = breakLog(log)
      assert.throws(() => parseCcel(result ?? log), malformed)
    })
  }
})

describe('logs of runtime agents', () => {
  const { log, registers } = dstackCase()

  test('a log that a quote came with leads to the registers of the quote', () => {
    const report = verifyEventLog(log, registers)
    assert.equal(report.verdict, 'accept')
    assert.deepEqual(
      report.registers.map(({ events }) => events),
      [13, 5, 2, 8],
    )
    const runtime = report.events.filter(({ type }) => type === 'runtime event')
    assert.equal(runtime.length, 8)
    assert.ok(runtime.every(({ vouched }) => vouched))
    assert.deepEqual(JSON.parse(JSON.stringify(report)), report)
  })

  test('a register that differs is named', () => {
    for (const [register] of registers.entries()) {
      const other = registers.map((value, index) => (index === register ? new Uint8Array(48) : value))
      const report = verifyEventLog(log, other as unknown as typeof registers)
      assert.equal(report.verdict, 'reject')
      assert.equal(report.kind, 'invalid')
      assert.match(report.reason ?? '', new RegExp(`^rtmr${register}: .*RTMR${register}`))
      assert.match(renderEventLogReport(report).join('\n'), new RegExp(`RTMR${register} .* NOT AS QUOTED`))
    }
  })

  const text = eventsText(log)
  const events = JSON.parse(text) as Record<string, unknown>[]

  test('an event that is changed, left out, doubled or moved leads elsewhere', () => {
    const changed: unknown[][] = [
      events.slice(1),
      events.slice(0, -1),
      [...events, events[0]],
      [events[1], events[0], ...events.slice(2)],
      events.map(event => (event['imr'] === 2 ? { ...event, imr: 3 } : event)),
    ]
    for (const list of changed) {
      assert.equal(verifyEventLog(encode(list), registers).verdict, 'reject')
    }
  })

  test('the words of an agent are those that were measured', () => {
    const edits: Record<string, unknown>[] = [
      { event: 'app-ID' },
      { event_payload: '00' },
      { event_type: 134_217_730 },
    ]
    for (const edit of edits.slice(0, 2)) {
      const list = events.map(event => (event['event'] === 'app-id' ? { ...event, ...edit } : event))
      const report = verifyEventLog(encode(list), registers)
      assert.equal(report.verdict, 'reject')
      assert.match(report.reason ?? '', /^runtime-events: /)
    }
    // An event of another type is believed for nothing.
    const list = events.map(event => (event['event'] === 'app-id' ? { ...event, ...edits[2] } : event))
    const found = verifyEventLog(encode(list), registers).events.find(({ description }) =>
      description.startsWith('app-id'),
    )
    assert.equal(found?.vouched, false)
  })

  test('a digest covers type, name and data', () => {
    assert.equal(
      hex(runtimeDigest(0x0800_0001, 'app-id', Buffer.from('00ff', 'hex'))),
      createHash('sha384')
        .update(
          Buffer.concat([
            Buffer.from('01000008', 'hex'),
            Buffer.from(':app-id:'),
            Buffer.from('00ff', 'hex'),
          ]),
        )
        .digest('hex'),
    )
  })

  const broken: [string, string][] = [
    ['no JSON', '[{'],
    ['no list', '{"a":1}'],
    ['an event that is none', '[1]'],
    ['a member that is unknown', edited({ more: 1 })],
    ['a register that does not exist', edited({ imr: 4 })],
    ['a register that is text', edited({ imr: '0' })],
    ['a type that is none', edited({ event_type: -1 })],
    ['a digest of another length', edited({ digest: '00' })],
    ['a digest of other letters', edited({ digest: 'x'.repeat(96) })],
    ['data of half a byte', edited({ event_payload: '0' })],
    ['a name that is too long', edited({ event: 'a'.repeat(2000) })],
    ['a member twice', text.replace('"imr":0', '"imr":1,"imr":0')],
  ]
  for (const [name, json] of broken) {
    test(`refuses ${name}`, () => assert.throws(() => parseRuntimeLog(json), malformed))
  }

  function edited(edit: Record<string, unknown>): string {
    return JSON.stringify([{ ...events[0], ...edit }])
  }
})

describe('any bytes', () => {
  const { log, registers } = dstackCase()
  const sound = [
    log,
    readLog('grub.ccel.bin').subarray(0, 4096),
    readLog('td-shim.ccel.bin').subarray(0, 12_000),
  ]

  test('are a log, or fail with a TrustError', () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 300 }), expectParsedOrRefused))
    fc.assert(
      fc.property(fc.string({ maxLength: 300 }), text => expectParsedOrRefused(Buffer.from(`[${text}`))),
    )
  })

  test('in place of others of a log too', () => {
    for (const original of sound) {
      const change = fc.tuple(fc.nat(Math.min(original.length - 1, 4000)), fc.nat(255))
      fc.assert(
        fc.property(fc.array(change, { minLength: 1, maxLength: 4 }), changes => {
          const bytes = Uint8Array.from(original)
          for (const [index, value] of changes) bytes[index] = value
          expectParsedOrRefused(bytes)
        }),
        { numRuns: 150 },
      )
    }
  })

  test('a log that nobody can read is refused, and every check says so', () => {
    const report = verifyEventLog(new Uint8Array(3), registers)
    assert.equal(report.verdict, 'reject')
    assert.ok(report.checks.every(({ outcome }) => outcome === 'failed'))
  })

  test('names of events cannot move a cursor', () => {
    const digest = hex(runtimeDigest(0x0800_0001, '\u001b[2Jx', new Uint8Array()))
    const event = { imr: 0, event_type: 0x0800_0001, digest, event: '\u001b[2Jx', event_payload: '' }
    const report = verifyEventLog(encode([event]), registers)
    assert.equal(report.events[0]?.description, '?[2Jx')
  })
})

function expectParsedOrRefused(bytes: Uint8Array): void {
  try {
    listEvents(parseEventLog(bytes))
  } catch (error) {
    assert.ok(error instanceof TrustError && error.code === 'event-log-malformed', String(error))
  }
}

function eventsText(log: Uint8Array): string {
  return (JSON.parse(new TextDecoder().decode(log)) as { event_log: string }).event_log
}

function encode(list: unknown): Uint8Array {
  return Buffer.from(JSON.stringify(list))
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex')
}

function headerOf(log: Uint8Array): { length: number } {
  return { length: 32 + Buffer.from(log).readUInt32LE(28) }
}

/** A second reading of the log, apart from the code under test. */
function replayByHand(log: Uint8Array): [Buffer, Buffer, Buffer, Buffer] {
  const bytes = Buffer.from(log)
  const registers = [0, 1, 2, 3].map(() => Buffer.alloc(48)) as [Buffer, Buffer, Buffer, Buffer]
  let offset = headerOf(log).length
  while (bytes.readUInt32LE(offset) >= 1 && bytes.readUInt32LE(offset) <= 4) {
    const register = (bytes.readUInt32LE(offset) - 1) as 0 | 1 | 2 | 3
    const digest = bytes.subarray(offset + 14, offset + 62)
    registers[register] = createHash('sha384')
      .update(Buffer.concat([registers[register], digest]))
      .digest()
    offset += 66 + bytes.readUInt32LE(offset + 62)
  }
  return registers
}
