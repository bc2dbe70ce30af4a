import type { EventFinding, EventLogReport } from './verify-event-log.ts'

/** A report in lines for people: the verdict, each register, and what went into it. */
export function renderEventLogReport(report: EventLogReport): string[] {
  const { verdict, reason, registers, events } = report
  return [
    verdict === 'accept' ? 'The log is what the registers were made of.' : `Refused: ${reason}`,
    ...registers.flatMap(({ register, quoted, replayed, events: count }) => [
      '',
      `RTMR${register}  ${count} events  ${quoted === replayed ? 'as quoted' : 'NOT AS QUOTED'}`,
      `  quoted    ${quoted}`,
      ...(quoted === replayed ? [] : [`  replayed  ${replayed}`]),
      ...events.filter(event => event.register === register).map(line),
    ]),
    '',
    legend,
  ]
}

/** Events in lines for people, by register, where there is nothing to compare them with. */
export function renderEventList(events: readonly EventFinding[], registers: readonly string[]): string[] {
  return [
    ...registers.flatMap((value, register) => [
      '',
      `RTMR${register}  ${value}`,
      ...events.filter(event => event.register === register).map(line),
    ]),
    '',
    legend,
  ]
}

const legend = 'Lines with = are measured as they stand; of those with ~ the digest alone is.'

function line({ vouched, type, description, digest }: EventFinding): string {
  return `  ${vouched ? '=' : '~'} ${digest.slice(0, 16)}  ${type}  ${description}`
}
