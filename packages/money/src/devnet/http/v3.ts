import { parseAddress } from '../../address.ts'
import { keyOf, tonAddress } from '../accounts.ts'
import { devnetLimits } from '../limits.ts'
import type { BlockRecord, TransactionRecord } from '../records.ts'
import { blockHashes, type View } from '../view.ts'
import type { Call } from './call.ts'
import { missing, wrong } from './parameters.ts'
import { base64, type Json } from './shapes.ts'
import { readTypedStack, writeTypedStack } from './stack.ts'
import { accountStateFull, addressBook, plainInformation } from './v3-accounts.ts'
import { transactionList } from './v3-transactions.ts'
import { sourceFees } from './v2-messages.ts'
import { walletInformation } from './wallet.ts'

interface V3Method {
  readonly method: 'GET' | 'POST'
  run(call: Call): unknown
}

const get = (run: V3Method['run']): V3Method => ({ method: 'GET', run })
const post = (run: V3Method['run']): V3Method => ({ method: 'POST', run })

/** Methods of toncenter's third version by their names. */
export const v3Methods: ReadonlyMap<string, V3Method> = new Map([
  ['masterchainInfo', get(masterchainInfo)],
  ['blocks', get(blocks)],
  ['transactions', get(transactions)],
  ['transactionsByMessage', get(transactionsByMessage)],
  ['accountStates', get(accountStates)],
  [
    'addressInformation',
    get(({ view, parameters }) => plainInformation(view, parameters.address('address'))),
  ],
  ['walletInformation', get(plainWallet)],
  ['addressBook', get(({ parameters }) => addressBook(addressesOf(parameters.texts('address'))))],
  ['message', post(message)],
  ['runGetMethod', post(runGetMethod)],
  ['estimateFee', post(async call => ({ source_fees: await sourceFees(call), destination_fees: [] }))],
])

function masterchainInfo({ view, shownSeqno }: Call): Json {
  return {
    last: { ...blockJson(view, view.head, -1), seqno: shownSeqno },
    first: blockJson(view, view.block(1) ?? view.head, -1),
  }
}

/** Newest first unless `sort` is `asc`; `workchain` -1 is the masterchain. */
function blocks({ view, parameters }: Call): Json {
  const workchain = parameters.integer('workchain', { least: -1, most: 0 }) ?? -1
  const { limit, offset, isNewestFirst } = page(parameters)
  const seqno = parameters.integer('seqno') ?? parameters.integer('mc_seqno')
  if (seqno !== undefined) {
    return { blocks: [blockJson(view, view.block(seqno) ?? missing('block'), workchain)] }
  }
  const from = isNewestFirst ? Math.max(1, view.head.seqno - offset - limit + 1) : 1 + offset
  const most = isNewestFirst ? Math.max(0, Math.min(limit, view.head.seqno - offset)) : limit
  const found = view.chain.archive.blocks(from, most).filter(block => block.seqno <= view.head.seqno)
  if (isNewestFirst) found.reverse()
  return { blocks: found.map(block => blockJson(view, block, workchain)) }
}

function blockJson(view: View, block: BlockRecord, workchain: number): Json {
  const { root, file } = blockHashes(block, workchain)
  const id = { workchain, shard: '8000000000000000', seqno: block.seqno }
  return {
    ...id,
    root_hash: root,
    file_hash: file,
    global_id: -239,
    version: 0,
    after_merge: false,
    before_split: false,
    after_split: false,
    want_merge: true,
    want_split: false,
    key_block: false,
    vert_seqno_incr: false,
    flags: 1,
    gen_utime: String(block.timeS),
    start_lt: String(block.startLt),
    end_lt: String(block.endLt),
    validator_list_hash_short: 0,
    gen_catchain_seqno: 0,
    min_ref_mc_seqno: block.seqno,
    prev_key_block_seqno: 0,
    vert_seqno: 0,
    master_ref_seqno: block.seqno,
    tx_count: workchain === 0 ? block.transactionCount : 0,
    masterchain_block_ref: { workchain: -1, shard: '8000000000000000', seqno: block.seqno },
    prev_blocks: view.block(block.seqno - 1) === undefined ? [] : [{ ...id, seqno: block.seqno - 1 }],
  }
}

function transactions({ view, parameters }: Call): Json {
  const { limit, offset, isNewestFirst } = page(parameters)
  const hash = parameters.hash('hash')
  if (hash !== undefined) {
    const found = view.chain.archive.transactionByHash(hash)
    return transactionList(view, view.isKnown(found) ? [found] : [])
  }
  const accounts = addressesOf(parameters.texts('account')).map(keyOf)
  const range = ltRange(view, parameters)
  if (range === undefined) return transactionList(view, [])
  return transactionList(view, view.search(accounts, { ...range, most: limit, skip: offset, isNewestFirst }))
}

/** Every bound in a request, as one on logical times; undefined where they leave nothing. */
function ltRange(view: View, parameters: Call['parameters']): { fromLt: bigint; toLt: bigint } | undefined {
  const lt = parameters.big('lt')
  const least = [lt ?? parameters.big('start_lt') ?? 0n]
  const most = [lt ?? parameters.big('end_lt') ?? view.head.endLt]
  const seqno = parameters.integer('mc_seqno') ?? parameters.integer('seqno')
  if (seqno !== undefined) {
    const block = view.block(seqno)
    if (block === undefined) return undefined
    least.push(block.startLt)
    most.push(block.endLt)
  }
  const { archive } = view.chain
  const startTime = parameters.integer('start_utime')
  const endTime = parameters.integer('end_utime')
  if (startTime !== undefined) least.push((archive.blockOfTime(startTime - 1)?.endLt ?? 0n) + 1n)
  if (endTime !== undefined) most.push(archive.blockOfTime(endTime)?.endLt ?? 0n)
  const fromLt = least.reduce((a, b) => (a > b ? a : b))
  const toLt = most.reduce((a, b) => (a < b ? a : b))
  return fromLt > toLt ? undefined : { fromLt, toLt }
}

/** Those that executed a message, found by its hash. */
function transactionsByMessage({ view, parameters }: Call): Json {
  const hash = parameters.hash('msg_hash')
  if (hash === undefined) throw wrong('msg_hash is missing')
  const known = (record: TransactionRecord): boolean => view.isKnown(record)
  return transactionList(view, view.chain.archive.transactionsByMessage(hash).filter(known))
}

function accountStates({ view, parameters }: Call): Json {
  const addresses = addressesOf(parameters.texts('address'))
  if (addresses.length === 0) throw wrong('address is missing')
  const withBoc = parameters.value('include_boc') === undefined || parameters.flag('include_boc')
  return {
    accounts: addresses.map(address => accountStateFull(view, address, withBoc)),
    address_book: addressBook(addresses),
    metadata: {},
  }
}

function plainWallet({ view, parameters }: Call): Json {
  const address = parameters.address('address')
  const { balance, status, last_transaction_lt, last_transaction_hash } = plainInformation(view, address)
  const { wallet, wallet_type, seqno, wallet_id } = walletInformation(view, address)
  if (wallet !== true) throw wrong('the account is no known wallet')
  return { balance, wallet_type, seqno, wallet_id, last_transaction_lt, last_transaction_hash, status }
}

async function message(call: Call): Promise<Json> {
  const { hash, normHash } = await call.send(call.parameters.bytes('boc'))
  return { message_hash: base64(hash), message_hash_norm: base64(normHash) }
}

async function runGetMethod({ view, parameters }: Call): Promise<Json> {
  const method = parameters.value('method')
  if (typeof method !== 'string' && !Number.isInteger(method))
    throw wrong('method has to be a name or a number')
  const stack = readTypedStack(parameters.value('stack'))
  const {
    gasUsed,
    exitCode,
    stack: left,
  } = await view.chain.get(parameters.address('address'), method as string | number, stack)
  return { gas_used: gasUsed, exit_code: exitCode, stack: writeTypedStack(left) }
}

function page(parameters: Call['parameters']): { limit: number; offset: number; isNewestFirst: boolean } {
  return {
    limit: parameters.integer('limit', { least: 1, most: devnetLimits.pageTransactions }) ?? 10,
    offset: parameters.integer('offset') ?? 0,
    isNewestFirst: parameters.text('sort') !== 'asc',
  }
}

function addressesOf(texts: readonly string[]): ReturnType<typeof tonAddress>[] {
  return texts.map(text => tonAddress(parseAddress(text)))
}
