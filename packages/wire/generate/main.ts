// Writes the generated codec, or with `--check` only tells whether the file on disk is the one due.

import { readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { emitModule } from './emit.ts'
import { parseSchema } from './schema.ts'

const schemaPath = fileURLToPath(new URL('../../../schema/cocoon.tl', import.meta.url))
const outputPath = fileURLToPath(new URL('../src/tl/schema.generated.ts', import.meta.url))

const output = emitModule(parseSchema(readFileSync(schemaPath, 'utf8')))
if (!process.argv.includes('--check')) writeFileSync(outputPath, output)
else if (readFileSync(outputPath, 'utf8') !== output) {
  console.error(`${outputPath} differs from what the schema gives. Run npm run generate.`)
  process.exitCode = 1
}
