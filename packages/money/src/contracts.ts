import { contractAddress, type ContractAddress } from './address.ts'
import { CellWriter, type CellHash } from './cell.ts'
import { codeFromHash } from './code.ts'
import { MoneyError } from './error.ts'
import type { RootConfig } from './root-config.ts'

/** Code of the wallet of a node, the same in every network. */
const nodeWalletCode = codeFromHash('7a48f05ceef40f06cabbaa39c1c5a67b24e8bb59d8cf8a74e49988a5f44cf66a', 6)

/** Which codes a parameters cell carries: a bit each for proxy, worker and client. */
export const codeMask = { root: 7, proxy: 6, child: 0 } as const

/** Address of the proxy contract of this key, owner and root. A key that is not 32 bytes: `MoneyError('key')`. */
export function proxyContractAddress(
  config: RootConfig,
  of: { proxyPublicKey: Uint8Array; proxyOwner: ContractAddress; root: ContractAddress },
): ContractAddress {
  const data = new CellWriter()
    .address(of.proxyOwner)
    .bytes(publicKey(of.proxyPublicKey))
    .address(of.root)
    .uint(0, 2) // state: open
    .coins(0n) // balance
    .coins(0n) // stake
    .uint(0, 32) // unlock time
    .reference(paramsCell(config, codeMask.proxy))
    .finish()
  return stateAddress(config.codes.proxy, data)
}

/** Address of a client's contract at one proxy contract. A key that is not 32 bytes: `MoneyError('key')`. */
export function clientContractAddress(
  config: RootConfig,
  of: { clientOwner: ContractAddress; proxyContract: ContractAddress; proxyPublicKey: Uint8Array },
): ContractAddress {
  const parties = new CellWriter()
    .address(of.clientOwner)
    .address(of.proxyContract)
    .bytes(publicKey(of.proxyPublicKey))
    .finish()
  const data = new CellWriter()
    .uint(0, 2) // state: open
    .coins(0n) // balance
    .coins(config.minClientStakeNano)
    .uint(0, 64) // tokens used
    .uint(0, 32) // unlock time
    .uint(0, 256) // secret hash
    .reference(parties)
    .reference(paramsCell(config, codeMask.child))
    .finish()
  return stateAddress(config.codes.client, data)
}

/** Address of a worker's contract at one proxy contract. A key that is not 32 bytes: `MoneyError('key')`. */
export function workerContractAddress(
  config: RootConfig,
  of: { workerOwner: ContractAddress; proxyContract: ContractAddress; proxyPublicKey: Uint8Array },
): ContractAddress {
  const data = new CellWriter()
    .address(of.workerOwner)
    .address(of.proxyContract)
    .bytes(publicKey(of.proxyPublicKey))
    .uint(0, 2) // state: open
    .uint(0, 64) // tokens
    .reference(paramsCell(config, codeMask.child))
    .finish()
  return stateAddress(config.codes.worker, data)
}

/** Address of the hot wallet of a node: its key signs, its owner can block and drain it. */
export function nodeWalletAddress(of: { publicKey: Uint8Array; owner: ContractAddress }): ContractAddress {
  const data = new CellWriter()
    .uint(0, 32) // sequence number
    .uint(0, 32) // subwallet
    .bytes(publicKey(of.publicKey))
    .uint(0, 32) // status
    .address(of.owner)
    .finish()
  return stateAddress(nodeWalletCode, data)
}

const paramsCells = new WeakMap<RootConfig, Map<number, CellHash>>()

/**
 * The parameters that a contract embeds. Layout by `structVersion`:
 *
 *     struct_version:uint8 params_version:uint32 unique_id:uint32 is_test:bit price:Coins worker_fee:Coins
 *     [>=3: prompt:uint32] [>=2: cached:uint32] [>=3: completion:uint32] [>=2: reasoning:uint32]
 *     proxy_delay:uint32 client_delay:uint32 [>=1: min_proxy_stake:Coins min_client_stake:Coins]
 *     proxy_code:(Maybe ^Cell) worker_code:(Maybe ^Cell) client_code:(Maybe ^Cell)
 */
export function paramsCell(config: RootConfig, mask: number): CellHash {
  let cells = paramsCells.get(config)
  if (cells === undefined) paramsCells.set(config, (cells = new Map()))
  let cell = cells.get(mask)
  if (cell === undefined) cells.set(mask, (cell = writeParams(config, mask)))
  return cell
}

function writeParams(config: RootConfig, mask: number): CellHash {
  const { structVersion, multipliers, codes } = config
  const writer = new CellWriter()
    .uint(structVersion, 8)
    .uint(config.paramsVersion, 32)
    .uint(config.uniqueId, 32)
    .bit(config.isTest)
    .coins(config.pricePerTokenNano)
    .coins(config.workerFeePerTokenNano)
  if (structVersion >= 3) writer.uint(multipliers.prompt, 32)
  if (structVersion >= 2) writer.uint(multipliers.cached, 32)
  if (structVersion >= 3) writer.uint(multipliers.completion, 32)
  if (structVersion >= 2) writer.uint(multipliers.reasoning, 32)
  writer.uint(config.proxyDelayBeforeCloseS, 32).uint(config.clientDelayBeforeCloseS, 32)
  if (structVersion >= 1) writer.coins(config.minProxyStakeNano).coins(config.minClientStakeNano)
  return writer
    .maybeReference(mask & 1 ? codes.proxy : undefined)
    .maybeReference(mask & 2 ? codes.worker : undefined)
    .maybeReference(mask & 4 ? codes.client : undefined)
    .finish()
}

/** An address is the hash of the initial state: five flags (code and data, nothing else), code, data. */
function stateAddress(code: CellHash, data: CellHash): ContractAddress {
  return contractAddress(0, new CellWriter().uint(0b00110, 5).reference(code).reference(data).finish().hash)
}

function publicKey(key: Uint8Array): Uint8Array {
  if (key.length !== 32) throw new MoneyError('key', `A public key has 32 bytes, not ${key.length}`)
  return key
}
