import type { Cell as TonCell } from '@ton/core'
import { CellWriter, type Cell } from '../cell.ts'
import { codeFromCell } from '../code.ts'
import type { ContractCodes, ContractParams } from '../root-config.ts'
import { CellReader } from './reader.ts'

/** Parameters with the codes that their cell carries. */
export type CodedParams = ContractParams & { readonly codes: Partial<ContractCodes> }

/** Which codes a parameters cell carries: a bit each for proxy, worker and client. */
export const codeMask = { root: 7, proxy: 6, child: 0 } as const

const newestStructVersion = 4

/** What a cell says that is older than a field. */
const oldMultiplier = 10_000
const oldStakeNano = 1_000_000_000n

const cells = new WeakMap<CodedParams, Map<number, Cell>>()

/** The parameters cell with the codes of a mask. Cached by the identity of the parameters. */
export function paramsCell(params: CodedParams, mask: number): Cell {
  let ofParams = cells.get(params)
  if (ofParams === undefined) cells.set(params, (ofParams = new Map()))
  let cell = ofParams.get(mask)
  if (cell === undefined) ofParams.set(mask, (cell = writeParams(params, mask)))
  return cell
}

/**
 * The parameters that a contract embeds. Layout by `structVersion`:
 *
 *     struct_version:uint8 params_version:uint32 unique_id:uint32 is_test:bit price:Coins worker_fee:Coins
 *     [>=3: prompt:uint32] [>=2: cached:uint32] [>=3: completion:uint32] [>=2: reasoning:uint32]
 *     proxy_delay:uint32 client_delay:uint32 [>=1: min_proxy_stake:Coins min_client_stake:Coins]
 *     proxy_code:(Maybe ^Cell) worker_code:(Maybe ^Cell) client_code:(Maybe ^Cell)
 */
function writeParams(params: CodedParams, mask: number): Cell {
  const { structVersion, multipliers, codes } = params
  const writer = new CellWriter()
    .uint(structVersion, 8)
    .uint(params.paramsVersion, 32)
    .uint(params.uniqueId, 32)
    .bit(params.isTest)
    .coins(params.pricePerTokenNano)
    .coins(params.workerFeePerTokenNano)
  if (structVersion >= 3) writer.uint(multipliers.prompt, 32)
  if (structVersion >= 2) writer.uint(multipliers.cached, 32)
  if (structVersion >= 3) writer.uint(multipliers.completion, 32)
  if (structVersion >= 2) writer.uint(multipliers.reasoning, 32)
  writer.uint(params.proxyDelayBeforeCloseS, 32).uint(params.clientDelayBeforeCloseS, 32)
  if (structVersion >= 1) writer.coins(params.minProxyStakeNano).coins(params.minClientStakeNano)
  return writer
    .maybeReference(mask & 1 ? codes.proxy : undefined)
    .maybeReference(mask & 2 ? codes.worker : undefined)
    .maybeReference(mask & 4 ? codes.client : undefined)
    .finish()
}

/**
 * Reads what `paramsCell` writes, of every version; a field that the version lacks has the value that was fixed
 * before it. Anything else, a later version included, is `MoneyError('contract-data')`.
 */
export function readParams(cell: TonCell): CodedParams {
  const reader = new CellReader(cell, 'parameters cell')
  const structVersion = reader.uint(8)
  if (structVersion > newestStructVersion) {
    throw reader.malformed(
      `it has version ${structVersion}, later than ${newestStructVersion}. Install a later release`,
    )
  }
  const since = <T>(version: number, read: () => T, before: T) => (structVersion < version ? before : read())
  const uint32 = () => reader.uint(32)
  const coins = () => reader.coins()
  const code = () => {
    const cell = reader.maybeReference()
    return cell && codeFromCell(cell)
  }
  const head = {
    structVersion,
    paramsVersion: uint32(),
    uniqueId: uint32(),
    isTest: reader.bit(),
    pricePerTokenNano: coins(),
    workerFeePerTokenNano: coins(),
    multipliers: {
      prompt: since(3, uint32, oldMultiplier),
      cached: since(2, uint32, oldMultiplier),
      completion: since(3, uint32, oldMultiplier),
      reasoning: since(2, uint32, oldMultiplier),
    },
    proxyDelayBeforeCloseS: uint32(),
    clientDelayBeforeCloseS: uint32(),
    minProxyStakeNano: since(1, coins, oldStakeNano),
    minClientStakeNano: since(1, coins, oldStakeNano),
  }
  const [proxy, worker, client] = [code(), code(), code()]
  reader.end()
  const codes = { ...(proxy && { proxy }), ...(worker && { worker }), ...(client && { client }) }
  return Object.freeze({ ...head, codes })
}
