/** An opcode or an exit code, as the Tolk sources declare it. */
export interface Declared {
  /** `clientTopUp`, `oldMessage`. */
  readonly name: string
  readonly code: number
  /** What the comment above the declaration says, on one line; may be empty for an opcode. */
  readonly meaning: string
}

const messageForm = /^((?:\/\/\/ .*\n)*)struct \((0x[0-9a-f]{8})\) (\w+)/gm
const errorForm = /^((?:\/\/\/ .*\n)+)const ERROR_(\w+) = (\d+)$/gm

/** Opcodes of `messages.tolk`: `struct (0xf172e6c2) ClientTopUp`. Two alike are an error. */
export function declaredOpcodes(source: string): Declared[] {
  return distinct(
    [...source.matchAll(messageForm)].map(([, comment = '', code = '', name = '']) => ({
      name: name.charAt(0).toLowerCase() + name.slice(1),
      code: Number(code),
      meaning: onOneLine(comment),
    })),
  )
}

/** Exit codes of `errors.tolk`: `const ERROR_OLD_MESSAGE = 1000`, with its meaning above. Two alike are an error. */
export function declaredErrors(source: string): Declared[] {
  return distinct(
    [...source.matchAll(errorForm)].map(([, comment = '', name = '', code = '']) => ({
      name: name.toLowerCase().replaceAll(/_(\w)/g, (_match, letter: string) => letter.toUpperCase()),
      code: Number(code),
      meaning: onOneLine(comment),
    })),
  )
}

/** The module that TypeScript reads both from. */
export function emitOpcodes(opcodes: readonly Declared[], errors: readonly Declared[]): string {
  return [
    '// Generated from contracts/*.tolk by `npm run contracts`. Do not edit.',
    '',
    '/** Opcodes of the messages, 32 bits each. */',
    'export const opcodes = {',
    ...opcodes.flatMap(({ name, code, meaning }) => [
      ...(meaning === '' ? [] : [`  /** ${meaning} */`]),
      `  ${name}: 0x${code.toString(16).padStart(8, '0')},`,
    ]),
    '} as const',
    '',
    '/** What a contract says by an exit code of its own. */',
    'export interface ExitCode {',
    '  readonly name: string',
    '  readonly meaning: string',
    '}',
    '',
    '/** Exit codes that the contracts throw themselves, by number. */',
    'export const exitCodes: Readonly<Record<number, ExitCode>> = {',
    ...errors.map(
      ({ name, code, meaning }) => `  ${code}: { name: ${quoted(name)}, meaning: ${quoted(meaning)} },`,
    ),
    '}',
    '',
  ].join('\n')
}

function distinct(declared: Declared[]): Declared[] {
  for (const key of ['name', 'code'] as const) {
    const twice = declared.find((one, index) =>
      declared.slice(0, index).some(other => other[key] === one[key]),
    )
    if (twice !== undefined) throw new Error(`The ${key} of ${twice.name} is declared twice`)
  }
  return declared
}

function onOneLine(comment: string): string {
  return comment
    .replaceAll(/^\/\/\/ /gm, '')
    .trim()
    .replaceAll('\n', ' ')
}

function quoted(text: string): string {
  return text.includes("'") ? JSON.stringify(text) : `'${text}'`
}
