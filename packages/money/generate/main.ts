// Writes what the contracts give to TypeScript, or with `--check` only tells whether the files on disk are those due.

import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { declaredErrors, declaredOpcodes, emitOpcodes } from './opcodes.ts'

const contracts = fileURLToPath(new URL('../../../contracts/', import.meta.url))
const generated = fileURLToPath(new URL('../src/contracts/', import.meta.url))

const opcodes = emitOpcodes(
  declaredOpcodes(readFileSync(join(contracts, 'messages.tolk'), 'utf8')),
  declaredErrors(readFileSync(join(contracts, 'errors.tolk'), 'utf8')),
)

put(join(generated, 'opcodes.generated.ts'), opcodes)

function put(path: string, text: string): void {
  if (!process.argv.includes('--check')) writeFileSync(path, text)
  else if (!existsSync(path) || readFileSync(path, 'utf8') !== text) {
    console.error(`${path} differs from what the contracts give. Run npm run contracts.`)
    process.exitCode = 1
  }
}
