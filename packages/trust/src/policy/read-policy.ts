import { fromHex } from '../bytes.ts'
import { parseTime } from '../collateral/fields.ts'
import { TrustError } from '../error.ts'
import { allowableStatuses, defaultPolicy, pinnable, type QuotePolicy } from './quote-policy.ts'

/** More entries than that in a list of a policy are a mistake. */
const maxPolicyEntries = 100_000

type Reader = (value: unknown, name: string) => unknown

const measurementBytes: Readonly<Partial<Record<string, number>>> = {
  tdAttributes: 8,
  xfam: 8,
  mrEnclave: 32,
  mrSigner: 32,
  attributes: 16,
}

const readers: Readonly<Record<keyof QuotePolicy, Reader>> = {
  tees: listOf(oneOf(['tdx', 'sgx'])),
  tcbStatuses: listOf(oneOf(allowableStatuses)),
  deniedAdvisoryIds: listOf(text),
  minTcbDate: date,
  minTcbEvaluationDataNumber: wholeNumber,
  allowDebug: flag,
  requireSeptVeDisable: flag,
  allowSimulated: flag,
  imageHashes: listOf(hex(32)),
  measurements: object(
    Object.fromEntries(pinnable.map(name => [name, listOf(hex(measurementBytes[name] ?? 48))])),
  ),
  isvProdIds: listOf(wholeNumber),
  minIsvSvn: wholeNumber,
  ppids: listOf(hex(16)),
}

/**
 * Reads a policy from JSON. What it does not say is as in the default policy; a name that no policy has, an empty
 * list and a value of another type throw `policy-malformed`, for a policy that is misunderstood protects nobody.
 */
export function readPolicy(json: unknown): QuotePolicy {
  const given = object(readers)(json, 'the policy') as Partial<QuotePolicy>
  return { ...defaultPolicy, ...given }
}

function object(readers: Readonly<Record<string, Reader>>): Reader {
  return (value, name) => {
    if (typeof value !== 'object' || value === null || Array.isArray(value))
      throw malformed(`${name} is no object`)
    return Object.fromEntries(
      Object.entries(value).map(([member, given]) => {
        const read = Object.hasOwn(readers, member) ? readers[member] : undefined
        if (!read) throw malformed(`${name} has no member ${member.slice(0, 60)}`)
        return [member, read(given, member)]
      }),
    )
  }
}

function listOf(read: Reader): Reader {
  return (value, name) => {
    if (!Array.isArray(value) || value.length > maxPolicyEntries) throw malformed(`${name} is no list`)
    if (value.length === 0) throw malformed(`${name} is empty; leave it out where anything will do`)
    return value.map(entry => read(entry, name))
  }
}

function oneOf(allowed: readonly string[]): Reader {
  return (value, name) => {
    if (typeof value === 'string' && allowed.includes(value)) return value
    throw malformed(`${name} can hold ${allowed.join(', ')}`)
  }
}

function hex(sizeBytes: number): Reader {
  return (value, name) => {
    if (typeof value === 'string' && fromHex(value)?.length === sizeBytes) return value.toLowerCase()
    throw malformed(`${name} holds values of ${sizeBytes} bytes in hexadecimal`)
  }
}

function text(value: unknown, name: string): string {
  if (typeof value === 'string' && value !== '' && value.length <= 200) return value
  throw malformed(`${name} holds short texts`)
}

/** A day, or a time to the second. */
function date(value: unknown, name: string): string {
  const full = typeof value === 'string' && /^\d{4}-\d\d-\d\d$/.test(value) ? `${value}T00:00:00Z` : value
  if (typeof full === 'string' && parseTime(full) !== undefined) return full
  throw malformed(`${name} is a day such as 2026-01-31, or a time such as 2026-01-31T12:00:00Z`)
}

function wholeNumber(value: unknown, name: string): number {
  if (typeof value === 'number' && Number.isSafeInteger(value) && value >= 0) return value
  throw malformed(`${name} is a whole number`)
}

function flag(value: unknown, name: string): boolean {
  if (typeof value === 'boolean') return value
  throw malformed(`${name} is true or false`)
}

function malformed(what: string): TrustError {
  return new TrustError('policy-malformed', `The policy cannot be read: ${what}.`)
}
