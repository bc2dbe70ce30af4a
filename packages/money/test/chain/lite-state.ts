import {
  beginCell,
  type Builder,
  Cell,
  convertToMerkleProof,
  Dictionary,
  storeAccountStorage,
  type AccountState,
} from '@ton/core'
import { tonAddress } from '../../src/devnet/accounts.ts'
import { addressKey, type ContractAddress } from '../../src/address.ts'
import type { Chain, ChainBlock } from '../../src/chain/chain.ts'
import type { Devnet } from '../../src/devnet/index.ts'

/**
 * The cells of a masterchain block, of its state, of the one shard below it and of that one's state, made from what
 * a devnet says of some accounts: as much of the real layout as liteservers prove things with.
 */
export interface LiteState {
  readonly head: ChainBlock
  readonly masterBlock: Cell
  readonly masterState: Cell
  readonly shardBlock: Cell
  readonly shardState: Cell
  /** Cells of the accounts, by `addressKey`. */
  readonly accounts: ReadonlyMap<string, Cell>
}

const empty = new Cell()

export async function liteState(
  devnet: Devnet,
  addresses: readonly ContractAddress[],
  parameters: ReadonlyMap<number, Cell>,
  /** Masterchain blocks before the newest, by number. */
  earlier: ReadonlyMap<number, Cell>,
): Promise<LiteState> {
  const head = await devnet.chain.head()
  const accounts = new Map<string, Cell>()
  const leaves: Leaf[] = []
  for (const address of addresses) {
    const state = await devnet.chain.account(address)
    if (state.status === 'absent') continue
    const account = accountCell(address, state)
    accounts.set(addressKey(address), account)
    leaves.push({
      key: BigInt(`0x${address.hash}`),
      account,
      ...(await lastOf(devnet.chain, address, state.lastLt)),
    })
  }
  const shardState = stateCell({ workchain: 0, head, accounts: accountsCell(leaves), custom: undefined })
  const shardBlock = blockCell(0, head, shardState)
  const custom = masterExtra(shardBlock, head, parameters, earlier)
  const masterState = stateCell({ workchain: -1, head, accounts: accountsCell([]), custom })
  return {
    head,
    masterBlock: blockCell(-1, head, masterState),
    masterState,
    shardBlock,
    shardState,
    accounts,
  }
}

async function lastOf(
  chain: Chain,
  address: ContractAddress,
  lt: bigint,
): Promise<{ lt: bigint; hash: string }> {
  const [last] = lt === 0n ? [] : await chain.transactions(address, { afterLt: lt - 1n, most: 1 })
  return { lt, hash: last?.hash ?? '00'.repeat(32) }
}

function accountCell(
  address: ContractAddress,
  { balanceNano, code, data, status, lastLt }: Awaited<ReturnType<Chain['account']>>,
): Cell {
  const state: AccountState =
    status === 'active'
      ? { type: 'active', state: { code: code ?? null, data: data ?? null } }
      : { type: 'uninit' }
  return (
    beginCell()
      .storeBit(1)
      .storeAddress(tonAddress(address))
      // Storage used: a cell, 8 bits, no extra, last paid, nothing due.
      .storeVarUint(1, 3)
      .storeVarUint(8, 3)
      .storeUint(0, 3)
      .storeUint(1_700_000_000, 32)
      .storeBit(0)
      .store(
        storeAccountStorage({ lastTransLt: lastLt, balance: { coins: balanceNano, other: null }, state }),
      )
      .endCell()
  )
}

interface Leaf {
  readonly key: bigint
  readonly account: Cell
  readonly lt: bigint
  readonly hash: string
}

/** `HashmapAugE 256 ShardAccount DepthBalanceInfo` */
function accountsCell(leaves: readonly Leaf[]): Cell {
  const entries = leaves.map(({ key, account, hash, lt }) => ({
    key,
    store: (cell: Builder) => cell.storeRef(account).storeBuffer(Buffer.from(hash, 'hex')).storeUint(lt, 64),
  }))
  return beginCell()
    .store(augmented(entries, 256, 10))
    .endCell()
}

/** `prev_blocks:(HashmapAugE 32 KeyExtBlkRef KeyMaxLt)` */
function earlierBlocks(earlier: ReadonlyMap<number, Cell>): (cell: Builder) => void {
  const entries = [...earlier].map(([seqno, block]) => ({
    key: BigInt(seqno),
    store: (cell: Builder) =>
      cell.storeUint(0, 65).storeUint(seqno, 32).storeBuffer(block.hash()).storeBuffer(block.hash()),
  }))
  return augmented(entries, 32, 65)
}

interface Entry {
  readonly key: bigint
  readonly store: (cell: Builder) => Builder
}

/** A `HashmapAugE` whose extras, of so many bits, are zeroes: what they add up is of no use to anybody here. */
function augmented(entries: readonly Entry[], bits: number, extraBits: number): (cell: Builder) => void {
  const sorted = entries.toSorted((a, b) => (a.key < b.key ? -1 : 1))
  return cell => {
    const root = sorted.length === 0 ? null : augmentedEdge(sorted, bits, extraBits)
    cell.storeMaybeRef(root).storeUint(0, extraBits)
  }
}

function augmentedEdge(leaves: readonly Entry[], bits: number, extraBits: number): Cell {
  const first = leaves[0]!
  const mask = (1n << BigInt(bits)) - 1n
  let length = 0
  while (
    length < bits &&
    leaves.every(({ key }) => bitAt(key, bits - length - 1) === bitAt(first.key, bits - length - 1))
  )
    length++
  // A label in its long form: `10 length bits`.
  const cell = beginCell()
    .storeUint(0b10, 2)
    .storeUint(length, 32 - Math.clz32(bits))
  if (length > 0) cell.storeUint((first.key & mask) >> BigInt(bits - length), length)
  if (length === bits) return first.store(cell.storeUint(0, extraBits)).endCell()
  const below = bits - length - 1
  const zeros = leaves.filter(({ key }) => bitAt(key, below) === 0n)
  const ones = leaves.filter(({ key }) => bitAt(key, below) === 1n)
  return cell
    .storeRef(augmentedEdge(zeros, below, extraBits))
    .storeRef(augmentedEdge(ones, below, extraBits))
    .storeUint(0, extraBits)
    .endCell()
}

function bitAt(key: bigint, index: number): bigint {
  return (key >> BigInt(index)) & 1n
}

function shardIdent(workchain: number): Cell {
  return beginCell()
    .storeUint(0, 2)
    .storeUint(0, 6)
    .storeInt(workchain, 32)
    .storeUint(1n << 63n, 64)
    .endCell()
}

function stateCell(state: {
  workchain: number
  head: ChainBlock
  accounts: Cell
  custom: Cell | undefined
}): Cell {
  return beginCell()
    .storeUint(0x9023afe2, 32)
    .storeInt(-3, 32)
    .storeSlice(shardIdent(state.workchain).beginParse())
    .storeUint(state.head.seqno, 32)
    .storeUint(0, 32)
    .storeUint(state.head.timeS, 32)
    .storeUint(1, 64)
    .storeUint(0, 32)
    .storeRef(empty)
    .storeBit(0)
    .storeRef(state.accounts)
    .storeRef(empty)
    .storeMaybeRef(state.custom)
    .endCell()
}

/** A masterchain block of which nobody asks more than its head. */
export function plainBlock(block: ChainBlock): Cell {
  return blockCell(-1, block, empty)
}

function blockCell(workchain: number, { seqno, timeS }: ChainBlock, state: Cell): Cell {
  const info = beginCell()
    .storeUint(0x9bc7a987, 32)
    .storeUint(0, 32 + 8 + 8)
    .storeUint(seqno, 32)
    .storeUint(0, 32)
    .storeSlice(shardIdent(workchain).beginParse())
    .storeUint(timeS, 32)
    .storeUint(0, 128)
    .endCell()
  const update = beginCell()
    .storeUint(4, 8)
    .storeBuffer(empty.hash())
    .storeBuffer(state.hash())
    .storeUint(empty.depth(), 16)
    .storeUint(state.depth(), 16)
    .storeRef(empty)
    .storeRef(pruned(state))
    .endCell({ exotic: true })
  return beginCell()
    .storeUint(0x11ef55aa, 32)
    .storeInt(-3, 32)
    .storeRef(info)
    .storeRef(empty)
    .storeRef(update)
    .storeRef(empty)
    .endCell()
}

/** A cell that stands for another one with its hash, as it does below one Merkle cell. */
export function pruned(cell: Cell): Cell {
  return beginCell()
    .storeUint(1, 8)
    .storeUint(1, 8)
    .storeBuffer(cell.hash(0))
    .storeUint(cell.depth(0), 16)
    .endCell({ exotic: true })
}

function masterExtra(
  shardBlock: Cell,
  head: ChainBlock,
  parameters: ReadonlyMap<number, Cell>,
  earlier: ReadonlyMap<number, Cell>,
): Cell {
  // One shard: `bt_leaf$0 shard_descr#b ...`.
  const tree = beginCell()
    .storeBit(0)
    .storeUint(0xb, 4)
    .storeUint(head.seqno, 32)
    .storeUint(head.seqno, 32)
    .storeUint(0, 128)
    .storeBuffer(shardBlock.hash())
    .storeBuffer(shardBlock.hash())
    .endCell()
  const shards = Dictionary.empty(Dictionary.Keys.Int(32), Dictionary.Values.Cell()).set(0, tree)
  const config = Dictionary.empty(Dictionary.Keys.Uint(32), Dictionary.Values.Cell())
  for (const [number, cell] of parameters) config.set(number, cell)
  return beginCell()
    .storeUint(0xcc26, 16)
    .storeDict(shards)
    .storeUint(0, 256)
    .storeRef(beginCell().storeDictDirect(config).endCell())
    .storeRef(beginCell().storeUint(0, 81).store(earlierBlocks(earlier)).endCell())
    .endCell()
}

/** A proof of a whole tree, except for what `leaveOut` names. */
export function proofOf(root: Cell, leaveOut?: Cell): Cell {
  return convertToMerkleProof(leaveOut === undefined ? root : without(root, leaveOut))
}

/** The tree with one part of it left out, wherever it occurs. */
function without(cell: Cell, part: Cell): Cell {
  if (cell.hash(0).equals(part.hash(0))) return pruned(cell)
  if (cell.isExotic) return cell
  return new Cell({ bits: cell.bits, refs: cell.refs.map(child => without(child, part)) })
}
