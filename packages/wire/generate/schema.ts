import { crc32 } from 'node:zlib'

/** The parsed schema: what the emitter needs, with every name resolved. */
export interface Schema {
  readonly combinators: readonly Combinator[]
  /** Boxed types that have constructors, in the order of their first constructor. */
  readonly boxedTypes: ReadonlyMap<string, readonly Combinator[]>
}

export interface Combinator {
  readonly name: string
  /** Unsigned 32-bit constructor id. */
  readonly id: number
  readonly kind: 'type' | 'function'
  readonly fields: readonly Field[]
  /** Name of the boxed result type. */
  readonly result: string
  /** The declaration on one line, as its id is computed. */
  readonly declaration: string
}

export interface Field {
  readonly name: string
  readonly type: Type
  /** Present only when this bit of the named flags field is set. */
  readonly condition?: { readonly flags: string; readonly bit: number }
}

export type Type = Scalar | { readonly kind: 'vector'; readonly element: Scalar }

export type Scalar =
  | { readonly kind: 'primitive'; readonly name: Primitive }
  | { readonly kind: 'bare'; readonly name: string }
  | { readonly kind: 'boxed'; readonly name: string }

const primitives = ['#', 'int', 'long', 'double', 'int128', 'int256', 'string', 'bytes', 'Bool'] as const
export type Primitive = (typeof primitives)[number]

const declarationPattern = /^([\w.]+)(?:#([0-9a-f]{1,8}))? ((?:\w+:(?:vector )?\S+ )*)= ([\w.]+)$/
const fieldPattern = /(\w+):(?:(\w+)\.(\d+)\?)?(vector )?(\S+)/g

/** Parses TL text; throws an Error that names the declaration it cannot take. */
export function parseSchema(text: string): Schema {
  const combinators: Combinator[] = []
  let kind: Combinator['kind'] = 'type'
  for (const part of text.replace(/\/\/.*$/gm, '').split(/;|(---\w+---)/)) {
    const declaration = (part ?? '')
      .replace(/[(){}]/g, '')
      .replace(/\s+/g, ' ')
      .trim()
    if (declaration === '---types---') kind = 'type'
    else if (declaration === '---functions---') kind = 'function'
    else if (declaration !== '') combinators.push(parseDeclaration(declaration, kind))
  }
  const boxedTypes = Map.groupBy(
    combinators.filter(combinator => combinator.kind === 'type'),
    combinator => combinator.result,
  )
  const schema = { combinators, boxedTypes }
  validate(schema)
  return schema
}

function parseDeclaration(text: string, kind: Combinator['kind']): Combinator {
  const match = declarationPattern.exec(text)
  if (match === null) throw new Error(`not a declaration: ${text}`)
  const [, name = '', explicitId, fieldText = '', result = ''] = match
  const declaration = text.replace(/#[0-9a-f]+ /, ' ')
  const id = explicitId === undefined ? crc32(declaration) : Number.parseInt(explicitId, 16)
  const fields = Array.from(fieldText.matchAll(fieldPattern), parseField)
  return { name, id, kind, fields, result, declaration: text }
}

function parseField(match: RegExpMatchArray): Field {
  const [, name = '', flags, bit, vector, typeName = ''] = match
  const element = parseScalar(typeName)
  const type: Type = vector === undefined ? element : { kind: 'vector', element }
  return flags === undefined ? { name, type } : { name, type, condition: { flags, bit: Number(bit) } }
}

function parseScalar(name: string): Scalar {
  const primitive = primitives.find(candidate => candidate === name)
  if (primitive !== undefined) return { kind: 'primitive', name: primitive }
  const lastPart = name.slice(name.lastIndexOf('.') + 1)
  return /^[A-Z]/.test(lastPart) ? { kind: 'boxed', name } : { kind: 'bare', name }
}

/** What the generated code relies on: resolvable names, unique ids, no recursion, conditional fields last. */
function validate({ combinators, boxedTypes }: Schema): void {
  const ids = new Map<number, string>()
  const seen = new Set<string>()
  for (const { name, id, fields, result } of combinators) {
    const fail = (why: string) => new Error(`${name}: ${why}`)
    if (seen.has(name)) throw fail('declared twice')
    if (ids.has(id)) throw fail(`has the id of ${ids.get(id)}`)
    if (!boxedTypes.has(result)) throw fail(`no constructor of its result ${result}`)
    let conditional = false
    const flagFields = new Set<string>()
    for (const { name: fieldName, type, condition } of fields) {
      if (type.kind === 'primitive' && type.name === '#') flagFields.add(fieldName)
      if (condition === undefined && conditional) throw fail(`field ${fieldName} follows a conditional one`)
      conditional = condition !== undefined
      if (condition !== undefined && !(flagFields.has(condition.flags) && condition.bit < 31))
        throw fail(`field ${fieldName} depends on no flags field before it`)
      const inner = type.kind === 'vector' ? type.element : type
      // Every type is declared before it is used, so no value contains itself and nesting is bounded.
      if (inner.kind === 'bare' && !seen.has(inner.name)) throw fail(`${inner.name} is not declared before`)
      if (inner.kind === 'boxed' && !boxedTypes.get(inner.name)?.every(member => seen.has(member.name)))
        throw fail(`${inner.name} is not declared before`)
    }
    seen.add(name)
    ids.set(id, name)
  }
}
