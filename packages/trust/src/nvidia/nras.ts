import { sameBytes, toHex } from '@cocoon/wire'
import { sha256 } from '@noble/hashes/sha2.js'
import { compactVerify, createLocalJWKSet, type JSONWebKeySet } from 'jose'
import { fromHex } from '../bytes.ts'
import { TrustError } from '../error.ts'
import { isoTime } from '../verify/chain.ts'
import { type NamedCheck, NamedChecks } from '../verify/named-checks.ts'
import { type QuoteReport, verdictOf } from '../verify/report.ts'
import { requireMoment } from './chain.ts'
import { nvidiaLimits } from './limits.ts'

export interface VerifyNrasOptions {
  /** The moment to verify at, milliseconds since the Unix epoch. */
  readonly nowMs: number
  /** What the service was asked with, 32 bytes. */
  readonly nonce: Uint8Array
  /** The keys of the service: its JSON Web Key Set, got from the service over TLS or kept since. */
  readonly keys: unknown
  /** NVIDIA's unless told. */
  readonly issuer?: string
}

/** What verification of a result of NVIDIA's remote attestation service found. */
export interface NrasReport extends Pick<
  QuoteReport,
  'verdict' | 'kind' | 'reason' | 'verifiedAt' | 'expiresAt'
> {
  readonly checks: readonly NamedCheck[]
  readonly devices: readonly NrasDevice[]
}

export interface NrasDevice {
  readonly name: string
  readonly model: string
  /** The device's number, as the service has it. */
  readonly deviceId: string
  readonly driverVersion: string
  readonly vbiosVersion: string
}

const nrasIssuer = 'https://nras.attestation.nvidia.com'

const checkNames = [
  'token-format',
  'overall-signature',
  'overall-issuer',
  'overall-dates',
  'overall-nonce',
  'overall-result',
  'submodules-present',
  'submodule-digests',
  'submodule-signatures',
  'submodule-issuers',
  'submodule-dates',
  'submodule-nonces',
  'measurements',
  'secure-boot',
  'debug-status',
] as const

type CheckName = (typeof checkNames)[number]
type Claims = Readonly<Record<string, unknown>>

interface Result {
  readonly overall: string
  readonly submodules: ReadonlyMap<string, string>
}

/**
 * Verifies a result of the service: `[["JWT", overall], {"GPU-0": jwt, …}]`, tokens signed with ES384. Whatever is
 * missing in it is a failure. `accept` says that the service vouches for these devices, in answer to this nonce,
 * at this time: it takes the place of one's own verification of their evidence. Rejects over no text; a time that is
 * none is a `RangeError`.
 */
export async function verifyNrasResult(text: string, options: VerifyNrasOptions): Promise<NrasReport> {
  const { nowMs } = options
  requireMoment(nowMs)
  const checks = new NamedChecks<CheckName>(checkNames)
  const result = checks.attempt('token-format', () => parseResult(text))
  const devices: NrasDevice[] = []
  let untilMs = Infinity
  if (result) {
    const overall = await openToken(checks, 'overall-signature', result.overall, options.keys)
    if (overall) {
      untilMs = checkClaims(checks, 'overall', overall, options)
      const isGood = overall['x-nvidia-overall-att-result'] === true
      checks.judge('overall-result', isGood ? undefined : 'The service does not vouch for the machine.')
      checkDigests(checks, overall, result.submodules)
    }
    for (const [name, token] of result.submodules) {
      const claims = await openToken(checks, 'submodule-signatures', token, options.keys)
      if (!claims) continue
      untilMs = Math.min(untilMs, checkClaims(checks, 'submodule', claims, options))
      checkDevice(checks, name, claims)
      devices.push(describe(name, claims))
    }
  }
  const list = checks.list()
  return {
    ...verdictOf(list),
    verifiedAt: isoTime(nowMs),
    expiresAt: Number.isFinite(untilMs) ? isoTime(untilMs) : null,
    checks: list,
    devices,
  }
}

function parseResult(text: string): Result {
  if (text.length > nvidiaLimits.maxTokenBytes) throw malformedToken(`it has ${text.length} characters`)
  const parsed = parseJson(text)
  if (!Array.isArray(parsed) || parsed.length !== 2) throw malformedToken('it is no pair')
  const [head, rest] = parsed as [unknown, unknown]
  if (!Array.isArray(head) || head.length !== 2 || head[0] !== 'JWT' || typeof head[1] !== 'string') {
    throw malformedToken('it does not begin with a token')
  }
  if (!isObject(rest)) throw malformedToken('it has no submodules')
  const entries = Object.entries(rest)
  if (entries.length > nvidiaLimits.maxSubmodules) throw malformedToken('it has too many submodules')
  const submodules = new Map<string, string>()
  for (const [name, token] of entries) {
    if (typeof token !== 'string' || name.length > 64) throw malformedToken('a submodule that is no token')
    submodules.set(name, token)
  }
  return { overall: head[1], submodules }
}

/** The claims of a token whose signature holds. */
async function openToken(
  checks: NamedChecks<CheckName>,
  name: 'overall-signature' | 'submodule-signatures',
  token: string,
  keys: unknown,
): Promise<Claims | undefined> {
  try {
    // Keys of any other shape than a key set are turned down in here.
    const keySet = createLocalJWKSet(keys as JSONWebKeySet)
    const { payload } = await compactVerify(token, keySet, { algorithms: ['ES384'] })
    const claims = parseJson(new TextDecoder().decode(payload))
    if (!isObject(claims)) throw malformedToken('its claims are no object')
    checks.pass(name)
    return claims
  } catch (error) {
    checks.fail(
      name,
      `The token does not hold: ${error instanceof Error ? error.message : 'it is unreadable'}.`,
    )
    return undefined
  }
}

/** Issuer, dates and nonce. Gives the moment at which the token ends. */
function checkClaims(
  checks: NamedChecks<CheckName>,
  of: 'overall' | 'submodule',
  claims: Claims,
  { nowMs, nonce, issuer = nrasIssuer }: VerifyNrasOptions,
): number {
  const plural = of === 'overall' ? '' : 's'
  const found = claims['iss']
  checks.judge(
    `${of}-issuer${plural}` as CheckName,
    found === issuer ? undefined : 'The token is of another issuer.',
    { due: issuer, found: textOf(found) },
  )
  const from = secondsOf(claims['nbf'])
  const to = secondsOf(claims['exp'])
  const isNow = nowMs >= from * 1000 && nowMs < to * 1000
  const why = Number.isNaN(from + to)
    ? 'The token does not say from when to when it is good.'
    : `The token is good from ${isoTime(from * 1000)} to ${isoTime(to * 1000)}.`
  checks.judge(`${of}-dates`, isNow ? undefined : why, { now: isoTime(nowMs) })
  const answered = fromHex(textOf(claims['eat_nonce']))
  const isOurs = answered !== undefined && nonce.length === 32 && sameBytes(answered, nonce)
  checks.judge(
    `${of}-nonce${plural}` as CheckName,
    isOurs ? undefined : 'The token answers another question than ours.',
    { due: toHex(nonce.subarray(0, 64)), found: textOf(claims['eat_nonce']) },
  )
  return isNow ? to * 1000 : nowMs
}

/** The overall token names each submodule with the SHA-256 of its token; neither side may have more. */
function checkDigests(
  checks: NamedChecks<CheckName>,
  overall: Claims,
  submodules: ReadonlyMap<string, string>,
): void {
  const due = isObject(overall['submods']) ? overall['submods'] : {}
  const names = [...submodules.keys()]
  const missing = Object.keys(due).filter(name => !submodules.has(name))
  const added = names.filter(name => !Object.hasOwn(due, name))
  const isSame = names.length > 0 && missing.length === 0 && added.length === 0
  checks.judge(
    'submodules-present',
    isSame ? undefined : 'The submodules are not those that the token is of.',
    {
      submodules: names,
      missing,
      added,
    },
  )
  const wrong = names.find(name => !isDigestOf(due[name], submodules.get(name) ?? ''))
  checks.judge(
    'submodule-digests',
    wrong === undefined ? undefined : `${wrong} is not the token that was vouched for.`,
  )
}

function isDigestOf(entry: unknown, token: string): boolean {
  if (!Array.isArray(entry) || entry.length !== 2 || entry[0] !== 'DIGEST') return false
  const digest = entry[1] as unknown
  if (!Array.isArray(digest) || digest.length !== 2) return false
  const [algorithm, hex] = digest as [unknown, unknown]
  return algorithm === 'SHA-256' && hex === toHex(sha256(new TextEncoder().encode(token)))
}

function checkDevice(checks: NamedChecks<CheckName>, name: string, claims: Claims): void {
  const { measres, secboot, dbgstat } = claims
  checks.judge('measurements', measres === 'success' ? undefined : `${name} does not measure what it should.`)
  checks.judge('secure-boot', secboot === true ? undefined : `${name} did not boot securely.`)
  checks.judge('debug-status', dbgstat === 'disabled' ? undefined : `${name} may be debugged.`)
}

function describe(name: string, claims: Claims): NrasDevice {
  return {
    name,
    model: textOf(claims['hwmodel']),
    deviceId: textOf(claims['ueid']),
    driverVersion: textOf(claims['x-nvidia-gpu-driver-version']),
    vbiosVersion: textOf(claims['x-nvidia-gpu-vbios-version']),
  }
}

function secondsOf(value: unknown): number {
  return typeof value === 'number' && Number.isInteger(value) && value >= 0 && value < 2 ** 36
    ? value
    : Number.NaN
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value.slice(0, 256) : ''
}

function isObject(value: unknown): value is Claims {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    throw malformedToken('it is not JSON')
  }
}

function malformedToken(what: string): TrustError {
  return new TrustError(
    'token-malformed',
    `The result of the attestation service is malformed: ${what}. Ask the service again.`,
  )
}
