import type { Bytes } from '../bytes.ts'
import { DerReader, malformed, tag } from '../der.ts'
import { booleanOrFalse, oidOf } from './values.ts'

export interface Extension {
  readonly critical: boolean
  readonly content: Bytes
}

const maxChainExtensions = 32

/**
 * Extensions ::= SEQUENCE SIZE (1..MAX) OF Extension, by object identifier. A second one of a kind, or a
 * critical one that is not among those understood, makes the whole thing malformed.
 */
export function parseExtensions(
  wrapper: Bytes,
  understood: ReadonlySet<string>,
): ReadonlyMap<string, Extension> {
  const outer = new DerReader(wrapper)
  const list = outer.enter(tag.sequence)
  outer.end()
  const found = new Map<string, Extension>()
  if (!list.more) throw malformed('an empty list of extensions')
  while (list.more) {
    const extension = list.enter(tag.sequence)
    const type = oidOf(extension)
    const critical = booleanOrFalse(extension)
    const { content } = extension.next(tag.octetString)
    extension.end()
    if (found.has(type)) throw malformed(`extension ${type} appears twice`)
    if (found.size >= maxChainExtensions) throw malformed(`more than ${maxChainExtensions} extensions`)
    if (critical && !understood.has(type)) throw malformed(`critical extension ${type} is not known here`)
    found.set(type, { critical, content })
  }
  return found
}
