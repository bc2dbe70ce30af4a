import type { Cell, TupleItem } from '@ton/core'
import { parseCell } from '../message.ts'
import { wrong } from './parameters.ts'
import { devnetLimits } from '../limits.ts'

/** The arguments of a get method as the second version takes them: `[type, value]`. */
export function readStack(value: unknown): TupleItem[] {
  if (value === undefined || value === null) return []
  if (!Array.isArray(value) || value.length > devnetLimits.arguments) {
    throw wrong(`stack has to be a list of up to ${devnetLimits.arguments} arguments`)
  }
  return value.map(entry => {
    if (Array.isArray(entry) && entry.length === 2) return readEntry(entry[0], entry[1])
    throw wrong('an argument on the stack has to be a pair of type and value')
  })
}

/** The same as the third version takes them: `{ type, value }`. */
export function readTypedStack(value: unknown): TupleItem[] {
  const pairs = Array.isArray(value)
    ? value.map((entry: unknown) =>
        typeof entry === 'object' && entry !== null && 'type' in entry && 'value' in entry
          ? [entry.type, entry.value]
          : entry,
      )
    : value
  return readStack(pairs)
}

function readEntry(type: unknown, value: unknown): TupleItem {
  switch (type) {
    case 'num':
    case 'number':
    case 'int':
      return { type: 'int', value: readNumber(value) }
    case 'cell':
    case 'tvm.Cell':
      return { type: 'cell', cell: readCell(value) }
    case 'slice':
    case 'tvm.Slice':
      return { type: 'slice', cell: readCell(value) }
    case 'builder':
    case 'tvm.Builder':
      return { type: 'builder', cell: readCell(value) }
    case 'null':
      return { type: 'null' }
    default:
      throw wrong('an argument on the stack has an unknown type')
  }
}

function readNumber(value: unknown): bigint {
  const text = typeof value === 'number' || typeof value === 'string' ? String(value) : ''
  const [, sign = '', digits] = /^(-?)(0x[0-9a-fA-F]{1,65}|\d{1,78})$/.exec(text) ?? []
  if (digits === undefined) throw wrong('a number on the stack has to be decimal or begin with 0x')
  const number = sign === '-' ? -BigInt(digits) : BigInt(digits)
  if (BigInt.asIntN(257, number) === number) return number
  throw wrong('a number on the stack has to fit 257 bits')
}

function readCell(value: unknown): Cell {
  const text = typeof value === 'object' && value !== null && 'bytes' in value ? value.bytes : value
  if (typeof text === 'string') return parseCell(Buffer.from(text, 'base64'))
  throw wrong('a cell on the stack has to be a bag of cells in base64')
}

type Json = Record<string, unknown>

/** What a get method left, as the second version writes it. */
export function writeStack(stack: readonly TupleItem[]): unknown[] {
  return stack.map(writeEntry)
}

function writeEntry(item: TupleItem): unknown[] {
  switch (item.type) {
    case 'int':
      return ['num', hexNumber(item.value)]
    case 'cell':
    case 'slice':
      return ['cell', { bytes: bytesOf(item.cell) }]
    case 'builder':
      return ['builder', { bytes: bytesOf(item.cell) }]
    case 'tuple':
      return ['tuple', tupleOf(item.items)]
    case 'null':
      return ['list', { '@type': 'tvm.list', elements: [] }]
    case 'nan':
      return ['num', 'NaN']
  }
}

/** The same as the third version writes it. */
export function writeTypedStack(stack: readonly TupleItem[]): Json[] {
  return stack.map(writeTypedEntry)
}

function writeTypedEntry(item: TupleItem): Json {
  switch (item.type) {
    case 'int':
      return { type: 'num', value: hexNumber(item.value) }
    case 'cell':
    case 'slice':
    case 'builder':
      return { type: item.type, value: bytesOf(item.cell) }
    case 'tuple':
      return { type: 'tuple', value: writeTypedStack(item.items) }
    case 'null':
      return { type: 'list', value: [] }
    case 'nan':
      return { type: 'num', value: 'NaN' }
  }
}

function tupleOf(items: readonly TupleItem[]): Json {
  return { '@type': 'tvm.tuple', elements: items.map(elementOf) }
}

function elementOf(item: TupleItem): Json {
  switch (item.type) {
    case 'int':
      return {
        '@type': 'tvm.stackEntryNumber',
        number: { '@type': 'tvm.numberDecimal', number: String(item.value) },
      }
    case 'cell':
      return { '@type': 'tvm.stackEntryCell', cell: { '@type': 'tvm.cell', bytes: bytesOf(item.cell) } }
    case 'slice':
      return { '@type': 'tvm.stackEntrySlice', slice: { '@type': 'tvm.slice', bytes: bytesOf(item.cell) } }
    case 'tuple':
      return { '@type': 'tvm.stackEntryTuple', tuple: tupleOf(item.items) }
    case 'null':
      return { '@type': 'tvm.stackEntryList', list: { '@type': 'tvm.list', elements: [] } }
    case 'builder':
    case 'nan':
      return { '@type': 'tvm.stackEntryUnsupported' }
  }
}

function bytesOf(cell: Cell): string {
  return cell.toBoc().toString('base64')
}

function hexNumber(value: bigint): string {
  return value < 0n ? `-0x${(-value).toString(16)}` : `0x${value.toString(16)}`
}
