// Stands for the vectors that tests read from files: a browser asks the server for them.
import { type Case, type CaseFile, caseOf } from '../verify/case-file.ts'

export { caseOf } from '../verify/case-file.ts'

/** The part of a browser that is used here. */
const { fetch } = globalThis as unknown as { fetch(url: string): Promise<{ json(): Promise<unknown> }> }

export const caseFiles = (await (await fetch('/cases')).json()) as readonly CaseFile[]

export function caseNamed(name: string): Case {
  return caseOf(caseFiles.find(file => file.name === name)!)
}
