import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

/** A text that stands nowhere by accident, in the forms in which a program may write it. */
export class Canary {
  readonly text: string
  readonly #forms: ReadonlyMap<string, string>

  constructor(text: string) {
    this.text = text
    const bytes = Buffer.from(text)
    const codes = Array.from(text, character => character.charCodeAt(0).toString(16).padStart(4, '0'))
    this.#forms = new Map([
      ['plain', text],
      ['in two bytes a letter', Buffer.from(text, 'utf16le').toString('latin1')],
      ['hexadecimal', bytes.toString('hex')],
      ['hexadecimal in capitals', bytes.toString('hex').toUpperCase()],
      ['JSON escapes', codes.map(code => `\\u${code}`).join('')],
      ['URL escapes', codes.map(code => `%${code.slice(2)}`).join('')],
      ['a list of bytes', [...bytes].join(',')],
      ...[0, 1, 2].map(offset => [`base64 at ${offset}`, base64Within(bytes, offset)] as const),
    ])
  }

  /** The form in which it stands there; undefined where it does not. */
  formIn(bytes: Uint8Array | string): string | undefined {
    const whole = typeof bytes === 'string' ? bytes : Buffer.from(bytes).toString('latin1')
    const plain = whole.replaceAll('-', '+').replaceAll('_', '/')
    for (const [form, text] of this.#forms) {
      const where = form.startsWith('base64') ? plain : whole
      if (where.includes(text)) return form
    }
    return undefined
  }
}

/** What its bytes always look like where they stand behind so many others, without the letters that share them. */
function base64Within(bytes: Buffer, offset: number): string {
  const encoded = Buffer.concat([Buffer.alloc(offset), bytes]).toString('base64')
  const first = Math.ceil((offset * 4) / 3)
  const last = Math.floor(((offset + bytes.length) * 4) / 3)
  return encoded.slice(offset === 0 ? 0 : first, last)
}

/** Every file under these folders, whatever is in it. Files that go meanwhile are left out. */
export function filesUnder(...folders: string[]): Array<{ path: string; bytes: Uint8Array }> {
  return folders.flatMap(folder =>
    readdirSync(folder, { recursive: true, withFileTypes: true }).flatMap(entry => {
      const path = join(entry.parentPath, entry.name)
      try {
        return entry.isFile() ? [{ path, bytes: readFileSync(path) }] : []
      } catch {
        return []
      }
    }),
  )
}
