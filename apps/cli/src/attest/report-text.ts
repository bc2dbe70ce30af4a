import type { Writable } from 'node:stream'
import type { NamedCheck, PeerReport, QuoteReport } from '@cocoon/trust'
import { foreign, tinted } from '../context.ts'
import { table } from '../table.ts'
import { adviceFor } from './advice.ts'

/** A report for people: the verdict, what failed and what to do, what the evidence says, and every check. */
export function reportText(report: QuoteReport, stream: Writable): string[] {
  return [
    ...verdictText(report, stream),
    ...failureText(report, stream),
    '',
    ...factsText(report, stream),
    '',
    ...report.checks.filter(({ outcome }) => outcome !== 'failed').map(check => checkLine(check, stream)),
  ]
}

/** The same of a peer, from its certificate to the policy. */
export function peerText(address: string, report: PeerReport, stream: Writable): string[] {
  const { quote } = report
  return [
    ...verdictText({ ...report, root: quote?.root ?? 'a stand-in' }, stream),
    ...failureText(report, stream),
    '',
    ...peerFacts(address, report, stream),
    ...(quote ? factsText(quote, stream) : []),
    '',
    ...report.checks.filter(({ outcome }) => outcome !== 'failed').map(check => checkLine(check, stream)),
  ]
}

function peerFacts(
  address: string,
  { policy, publicKey, imageHash, certificate, quote }: PeerReport,
  stream: Writable,
): string[] {
  const size = certificate && `${certificate.sizeBytes} bytes, ${staplingText(certificate)}`
  const rows = [
    ['peer', address],
    ['policy', policy],
    ['public key', publicKey],
    ['certificate', size],
    ['valid from', certificate?.validFrom],
    ['valid until', certificate?.validUntil],
    ...(quote ? [] : [['imageHash', imageHash]]),
  ]
  return table(
    rows.map(([name, value]) => [tinted('faint', String(name), stream), foreign(String(value ?? '–'))]),
  )
}

function staplingText({ quoteBytes, isCollateralStapled }: NonNullable<PeerReport['certificate']>): string {
  if (quoteBytes === null) return 'no quote'
  return `quote of ${quoteBytes} bytes, collateral ${isCollateralStapled ? 'stapled' : 'not stapled'}`
}

type Verdict = Pick<QuoteReport, 'verdict' | 'kind' | 'simulated' | 'root'>

function verdictText({ verdict, kind, simulated, root }: Verdict, stream: Writable): string[] {
  const banner = simulated
    ? [tinted('simulated', `SIMULATED: this leads to ${root}, and proves nothing.`, stream)]
    : []
  if (verdict === 'accept') return [...banner, tinted('checked', '✓ Accepted', stream)]
  const why = kind === 'policy' ? 'it is genuine, and the policy refuses it' : 'the evidence is invalid'
  return [...banner, `${tinted('failed', '✗ Rejected:', stream)} ${why}`]
}

type Failures = { readonly checks: readonly NamedCheck[]; readonly reason: string | null }

function failureText({ checks, reason }: Failures, stream: Writable): string[] {
  const failed = checks.filter(({ outcome }) => outcome === 'failed')
  // The one that the verdict names is the one to act on: the others often follow from it.
  const first = failed.find(({ name }) => reason?.startsWith(`${name}:`)) ?? failed[0]
  const line = ({ name, why = '' }: NamedCheck): string =>
    `${tinted('failed', '✗', stream)} ${tinted('strong', name, stream)}: ${foreign(why)}`
  if (!first) return []
  return [
    line(first),
    ...valueLines(first),
    `  ${adviceFor(first)}`,
    ...failed.filter(check => check !== first).map(line),
  ]
}

function valueLines({ values = {} }: NamedCheck): string[] {
  return Object.entries(values).map(([name, value]) => {
    const shown = Array.isArray(value) ? value.join(', ') : String(value)
    return `    ${name} ${foreign(shown === '' ? '–' : shown)}`
  })
}

function checkLine({ name, outcome, why }: NamedCheck, stream: Writable): string {
  return outcome === 'passed' ? `✓ ${name}` : tinted('faint', `– ${name}: ${why ?? ''}`, stream)
}

/** What the evidence says of itself, whether it was verified or not. */
export function factsText(report: QuoteReport, stream: Writable): string[] {
  const { quote, tcb, platform, measurements, expiresAt, verifiedAt } = report
  const rows: string[][] = []
  const row = (name: string, value: string | number | null | undefined): void => {
    if (value !== undefined) rows.push([tinted('faint', name, stream), foreign(String(value ?? '–'))])
  }
  row('quote', quote ? `version ${quote.version}, ${quote.body}${quote.debug ? ', DEBUG' : ''}` : null)
  row('verified at', verifiedAt)
  row('holds until', expiresAt)
  row('TCB status', tcb?.status ?? null)
  if (tcb) {
    row('  platform', levelText(tcb.platform))
    if (quote?.tee === 'tdx') row('  TDX module', levelText(tcb.module))
    row('  QE', levelText(tcb.qe))
    row('  advisories', tcb.advisoryIds.join(', ') || 'none')
  }
  row('FMSPC', platform?.fmspc ?? null)
  row('PPID', platform?.ppid ?? null)
  for (const [name, value] of Object.entries(measurements ?? {})) row(name, value)
  row('reportData', quote?.reportData ?? null)
  return table(rows)
}

function levelText(level: { status: string; date: string } | null): string | null {
  return level && `${level.status}, of ${level.date.slice(0, 10)}`
}
