// Stands for `node:test` in a browser: collects tests, and runs them when it is told to.

type Body = () => unknown

interface Entry {
  readonly name: string
  readonly run: Body
}

export interface Outcome {
  readonly name: string
  /** What went wrong; absent where nothing did. */
  readonly error?: string
}

const found: Entry[] = []
const groups: Promise<void>[] = []
let title = ''

export function test(name: string, run: Body): void {
  found.push({ name: title + name, run })
}

export function describe(name: string, collect: Body): void {
  const outer = title
  title = `${outer}${name}: `
  // What an asynchronous group collects after it waited is collected under its name all the same.
  const collected = collect()
  title = outer
  if (collected instanceof Promise) groups.push(collected)
}

export async function runTests(): Promise<Outcome[]> {
  await Promise.all(groups)
  const outcomes: Outcome[] = []
  for (const { name, run } of found.splice(0)) {
    try {
      await run()
      outcomes.push({ name })
    } catch (error) {
      outcomes.push({ name, error: error instanceof Error ? (error.stack ?? error.message) : String(error) })
    }
  }
  return outcomes
}
