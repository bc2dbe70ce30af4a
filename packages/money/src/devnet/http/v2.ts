import { formatAddress, parseAddress } from '../../address.ts'
import { keyOf } from '../accounts.ts'
import { configParameter } from '../config.ts'
import { configBoc } from '../tvm.ts'
import type { Call } from './call.ts'
import { notFound, wrong } from './parameters.ts'
import { addressInformation, bocOf, friendly, type Json, rawTransaction } from './shapes.ts'
import { readStack, writeStack } from './stack.ts'
import { getBlockHeader, getBlockTransactions, getMasterchainInfo, lookupBlock, shards } from './v2-blocks.ts'
import { tryLocateResultTx, tryLocateSourceTx } from './v2-locate.ts'
import { estimateFee, sendBoc, sendBocReturnHash, sendQuery } from './v2-messages.ts'
import { walletInformation } from './wallet.ts'

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
    shards,
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
  const most = parameters.integer('limit', { least: 1, most: 256 }) ?? 10
  const lt = parameters.big('lt')
  const hash = parameters.hash('hash')
  const toLt = parameters.big('to_lt') ?? 0n
  const records = view.search([account], {
    fromLt: toLt + 1n,
    most,
    isNewestFirst: true,
    ...(lt !== undefined && { toLt: lt }),
  })
  if (lt !== undefined && hash !== undefined) {
    const [start] = view.search([account], { fromLt: lt, toLt: lt, most: 1, isNewestFirst: true })
    if (start?.hash !== hash) throw notFound(`transaction ${lt} with this hash`)
  }
  return records.map(rawTransaction)
}

function getConfigParam({ parameters }: Call): Json {
  const id = parameters.integer('config_id') ?? parameters.integer('param')
  if (id === undefined) throw wrong('config_id is missing')
  const parameter = configParameter(id)
  if (parameter === undefined) throw notFound(`configuration parameter ${id}`)
  return { '@type': 'configInfo', config: { '@type': 'tvm.cell', bytes: bocOf(parameter) } }
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
