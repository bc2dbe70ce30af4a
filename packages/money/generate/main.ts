// Compiles the contracts. Writes their codes into build/contracts, and what they give to TypeScript into the sources
// of this package; with `--check` only tells whether the latter are those due. With `--gas` measures the gas anew.

import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { emitCodes } from './codes.ts'
import { compileContract, contractNames } from './compile.ts'
import { declaredErrors, declaredOpcodes, emitOpcodes } from './opcodes.ts'

const contracts = fileURLToPath(new URL('../../../contracts/', import.meta.url))
const built = fileURLToPath(new URL('../../../build/contracts/', import.meta.url))
const generated = fileURLToPath(new URL('../src/contracts/', import.meta.url))
const isCheck = process.argv.includes('--check')

const codes = await Promise.all(
  contractNames.map(async name => [name, await compileContract(contracts, name)] as const),
)
put('codes.generated.ts', emitCodes(codes))
put(
  'opcodes.generated.ts',
  emitOpcodes(declaredOpcodes(source('messages')), declaredErrors(source('errors'))),
)

if (!isCheck) {
  mkdirSync(built, { recursive: true })
  for (const [name, code] of codes) {
    writeFileSync(join(built, `Cocoon${name.charAt(0).toUpperCase()}${name.slice(1)}.boc`), code.toBoc())
  }
}

if (process.argv.includes('--gas')) {
  // Only now: what it measures are the codes that have just been written.
  const { measureGas } = await import('./gas.ts')
  const path = join(contracts, 'gas.json')
  writeFileSync(path, await measureGas(readFileSync(path, 'utf8')))
}

function source(name: string): string {
  return readFileSync(join(contracts, `${name}.tolk`), 'utf8')
}

function put(name: string, text: string): void {
  const path = join(generated, name)
  if (!isCheck) writeFileSync(path, text)
  else if (!existsSync(path) || readFileSync(path, 'utf8') !== text) {
    console.error(`${path} differs from what the contracts give. Run npm run contracts.`)
    process.exitCode = 1
  }
}
