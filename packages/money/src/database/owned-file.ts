import { closeSync, fsyncSync, openSync } from 'node:fs'
import { dirname } from 'node:path'

/** SQLite's number for a file that somebody else has locked. */
const busy = 5

/**
 * Makes a file that its owner alone may read; false if there is one. A file that is there is not opened here:
 * closing it would end the locks that this process holds on it.
 */
export function createFile(path: string): boolean {
  try {
    closeSync(openSync(path, 'wx', 0o600))
    return true
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return false
    throw error
  }
}

/** A file is there after a loss of power only if its folder was written too. Windows has no such call. */
export function syncFolder(path: string): void {
  if (process.platform === 'win32') return
  const folder = openSync(dirname(path), 'r')
  try {
    fsyncSync(folder)
  } finally {
    closeSync(folder)
  }
}

/** Whether SQLite failed because somebody else has locked the file. */
export function isBusy(error: unknown): boolean {
  return error instanceof Error && 'errcode' in error && error.errcode === busy
}
