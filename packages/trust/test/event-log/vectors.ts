import { readFileSync } from 'node:fs'
import type { Registers } from '../../src/event-log/index.ts'

const folder = new URL('../../../../vectors/eventlog/', import.meta.url)

export function readLog(name: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(readFileSync(new URL(name, folder)))
}

/** The log that came with a quote, and the registers of that quote. */
export function dstackCase(): { log: Uint8Array<ArrayBuffer>; registers: Registers } {
  const log = readLog('dstack-quote-report.json')
  const { quote } = JSON.parse(new TextDecoder().decode(log)) as { quote: string }
  // A version 4 quote: a header of 48 bytes, and RTMR0 at 328 of the body.
  const at = (register: number): Uint8Array =>
    Uint8Array.from(Buffer.from(quote, 'hex').subarray(376 + 48 * register, 424 + 48 * register))
  return { log, registers: [at(0), at(1), at(2), at(3)] }
}

export interface ParsedLog {
  readonly uefi_event_logs: readonly {
    readonly index: number
    readonly type_name: string
    readonly event: string
    readonly digests: readonly { readonly alg: string; readonly digest: string }[]
    readonly digest_matches_event: boolean
    readonly details: Readonly<Record<string, unknown>>
  }[]
}

export function readParsedLog(name: string): ParsedLog['uefi_event_logs'] {
  return (JSON.parse(new TextDecoder().decode(readLog(name))) as ParsedLog).uefi_event_logs
}
