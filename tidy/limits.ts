import { join } from 'node:path'
import { repository, sources } from './repository.ts'

/** An exported object of limits, with the values that the code has in force. */
export interface LimitObject {
  readonly path: string
  readonly name: string
  readonly values: Readonly<Record<string, number | Bounds>>
}

interface Bounds {
  readonly least: number
  readonly most: number
}

/** Every export of a package whose name ends in `limits`: `dialerLimits`, `defaultLimits`. */
export async function limitObjects(): Promise<LimitObject[]> {
  const files = sources('packages/*/src/**/*.ts').filter(({ path }) => !path.startsWith('packages/testnet/'))
  const found = files.flatMap(({ path, text }) =>
    [...text.matchAll(/^export const (\w*[lL]imits)\b/gm)].map(([, name = '']) => ({ path, name })),
  )
  return Promise.all(
    found.map(async ({ path, name }) => {
      const module = (await import(join(repository, path))) as Record<string, LimitObject['values']>
      return { path, name, values: module[name] ?? {} }
    }),
  )
}

/** A number that is a constant of one file. */
export interface Constant {
  readonly path: string
  readonly name: string
  readonly value: number
}

const declaration = /^(?:export )?const (\w+) = ([\d_]+(?: (?:\*|<<) [\d_]+)*)$/gm

/** Numeric constants of packages. */
export function constants(): Constant[] {
  return sources('packages/*/src/**/*.ts')
    .filter(({ path }) => !path.startsWith('packages/testnet/'))
    .flatMap(({ path, text }) =>
      [...text.matchAll(declaration)].map(([, name = '', expression = '']) => ({
        path,
        name,
        value: valueOf(expression),
      })),
    )
}

/** Whether a constant says by its name that it is a limit or a wait: `maxDepth`, `longestTimeoutS`, `pollMs`. */
export function isLimit({ name }: Constant): boolean {
  return /^(?:max|longest|default)[A-Z]|Ms$/.test(name)
}

/** A product or a shift: `64 << 20`, `16 * 1024 * 1024`. */
function valueOf(expression: string): number {
  const [first = '', ...rest] = expression.replaceAll('_', '').split(' ')
  let value = Number(first)
  for (let index = 0; index < rest.length; index += 2) {
    const operand = Number(rest[index + 1])
    value *= rest[index] === '<<' ? 2 ** operand : operand
  }
  return value
}

const timeUnits = [
  ['h', 3_600_000],
  ['min', 60_000],
  ['s', 1000],
  ['ms', 1],
] as const
const sizeUnits = [
  ['MiB', 1 << 20],
  ['KiB', 1 << 10],
  ['bytes', 1],
] as const

/** How the document writes a value: in the largest unit that it is a whole number of. */
export function shownValue(name: string, value: number | Bounds): string {
  if (typeof value === 'object') return `${shownValue(name, value.least)} to ${shownValue(name, value.most)}`
  if (value === Infinity) return 'unlimited'
  if (name.endsWith('Ms')) return inUnits(value, timeUnits)
  if (/[a-z]S$/.test(name)) return inUnits(value * 1000, timeUnits)
  if (/Bytes(?:Per[A-Z]|$)/.test(name)) return inUnits(value, sizeUnits)
  return grouped(value)
}

function inUnits(value: number, units: ReadonlyArray<readonly [unit: string, size: number]>): string {
  const [unit, size] = units.find(([, candidate]) => value % candidate === 0) ?? ['', 1]
  return `${grouped(value / size)} ${unit}`.trimEnd()
}

/** Digits in groups of three. */
function grouped(value: number): string {
  return String(value).replaceAll(/\B(?=(?:\d{3})+$)/g, ' ')
}
