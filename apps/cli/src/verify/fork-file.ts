import { TrustError } from '@cocoon/trust'
import {
  type Equivocation,
  formatNoteKey,
  type KnownLog,
  type NoteKey,
  parseNoteKey,
} from '@cocoon/trust/log'
import { z } from 'zod'
import { parseJson } from '../api.ts'
import { writeOut } from '../attest/files.ts'
import { CliError } from '../error.ts'
import { readFileOf } from './files.ts'
import { logCrypto } from './log-http.ts'

const maxForkBytes = 1 << 20

const form = z.object({
  version: z.literal(1),
  kind: z.literal('cocoon-log-fork'),
  log: z.string(),
  key: z.string(),
  older: z.string(),
  newer: z.string(),
  proof: z.array(z.string()).max(64),
})

/** A proof that the holder of a key has signed two histories of a log: all that it takes to check it. */
export interface Fork {
  readonly log: string
  readonly key: NoteKey
  readonly evidence: Equivocation
}

export async function writeFork(
  path: string,
  { origin, keys: [key] }: KnownLog,
  evidence: Equivocation,
): Promise<void> {
  const file: z.infer<typeof form> = {
    version: 1,
    kind: 'cocoon-log-fork',
    log: origin,
    key: formatNoteKey(key!),
    ...evidence,
    proof: [...evidence.proof],
  }
  await writeOut(path, `${JSON.stringify(file, undefined, 2)}\n`)
}

/** Throws `usage` for a file that is no such proof. */
export async function readFork(path: string): Promise<Fork> {
  const text = new TextDecoder().decode(await readFileOf(path, 'The proof', maxForkBytes))
  const { data, error } = form.safeParse(parseJson(text))
  if (data === undefined) {
    const where = error.issues[0]?.path.join('.') ?? ''
    const why = where === '' ? '' : ` ${where} does not fit.`
    throw new CliError('usage', `${path} is no proof of \`cocoon log audit\`.${why}`)
  }
  const { log, key, older, newer, proof } = data
  try {
    return { log, key: parseNoteKey(logCrypto, key), evidence: { older, newer, proof } }
  } catch (cause) {
    if (!(cause instanceof TrustError)) throw cause
    throw new CliError('usage', `${path} names no key: ${cause.message}`, { cause })
  }
}
