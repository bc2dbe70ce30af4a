import { readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { fromHex } from '../../src/bytes.ts'
import { type Collateral, readCollateral } from '../../src/collateral/collateral.ts'

const folder = fileURLToPath(new URL('../../../../vectors/tdx/', import.meta.url))

/** A case as it lies in a file. */
export interface CaseFile {
  readonly name: string
  readonly quoteHex: string
  readonly verifyAtUnix: number
  readonly collateral: Record<string, string | null>
  readonly expected: {
    readonly verdict: 'accept' | 'reject'
    readonly tcbStatus: string
    readonly platform: string | null
    readonly module: string | null
    readonly qe: string | null
    readonly advisoryIds: readonly string[]
  }
}

export const caseFiles: readonly CaseFile[] = readdirSync(folder)
  .filter(name => name.endsWith('.json'))
  .map(name => JSON.parse(readFileSync(folder + name, 'utf8')) as CaseFile)

/** A case that is ready to be verified. */
export interface Case {
  readonly quote: Uint8Array<ArrayBuffer>
  readonly collateral: Collateral
  readonly nowMs: number
}

export function caseOf({ quoteHex, collateral, verifyAtUnix }: CaseFile): Case {
  return {
    quote: fromHex(quoteHex)!,
    collateral: readCollateral(collateral),
    nowMs: verifyAtUnix * 1000,
  }
}

export function caseNamed(name: string): Case {
  return caseOf(caseFiles.find(file => file.name === name)!)
}
