import { CellType, type Cell } from '@ton/core'
import type { ContractAddress } from '../address.ts'
import { readLabel } from '../contracts/dictionary.ts'
import { CellReader } from '../contracts/reader.ts'
import { MoneyError } from '../error.ts'
import { readCurrencies } from './transaction.ts'

/** What the head of a block says of it. */
export interface BlockInfo {
  readonly workchain: number
  readonly seqno: number
  readonly timeS: number
}

/** What a block's own cells say of it. */
export interface ProvenBlock extends BlockInfo {
  /** Of the state after the block, 64 hex digits. */
  readonly stateHash: string
}

/** What a shard says of an account. */
export interface ProvenAccount {
  /** Of the account's cell, 64 hex digits. */
  readonly accountHash: string
  readonly lastLt: bigint
  readonly lastHash: string
}

/**
 * The tree that a Merkle proof shows parts of, if its root has that hash. Parts that are left out cannot be read;
 * everything that can is what the hash stands for.
 */
export function provenRoot(proof: Cell, hash: string): Cell {
  const [root] = proof.refs
  if (proof.type !== CellType.MerkleProof || root === undefined) throw unproven('there is no proof')
  if (hashOf(root) !== hash) throw unproven('the proof is of something else')
  return root
}

/** Hash of a cell as its proof counts it: that of the whole, where parts of it are left out. */
function hashOf(cell: Cell): string {
  return cell.hash(0).toString('hex')
}

/**
 *     block#11ef55aa global_id:int32 info:^BlockInfo value_flow:^ state_update:^(MERKLE_UPDATE ShardState) extra:^
 *     block_info#9bc7a987 version:uint32 flags:bits8 flags:uint8 seq_no:uint32 vert_seq_no:uint32
 *       shard_ident$00 prefix_bits:uint6 workchain:int32 prefix:uint64 gen_utime:uint32 ...
 */
export function readBlock(root: Cell): ProvenBlock {
  const { block, info } = openBlock(root)
  block.reference()
  const update = block.reference()
  if (update.type !== CellType.MerkleUpdate) throw block.malformed('it does not update the state')
  const stateHash = update.bits.subbuffer(8 + 256, 256)?.toString('hex') ?? ''
  return { ...info, stateHash }
}

/** The same without the state, for a proof that leaves it out. */
export function readBlockInfo(root: Cell): BlockInfo {
  return openBlock(root).info
}

function openBlock(root: Cell): { block: CellReader; info: BlockInfo } {
  const block = new CellReader(root, 'block')
  if (block.uint(32) !== 0x11ef55aa) throw block.malformed('it does not begin like one')
  const info = new CellReader(block.reference(), 'description of a block')
  if (info.uint(32) !== 0x9bc7a987) throw info.malformed('it does not begin like one')
  info.big(48)
  const seqno = info.uint(32)
  info.big(40)
  const workchain = info.int(32)
  info.big(64)
  return { block, info: { workchain, seqno, timeS: info.uint(32) } }
}

/**
 *     shard_state#9023afe2 global_id:int32 shard_id:ShardIdent seq_no:uint32 vert_seq_no:uint32 gen_utime:uint32
 *       gen_lt:uint64 min_ref_mc_seqno:uint32 queue:^ before_split:bit accounts:^ ^[...] custom:(Maybe ^McStateExtra)
 */
function openState(root: Cell): { accounts: Cell; custom: Cell | undefined } {
  const state = new CellReader(root, 'state of a shard')
  if (state.uint(32) !== 0x9023afe2) throw state.malformed('it does not begin like one')
  state.big(32 + 104 + 32 + 32 + 32 + 64 + 32)
  state.reference()
  state.bit()
  const accounts = state.reference()
  state.reference()
  return { accounts, custom: state.maybeReference() }
}

/**
 * The account in the state of a shard; undefined where the state proves that there is none.
 *
 *     accounts: HashmapAugE 256 ShardAccount DepthBalanceInfo
 *     depth:uint5 balance:CurrencyCollection    account:^Account last_trans_hash:bits256 last_trans_lt:uint64
 */
export function findAccount(state: Cell, address: ContractAddress): ProvenAccount | undefined {
  const accounts = new CellReader(openState(state).accounts, 'accounts of a shard')
  const root = accounts.maybeReference()
  const leaf = root && descend(root, BigInt(`0x${address.hash}`), 256)
  if (leaf === undefined) return undefined
  leaf.uint(5)
  readCurrencies(leaf)
  const accountHash = hashOf(leaf.reference())
  return { accountHash, lastHash: leaf.hex(32), lastLt: leaf.big(64) }
}

/**
 * Root hash of the newest block of the shard that an account is in, by the state of the masterchain.
 *
 *     masterchain_state_extra#cc26 shard_hashes:(HashmapE 32 ^(BinTree ShardDescr)) config:ConfigParams ...
 *     bt_leaf$0 ShardDescr    bt_fork$1 left:^ right:^
 *     shard_descr#a|#b seq_no:uint32 reg_mc_seqno:uint32 start_lt:uint64 end_lt:uint64 root_hash:bits256 ...
 */
export function findShard(masterState: Cell, { workchain, hash }: ContractAddress): string {
  const { shards } = openMasterState(masterState)
  const leaf = shards && descend(shards, BigInt(workchain) & 0xffff_ffffn, 32)
  if (leaf === undefined) throw unproven(`the chain has no workchain ${workchain}`)
  let node = new CellReader(leaf.reference(), 'shards')
  for (let bit = 255n; node.bit(); bit--) {
    const [left, right] = [node.reference(), node.reference()]
    node = new CellReader((BigInt(`0x${hash}`) >> bit) & 1n ? right : left, 'shards')
  }
  const tag = node.uint(4)
  if (tag !== 0xa && tag !== 0xb) throw node.malformed('a shard does not begin like one')
  node.big(32 + 32 + 64 + 64)
  return node.hex(32)
}

/** A parameter of the configuration, `config_addr:bits256 config:^(Hashmap 32 ^Cell)`. */
export function findParameter(masterState: Cell, number: number): Cell {
  const leaf = descend(openMasterState(masterState).config, BigInt(number), 32)
  if (leaf === undefined) throw unproven(`the configuration has no parameter ${number}`)
  return leaf.reference()
}

/**
 * Root hash of an earlier block of the masterchain, by its state; undefined where the state proves that there is none.
 *
 *     ^[ flags:uint16 validator_info:bits65 prev_blocks:(HashmapAugE 32 KeyExtBlkRef KeyMaxLt) ... ]
 *     key:Bool max_end_lt:uint64    key:Bool end_lt:uint64 seq_no:uint32 root_hash:bits256 file_hash:bits256
 */
export function findEarlierBlock(masterState: Cell, seqno: number): string | undefined {
  const extra = new CellReader(openMasterState(masterState).blocks, 'history of the masterchain')
  extra.big(16 + 32 + 32 + 1)
  const root = extra.maybeReference()
  const leaf = root && descend(root, BigInt(seqno), 32)
  if (leaf === undefined) return undefined
  leaf.big(1 + 64 + 1 + 64)
  if (leaf.uint(32) !== seqno) throw leaf.malformed('a block stands under the number of another one')
  return leaf.hex(32)
}

function openMasterState(root: Cell): { shards: Cell | undefined; config: Cell; blocks: Cell } {
  const { custom } = openState(root)
  if (custom === undefined) throw unproven('the state is not that of the masterchain')
  const extra = new CellReader(custom, 'state of the masterchain')
  if (extra.uint(16) !== 0xcc26) throw extra.malformed('it does not begin like one')
  const shards = extra.maybeReference()
  extra.hex(32)
  return { shards, config: extra.reference(), blocks: extra.reference() }
}

/** What stands behind a key: its reader. Undefined where the dictionary has no such key; only its path is read. */
function descend(root: Cell, key: bigint, keyBits: number): CellReader | undefined {
  let node = new CellReader(root, 'dictionary of a state')
  for (let left = keyBits; ;) {
    const label = readLabel(node, left)
    left -= label.length
    const due = (key >> BigInt(left)) & ((1n << BigInt(label.length)) - 1n)
    if (label.bits !== due) return undefined
    if (left === 0) return node
    left--
    const [zero, one] = [node.reference(), node.reference()]
    node = new CellReader((key >> BigInt(left)) & 1n ? one : zero, 'dictionary of a state')
  }
}

function unproven(why: string): MoneyError {
  return new MoneyError('chain-answer', `It is not proven: ${why}`)
}
