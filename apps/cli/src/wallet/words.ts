import type { Writable } from 'node:stream'
import type { Prompts } from '../prompts.ts'
import { table } from '../table.ts'

const columns = 3
const otherScreen = '\u001b[?1049h\u001b[2J\u001b[H'
const backToScreen = '\u001b[?1049l'

/** 24 numbered words in columns, to be read from top to bottom. */
export function numberedWords(words: readonly string[]): string[] {
  const height = Math.ceil(words.length / columns)
  const rows = Array.from({ length: height }, (_, row) =>
    Array.from({ length: columns }, (_unused, column) => {
      const index = column * height + row
      return `${String(index + 1).padStart(2)} ${words[index] ?? ''}`
    }),
  )
  return table(rows)
}

/** Shows words on a screen of their own, which leaves nothing to scroll back to. */
export async function showOnce(
  words: readonly string[],
  { stdout, prompts }: { stdout: Writable; prompts: Prompts },
): Promise<void> {
  stdout.write(otherScreen)
  try {
    const lines = [
      'These 24 words are the wallet. Write them on paper, in this order.',
      '',
      ...numberedWords(words),
      '',
    ]
    stdout.write(lines.map(line => `${line}\n`).join(''))
    while (!(await prompts.confirm('Written down? They are hidden now'))) {
      // Whoever says no looks on.
    }
  } finally {
    stdout.write(backToScreen)
  }
}
