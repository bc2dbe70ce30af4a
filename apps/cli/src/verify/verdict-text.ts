import {
  type Finding,
  type Link,
  notShown,
  type ReadReceiptFile,
  type ReceiptVerdict,
  type Verdict,
} from '@cocoon/client'
import { adviceFor } from '../attest/advice.ts'
import { type Context, foreign, tinted, type Tone } from '../context.ts'
import { knotText, lineWidth, wrapped } from './thread.ts'

const tones: Readonly<Record<Verdict, Tone>> = {
  verified: 'checked',
  'anchor-pending': 'checked',
  simulated: 'simulated',
  'not-verified': 'strong',
  failed: 'failed',
}

interface Look {
  readonly stream: Context['stdout']
  /** Evidence of every link, and not only of the one that failed. */
  readonly isFull: boolean
  /** What would let more be checked. */
  readonly hints: readonly string[]
}

/** A verdict for people: the verdict, the link that failed, the thread, and what no receipt shows. */
export function verdictText(read: ReadReceiptFile, verdict: ReceiptVerdict, look: Look): string[] {
  const { stream, hints } = look
  const width = lineWidth(stream)
  const { links } = verdict
  const failed = links.find(({ state }) => state === 'failed')
  const block = (text: string): string[] => wrapped(text, width)
  const [head = '', ...rest] = block(`${verdict.title}. ${foreign(verdict.sentence, 1_000)}`)
  const titled = head.startsWith(`${verdict.title}.`)
    ? tinted(tones[verdict.verdict], `${verdict.title}.`, stream) + head.slice(verdict.title.length + 1)
    : head
  return [
    titled,
    ...rest,
    ...block(gist(read)).map(line => tinted('faint', line, stream)),
    '',
    ...(failed ? [...linkText(failed, { ...look, isFull: true }, width), ''] : []),
    ...links.flatMap(link => (link === failed ? cut(link, look, width) : linkText(link, look, width))),
    '',
    ...(hints.length > 0 && verdict.verdict !== 'verified'
      ? [...hints.flatMap(hint => block(foreign(hint, 400))), '']
      : []),
    'What this does not show',
    ...notShown.flatMap(line => block(`  ${line}`)),
  ]
}

/** Which answer it is about, as its receipt claims. */
function gist({ signed }: ReadReceiptFile): string {
  const { model, finishedAtMs, promptTokens, completionTokens } = signed.receipt
  const at = Number.isFinite(finishedAtMs) ? new Date(finishedAtMs).toISOString() : 'no time'
  const [name = ''] = model.split('@')
  return `${foreign(name, 80)}, ${at}, ${promptTokens} tokens in, ${completionTokens} out`
}

function linkText(link: Link, { stream, isFull }: Look, width: number): string[] {
  const { name, state, word, sentence, ifFailed } = link
  const lines = [
    foreign(sentence, 400),
    ...(state === 'failed' ? [ifFailed] : []),
    ...adviceOf(link),
    ...(isFull ? inOrder(link).flatMap(findingText) : []),
  ]
  return knotText({ knot: state, name, word, lines }, { stream, width })
}

/** What does not hold comes first. */
function inOrder({ state, evidence }: Link): readonly Finding[] {
  if (state !== 'failed') return evidence
  return [...evidence.filter(({ ok }) => !ok), ...evidence.filter(({ ok }) => ok)]
}

/** What to do about what was refused, where the sentence does not say it. */
function adviceOf({ name, state, evidence, fault }: Link): string[] {
  const refused = evidence.find(({ ok }) => !ok)
  if (state !== 'failed' || refused === undefined) return []
  if (name === 'Hardware') {
    return [adviceFor({ name: refused.label, outcome: 'failed', kind: fault ?? 'invalid' })]
  }
  const isText = name === 'Seal' && refused.label.startsWith('your ')
  return isText ? ['Name the very bytes that were sent and that came: --prompt, --answer.'] : []
}

/** The place in the thread of a link that was told of before. */
function cut({ name, word }: Link, { stream }: Look, width: number): string[] {
  return knotText({ knot: 'failed', name, word: `${word}, as above`, lines: [] }, { stream, width })
}

function findingText({ label, found, expected, ok }: Finding): string[] {
  const shown = foreign(found, 2_000)
  if (expected === undefined) return [`  ${ok ? ' ' : '–'} ${label}: ${shown}`]
  if (ok) return [`  = ${label}: ${shown}${expected === found ? '' : ` (${foreign(expected, 2_000)})`}`]
  return [`  ≠ ${label}: ${shown}`, `      expected: ${foreign(expected, 2_000)}`]
}
