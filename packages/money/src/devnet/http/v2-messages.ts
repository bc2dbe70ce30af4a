import { beginCell, type Cell, type Message, type StateInit } from '@ton/core'
import { refusalError } from '../gifts.ts'
import { messageCell, parseCell, parseExternal } from '../message.ts'
import { isRefusal } from '../tvm.ts'
import type { Call } from './call.ts'
import { wrong } from './parameters.ts'
import { base64, type Json } from './shapes.ts'

export async function sendBoc(call: Call): Promise<Json> {
  await call.send(call.parameters.bytes('boc'))
  return { '@type': 'ok' }
}

export async function sendBocReturnHash(call: Call): Promise<Json> {
  const { hash, normHash } = await call.send(call.parameters.bytes('boc'))
  return { '@type': 'raw.extMessageInfo', hash: base64(hash), hash_norm: base64(normHash) }
}

export async function sendQuery(call: Call): Promise<Json> {
  await call.send(messageCell(externalOf(call)).toBoc())
  return { '@type': 'ok' }
}

/** The message that `address`, `body`, `init_code` and `init_data` make. */
function externalOf({ parameters }: Call): Message {
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

export async function estimateFee(call: Call): Promise<Json> {
  return {
    '@type': 'query.fees',
    source_fees: { '@type': 'fees', ...(await sourceFees(call)) },
    destination_fees: [],
  }
}

/** What a message would cost its account, by executing it and forgetting what comes of it. */
export async function sourceFees(call: Call): Promise<Record<string, number>> {
  const value = call.parameters.value('ignore_chksig')
  const { message } = parseExternal(messageCell(externalOf(call)).toBoc())
  const outcome = await call.view.chain.try(message, {
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
