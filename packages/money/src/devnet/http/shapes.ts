import { type Address, beginCell, type Cell, type Message, storeStateInit } from '@ton/core'
import { parseAddress } from '../../address.ts'
import { activeState, parseAccount, statusOf, tonAddress } from '../accounts.ts'
import { paidFees, transactionOf } from '../devnet-chain.ts'
import { hexOf, messageCell } from '../message.ts'
import type { BlockRecord, TransactionRecord } from '../records.ts'
import { blockHashes, shard, type View } from '../view.ts'

/** Objects of toncenter's second version, as its documentation shows them. */
export type Json = Record<string, unknown>

export function blockId(block: BlockRecord, workchain: number): Json {
  const { root, file } = blockHashes(block, workchain)
  return { '@type': 'ton.blockIdExt', workchain, shard, seqno: block.seqno, root_hash: root, file_hash: file }
}

export function transactionId(lt: bigint, hash: string): Json {
  return { '@type': 'internal.transactionId', lt: String(lt), hash: base64(hash) }
}

export function addressInformation(view: View, address: Address): Json {
  const boc = view.account(address)
  const shardAccount = boc === undefined ? undefined : parseAccount(boc)
  const account = shardAccount?.account
  const { code, data } = activeState(account) ?? {}
  const frozen = account?.storage.state
  const lastHash = (shardAccount?.lastTransactionHash ?? 0n).toString(16).padStart(64, '0')
  return {
    '@type': 'raw.fullAccountState',
    balance: String(account?.storage.balance.coins ?? 0n),
    extra_currencies: [],
    code: bocOf(code),
    data: bocOf(data),
    last_transaction_id: transactionId(shardAccount?.lastTransactionLt ?? 0n, lastHash),
    block_id: blockId(view.head, -1),
    frozen_hash: frozen?.type === 'frozen' ? base64(frozen.stateHash.toString(16).padStart(64, '0')) : '',
    sync_utime: view.head.timeS,
    state: stateName(statusOf(account)),
  }
}

/** An account without a record is uninitialised to this API. */
function stateName(status: ReturnType<typeof statusOf>): string {
  return status === 'active' || status === 'frozen' ? status : 'uninitialized'
}

export function rawTransaction(record: TransactionRecord): Json {
  const transaction = transactionOf(record)
  const { description, inMessage, now } = transaction
  const fee = paidFees(transaction)
  const storagePhase = 'storagePhase' in description ? description.storagePhase : undefined
  const storageFee = storagePhase?.storageFeesCollected ?? 0n
  return {
    '@type': 'raw.transaction',
    address: {
      '@type': 'accountAddress',
      account_address: friendly(tonAddress(parseAddress(record.account))),
    },
    account: record.account,
    utime: now,
    data: Buffer.from(record.boc).toString('base64'),
    transaction_id: transactionId(record.lt, record.hash),
    fee: String(fee),
    storage_fee: String(storageFee),
    other_fee: String(fee - storageFee),
    ...(inMessage && { in_msg: rawMessage(inMessage, record.inMessageHash) }),
    out_msgs: [...transaction.outMessages.values()].map(message => rawMessage(message)),
  }
}

function rawMessage(message: Message, knownHash?: string): Json {
  const { info, body } = message
  const isInternal = info.type === 'internal'
  const text = commentOf(body)
  const hash = knownHash ?? hexOf(messageCell(message))
  return {
    '@type': 'raw.message',
    hash: base64(hash),
    source: info.type === 'external-in' ? '' : friendly(info.src),
    destination: info.type === 'external-out' ? '' : friendly(info.dest),
    value: String(isInternal ? info.value.coins : 0n),
    extra_currencies: [],
    fwd_fee: String(isInternal ? info.forwardFee : 0n),
    ihr_fee: String(isInternal ? info.ihrFee : 0n),
    created_lt: String(info.type === 'external-in' ? 0n : info.createdLt),
    body_hash: body.hash().toString('base64'),
    msg_data:
      text === undefined
        ? { '@type': 'msg.dataRaw', body: bocOf(body), init_state: initStateOf(message) }
        : { '@type': 'msg.dataText', text: Buffer.from(text).toString('base64') },
    message: text ?? rootBytes(body).toString('base64'),
  }
}

function initStateOf({ init }: Message): string {
  return init ? bocOf(beginCell().store(storeStateInit(init)).endCell()) : ''
}

/** The text of a body that begins with 32 zero bits; undefined for any other body. */
export function commentOf(body: Cell): string | undefined {
  const slice = body.beginParse()
  if (slice.remainingBits < 40 || slice.loadUint(32) !== 0) return undefined
  try {
    const bytes = Buffer.from(slice.loadStringTail())
    return bytes.toString()
  } catch {
    return undefined
  }
}

function rootBytes(cell: Cell): Buffer {
  const slice = cell.beginParse()
  const bits = slice.remainingBits
  return bits % 8 === 0 ? slice.loadBuffer(bits / 8) : Buffer.alloc(0)
}

/** Not a test-only address: so most tools write it. */
export function friendly(address: Address | null | undefined): string {
  return address ? address.toString() : ''
}

export function bocOf(cell: Cell | null | undefined): string {
  return cell ? cell.toBoc().toString('base64') : ''
}

/** 64 hex digits as base64. */
export function base64(hex: string): string {
  return Buffer.from(hex, 'hex').toString('base64')
}
