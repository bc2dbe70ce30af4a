import { sameBytes, toHex } from '@cocoon/wire'
import { sha384 } from '@noble/hashes/sha2.js'
import { type Bytes, join } from '../bytes.ts'
import { NamedChecks } from '../verify/named-checks.ts'
import type { NamedCheck } from '../verify/named-checks.ts'
import type { QuoteReport } from '../verify/report.ts'
import { verdictOf } from '../verify/report.ts'
import { describeEvent, typeName } from './describe-event.ts'
import { malformedLog, runtimeEvent } from './event.ts'
import type { MeasuredEvent } from './event.ts'
import { parseEventLog } from './runtime-log.ts'

/** RTMR0 to 3, 48 bytes each. */
export type Registers = readonly [Uint8Array, Uint8Array, Uint8Array, Uint8Array]

/** What comparing a log with the registers of a quote found, in the shape that reports of quotes have. */
export interface EventLogReport extends Pick<QuoteReport, 'verdict' | 'kind' | 'reason'> {
  readonly checks: readonly NamedCheck[]
  readonly registers: readonly RegisterFinding[]
  readonly events: readonly EventFinding[]
}

export interface RegisterFinding {
  readonly register: number
  /** Of the quote. */
  readonly quoted: string
  /** Of the log. */
  readonly replayed: string
  readonly events: number
}

export interface EventFinding {
  /** Null for what is noted and not measured. */
  readonly register: number | null
  readonly type: string
  readonly digest: string
  /** In words, as the writer of the log has it. */
  readonly description: string
  /** Whether the digest is of what is described, so that the registers vouch for the words too. */
  readonly vouched: boolean
}

const checkNames = ['event-log-format', 'rtmr0', 'rtmr1', 'rtmr2', 'rtmr3', 'runtime-events'] as const
const registerBytes = 48

/** RTMR = SHA-384(RTMR ‖ digest) for each event, from zeros. */
export function replay(events: readonly MeasuredEvent[]): [Bytes, Bytes, Bytes, Bytes] {
  const zero = (): Bytes => new Uint8Array(registerBytes)
  const registers: [Bytes, Bytes, Bytes, Bytes] = [zero(), zero(), zero(), zero()]
  for (const { register, digest } of events) {
    if (register !== undefined) registers[register] = hash(registers[register], digest)
  }
  return registers
}

/**
 * Whether a log, in any of the forms that `parseEventLog` reads, is what made the registers of a verified quote.
 * A register that the log does not lead to is named; so is a runtime event whose digest is not of its name and
 * data. Says nothing of whether what was measured is wanted. Never throws.
 */
export function verifyEventLog(log: Uint8Array, quoted: Registers): EventLogReport {
  const checks = new NamedChecks(checkNames)
  const events = checks.attempt('event-log-format', () => parseEventLog(log))
  const replayed = events && replay(events)
  const registers: RegisterFinding[] = []
  for (const [register, name] of (['rtmr0', 'rtmr1', 'rtmr2', 'rtmr3'] as const).entries()) {
    const due = quoted[register]
    const found = replayed?.[register]
    if (!due || !found) continue
    const values = { quoted: toHex(due.subarray(0, registerBytes)), replayed: toHex(found) }
    const isSame = sameBytes(due, found)
    checks.judge(name, isSame ? undefined : `The log does not lead to RTMR${register} of the quote.`, values)
    const count = events?.filter(event => event.register === register).length ?? 0
    registers.push({ register, ...values, events: count })
  }
  if (events) checks.attempt('runtime-events', () => checkRuntimeEvents(events))
  const list = checks.list()
  return { ...verdictOf(list), checks: list, registers, events: listEvents(events ?? []) }
}

/** The events in words, in the order of the log. */
export function listEvents(events: readonly MeasuredEvent[]): EventFinding[] {
  return events.map(event => ({
    register: event.register ?? null,
    type: typeName(event.type),
    digest: toHex(event.digest),
    description: describeEvent(event),
    vouched: isVouched(event),
  }))
}

/** The words of an agent are believed for what they say, so they have to be what was measured. */
function checkRuntimeEvents(events: readonly MeasuredEvent[]): void {
  const wrong = events.find(event => event.type === runtimeEvent && !isVouched(event))
  if (wrong) throw malformedLog(`runtime event ${describeEvent(wrong)} has the digest of another one`)
}

function isVouched({ register, type, name, data, digest }: MeasuredEvent): boolean {
  if (register === undefined) return false
  if (type === runtimeEvent) return sameBytes(digest, runtimeDigest(type, name ?? '', data))
  // Some types measure what they note; others note where to look for it, or name what they measured.
  return sameBytes(digest, hash(data))
}

/** What a runtime agent extends a register with. */
export function runtimeDigest(type: number, name: string, data: Uint8Array): Bytes {
  const head = new DataView(new ArrayBuffer(4))
  head.setUint32(0, type, true)
  const text = new TextEncoder()
  return hash(new Uint8Array(head.buffer), text.encode(`:${name}:`), data)
}

function hash(...parts: readonly Uint8Array[]): Bytes {
  return Uint8Array.from(sha384(join(...parts)))
}
