import { stat } from 'node:fs/promises'
import type { KeyBook } from '@cocoon/client/role'
import type { Timer, World } from '@cocoon/wire'
import { reasonOf } from '../error.ts'
import type { Report } from '../event.ts'
import { keyBookOf, readKeyFile } from './key-file.ts'
import { readSpent, SpentFile } from './spent-file.ts'

export interface OpenKeysOptions {
  readonly world: World
  readonly report: Report
  /** The key file, read again when it changes. */
  readonly keysFile: string
  /** Where it is kept what keys spent today. */
  readonly spentFile: string
  /** Hears of each wish to read the key file now. */
  readonly onReload: (reload: () => void) => Disposable
}

/** The keys of an endpoint; when disposed, what they spent is on disk. */
export interface OpenKeys extends AsyncDisposable {
  readonly book: KeyBook
}

const pollMs = 2000

/** Reads the keys and what they spent, and keeps both up to date. Rejects with `config`. */
export async function openKeys(options: OpenKeysOptions): Promise<OpenKeys> {
  const { world, report, keysFile, spentFile, onReload } = options
  let seen = await versionOf(keysFile)
  const file = await readKeyFile(keysFile, world)
  const saved = new SpentFile(spentFile, report)
  const book = keyBookOf(keysFile, file, {
    world,
    spent: await readSpent(spentFile),
    saveSpent: spent => saved.save(spent),
  })
  report({ event: 'keys-loaded', file: keysFile, keys: file.keys.length })

  /** A file that does not fit is told of once: the keys of before stay. */
  const reload = async (isAsked: boolean): Promise<void> => {
    const version = await versionOf(keysFile)
    if (version === seen && !isAsked) return
    seen = version
    try {
      const changed = await readKeyFile(keysFile, world)
      book.replace(changed)
      report({ event: 'keys-loaded', file: keysFile, keys: changed.keys.length })
    } catch (error) {
      report({ event: 'keys-not-loaded', file: keysFile, why: reasonOf(error) })
    }
  }
  // One after the other: of two files that are read at once the older one could come last.
  let reading = Promise.resolve()
  const look = (isAsked: boolean): Promise<void> => (reading = reading.then(() => reload(isAsked)))

  let timer: Timer | undefined
  let isClosed = false
  const poll = (): void => {
    if (!isClosed) timer = world.after(pollMs, () => void look(false).then(poll))
  }
  poll()
  const asking = onReload(() => void look(true))
  return {
    book,
    [Symbol.asyncDispose]: async () => {
      isClosed = true
      timer?.cancel()
      asking[Symbol.dispose]()
      await reading
      book.flush()
      await saved[Symbol.asyncDispose]()
    },
  }
}

/** Differs when the file was written or another one put in its place. */
async function versionOf(path: string): Promise<string> {
  const found = await stat(path, { bigint: true }).catch(() => undefined)
  return found === undefined ? 'none' : `${found.ino} ${found.size} ${found.mtimeNs}`
}
