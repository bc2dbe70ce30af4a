import { readFile } from 'node:fs/promises'
import { CliError, reasonOf } from '../error.ts'

/** Configuration files are short; a longer one is another file given by mistake. */
const maxFileBytes = 4 << 20

/** Parses a JSON file. `what` names it for people: "The configuration". Throws `config`. */
export async function readJsonFile(path: string, what: string): Promise<unknown> {
  const text = await readText(path, what)
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw new CliError('config', `${what} ${path} is not JSON: ${position(text, cause)}.`, {
      cause,
      advice: 'Correct the file. JSON takes no comments and no comma behind the last entry.',
    })
  }
}

async function readText(path: string, what: string): Promise<string> {
  let bytes: Buffer
  try {
    bytes = await readFile(path)
  } catch (cause) {
    const missing = (cause as NodeJS.ErrnoException).code === 'ENOENT'
    throw new CliError(
      'config',
      `${what} ${path} ${missing ? 'does not exist' : `cannot be read: ${reasonOf(cause)}`}.`,
      {
        cause,
        advice: 'Check the path.',
      },
    )
  }
  if (bytes.length <= maxFileBytes) return bytes.toString('utf8').replace(/^\uFEFF/, '')
  throw new CliError('config', `${what} ${path} has ${bytes.length} bytes, which is no configuration.`)
}

/** Where the parser stopped, without the text around it, which may hold a key. */
function position(text: string, cause: unknown): string {
  const offset = Number(/at position (\d+)/.exec(reasonOf(cause))?.[1] ?? text.length)
  const before = text.slice(0, offset).split('\n')
  return `it breaks off at line ${before.length}, column ${(before.at(-1) ?? '').length + 1}`
}
