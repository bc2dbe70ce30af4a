import type { Writable } from 'node:stream'
import { tinted, type Tone } from '../context.ts'

/** What a knot of the thread can be: whole, pretend, waiting, left out, or cut. */
export type Knot = 'checked' | 'simulated' | 'pending' | 'not-checked' | 'failed'

/** By shape first, so that it is read without colour. */
const shapes: Readonly<Record<Knot, readonly [sign: string, thread: string, tone: Tone]>> = {
  checked: ['●', '│', 'checked'],
  simulated: ['◌', '┊', 'simulated'],
  pending: ['○', '┊', 'faint'],
  'not-checked': ['·', ' ', 'faint'],
  failed: ['✗', ' ', 'failed'],
}

/** One knot: its name, its state in words, and what hangs on it. Lines are at most `width` wide. */
export function knotText(
  { knot, name, word, lines }: { knot: Knot; name: string; word: string; lines: readonly string[] },
  { stream, width }: { stream: Writable; width: number },
): string[] {
  const [sign, thread, tone] = shapes[knot]
  const head = `${tinted(tone, sign, stream)} ${tinted('strong', name.padEnd(9), stream)} ${tinted(tone, word, stream)}`
  const line = tinted(tone, thread, stream)
  return [
    head,
    ...lines
      .flatMap(text => wrapped(text, width - 4, text.startsWith(' ') ? 4 : 0))
      .map(text => `${line}   ${text}`.trimEnd()),
  ]
}

/** Characters in a line of text. */
export function lineWidth({ columns }: { readonly columns?: number }): number {
  return Math.min(columns || 80, 100)
}

/** Breaks a text at spaces, and a word that is too long anywhere. Lines behind the first are `hanging` further in. */
export function wrapped(text: string, width: number, hanging = 0): string[] {
  const [indent = ''] = /^ */.exec(text) ?? []
  const further = indent + ' '.repeat(hanging)
  const lines: string[] = []
  let line = indent
  for (const word of text
    .trim()
    .split(' ')
    .flatMap(word => pieces(word, width - further.length))) {
    const isFirst = line.trim() === ''
    const longer = isFirst ? line + word : `${line} ${word}`
    if (isFirst || longer.length <= width) {
      line = longer
      continue
    }
    lines.push(line)
    line = further + word
  }
  return [...lines, line]
}

function pieces(word: string, width: number): string[] {
  const most = Math.max(8, width)
  return word.match(new RegExp(`.{1,${most}}`, 'gsu')) ?? ['']
}
