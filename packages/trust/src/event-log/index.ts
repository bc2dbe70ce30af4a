/** Logs of what was measured into the registers of a trust domain. */
export { parseCcel } from './ccel.ts'
export { eventLogLimits, type MeasuredEvent } from './event.ts'
export { renderEventList, renderEventLogReport } from './render-event-log.ts'
export { parseEventLog, parseRuntimeLog } from './runtime-log.ts'
export {
  type EventFinding,
  type EventLogReport,
  listEvents,
  type RegisterFinding,
  type Registers,
  replay,
  runtimeDigest,
  verifyEventLog,
} from './verify-event-log.ts'
