import assert from 'node:assert/strict'
import { existsSync, globSync, readFileSync } from 'node:fs'
import { dirname, join, posix } from 'node:path'
import { fileURLToPath } from 'node:url'

/** Files of this repository, by their path in it. */
export const repository: string = fileURLToPath(new URL('..', import.meta.url))

const skipped = new Set(['node_modules', '.git', '.cocoon', 'build'])

/** Paths that match a pattern, sorted; nothing of dependencies and of what is built. */
export function list(...patterns: string[]): string[] {
  const isSkipped = ({ name }: { name: string }): boolean => skipped.has(name)
  return globSync(patterns, { cwd: repository, withFileTypes: true, exclude: isSkipped })
    .filter(entry => entry.isFile())
    .map(entry => posix.relative(repository, join(entry.parentPath, entry.name)))
    .sort()
}

export function read(path: string): string {
  return readFileSync(join(repository, path), 'utf8')
}

export function exists(path: string): boolean {
  return existsSync(join(repository, path))
}

/** Fails with every violation of a rule on a line of its own. */
export function expectNone(violations: readonly string[]): void {
  assert.ok(violations.length === 0, `\n${violations.join('\n')}`)
}

/** A TypeScript file. */
export interface Source {
  readonly path: string
  readonly text: string
  /** The lines without comments, so that what a comment mentions is not taken for code. */
  readonly code: readonly string[]
  readonly imports: readonly Import[]
}

export interface Import {
  /** As it is written: `./frame.ts`, `@cocoon/wire`, `node:net`. */
  readonly from: string
  /** Path in the repository of what a relative import names. */
  readonly path: string | undefined
  readonly kind: 'value' | 'type' | 'lazy'
}

/** TypeScript files that match a pattern; generated ones are left out. */
export function sources(...patterns: string[]): Source[] {
  return list(...patterns)
    .filter(path => path.endsWith('.ts') && !path.endsWith('.generated.ts'))
    .map(source)
}

function source(path: string): Source {
  const text = read(path)
  return { path, text, code: withoutComments(text), imports: importsOf(path, text) }
}

/** A comment has lines of its own, or stands at the end of a line after a space. */
function withoutComments(text: string): string[] {
  return text
    .replaceAll(/^\s*\/\*[^]*?\*\//gm, comment => comment.replaceAll(/[^\n]/g, ''))
    .split('\n')
    .map(line => line.replace(/(^|\s)\/\/ .*$/, ''))
}

const importForms = [
  /^(?:import|export) (type )?(?:[^'"`;]*? from )?'([^'\n]+)'/gm,
  /\b(?:import|require)(?:<[^>]*>)?\(\s*()'([^'\n]+)'/g,
] as const

function importsOf(path: string, text: string): Import[] {
  return importForms.flatMap((form, index) =>
    [...text.matchAll(form)].map(([, type, from = '']): Import => {
      const resolved = from.startsWith('.') ? posix.join(dirname(path), from) : undefined
      return { from, path: resolved, kind: index === 1 ? 'lazy' : type ? 'type' : 'value' }
    }),
  )
}

/** The folder of the workspace that a file belongs to: `packages/wire`, `apps/cli`, `bench`. */
export function workspaceOf(path: string): string {
  return /^(?:packages|apps)\/[^/]+|^[^/]+/.exec(path)?.[0] ?? ''
}

/** Rows of the first table below a heading of a document, cell by cell, without the head of the table. */
export function tableUnder(document: string, heading: string): string[][] {
  const lines = document.split('\n')
  const headingAt = lines.findIndex(line => /^#+ /.test(line) && line.replace(/^#+ /, '') === heading)
  assert.ok(headingAt >= 0, `There is no heading "${heading}".`)
  const start = lines.findIndex((line, index) => index > headingAt && /^[|#]/.test(line))
  const end = lines.findIndex((line, index) => index > start && !line.startsWith('|'))
  return tableRows(lines.slice(start, end < 0 ? undefined : end))
}

/** Rows of all tables in the lines of a document, without the head of each. */
export function tableRows(lines: readonly string[]): string[][] {
  return lines
    .filter((line, index) => line.startsWith('|') && !isRule(line) && !isRule(lines[index + 1]))
    .map(line =>
      line
        .slice(1, line.lastIndexOf('|'))
        .split(/(?<!\\)\|/)
        .map(cell => cell.trim()),
    )
}

function isRule(line: string | undefined): boolean {
  return line !== undefined && /^\|(?: ?:?-+:? ?\|)+$/.test(line)
}

/** The text of a cell that is code: `` `name` ``. */
export function codeIn(cell: string | undefined): string {
  return /^`([^`]+)`/.exec(cell ?? '')?.[1] ?? ''
}
