import { fromHex } from '../../src/bytes.ts'
import { type Collateral, readCollateral } from '../../src/collateral/collateral.ts'

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
