import type { Cell } from '@ton/core'
import type { ContractName } from './compile.ts'

/** The module that TypeScript reads the codes of the contracts from. */
export function emitCodes(codes: ReadonlyArray<readonly [ContractName, Cell]>): string {
  return [
    '// Generated from contracts/*.tolk by `npm run contracts`. Do not edit.',
    '',
    '/** Code of a contract. */',
    'export interface CompiledCode {',
    '  /** A bag of cells with one root, in base64. */',
    '  readonly boc: string',
    '  /** Representation hash, 64 hex digits. */',
    '  readonly hash: string',
    '  readonly depth: number',
    '}',
    '',
    '/** Codes of the five contracts, as their sources in `contracts/` compile. */',
    `export const contractCodes: Readonly<Record<${codes.map(([name]) => `'${name}'`).join(' | ')}, CompiledCode>> = {`,
    ...codes.flatMap(([name, code]) => [
      `  ${name}: {`,
      `    boc: '${code.toBoc().toString('base64')}',`,
      `    hash: '${code.hash().toString('hex')}',`,
      `    depth: ${code.depth()},`,
      '  },',
    ]),
    '}',
    '',
  ].join('\n')
}
