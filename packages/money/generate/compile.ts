import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Cell } from '@ton/core'
import { runTolkCompiler } from '@ton/tolk-js'

/** The contracts, by the file in `contracts/` that each one begins with. */
export const contractNames = ['root', 'proxy', 'worker', 'client', 'wallet'] as const

export type ContractName = (typeof contractNames)[number]

/** Compiles one contract of `folder` to its code cell. What the compiler refuses is an error with its message. */
export async function compileContract(folder: string, name: ContractName): Promise<Cell> {
  const result = await runTolkCompiler({
    entrypointFileName: `${name}.tolk`,
    fsReadCallback: path => readFileSync(join(folder, path), 'utf8'),
  })
  if (result.status === 'error') throw new Error(result.message)
  return Cell.fromBase64(result.codeBoc64)
}
