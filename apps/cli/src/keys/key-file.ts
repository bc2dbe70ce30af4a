import { open, type FileHandle, realpath, rename, rm, stat } from 'node:fs/promises'
import { ClientError, KeyBook, type KeyBookOptions, type KeyEntry } from '@cocoon/client/role'
import type { World } from '@cocoon/wire'
import { readJsonFile } from '../config/json-file.ts'
import { CliError, reasonOf } from '../error.ts'

/** What a key file holds. Entries that this version does not know stay in it. */
export interface KeyFile {
  readonly keys: readonly KeyEntry[]
}

/** Reads a key file. Throws `config`. */
export async function readKeyFile(path: string, world: World): Promise<KeyFile> {
  const json = await readJsonFile(path, 'The key file')
  checked(path, () => new KeyBook(json, { world }))
  return json as KeyFile
}

/** The book of keys that the endpoint takes. Throws `config`. */
export function keyBookOf(path: string, file: KeyFile, options: KeyBookOptions): KeyBook {
  return checked(path, () => new KeyBook(file, options))
}

/**
 * Changes a key file, which need not be there yet: whoever reads it finds the old keys or the new ones, and of
 * two commands at once the second is refused. Throws `config`.
 */
export async function changeKeyFile(
  path: string,
  world: World,
  change: (keys: readonly KeyEntry[]) => readonly KeyEntry[],
): Promise<void> {
  const target = await realpath(path).catch(() => path)
  const draft = `${target}.lock`
  const handle = await open(draft, 'wx', 0o600).catch((cause: unknown) => {
    throw draftError(path, draft, cause)
  })
  try {
    const mode = await modeOf(target)
    const file = mode === undefined ? { keys: [] } : await readKeyFile(target, world)
    await writeDraft(handle, { ...file, keys: change(file.keys) }, mode)
    await rename(draft, target)
  } catch (error) {
    await handle.close().catch(() => {})
    await rm(draft, { force: true })
    throw error
  }
}

async function writeDraft(handle: FileHandle, file: KeyFile, mode: number | undefined): Promise<void> {
  await handle.writeFile(`${JSON.stringify(file, null, 2)}\n`)
  // Who opened the file to a group of readers did so for the client.
  if (mode !== undefined) await handle.chmod(mode)
  await handle.sync()
  await handle.close()
}

/** Undefined where there is no file. */
async function modeOf(path: string): Promise<number | undefined> {
  const { mode } = await stat(path).catch((cause: NodeJS.ErrnoException) => {
    if (cause.code === 'ENOENT') return { mode: undefined }
    throw new CliError('config', `The key file ${path} cannot be read: ${reasonOf(cause)}.`, { cause })
  })
  return mode === undefined ? undefined : mode & 0o777
}

function draftError(path: string, draft: string, cause: unknown): CliError {
  if ((cause as NodeJS.ErrnoException).code === 'EEXIST') {
    return new CliError('config', `Another command changes ${path}.`, {
      cause,
      advice: `Try it again. If no other one runs, remove ${draft}.`,
    })
  }
  return new CliError('config', `The key file ${path} cannot be written: ${reasonOf(cause)}.`, {
    cause,
    advice: 'Name a file in a folder that is there and that you may write in.',
  })
}

function checked<Value>(path: string, read: () => Value): Value {
  try {
    return read()
  } catch (cause) {
    if (!(cause instanceof ClientError)) throw cause
    throw new CliError('config', cause.message, { cause, advice: `Correct ${path}.` })
  }
}
