import { camelCase, hexId, pascalCase, unionCodec, unionType } from './names.ts'
import type { Combinator, Field, Primitive, Scalar, Schema, Type } from './schema.ts'
import { fixedSize, minimumSize, zeroValue } from './value.ts'

/** The generated module: for each combinator an interface and a codec, for each boxed type a union of both. */
export function emitModule(schema: Schema): string {
  const sections = [
    `// Generated from schema/cocoon.tl by packages/wire/generate/main.ts (npm run generate). Do not edit.`,
    `import type { BoxedCodec, Codec, FunctionCodec } from './codec.ts'
import { readVector } from './reader.ts'
import type { CombinatorInfo } from './reflection.ts'
import { bytesSize, stringSize, vectorSize, writeVector } from './writer.ts'`,
    ...schema.combinators.map(emitInterface),
    ...Array.from(schema.boxedTypes, ([name, members]) => emitUnionType(name, members)),
    emitZeroValues(schema),
    ...schema.combinators
      .filter(({ kind }) => kind === 'type')
      .map(combinator => emitCodec(schema, combinator)),
    ...Array.from(schema.boxedTypes, ([name, members]) => emitUnionCodec(name, members)),
    ...schema.combinators
      .filter(({ kind }) => kind === 'function')
      .map(combinator => emitCodec(schema, combinator)),
    emitTables(schema),
  ]
  return `${sections.join('\n\n')}\n`
}

function emitInterface({ name, fields, declaration }: Combinator): string {
  const properties = fields.map(field => {
    const type = tsType(field.type)
    const property = camelCase(field.name)
    return field.condition === undefined ? `  ${property}: ${type}` : `  ${property}?: ${type} | undefined`
  })
  return `/** \`${declaration}\` */
export interface ${pascalCase(name)} {
  _: '${name}'
${properties.map(line => `${line}\n`).join('')}}`
}

function tsType(type: Type): string {
  switch (type.kind) {
    case 'vector':
      return `${tsType(type.element)}[]`
    case 'bare':
      return pascalCase(type.name)
    case 'boxed':
      return unionType(type.name)
    case 'primitive':
      return {
        '#': 'number',
        int: 'number',
        long: 'bigint',
        double: 'number',
        int128: 'Uint8Array',
        int256: 'Uint8Array',
        string: 'string',
        bytes: 'Uint8Array',
        Bool: 'boolean',
      }[type.name]
  }
}

function emitUnionType(name: string, members: readonly Combinator[]): string {
  return `/** Boxed \`${name}\`. */
export type ${unionType(name)} = ${members.map(member => pascalCase(member.name)).join(' | ')}`
}

function emitCodec(schema: Schema, combinator: Combinator): string {
  const { name, id, kind, fields, result } = combinator
  const type = pascalCase(name)
  const codec = kind === 'type' ? `Codec<${type}>` : `FunctionCodec<${type}, ${unionType(result)}>`
  const resultLine = kind === 'type' ? '' : `\n  result: ${unionCodec(result)},`
  return `export const ${camelCase(name)}: ${codec} = {
  name: '${name}',
  id: ${hexId(id)},${resultLine}
${emitSize(schema, fields)}
${emitWrite(schema, fields)}
${emitRead(schema, combinator)}
}`
}

function emitSize(schema: Schema, fields: readonly Field[]): string {
  let fixed = 0
  const terms: string[] = []
  for (const field of fields) {
    const size = fixedSize(schema, field.type)
    if (field.condition !== undefined)
      terms.push(`(${isSet(field)} ? ${size ?? sizeCall(schema, field)} : 0)`)
    else if (size === undefined) terms.push(sizeCall(schema, field))
    else fixed += size
  }
  if (terms.length === 0) return `  size() {\n    return ${fixed}\n  },`
  if (fixed > 0) terms.unshift(String(fixed))
  const sum = terms.length === 1 ? terms[0] : `(\n      ${terms.join(' +\n      ')}\n    )`
  return `  size(value) {\n    return ${sum}\n  },`
}

function sizeCall(schema: Schema, field: Field): string {
  const value = property(schema, field)
  const { type } = field
  if (type.kind !== 'vector') return scalarSize(type, value)
  const size = fixedSize(schema, type.element)
  return `vectorSize(${value}, ${size === undefined ? `element => ${scalarSize(type.element, 'element')}` : `() => ${size}`})`
}

function scalarSize(type: Scalar, value: string): string {
  return type.kind === 'primitive' ? `${type.name}Size(${value})` : `${codecName(type)}.size(${value})`
}

function emitWrite(schema: Schema, fields: readonly Field[]): string {
  if (fields.length === 0) return '  write() {},'
  const lines = fields.map(field => {
    const condition = field.condition === undefined ? '' : `if (${isSet(field)}) `
    return `    ${condition}${writeCall(field.type, property(schema, field))}\n`
  })
  return `  write(writer, value) {\n${lines.join('')}  },`
}

function writeCall(type: Type, value: string): string {
  if (type.kind === 'vector')
    return `writeVector(writer, ${value}, (writer, element) => ${writeCall(type.element, 'element')})`
  return type.kind === 'primitive'
    ? `writer.${methodName(type.name)}(${value})`
    : `${codecName(type)}.write(writer, ${value})`
}

function emitRead(schema: Schema, { name, fields }: Combinator): string {
  const required = fields.filter(field => field.condition === undefined)
  const conditional = fields.filter(field => field.condition !== undefined)
  const literal = [
    `_: '${name}'`,
    ...required.map(field => `${camelCase(field.name)}: ${readCall(schema, field.type)}`),
  ]
  const body = `{\n${literal.map(line => `      ${line},\n`).join('')}    }`
  const parameter = fields.length === 0 ? '' : 'reader'
  if (conditional.length === 0) return `  read(${parameter}) {\n    return ${body}\n  },`
  const lines = conditional.map(
    field => `    if (${isSet(field)}) value.${camelCase(field.name)} = ${readCall(schema, field.type)}\n`,
  )
  return `  read(${parameter}) {
    const value: ${pascalCase(name)} = ${body}
${lines.join('')}    return value
  },`
}

function readCall(schema: Schema, type: Type): string {
  if (type.kind === 'vector') {
    const element = readCall(schema, type.element)
    return `readVector(reader, ${minimumSize(schema, type.element)}, reader => ${element})`
  }
  return type.kind === 'primitive' ? `reader.${methodName(type.name)}()` : `${codecName(type)}.read(reader)`
}

function methodName(primitive: Primitive): string {
  return primitive === '#' ? 'flags' : primitive === 'Bool' ? 'bool' : primitive
}

const codecName = (type: { kind: 'bare' | 'boxed'; name: string }): string =>
  type.kind === 'bare' ? camelCase(type.name) : unionCodec(type.name)

function isSet({ condition }: Field): string {
  return condition === undefined
    ? 'true'
    : `(value.${camelCase(condition.flags)} & ${1 << condition.bit}) !== 0`
}

/** The field's value, or what stands for it on the wire where the flags ask for it and it is missing. */
function property(schema: Schema, { name, type, condition }: Field): string {
  const value = `value.${camelCase(name)}`
  if (condition === undefined) return value
  return `${value} ?? ${type.kind === 'bare' ? zeroName(type.name) : zeroValue(schema, type)}`
}

const zeroName = (bareType: string): string => `zero${pascalCase(bareType)}`

function emitZeroValues(schema: Schema): string {
  const conditional = schema.combinators.flatMap(({ fields }) =>
    fields.filter(field => field.condition !== undefined),
  )
  const bare = new Set(conditional.flatMap(({ type }) => (type.kind === 'bare' ? [type.name] : [])))
  return Array.from(
    bare,
    name => `const ${zeroName(name)}: ${pascalCase(name)} = ${zeroValue(schema, { kind: 'bare', name })}`,
  ).join('\n')
}

function emitUnionCodec(name: string, members: readonly Combinator[]): string {
  const cases = (emitCase: (member: Combinator) => string) => members.map(emitCase).join('')
  return `export const ${unionCodec(name)}: BoxedCodec<${unionType(name)}> = {
  name: '${name}',
  size(value) {
    switch (value._) {
${cases(member => `      case '${member.name}':\n        return 4 + ${camelCase(member.name)}.size(value)\n`)}    }
  },
  write(writer, value) {
    switch (value._) {
${cases(
  member => `      case '${member.name}':
        writer.id(${hexId(member.id)})
        return ${camelCase(member.name)}.write(writer, value)
`,
)}    }
  },
  read(reader) {
    const id = reader.id()
    switch (id) {
${cases(member => `      case ${hexId(member.id)}:\n        return ${camelCase(member.name)}.read(reader)\n`)}      default:
        throw reader.unexpectedId('${name}', id)
    }
  },
}`
}

function emitTables({ combinators, boxedTypes }: Schema): string {
  const info = ({ name, id, kind, fields, result }: Combinator) =>
    `  '${name}': { id: ${hexId(id)}, kind: '${kind}', result: '${result}', fields: [${fields
      .map(field => `\n    { ${fieldInfo(field)} },`)
      .join('')}${fields.length > 0 ? '\n  ' : ''}] },\n`
  return `/** Every combinator's value by its name in the schema. */
export interface CombinatorTypes {
${combinators.map(({ name }) => `  '${name}': ${pascalCase(name)}\n`).join('')}}

export const codecs: { readonly [Name in keyof CombinatorTypes]: Codec<CombinatorTypes[Name]> } = {
${combinators.map(({ name }) => `  '${name}': ${camelCase(name)},\n`).join('')}}

/** The schema as data. */
export const combinators: { readonly [Name in keyof CombinatorTypes]: CombinatorInfo } = {
${combinators.map(info).join('')}}

/** The combinators that each boxed type can be. */
export const boxedTypes: { readonly [boxedType: string]: readonly (keyof CombinatorTypes)[] } = {
${Array.from(boxedTypes, ([name, members]) => `  '${name}': [${members.map(member => `'${member.name}'`).join(', ')}],\n`).join('')}}`
}

function fieldInfo({ name, type, condition }: Field): string {
  const parts = [`name: '${name}'`, `property: '${camelCase(name)}'`]
  parts.push(type.kind === 'vector' ? `type: '${type.element.name}', vector: true` : `type: '${type.name}'`)
  if (condition !== undefined)
    parts.push(`condition: { flags: '${camelCase(condition.flags)}', bit: ${condition.bit} }`)
  return parts.join(', ')
}
