import { TrustError } from '../error.ts'
import { nvidiaLimits } from './limits.ts'

/** An element with its names resolved. Text between its children keeps its place. */
export interface XmlElement {
  readonly prefix: string
  readonly local: string
  /** Namespace, or '' for none. */
  readonly space: string
  /** In the order of the document. Declarations of namespaces are not among them. */
  readonly attributes: readonly XmlAttribute[]
  /** Namespaces declared on this element, by prefix; '' is the default one. */
  readonly declared: ReadonlyMap<string, string>
  /** All namespaces in scope, by prefix. */
  readonly inScope: ReadonlyMap<string, string>
  readonly children: readonly (XmlElement | string)[]
}

export interface XmlAttribute {
  readonly prefix: string
  readonly local: string
  readonly space: string
  readonly value: string
}

/**
 * Reads the part of XML that reference documents are written in: one root element, elements, attributes, text,
 * the four named references that every writer needs. There is no document type, no entity, no processing
 * instruction besides the declaration, no comment and no CDATA, so nothing in a document can be seen by one
 * reader and missed by another. Tags are written in the one plainest way (single spaces, double quotes), line
 * feeds end lines, and only line feeds stand outside the root. Depth, nodes and size are bounded. Throws
 * `reference-malformed`.
 */
export function parseXml(bytes: Uint8Array): XmlElement {
  if (bytes.length > nvidiaLimits.maxReferenceBytes) throw malformedXml(`it has ${bytes.length} bytes`)
  return new XmlReader(decodeUtf8(bytes)).document()
}

function decodeUtf8(bytes: Uint8Array): string {
  let text: string
  try {
    text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch {
    throw malformedXml('it is not UTF-8')
  }
  // Carriage returns and tabs are spelled anew by readers, so that two texts would say the same.
  if (/[^\n\x20-\x7e\u00a0-\ud7ff\ue000-\ufdcf\ufdf0-\ufefe\uff00-\ufffd\u{10000}-\u{1fffd}]/u.test(text)) {
    throw malformedXml('it holds a character that has no place in it')
  }
  return text
}

const declaration = /<\?xml version="1\.0"(?: encoding="(?:UTF|utf)-8")?(?: standalone="(?:yes|no)")?\?>\n/y
const name = /(?:([A-Za-z_][\w.-]*):)?([A-Za-z_][\w.-]*)/y
const attribute = / (?:([A-Za-z_][\w.-]*):)?([A-Za-z_][\w.-]*)="([^"<\n]*)"/y
const references: Readonly<Record<string, string>> = { lt: '<', gt: '>', amp: '&', quot: '"' }

interface RawAttribute {
  readonly prefix: string
  readonly local: string
  readonly value: string
}

class XmlReader {
  readonly #text: string
  #offset = 0
  #nodes = 0

  constructor(text: string) {
    this.#text = text
  }

  document(): XmlElement {
    this.#match(declaration)
    const root = this.#element(new Map(), 1)
    if (!/^\n*$/.test(this.#text.slice(this.#offset))) throw malformedXml('something stands behind its root')
    return root
  }

  #element(outer: ReadonlyMap<string, string>, depth: number): XmlElement {
    if (depth > nvidiaLimits.maxXmlDepth) throw malformedXml('its elements lie too deep in one another')
    this.#count()
    this.#expect('<')
    const [tagName, prefix = '', local = ''] = this.#match(name) ?? []
    if (tagName === undefined) throw malformedXml('a tag without a name')
    const raw = this.#attributes()
    const declared = declaredBy(raw)
    const inScope = declared.size > 0 ? new Map([...outer, ...declared]) : outer
    const attributes = resolve(raw, inScope)
    const space = prefix === '' ? (inScope.get('') ?? '') : spaceOf(prefix, inScope)
    const isEmpty = this.#skip('/>')
    if (!isEmpty) this.#expect('>')
    const children = isEmpty ? [] : this.#children(tagName, inScope, depth)
    return { prefix, local, space, attributes, declared, inScope, children }
  }

  #children(tagName: string, inScope: ReadonlyMap<string, string>, depth: number): (XmlElement | string)[] {
    const children: (XmlElement | string)[] = []
    for (;;) {
      const text = this.#untilTag()
      if (text !== '') {
        this.#count()
        children.push(text)
      }
      if (this.#skip('</')) {
        this.#expect(`${tagName}>`)
        return children
      }
      children.push(this.#element(inScope, depth + 1))
    }
  }

  #attributes(): RawAttribute[] {
    const found: RawAttribute[] = []
    for (;;) {
      const [whole, prefix = '', local = '', value = ''] = this.#match(attribute) ?? []
      if (whole === undefined) return found
      if (found.length === nvidiaLimits.maxXmlAttributes) throw malformedXml('too many attributes')
      found.push({ prefix, local, value: unescape(value) })
    }
  }

  #untilTag(): string {
    const end = this.#text.indexOf('<', this.#offset)
    if (end < 0) throw malformedXml('an element does not end')
    const text = this.#text.slice(this.#offset, end)
    this.#offset = end
    if (text.includes(']]>')) throw malformedXml('text that ends what never began')
    return unescape(text)
  }

  #match(pattern: RegExp): RegExpExecArray | undefined {
    pattern.lastIndex = this.#offset
    const match = pattern.exec(this.#text)
    if (match) this.#offset = pattern.lastIndex
    return match ?? undefined
  }

  #skip(due: string): boolean {
    if (!this.#text.startsWith(due, this.#offset)) return false
    this.#offset += due.length
    return true
  }

  #expect(due: string): void {
    if (!this.#skip(due)) throw malformedXml(`${due} is missing`)
  }

  #count(): void {
    this.#nodes += 1
    if (this.#nodes > nvidiaLimits.maxXmlNodes) throw malformedXml('it has too many parts')
  }
}

function unescape(text: string): string {
  return text.replaceAll(/&(\w*)(;?)/g, (_whole, reference: string, end: string) => {
    const letter = Object.hasOwn(references, reference) ? references[reference] : undefined
    if (letter === undefined || end === '') throw malformedXml('a reference that is not allowed in it')
    return letter
  })
}

function declaredBy(attributes: readonly RawAttribute[]): Map<string, string> {
  const declared = new Map<string, string>()
  for (const { prefix, local, value } of attributes) {
    const isDefault = prefix === '' && local === 'xmlns'
    if (prefix !== 'xmlns' && !isDefault) continue
    const name = isDefault ? '' : local
    if (value === '' || name.startsWith('xml') || declared.has(name)) {
      throw malformedXml('a declaration of a namespace that is not allowed in it')
    }
    declared.set(name, value)
  }
  return declared
}

function resolve(raw: readonly RawAttribute[], inScope: ReadonlyMap<string, string>): XmlAttribute[] {
  const seen = new Set<string>()
  return raw
    .filter(({ prefix, local }) => prefix !== 'xmlns' && !(prefix === '' && local === 'xmlns'))
    .map(({ prefix, local, value }) => {
      const space = prefix === '' ? '' : spaceOf(prefix, inScope)
      const key = `${space}\n${local}`
      if (seen.has(key)) throw malformedXml(`attribute ${local} is there twice`)
      seen.add(key)
      return { prefix, local, space, value }
    })
}

/** Prefixes that begin with `xml` have meanings of their own, and none in a reference document. */
function spaceOf(prefix: string, inScope: ReadonlyMap<string, string>): string {
  const space = prefix.startsWith('xml') ? undefined : inScope.get(prefix)
  if (space === undefined) throw malformedXml(`prefix ${prefix.slice(0, 32)} is not declared`)
  return space
}

export function malformedXml(what: string): TrustError {
  return new TrustError(
    'reference-malformed',
    `The reference document is malformed: ${what}. Fetch it again from the vendor.`,
  )
}
