import { type Context, foreign, tinted } from '../context.ts'
import { type AuditFinding, count, grouped } from './log-audit.ts'
import { knotText, lineWidth, wrapped } from './thread.ts'

interface Audit {
  readonly log: string
  readonly key: string
  readonly size: number
  readonly root: string
  readonly sealed: number
  readonly findings: readonly AuditFinding[]
  /** File of the proof that there are two histories. */
  readonly fork: string | undefined
  readonly hints: readonly string[]
}

const words: Readonly<Record<AuditFinding['state'], string>> = {
  checked: 'holds',
  simulated: 'holds, simulated',
  'not-checked': 'not checked',
  failed: 'does not hold',
}

/** Whether nothing that could be looked at was found wrong. */
export function holdsOf(findings: readonly AuditFinding[]): boolean {
  return findings.every(({ state }) => state !== 'failed')
}

/** What was found, for people: the verdict, what does not hold, then everything in order. */
export function auditText(audit: Audit, stream: Context['stdout']): string[] {
  const { log, key, size, root, sealed, findings, fork, hints } = audit
  const width = lineWidth(stream)
  const knots = (list: readonly AuditFinding[]): string[] =>
    list.flatMap(({ name, state, sentence }) =>
      knotText({ knot: state, name, word: words[state], lines: [foreign(sentence, 400)] }, { stream, width }),
    )
  const failed = findings.filter(({ state }) => state === 'failed')
  const checked = findings.filter(({ state }) => state === 'checked' || state === 'simulated').length
  const isPretend = findings.some(({ state }) => state === 'simulated')
  const title =
    failed.length > 0
      ? tinted('failed', 'The log does not hold.', stream)
      : `${tinted(isPretend ? 'simulated' : 'checked', isPretend ? 'The log holds, on a local test chain.' : 'The log holds.', stream)} ${checked} of ${findings.length} checks made here.`
  return [
    title,
    ...[
      `log   ${foreign(log)}`,
      `key   ${key}`,
      `head  ${count(size, 'entry')}, ${grouped(sealed)} with a receipt`,
      `root  ${root}`,
    ].map(line => tinted('faint', line, stream)),
    '',
    ...knots(failed),
    ...(fork === undefined
      ? []
      : wrapped(
          `    The proof is in ${foreign(fork)}: \`cocoon log verify-fork\` checks it with nothing else.`,
          width,
        )),
    ...(failed.length > 0 ? [''] : []),
    ...knots(findings.filter(({ state }) => state !== 'failed')),
    ...(hints.length > 0 ? ['', ...hints.flatMap(hint => wrapped(foreign(hint, 400), width))] : []),
    '',
    'What this does not show',
    ...[
      '  That each answer that was charged is in the log: who asked can tell, by the receipt.',
      '  That others are shown the same log. Compare checkpoints with them, or name witnesses.',
    ].flatMap(line => wrapped(line, width)),
  ]
}
