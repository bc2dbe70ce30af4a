import { fromHex } from '../bytes.ts'
import type { Bytes } from '../bytes.ts'
import { parseStrictJson } from '../collateral/strict-json.ts'
import type { StrictJson } from '../collateral/strict-json.ts'
import { TrustError } from '../error.ts'
import { parseCcel } from './ccel.ts'
import { eventLogLimits, isRegister, malformedLog, noAction } from './event.ts'
import type { MeasuredEvent } from './event.ts'

const members = ['digest', 'event', 'event_payload', 'event_type', 'imr']

/**
 * Reads a log as runtime agents write it: a JSON list of objects with `imr` (0 to 3), `event_type`, `digest` and
 * `event_payload` (hexadecimal) and `event` (the name), and nothing else. Throws `event-log-malformed`.
 */
export function parseRuntimeLog(text: string): MeasuredEvent[] {
  return parseEvents(parseJson(text))
}

/**
 * Reads a log in any form that is known here: CCEL, a runtime agent's list, or an object that has that list, as
 * JSON in a string, under `event_log`, beside a quote. Throws `event-log-malformed`.
 */
export function parseEventLog(bytes: Uint8Array): MeasuredEvent[] {
  if (bytes.length > eventLogLimits.maxLogBytes) throw malformedLog(`it has ${bytes.length} bytes`)
  const first = bytes.find(byte => byte !== 0x20 && byte !== 0x0a && byte !== 0x0d && byte !== 0x09)
  if (first !== 0x5b && first !== 0x7b) return parseCcel(bytes)
  const json = parseJson(new TextDecoder().decode(bytes))
  if (!(json instanceof Map)) return parseEvents(json)
  const log: unknown = json.get('event_log')
  if (typeof log !== 'string') throw malformedLog('it has no event_log')
  return parseRuntimeLog(log)
}

function parseJson(text: string): StrictJson {
  try {
    return parseStrictJson(text)
  } catch (error) {
    if (error instanceof TrustError) throw malformedLog('it is not JSON in its one form', { cause: error })
    throw error
  }
}

function parseEvents(json: StrictJson): MeasuredEvent[] {
  if (!Array.isArray(json)) throw malformedLog('it is no list of events')
  if (json.length > eventLogLimits.maxEvents) throw malformedLog('it has too many events')
  return (json as readonly StrictJson[]).map(parseEvent)
}

function parseEvent(event: StrictJson): MeasuredEvent {
  if (!(event instanceof Map)) throw malformedLog('an event that is no object')
  const fields = event as ReadonlyMap<string, StrictJson>
  if ([...fields.keys()].sort().join() !== members.join()) {
    throw malformedLog(`an event with other members than ${members.join(', ')}`)
  }
  const register = fields.get('imr')
  const type = fields.get('event_type')
  const name = fields.get('event')
  if (typeof register !== 'number' || !isRegister(register)) throw malformedLog('an event of no register')
  if (typeof type !== 'number' || type < 0 || type > 0xffff_ffff) throw malformedLog('an event of no type')
  if (typeof name !== 'string' || name.length > eventLogLimits.maxNameLength) {
    throw malformedLog('an event whose name is none, or too long')
  }
  const digest = bytesOf(fields.get('digest'))
  if (digest.length !== 48) throw malformedLog('a digest that is not SHA-384')
  const data = bytesOf(fields.get('event_payload'))
  return { ...(type !== noAction && { register }), type, digest, data, ...(name !== '' && { name }) }
}

function bytesOf(value: StrictJson | undefined): Bytes {
  const bytes = typeof value === 'string' ? fromHex(value) : undefined
  if (!bytes) throw malformedLog('bytes that are not hexadecimal')
  return bytes
}
