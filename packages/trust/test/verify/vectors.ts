import { readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { type Case, type CaseFile, caseOf } from './case-file.ts'

export { caseOf } from './case-file.ts'

const folder = fileURLToPath(new URL('../../../../vectors/tdx/', import.meta.url))

export const caseFiles: readonly CaseFile[] = readdirSync(folder)
  .filter(name => name.endsWith('.json'))
  .map(name => JSON.parse(readFileSync(folder + name, 'utf8')) as CaseFile)

export function caseNamed(name: string): Case {
  return caseOf(caseFiles.find(file => file.name === name)!)
}
