import type { BlockRecord } from '../records.ts'
import type { Call } from './call.ts'
import { missing, notFound, wrong, wrongly } from './parameters.ts'
import { base64, blockId, type Json } from './shapes.ts'

export function getMasterchainInfo({ view, shownSeqno }: Call): Json {
  const last = blockId(view.head, -1)
  const first = view.block(1) ?? view.head
  return {
    '@type': 'blocks.masterchainInfo',
    last: { ...last, seqno: shownSeqno },
    state_root_hash: base64(view.head.hash),
    init: { ...blockId(first, -1), shard: '0', seqno: 0 },
  }
}

export function shards({ view, parameters }: Call): Json {
  const block = blockOr404(view.block(parameters.integer('seqno') ?? view.head.seqno))
  return { '@type': 'blocks.shards', shards: [blockId(block, 0)] }
}

/** The block that the parameters `workchain`, `shard` and `seqno` name. */
function namedBlock({ view, parameters }: Call): { block: BlockRecord; workchain: number } {
  const workchain = workchainOf(parameters.required('workchain'))
  const seqno = parameters.integer('seqno') ?? wrongly('seqno is missing')
  return { block: blockOr404(view.block(seqno)), workchain }
}

function workchainOf(text: string): number {
  if (text === '-1' || text === '0') return Number(text)
  throw notFound(`workchain ${text.slice(0, 20)}`)
}

export function lookupBlock({ view, parameters }: Call): Json {
  const workchain = workchainOf(parameters.required('workchain'))
  const seqno = parameters.integer('seqno')
  const lt = parameters.big('lt')
  const unixtime = parameters.integer('unixtime')
  const { archive } = view.chain
  if (seqno !== undefined) return blockId(blockOr404(view.block(seqno)), workchain)
  const found = lt !== undefined ? archive.blockOfLt(lt) : undefined
  const block = unixtime !== undefined && lt === undefined ? archive.blockOfTime(unixtime) : found
  if (lt === undefined && unixtime === undefined) throw wrong('seqno, lt or unixtime should be defined')
  return blockId(blockOr404(block && view.block(block.seqno)), workchain)
}

export function getBlockHeader(call: Call): Json {
  const { block, workchain } = namedBlock(call)
  const previous = call.view.block(block.seqno - 1)
  return {
    '@type': 'blocks.header',
    id: blockId(block, workchain),
    global_id: -239,
    version: 0,
    flags: 1,
    after_merge: false,
    after_split: false,
    before_split: false,
    want_merge: true,
    want_split: false,
    validator_list_hash_short: 0,
    catchain_seqno: 0,
    min_ref_mc_seqno: block.seqno,
    is_key_block: false,
    prev_key_block_seqno: 0,
    start_lt: String(block.startLt),
    end_lt: String(block.endLt),
    gen_utime: block.timeS,
    vert_seqno: 0,
    prev_blocks: previous === undefined ? [] : [blockId(previous, workchain)],
  }
}

export function getBlockTransactions(call: Call): Json {
  const { block, workchain } = namedBlock(call)
  const count = call.parameters.integer('count', { least: 1, most: 256 }) ?? 40
  const after = call.parameters.big('after_lt') ?? 0n
  const all = call.view.chain.archive
    .transactionsIn(block.seqno)
    .filter(({ account, lt }) => account.startsWith(`${workchain}:`) && lt > after)
  return {
    '@type': 'blocks.transactions',
    id: blockId(block, workchain),
    req_count: count,
    // Like toncenter, which goes on asking its liteserver until it has all of them.
    incomplete: false,
    transactions: all.map(({ account, lt, hash }) => ({
      '@type': 'blocks.shortTxId',
      mode: 135,
      account,
      lt: String(lt),
      hash: base64(hash),
    })),
  }
}

function blockOr404(block: BlockRecord | undefined): BlockRecord {
  return block ?? missing('block')
}
