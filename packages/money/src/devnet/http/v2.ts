import { type Address, beginCell, type Cell, type Message, type StateInit } from '@ton/core'
import { loadConfigParamById } from '@ton/ton'
import { formatAddress, parseAddress } from '../../address.ts'
import { keyOf } from '../accounts.ts'
import { messageCell, parseCell } from '../message.ts'
import type { BlockRecord, TransactionRecord } from '../records.ts'
import { configBoc, isRefusal } from '../tvm.ts'
import { refusalError } from '../gifts.ts'
import { transactionOf } from '../devnet-chain.ts'
import type { Call } from './call.ts'
import { notFound, wrong } from './parameters.ts'
import { addressInformation, base64, blockId, friendly, type Json, rawTransaction } from './shapes.ts'
import { readStack, writeStack } from './stack.ts'
import { walletInformation } from './wallet.ts'
import { devnetLimits } from '../limits.ts'

type Method = (call: Call) => unknown

/** Methods of toncenter's second version by their names. */
export const v2Methods: ReadonlyMap<string, Method> = new Map<string, Method>(
  Object.entries({
    getMasterchainInfo,
    getConsensusBlock: ({ view }) => ({ consensus_block: view.head.seqno, timestamp: view.head.timeS }),
    getAddressInformation: ({ view, parameters }) => addressInformation(view, parameters.address('address')),
    getExtendedAddressInformation,
    getWalletInformation: ({ view, parameters }) => walletInformation(view, parameters.address('address')),
    getAddressBalance: ({ view, parameters }) =>
      addressInformation(view, parameters.address('address'))['balance'],
    getAddressState: ({ view, parameters }) =>
      addressInformation(view, parameters.address('address'))['state'],
    packAddress: ({ parameters }) => friendly(parameters.address('address')),
    unpackAddress: ({ parameters }) => keyOf(parameters.address('address')),
    detectAddress,
    getTransactions,
    getConfigParam,
    getConfigAll: () => ({ '@type': 'configInfo', config: { '@type': 'tvm.cell', bytes: configBoc } }),
    shards: ({ view, parameters }) => ({
      '@type': 'blocks.shards',
      shards: [blockId(blockOr404(view.block(parameters.integer('seqno') ?? view.head.seqno)), 0)],
    }),
    lookupBlock,
    getBlockHeader,
    getBlockTransactions,
    tryLocateTx: tryLocateResultTx,
    tryLocateResultTx,
    tryLocateSourceTx,
    runGetMethod,
    sendBoc,
    sendBocReturnHash,
    sendQuery,
    estimateFee,
  } satisfies Record<string, Method>),
)

/** Methods that change something: by POST alone. */
export const v2Senders: ReadonlySet<string> = new Set(['sendBoc', 'sendBocReturnHash', 'sendQuery'])

function getMasterchainInfo({ view, shownSeqno }: Call): Json {
  const last = blockId(view.head, -1)
  const first = view.block(1) ?? view.head
  return {
    '@type': 'blocks.masterchainInfo',
    last: { ...last, seqno: shownSeqno },
    state_root_hash: base64(view.head.hash),
    init: { ...blockId(first, -1), shard: '0', seqno: 0 },
  }
}

function getExtendedAddressInformation({ view, parameters }: Call): Json {
  const address = parameters.address('address')
  const { balance, extra_currencies, last_transaction_id, block_id, sync_utime, ...state } =
    addressInformation(view, address)
  const { code, data, frozen_hash } = state
  return {
    '@type': 'fullAccountState',
    address: { '@type': 'accountAddress', account_address: friendly(address) },
    balance,
    extra_currencies,
    last_transaction_id,
    block_id,
    sync_utime,
    account_state:
      code === ''
        ? { '@type': 'uninited.accountState', frozen_hash }
        : { '@type': 'raw.accountState', code, data, frozen_hash },
    revision: 0,
  }
}

function detectAddress({ parameters }: Call): Json {
  const text = parameters.required('address')
  const address = parseAddress(text)
  const forms = (bounceable: boolean): Json => {
    const b64url = formatAddress(address, { bounceable })
    return { b64: b64url.replaceAll('-', '+').replaceAll('_', '/'), b64url }
  }
  const isRaw = text.includes(':')
  const isBounceable = !isRaw && (Buffer.from(text, 'base64')[0]! & 0x7f) === 0x11
  return {
    '@type': 'ext.utils.detectedAddress',
    raw_form: keyOf(parameters.address('address')),
    bounceable: forms(true),
    non_bounceable: forms(false),
    given_type: isRaw ? 'raw_form' : isBounceable ? 'friendly_bounceable' : 'friendly_non_bounceable',
    test_only: !isRaw && (Buffer.from(text, 'base64')[0]! & 0x80) !== 0,
  }
}

/** Newest first, from `lt` on if that is given and down to `to_lt`, which is not in it. */
function getTransactions({ view, parameters }: Call): Json[] {
  const account = keyOf(parameters.address('address'))
  const most = parameters.integer('limit', { least: 1, most: 100 }) ?? 10
  const lt = parameters.big('lt')
  const hash = parameters.hash('hash')
  const toLt = parameters.big('to_lt') ?? 0n
  const records = view.transactionsOf(account, {
    fromLt: toLt + 1n,
    most,
    isNewestFirst: true,
    ...(lt !== undefined && { toLt: lt }),
  })
  if (lt !== undefined && hash !== undefined) {
    const [start] = view.transactionsOf(account, { fromLt: lt, toLt: lt, most: 1, isNewestFirst: true })
    if (start?.hash !== hash) throw notFound(`transaction ${lt} with this hash`)
  }
  return records.map(rawTransaction)
}

function getConfigParam({ parameters }: Call): Json {
  const id = parameters.integer('config_id') ?? parameters.integer('param')
  if (id === undefined) throw wrong('config_id is missing')
  try {
    const bytes = loadConfigParamById(configBoc, id).toBoc().toString('base64')
    return { '@type': 'configInfo', config: { '@type': 'tvm.cell', bytes } }
  } catch {
    throw notFound(`configuration parameter ${id}`)
  }
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

function lookupBlock({ view, parameters }: Call): Json {
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

function getBlockHeader(call: Call): Json {
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

function getBlockTransactions(call: Call): Json {
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

/** The transaction that executed a message, by the message's source and logical time. */
function tryLocateResultTx(call: Call): Json {
  return rawTransaction(located(call, 'destination', isExecutedBy))
}

/** The transaction that sent it. */
function tryLocateSourceTx(call: Call): Json {
  return rawTransaction(located(call, 'source', isSentBy))
}

interface SoughtMessage {
  source: Address
  destination: Address
  lt: bigint
}

function located(
  { view, parameters }: Call,
  side: 'source' | 'destination',
  matches: (record: TransactionRecord, sought: SoughtMessage) => boolean,
): TransactionRecord {
  const sought = {
    source: parameters.address('source'),
    destination: parameters.address('destination'),
    lt: parameters.big('created_lt') ?? wrongly('created_lt is missing'),
  }
  const isSource = side === 'source'
  const candidates = view.transactionsOf(keyOf(sought[side]), {
    // A transaction is before the messages that it sends, and after the one that it executes.
    ...(isSource ? { toLt: sought.lt } : { fromLt: sought.lt }),
    most: devnetLimits.located,
    isNewestFirst: isSource,
  })
  return candidates.find(record => matches(record, sought)) ?? missing('transaction')
}

function isExecutedBy(record: TransactionRecord, sought: SoughtMessage): boolean {
  const { inMessage } = transactionOf(record)
  return inMessage ? isSought(inMessage, sought) : false
}

function isSentBy(record: TransactionRecord, sought: SoughtMessage): boolean {
  return [...transactionOf(record).outMessages.values()].some(message => isSought(message, sought))
}

function isSought({ info }: Message, { source, destination, lt }: SoughtMessage): boolean {
  return (
    info.type === 'internal' &&
    info.createdLt === lt &&
    info.src.equals(source) &&
    info.dest.equals(destination)
  )
}

async function runGetMethod({ view, parameters }: Call): Promise<Json> {
  const address = parameters.address('address')
  const method = parameters.value('method')
  if (typeof method !== 'string' && !Number.isInteger(method))
    throw wrong('method has to be a name or a number')
  const stack = readStack(parameters.value('stack'))
  const { gasUsed, exitCode, stack: left } = await view.chain.get(address, method as string | number, stack)
  const { last_transaction_id, block_id } = addressInformation(view, address)
  return {
    '@type': 'smc.runResult',
    gas_used: gasUsed,
    stack: writeStack(left),
    exit_code: exitCode,
    block_id,
    last_transaction_id,
  }
}

async function sendBoc(call: Call): Promise<Json> {
  await call.send(call.parameters.bytes('boc'))
  return { '@type': 'ok' }
}

async function sendBocReturnHash(call: Call): Promise<Json> {
  const { hash, normHash } = await call.send(call.parameters.bytes('boc'))
  return { '@type': 'raw.extMessageInfo', hash: base64(hash), hash_norm: base64(normHash) }
}

async function sendQuery(call: Call): Promise<Json> {
  await call.send(messageCell(externalOf(call)).toBoc())
  return { '@type': 'ok' }
}

/** The message that `address`, `body`, `init_code` and `init_data` make. */
export function externalOf({ parameters }: Call): Message {
  const cell = (name: string): Cell | undefined => {
    const bytes = parameters.bytes(name)
    return bytes.length === 0 ? undefined : parseCell(bytes)
  }
  const code = cell('init_code')
  const data = cell('init_data')
  const init: StateInit | undefined = code && data ? { code, data } : undefined
  return {
    info: { type: 'external-in', dest: parameters.address('address'), importFee: 0n },
    ...(init && { init }),
    body: cell('body') ?? beginCell().endCell(),
  }
}

async function estimateFee(call: Call): Promise<Json> {
  return {
    '@type': 'query.fees',
    source_fees: { '@type': 'fees', ...(await sourceFees(call)) },
    destination_fees: [],
  }
}

/** What a message would cost its account, by executing it and forgetting what comes of it. */
export async function sourceFees(call: Call): Promise<Record<string, number>> {
  const value = call.parameters.value('ignore_chksig')
  const outcome = await call.view.chain.try(externalOf(call), {
    ignoreSignatures: value !== false && value !== 'false',
  })
  if (isRefusal(outcome)) throw refusalError(outcome)
  const { description, totalFees } = outcome.transaction
  if (description.type !== 'generic') throw wrong('the message has no fees')
  const { storagePhase, computePhase, actionPhase } = description
  const storage = storagePhase?.storageFeesCollected ?? 0n
  const gas = computePhase.type === 'vm' ? computePhase.gasFees : 0n
  const inForward = totalFees.coins - storage - gas - (actionPhase?.totalActionFees ?? 0n)
  return {
    in_fwd_fee: Number(inForward),
    storage_fee: Number(storage),
    gas_fee: Number(gas),
    fwd_fee: Number(actionPhase?.totalFwdFees ?? 0n),
  }
}

function blockOr404(block: BlockRecord | undefined): BlockRecord {
  return block ?? missing('block')
}

function missing(what: string): never {
  throw notFound(what)
}

function wrongly(why: string): never {
  throw wrong(why)
}
