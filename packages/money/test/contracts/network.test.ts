import assert from 'node:assert/strict'
import { hash } from 'node:crypto'
import { beforeEach, describe, test } from 'node:test'
import {
  addressKey,
  clientBody,
  clientContractAddress,
  clientStateInit,
  contractAddress,
  deploymentValue,
  describeFailure,
  estimateOperation,
  externalFee,
  paymentBody,
  proxyBody,
  proxyStateInit,
  readClientData,
  readNodeWalletData,
  readProxyData,
  readProxyMessage,
  readWorkerData,
  rentOfYear,
  signClosing,
  signPayment,
  workerBody,
  workerStateInit,
  type ChainFees,
  type ChainTransaction,
  type ClosingKind,
  type Operation,
  type PaymentKind,
  type ProxyMessage,
  type WalletMessage,
} from '../../src/index.ts'
import {
  arrivals,
  clientContract,
  clientParties,
  config,
  Network,
  node,
  proxyContract,
  proxyKey,
  proxyParties,
  startS,
  workerContract,
  workerOwner,
  workerParties,
} from './network.ts'

const ton = 1_000_000_000n
const stranger = contractAddress(0, '99'.repeat(32))

/** Prices of the virtual machine's configuration. */
const fees: ChainFees = {
  gasPrice: 400n << 16n,
  flatGasLimit: 100n,
  flatGasPriceNano: 40_000n,
  messageLumpNano: 400_000n,
  messageBitPrice: 400n << 16n,
  messageCellPrice: 40_000n << 16n,
  storageBitPrice: 1n,
  storageCellPrice: 500n,
}

let network: Network
let queryId = 0n

/** Deploys the contracts of proxy, client and worker. */
async function deployAll(): Promise<void> {
  const states = [
    [proxyContract, proxyStateInit(config, proxyParties), 'proxy'],
    [clientContract, clientStateInit(config, clientParties), 'child'],
    [workerContract, workerStateInit(config, workerParties), 'child'],
  ] as const
  await network.send(
    states.map(([to, stateInit, contract]) => {
      return { to, stateInit, valueNano: deploymentValue(stateInit, fees, contract) }
    }),
  )
  for (const [to, , contract] of states) {
    const least = contract === 'child' ? (ton * 11n) / 100n : rentOfYear(fees, contract)
    assert.ok((await network.balance(to)) >= least, addressKey(to))
  }
}

beforeEach(async () => {
  queryId = 0n
  network = await Network.start()
  await deployAll()
})

/**
 * Sends one message of an operation with what is estimated for it. It must succeed, and cost no more than
 * estimated besides what stays on purpose, which is negative for what comes back.
 */
async function run(
  operation: Operation,
  message: WalletMessage,
  staysNano = 0n,
): Promise<ChainTransaction[]> {
  const { attachNano, costNano } = estimateOperation(operation, fees, await network.balance(message.to))
  const valueNano = attachNano + (staysNano > 0n ? staysNano : 0n)
  const { transactions, spentNano } = await network.send([{ ...message, valueNano }])
  const contracts = new Set([node, proxyContract, clientContract, workerContract].map(addressKey))
  for (const transaction of transactions) {
    const runsCode = contracts.has(addressKey(transaction.account)) && transaction.inMessage?.valueNano !== 1n
    if (runsCode) assert.equal(describeFailure(transaction), undefined)
  }
  const most = costNano + externalFee(fees, [message]) + staysNano
  assert.ok(spentNano <= most, `${operation}: spent ${spentNano}, estimated ${most}`)
  assert.ok(spentNano * 3n >= most || staysNano < 0n, `${operation}: spent ${spentNano}, estimated ${most}`)
  return transactions
}

const query = () => ({ queryId: ++queryId, excessesTo: node })

/** What a proxy sees of transactions. */
function seen(transactions: ChainTransaction[]): ProxyMessage[] {
  return arrivals(transactions, proxyContract).flatMap(({ body, source }) => {
    const message = readProxyMessage(body)
    if (message?.kind === 'client-report') assert.deepEqual(source, clientContract)
    if (message?.kind === 'worker-report') assert.deepEqual(source, workerContract)
    return message ?? []
  })
}

const client = async () => readClientData(await network.data(clientContract))
const proxy = async () => readProxyData(await network.data(proxyContract))
const worker = async () => readWorkerData(await network.data(workerContract))

const toClient = (body: WalletMessage['body']): WalletMessage => ({ to: clientContract, valueNano: 0n, body })
const toProxy = (body: WalletMessage['body']): WalletMessage => ({ to: proxyContract, valueNano: 0n, body })
const toWorker = (body: WalletMessage['body']): WalletMessage => ({ to: workerContract, valueNano: 0n, body })

/** A payment that the proxy signed with excesses to somebody else, submitted by the node. */
function submitted(kind: PaymentKind, tokens: bigint): WalletMessage['body'] {
  const contract = kind.startsWith('client') ? clientContract : workerContract
  const bytes = signPayment({
    kind,
    key: proxyKey,
    queryId: ++queryId,
    tokens,
    contract,
    excessesTo: stranger,
  })
  return paymentBody(bytes, node)
}

function closing(kind: ClosingKind): WalletMessage['body'] {
  const bytes = signClosing({
    kind,
    key: proxyKey,
    queryId: ++queryId,
    contract: proxyContract,
    excessesTo: stranger,
  })
  return paymentBody(bytes, node)
}

async function topUp(nano: bigint): Promise<ChainTransaction[]> {
  return run('client-top-up', toClient(clientBody.topUp({ ...query(), nano })), nano)
}

describe('with the compiled contracts', () => {
  test('the wallet counts its externals, the contracts are as they were derived', async () => {
    assert.equal(readNodeWalletData(await network.data(node)).seqno, 1)
    const { params: ofClient, ...parties } = await client()
    assert.deepEqual(parties, {
      ...clientParties,
      phase: 'open',
      balanceNano: 0n,
      stakeNano: 15n * ton,
      chargedTokens: 0n,
      unlockAtS: 0,
      secretHash: '00'.repeat(32),
    })
    assert.equal(ofClient.structVersion, 4)
    assert.deepEqual((await proxy()).proxyOwner, proxyParties.proxyOwner)
    assert.deepEqual((await worker()).workerOwner, workerOwner)
  })

  test('a client registers with what a new contract needs', async () => {
    const nonce = 2n ** 64n - 1n
    const [report] = seen(await run('client-register', toClient(clientBody.register({ ...query(), nonce }))))
    assert.ok(report?.kind === 'client-report')
    assert.deepEqual(report.request, { kind: 'register', nonce })
    assert.deepEqual(report.clientOwner, node)
    assert.equal(report.queryId, queryId)
  })

  test('a client deploys and registers at once', async () => {
    const parties = { ...clientParties, proxyContract: stranger }
    const [to, stateInit] = [clientContractAddress(config, parties), clientStateInit(config, parties)]
    const deployNano = deploymentValue(stateInit, fees, 'child')
    const { attachNano } = estimateOperation('client-register', fees, deployNano)
    const body = clientBody.register({ ...query(), nonce: 1n })
    const message = { to, stateInit, body, valueNano: deployNano + attachNano }
    const { transactions } = await network.send([message])
    const failures = transactions.slice(0, 2).map(transaction => describeFailure(transaction))
    assert.deepEqual(failures, [undefined, undefined])
    assert.deepEqual(readClientData(await network.data(to)).clientOwner, node)
  })

  test('a client pays in, is charged, and takes out', async () => {
    const [report] = seen(await topUp(20n * ton))
    assert.ok(report?.kind === 'client-report')
    assert.deepEqual(report.request, { kind: 'top-up', nano: 20n * ton })
    assert.equal(report.account.balanceNano, 20n * ton)

    const [charged] = seen(await run('client-charge', toClient(submitted('client-charge', 50_000_000n))))
    assert.ok(charged?.kind === 'client-report' && charged.request === undefined)
    assert.deepEqual([charged.account.balanceNano, charged.account.chargedTokens], [19n * ton, 50_000_000n])

    const withdrawn = await run('client-withdraw', toClient(clientBody.withdraw(query())), -4n * ton)
    const [refund] = seen(withdrawn)
    assert.ok(refund?.kind === 'client-report')
    assert.deepEqual(refund.request, { kind: 'refund-granted', nano: 4n * ton })
    const { balanceNano, chargedTokens } = await client()
    assert.deepEqual([balanceNano, chargedTokens], [15n * ton, 50_000_000n])
  })

  test('a client changes its secret and its stake', async () => {
    const secretHash = hash('sha256', 'secret', 'buffer')
    await run('client-change-secret', toClient(clientBody.changeSecretHash({ ...query(), secretHash })))
    assert.equal((await client()).secretHash, secretHash.toString('hex'))
    const both = clientBody.changeSecretHashAndTopUp({
      ...query(),
      nano: ton,
      secretHash: new Uint8Array(32),
    })
    await run('client-change-secret-and-top-up', toClient(both), ton)
    const stakeNano = 16n * ton
    await run('client-increase-stake', toClient(clientBody.increaseStake({ ...query(), stakeNano })))
    const data = await client()
    assert.deepEqual([data.secretHash, data.balanceNano, data.stakeNano], ['00'.repeat(32), ton, stakeNano])
  })

  test('a worker registers, is paid, and is paid for the last time', async () => {
    await topUp(20n * ton)
    await network.from(workerOwner, workerContract, ton, workerBody.register(query()))
    const [paid] = seen(await run('worker-payout', toWorker(submitted('worker-payout', 50_000_000n))))
    assert.ok(paid?.kind === 'worker-report')
    assert.deepEqual(paid.request, { kind: 'payout', workerNano: 950_000_000n, proxyNano: 50_000_000n })
    assert.equal(paid.paidTokens, 50_000_000n)
    assert.ok((await network.balance(workerOwner)) >= 950_000_000n)
    assert.equal((await proxy()).balanceNano, 50_000_000n)

    await run('worker-last-payout', toWorker(submitted('worker-last-payout', 60_000_000n)))
    const { phase, paidTokens } = await worker()
    assert.deepEqual([phase, paidTokens], ['closed', 60_000_000n])
  })

  test('a proxy raises its stake, takes its earnings, and closes', async () => {
    await topUp(20n * ton)
    await run('worker-payout', toWorker(submitted('worker-payout', 50_000_000n)))
    const raised = proxyBody.increaseStake({ ...query(), nano: 3n * ton })
    assert.deepEqual(seen(await run('proxy-increase-stake', toProxy(raised), 3n * ton)), [
      { kind: 'operation', queryId, operation: 'increase-stake' },
    ])
    await run('proxy-payout-request', toProxy(proxyBody.requestPayout(query())))
    const { balanceNano, stakeNano } = await proxy()
    assert.deepEqual([balanceNano, stakeNano], [0n, 3n * ton])
    await run('proxy-close', toProxy(closing('proxy-close')))
    const { phase, unlockAtS } = await proxy()
    assert.equal(phase, 'closing')
    network.pass(Math.max(0, unlockAtS - startS) + config.proxyDelayBeforeCloseS + 1)
    await run('proxy-close-complete', toProxy(closing('proxy-close-complete')))
    assert.equal((await proxy()).phase, 'closed')
  })

  test('a client that the proxy refunds gets all that is left', async () => {
    await topUp(20n * ton)
    const before = await network.balance(node)
    await run('client-refund', toClient(submitted('client-refund', 60_000_000n)), -18_800_000_000n)
    assert.ok((await network.balance(node)) > before + 18n * ton)
    const { phase, balanceNano } = await client()
    assert.deepEqual([phase, balanceNano], ['closed', 0n])
  })

  test('a client closes without the proxy', async () => {
    await topUp(20n * ton)
    await run(
      'proxy-increase-stake',
      toProxy(proxyBody.increaseStake({ ...query(), nano: 20n * ton })),
      20n * ton,
    )
    await run('client-request-refund', toClient(clientBody.requestRefund(query())), -5n * ton)
    const { phase, unlockAtS } = await client()
    assert.deepEqual([phase, unlockAtS], ['closing', network.nowS + config.clientDelayBeforeCloseS])
    network.pass(config.clientDelayBeforeCloseS + 1)
    const [forced] = seen(
      await run('client-request-refund', toClient(clientBody.requestRefund(query())), -15n * ton),
    )
    assert.ok(forced?.kind === 'client-report')
    assert.deepEqual(forced.request, { kind: 'refund-forced', nano: 15n * ton })
    assert.equal((await client()).phase, 'closed')
  })

  test('a proxy notes its state', async () => {
    const sessionHash = new Uint8Array(32).fill(7)
    const body = proxyBody.saveState({ queryId: 5n, seqno: 3, sessionHash })
    const { transactions } = await network.send([{ to: proxyContract, valueNano: 1n, body }])
    assert.deepEqual(seen(transactions), [{ kind: 'saved-state', queryId: 5n, seqno: 3, sessionHash }])
    assert.deepEqual(arrivals(transactions, proxyContract)[0]?.source, node)
  })

  test('why an operation failed', async () => {
    await topUp(ton)
    const again = clientBody.withdraw(query())
    const { transactions } = await network.send([{ to: clientContract, valueNano: ton / 2n, body: again }])
    const reasons = transactions.map(transaction => describeFailure(transaction, 'client'))
    assert.match(reasons[1] ?? '', /balance of the contract or of the account in it is too low/)
  })
})
