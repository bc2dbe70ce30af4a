import { Cell } from '@ton/core'
import { MoneyError } from '../error.ts'
import type { RootConfig } from '../root-config.ts'
import { readRootConfig } from './root-data.ts'
import { writeRootData } from './root-state.ts'

/** A configuration as text, for a store: base64 of what a root contract would hold. */
export function writeRootAsText(config: RootConfig): string {
  return writeRootData(config).toBoc().toString('base64')
}

/** Reads what `writeRootAsText` wrote. Throws `MoneyError('storage')`. */
export function readRootFromText(text: string): RootConfig {
  try {
    return readRootConfig(Cell.fromBase64(text))
  } catch (cause) {
    throw new MoneyError('storage', 'A stored root configuration cannot be read', { cause })
  }
}
