import { parseCheckpoint, parseNote, verifyEquivocation } from '@cocoon/trust/log'
import { toHex } from '@cocoon/wire'
import { type Context, foreign, print, printJson, tinted } from '../context.ts'
import type { CommonFlags } from '../flags.ts'
import { type Fork, readFork } from './fork-file.ts'
import { logCrypto } from './log-http.ts'
import { lineWidth, wrapped } from './thread.ts'

/** `cocoon log verify-fork`. True if the proof holds. */
export async function runVerifyFork({ stdout }: Context, path: string, flags: CommonFlags): Promise<boolean> {
  const fork = await readFork(path)
  const { log, key, evidence } = fork
  const isProof = key.name === log && verifyEquivocation(logCrypto, { origin: log, keys: [key] }, evidence)
  const publicKey = toHex(key.publicKey)
  if (flags.json)
    printJson(stdout, { verdict: isProof ? 'fork' : 'nothing', log, key: publicKey, ...sizes(fork, isProof) })
  else print(stdout, ...(isProof ? proved(fork, publicKey, stdout) : nothing(stdout)))
  return isProof
}

function proved(fork: Fork, publicKey: string, stdout: Context['stdout']): string[] {
  const { older, newer } = sizes(fork, true)
  const text = (line: string): string[] => wrapped(line, lineWidth(stdout))
  const what =
    older === newer
      ? `It has signed two heads of ${older} entries with different roots.`
      : `It has signed a head of ${older} entries, and one of ${newer} that does not continue it.`
  return [
    tinted('failed', '✗ This log has shown two histories.', stdout),
    ...text(`  ${what}`),
    ...text(`  log  ${foreign(fork.log)}`),
    ...text(`  key  ${publicKey}`),
    '',
    ...text(
      'Nobody can make this proof without that key. That the key is the proxy’s, the data of its contract show.',
    ),
  ]
}

function nothing(stdout: Context['stdout']): string[] {
  return [
    tinted('strong', 'This proves nothing.', stdout),
    '  The two heads are not both signed by the key, or the one does continue the other.',
  ]
}

function sizes({ evidence }: Fork, isProof: boolean): { older?: number; newer?: number } {
  if (!isProof) return {}
  const [older, newer] = [evidence.older, evidence.newer].map(
    note => parseCheckpoint(parseNote(note).text).size,
  )
  return { older: older!, newer: newer! }
}
