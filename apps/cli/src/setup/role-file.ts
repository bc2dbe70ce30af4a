import { rename, stat, writeFile } from 'node:fs/promises'
import { CliError, reasonOf } from '../error.ts'

/** Throws `config` where there is a file already and nobody asked for its end: its keys may hold coins. */
export async function requireNewFile(path: string, isForced: boolean): Promise<void> {
  if (isForced || (await stat(path).catch(() => undefined)) === undefined) return
  throw new CliError(
    'config',
    `There is a configuration already at ${path}, with keys that may hold coins.`,
    {
      advice: 'Choose another file with --out, or give --force: the old one is then kept beside it.',
    },
  )
}

/** Writes a configuration for its owner alone. One that is there is kept under another name, which is returned. */
export async function writeRoleFile(
  path: string,
  config: Record<string, unknown>,
  nowMs: number,
): Promise<string | undefined> {
  try {
    const kept = await moveAway(path, nowMs)
    await writeFile(path, `${JSON.stringify(config, null, 2)}\n`, { mode: 0o600, flag: 'wx', flush: true })
    return kept
  } catch (cause) {
    throw new CliError('config', `The configuration cannot be written to ${path}: ${reasonOf(cause)}.`, {
      cause,
      advice: 'Name a file in a folder that you may write in with --out.',
    })
  }
}

async function moveAway(path: string, nowMs: number): Promise<string | undefined> {
  if ((await stat(path).catch(() => undefined)) === undefined) return undefined
  const kept = `${path}.${new Date(nowMs).toISOString().replaceAll(/[-:]|\.\d+/g, '')}.old`
  await rename(path, kept)
  return kept
}
