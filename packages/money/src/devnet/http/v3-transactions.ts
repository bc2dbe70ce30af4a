import {
  Address,
  beginCell,
  type Message,
  storeStateInit,
  type Transaction,
  type TransactionActionPhase,
  type TransactionBouncePhase,
  type TransactionComputePhase,
  type TransactionCreditPhase,
  type TransactionStoragePhase,
} from '@ton/core'
import { parseAddress } from '../../address.ts'
import { tonAddress } from '../accounts.ts'
import { transactionOf } from '../devnet-chain.ts'
import { hexOf, messageCell, normalisedHash } from '../message.ts'
import type { TransactionRecord } from '../records.ts'
import type { View } from '../view.ts'
import { base64, bocOf, commentOf, type Json } from './shapes.ts'
import { accountState, addressBook, hashOf, rawAddress } from './v3-accounts.ts'

/** Transactions and the addresses in them. */
export function transactionList(view: View, records: readonly TransactionRecord[]): Json {
  const named = new Map<string, Address>()
  for (const record of records) {
    for (const address of addressesOf(record)) named.set(address.toRawString(), address)
  }
  return {
    transactions: records.map(record => transactionJson(view, record)),
    address_book: addressBook(named.values()),
  }
}

function addressesOf(record: TransactionRecord): Address[] {
  const { inMessage, outMessages } = transactionOf(record)
  const messages = [...(inMessage ? [inMessage] : []), ...outMessages.values()]
  const ends = messages.flatMap(({ info }) => [info.src, info.dest])
  return [accountOf(record), ...ends.filter(end => end instanceof Address)]
}

function accountOf({ account }: TransactionRecord): Address {
  return tonAddress(parseAddress(account))
}

const statuses = { uninitialized: 'uninit', 'non-existing': 'nonexist', active: 'active', frozen: 'frozen' }

function transactionJson(view: View, record: TransactionRecord): Json {
  const transaction = transactionOf(record)
  const { prevTransactionLt: previousLt, inMessage, stateUpdate, outMessages } = transaction
  const [previous] =
    previousLt === 0n
      ? []
      : view.search([record.account], { fromLt: previousLt, toLt: previousLt, most: 1, isNewestFirst: true })
  const before = previous?.accountAfter ?? view.chain.accountAtGenesis(accountOf(record))
  return {
    account: rawAddress(accountOf(record)),
    hash: base64(record.hash),
    lt: String(record.lt),
    now: transaction.now,
    mc_block_seqno: record.seqno,
    prev_trans_hash: hashOf(transaction.prevTransactionHash),
    prev_trans_lt: String(previousLt),
    orig_status: statuses[transaction.oldStatus],
    end_status: statuses[transaction.endStatus],
    total_fees: String(transaction.totalFees.coins),
    total_fees_extra_currencies: {},
    description: descriptionJson(transaction.description),
    block_ref: { workchain: accountOf(record).workChain, shard: '8000000000000000', seqno: record.seqno },
    in_msg: inMessage ? messageJson(inMessage, record.inMessageHash) : null,
    out_msgs: [...outMessages.values()].map(message => messageJson(message, hexOf(messageCell(message)))),
    account_state_before: { ...accountState(before), hash: hashOfBytes(stateUpdate.oldHash) },
    account_state_after: { ...accountState(record.accountAfter), hash: hashOfBytes(stateUpdate.newHash) },
    emulated: false,
    finality: 'finalized',
  }
}

function hashOfBytes(bytes: Buffer): string {
  return bytes.toString('base64')
}

function messageJson(message: Message, hash: string): Json {
  const { info, body, init } = message
  const slice = body.beginParse()
  const opcode = slice.remainingBits < 32 ? null : `0x${slice.loadUint(32).toString(16).padStart(8, '0')}`
  const text = commentOf(body)
  const initCell = init ? beginCell().store(storeStateInit(init)).endCell() : undefined
  const isInternal = info.type === 'internal'
  const value = (amount: bigint): string | null => (isInternal ? String(amount) : null)
  return {
    hash: base64(hash),
    ...(info.type === 'external-in' && { hash_norm: base64(normalisedHash(message, hash)) }),
    source: info.type === 'external-in' ? null : rawAddress(info.src),
    destination: info.type === 'external-out' ? null : rawAddress(info.dest),
    value: isInternal ? value(info.value.coins) : null,
    value_extra_currencies: {},
    fwd_fee: isInternal ? value(info.forwardFee) : null,
    ihr_fee: isInternal ? value(info.ihrFee) : null,
    created_lt: info.type === 'external-in' ? null : String(info.createdLt),
    created_at: info.type === 'external-in' ? null : String(info.createdAt),
    opcode,
    ihr_disabled: isInternal ? info.ihrDisabled : null,
    bounce: isInternal ? info.bounce : null,
    bounced: isInternal ? info.bounced : null,
    import_fee: info.type === 'external-in' ? String(info.importFee) : null,
    message_content: {
      hash: body.hash().toString('base64'),
      body: bocOf(body),
      decoded: text === undefined ? null : { type: 'text_comment', comment: text },
    },
    init_state: initCell ? { hash: initCell.hash().toString('base64'), body: bocOf(initCell) } : null,
  }
}

function descriptionJson(description: Transaction['description']): Json {
  if (description.type !== 'generic') return { type: description.type.replace('-', '_') }
  const { storagePhase, creditPhase, computePhase, actionPhase, bouncePhase } = description
  return {
    type: 'ord',
    aborted: description.aborted,
    destroyed: description.destroyed,
    credit_first: description.creditFirst,
    ...(storagePhase && { storage_ph: storageJson(storagePhase) }),
    ...(creditPhase && { credit_ph: creditJson(creditPhase) }),
    compute_ph: computeJson(computePhase),
    ...(actionPhase && { action: actionJson(actionPhase) }),
    ...(bouncePhase && { bounce: bounceJson(bouncePhase) }),
  }
}

function storageJson({ storageFeesCollected, storageFeesDue, statusChange }: TransactionStoragePhase): Json {
  return {
    storage_fees_collected: String(storageFeesCollected),
    ...(storageFeesDue && { storage_fees_due: String(storageFeesDue) }),
    status_change: statusChange,
  }
}

function creditJson({ dueFeesColelcted, credit }: TransactionCreditPhase): Json {
  return {
    ...(dueFeesColelcted && { due_fees_collected: String(dueFeesColelcted) }),
    credit: String(credit.coins),
  }
}

function computeJson(phase: TransactionComputePhase): Json {
  if (phase.type === 'skipped') return { skipped: true, reason: phase.reason.replace('-', '_') }
  return {
    skipped: false,
    success: phase.success,
    msg_state_used: phase.messageStateUsed,
    account_activated: phase.accountActivated,
    gas_fees: String(phase.gasFees),
    gas_used: String(phase.gasUsed),
    gas_limit: String(phase.gasLimit),
    ...(phase.gasCredit && { gas_credit: String(phase.gasCredit) }),
    mode: phase.mode,
    exit_code: phase.exitCode,
    ...(typeof phase.exitArg === 'number' && { exit_arg: phase.exitArg }),
    vm_steps: phase.vmSteps,
    vm_init_state_hash: hashOf(phase.vmInitStateHash),
    vm_final_state_hash: hashOf(phase.vmFinalStateHash),
  }
}

function actionJson(phase: TransactionActionPhase): Json {
  return {
    success: phase.success,
    valid: phase.valid,
    no_funds: phase.noFunds,
    status_change: phase.statusChange,
    ...(phase.totalFwdFees && { total_fwd_fees: String(phase.totalFwdFees) }),
    ...(phase.totalActionFees && { total_action_fees: String(phase.totalActionFees) }),
    result_code: phase.resultCode,
    ...(typeof phase.resultArg === 'number' && { result_arg: phase.resultArg }),
    tot_actions: phase.totalActions,
    spec_actions: phase.specActions,
    skipped_actions: phase.skippedActions,
    msgs_created: phase.messagesCreated,
    action_list_hash: hashOf(phase.actionListHash),
    tot_msg_size: sizeJson(phase.totalMessageSize),
  }
}

function bounceJson(phase: TransactionBouncePhase): Json {
  if (phase.type === 'negative-funds') return { type: 'negfunds' }
  const size = { msg_size: sizeJson(phase.messageSize) }
  if (phase.type === 'no-funds') {
    return { type: 'nofunds', ...size, req_fwd_fees: String(phase.requiredForwardFees) }
  }
  return { type: 'ok', ...size, msg_fees: String(phase.messageFees), fwd_fees: String(phase.forwardFees) }
}

function sizeJson({ cells, bits }: { cells: bigint; bits: bigint }): Json {
  return { cells: String(cells), bits: String(bits) }
}
