import type { Bytes } from '../bytes.ts'
import type { XmlAttribute, XmlElement } from './xml.ts'

/**
 * Canonical XML 1.1 without comments of an element with all below it, in UTF-8. For the documents that
 * `parseXml` lets through: they carry neither comments, processing instructions nor attributes of `xml:`,
 * which is all in which versions 1.0 and 1.1 differ. The element is written with every namespace in scope, as a
 * document subset is. `without`, which is `element` or below it, is left out: the enveloped signature.
 */
export function canonicalXml(element: XmlElement, without?: XmlElement): Bytes {
  const parts: string[] = []
  write(element, element.inScope, without, parts)
  return new TextEncoder().encode(parts.join(''))
}

function write(
  element: XmlElement,
  toDeclare: ReadonlyMap<string, string>,
  without: XmlElement | undefined,
  parts: string[],
): void {
  const name = qualified(element)
  parts.push('<', name)
  for (const [prefix, space] of [...toDeclare].sort(([a], [b]) => compare(a, b))) {
    parts.push(prefix === '' ? ' xmlns' : ` xmlns:${prefix}`, '="', escapeValue(space), '"')
  }
  for (const attribute of element.attributes.toSorted(inOrder)) {
    parts.push(' ', qualified(attribute), '="', escapeValue(attribute.value), '"')
  }
  parts.push('>')
  for (const child of element.children) {
    if (typeof child === 'string') parts.push(escapeText(child))
    else if (child !== without) write(child, newlyDeclared(child, element), without, parts)
  }
  parts.push('</', name, '>')
}

/** Declarations that say what the parent says already are left out. */
function newlyDeclared(child: XmlElement, parent: XmlElement): ReadonlyMap<string, string> {
  return new Map([...child.declared].filter(([prefix, space]) => parent.inScope.get(prefix) !== space))
}

/** By namespace, then by local name; those without a namespace come first. */
function inOrder(a: XmlAttribute, b: XmlAttribute): number {
  return compare(a.space, b.space) || compare(a.local, b.local)
}

/** By code points. Names are ASCII, and so are the namespaces that are sorted by. */
function compare(a: string, b: string): number {
  if (a === b) return 0
  return a < b ? -1 : 1
}

function qualified({ prefix, local }: { readonly prefix: string; readonly local: string }): string {
  return prefix === '' ? local : `${prefix}:${local}`
}

function escapeText(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
}

function escapeValue(value: string): string {
  return value.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;')
}
