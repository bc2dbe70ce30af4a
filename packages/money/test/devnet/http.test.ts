import assert from 'node:assert/strict'
import { request } from 'node:http'
import { after, before, beforeEach, describe, test } from 'node:test'
import { systemWorld as world } from '@cocoon/wire/node'
import { formatAddress } from '../../src/address.ts'
import { noFaults } from '../../src/devnet/faults.ts'
import { type Devnet, startDevnet } from '../../src/devnet/index.ts'
import { someone, wallet } from './wallet.ts'

const coin = 1_000_000_000n
const token = 'a token of the test'
const walletText = formatAddress(wallet.address)

interface Answer<Result> {
  status: number
  body: { ok?: boolean; error?: string; code?: number; result: Result } & Result
}

/** A list whose first two entries are looked at; `length` says whether they are there. */
type Some<Entry> = [Entry, Entry, ...Entry[]]

/** What these tests look at in an object of the second version. */
interface Told {
  state: string
  block_id: { workchain: number }
  last: { shard: string; seqno: number }
  raw_form: string
  given_type: string
  config: { '@type': string }
  exit_code: number
  stack: [type: string, value: string][]
  seqno: number
  simulated: boolean
  amount: string
  gen_utime: number
  end_lt: string
  id: unknown
  wallet: boolean
  wallet_type: string
}

interface ToldTransaction {
  transaction_id: { lt: string; hash: string }
  in_msg: { source: string; value: string; hash: string }
  out_msgs: Some<{
    hash: string
    message: string
    msg_data: { '@type': string }
    source: string
    destination: string
    created_lt: string
  }>
}

/** The same of the third version. */
interface Indexed {
  transactions: Some<IndexedTransaction>
  accounts: Some<{ status: string; code_boc: string; balance: string }>
  blocks: Some<{ seqno: number }>
  last: { seqno: number }
  balance: string
  message_hash: string
  stack: unknown
}

interface IndexedTransaction {
  account: string
  hash: string
  now: number
  mc_block_seqno: number
  description: { compute_ph: { exit_code: number } }
  in_msg: { hash: string; hash_norm: string }
  out_msgs: Some<{ message_content: { decoded: { comment: string } } }>
  account_state_before: { account_status: string }
  account_state_after: { account_status: string }
}

let devnet: Devnet
before(async () => {
  devnet = await startDevnet({ world, blockTimeMs: 0, token })
  await devnet.faucet(wallet.address, 10n * coin)
  await devnet.chain.send(wallet.transfer(0, [{ to: someone(1), nano: coin, body: 'hello' }]))
})
after(() => devnet[Symbol.asyncDispose]())
beforeEach(() => void Object.assign(devnet.faults, noFaults()))

async function get<Result = Told>(path: string): Promise<Answer<Result>> {
  return answerOf(await fetch(`${devnet.url}${path}`))
}

async function post<Result = Told>(
  path: string,
  body: unknown,
  headers: Record<string, string> = {},
): Promise<Answer<Result>> {
  const text = typeof body === 'string' ? body : JSON.stringify(body)
  const init = { method: 'POST', body: text, headers: { 'content-type': 'application/json', ...headers } }
  return answerOf(await fetch(`${devnet.url}${path}`, init))
}

async function answerOf<Result>(response: Response): Promise<Answer<Result>> {
  return { status: response.status, body: (await response.json()) as Answer<Result>['body'] }
}

describe('the second version', () => {
  test('tells an account, by GET, POST and JSON-RPC alike', async () => {
    const path = '/api/v2/getAddressInformation'
    const plain = await get(`${path}?address=${walletText}`)
    assert.equal(plain.body.ok, true)
    assert.equal(plain.body.result.state, 'active')
    assert.equal(plain.body.result.block_id.workchain, -1)
    assert.deepEqual(await post(path, { address: walletText }), plain)
    const rpc = await post('/api/v2/jsonRPC', {
      id: '7',
      jsonrpc: '2.0',
      method: 'getAddressInformation',
      params: { address: `0:${wallet.address.hash}` },
    })
    assert.deepEqual(rpc.body, { ok: true, result: plain.body.result, jsonrpc: '2.0', id: '7' })
  })

  test('tells transactions, newest first, in pages that overlap in one', async () => {
    const all = (await get<Some<ToldTransaction>>(`/api/v2/getTransactions?address=${walletText}&limit=10`))
      .body.result
    assert.equal(all.length, 2)
    const [newest, oldest] = all
    assert.equal(newest.out_msgs[0].message, 'hello')
    assert.equal(newest.out_msgs[0].msg_data['@type'], 'msg.dataText')
    assert.equal(newest.in_msg.source, '')
    assert.equal(oldest.in_msg.value, String(10n * coin))
    const { lt, hash } = newest.transaction_id
    const from = `lt=${lt}&hash=${encodeURIComponent(hash)}`
    const page = (
      await get<Some<ToldTransaction>>(`/api/v2/getTransactions?address=${walletText}&limit=1&${from}`)
    ).body.result
    assert.deepEqual(page, [newest])
    const above = await get<Some<ToldTransaction>>(
      `/api/v2/getTransactions?address=${walletText}&to_lt=${oldest.transaction_id.lt}`,
    )
    assert.deepEqual(above.body.result, [newest])
    const unknown = await get(
      `/api/v2/getTransactions?address=${walletText}&lt=${lt}&hash=${'00'.repeat(32)}`,
    )
    assert.equal(unknown.status, 404)
    const { source, destination, created_lt } = newest.out_msgs[0]
    const ends = `source=${source}&destination=${destination}&created_lt=${created_lt}`
    const sender = await get<ToldTransaction>(`/api/v2/tryLocateSourceTx?${ends}`)
    assert.deepEqual(sender.body.result, newest)
    const receiver = (await get<ToldTransaction>(`/api/v2/tryLocateResultTx?${ends}`)).body.result
    assert.equal(receiver.in_msg.hash, newest.out_msgs[0].hash)
  })

  test('tells blocks', async () => {
    const { last } = (await get('/api/v2/getMasterchainInfo')).body.result
    const name = `workchain=-1&shard=${last.shard}&seqno=${last.seqno}`
    const header = (await get(`/api/v2/getBlockHeader?${name}`)).body.result
    assert.deepEqual(header.id, last)
    assert.equal(header.gen_utime, (await devnet.chain.head()).timeS)
    const found = `workchain=-1&shard=${last.shard}&lt=${header.end_lt}`
    assert.deepEqual((await get(`/api/v2/lookupBlock?${found}`)).body.result, last)
    assert.equal((await get(`/api/v2/getBlockHeader?workchain=-1&shard=0&seqno=999999`)).status, 404)
  })

  test('tells wallets, addresses and the configuration', async () => {
    const known = (await get(`/api/v2/getWalletInformation?address=${walletText}`)).body.result
    assert.deepEqual([known.wallet, known.wallet_type, known.seqno], [true, 'wallet v4 r2', 1])
    const detected = (await get(`/api/v2/detectAddress?address=${walletText}`)).body.result
    assert.equal(detected.raw_form, `0:${wallet.address.hash}`)
    assert.equal(detected.given_type, 'friendly_non_bounceable')
    const price = await get('/api/v2/getConfigParam?config_id=21')
    assert.equal(price.body.result.config['@type'], 'tvm.cell')
    assert.equal((await get('/api/v2/getConfigParam?config_id=9999')).status, 404)
  })

  test('runs get methods', async () => {
    const call = { address: walletText, method: 'seqno', stack: [] }
    const { result } = (await post('/api/v2/runGetMethod', call)).body
    assert.deepEqual([result.exit_code, result.stack], [0, [['num', '0x1']]])
    const unknown = (await post('/api/v2/runGetMethod', { ...call, method: 'nonsense' })).body.result
    assert.equal(unknown.exit_code, 11)
    const absent = formatAddress(someone(9))
    assert.equal(
      (await post('/api/v2/runGetMethod', { ...call, address: absent })).body.result.exit_code,
      -13,
    )
  })
})

describe('what does not fit is an error with a status', () => {
  for (const [name, path, status] of [
    ['an address that is none', '/api/v2/getAddressBalance?address=nonsense', 422],
    ['a missing address', '/api/v2/getAddressBalance', 422],
    ['a limit that is too large', `/api/v2/getTransactions?address=${walletText}&limit=257`, 422],
    ['a limit of nothing', `/api/v2/getTransactions?address=${walletText}&limit=0`, 422],
    ['a logical time that is no number', `/api/v2/getTransactions?address=${walletText}&lt=x`, 422],
    ['a workchain that is none', '/api/v2/getBlockHeader?workchain=7&shard=0&seqno=1', 404],
    ['an unknown method', '/api/v2/nonsense', 404],
    ['an unknown path', '/nonsense', 404],
    ['a sending by GET', '/api/v2/sendBoc?boc=AA', 405],
  ] as const) {
    test(name, async () => {
      const { status: given, body } = await get(path)
      assert.equal(given, status)
      assert.equal(body.ok, false)
      assert.equal(body.code, status)
      assert.equal(typeof body.error, 'string')
    })
  }

  for (const [name, body, status] of [
    ['JSON that is none', '{', 422],
    ['JSON that is no object', '[]', 422],
    ['a method that is none', { method: 7 }, 404],
    ['parameters that are none', { method: 'getMasterchainInfo', params: [] }, 422],
    ['bytes that are no message', { method: 'sendBoc', params: { boc: 'AAAA' } }, 500],
    ['no bytes', { method: 'sendBoc', params: { boc: '' } }, 422],
    [
      'a stack that is none',
      { method: 'runGetMethod', params: { address: walletText, method: 'x', stack: 7 } },
      422,
    ],
    ['a body that is too large', `{"method":"${'x'.repeat(300_000)}"}`, 413],
  ] as const) {
    test(`by JSON-RPC: ${name}`, async () => {
      const answer = await post('/api/v2/jsonRPC', body)
      assert.equal(answer.status, status)
      assert.equal(answer.body.ok, false)
    })
  }
})

describe('the third version', () => {
  test('tells transactions by account, hash, message, block and time', async () => {
    const { transactions } = (await get<Indexed>(`/api/v3/transactions?account=${walletText}&limit=10`)).body
    assert.equal(transactions.length, 2)
    const [newest] = transactions
    assert.equal(newest.account, `0:${wallet.address.hash.toUpperCase()}`)
    assert.equal(newest.description.compute_ph.exit_code, 0)
    assert.equal(newest.out_msgs[0].message_content.decoded.comment, 'hello')
    assert.equal(newest.account_state_before.account_status, 'uninit')
    assert.equal(newest.account_state_after.account_status, 'active')
    const sought = async (query: string): Promise<string[]> => {
      const found = (await get<Indexed>(`/api/v3/transactions?${query}`)).body
      return found.transactions.map(({ hash }) => hash)
    }
    const hash = encodeURIComponent(newest.hash)
    assert.deepEqual(await sought(`hash=${hash}`), [newest.hash])
    assert.equal((await sought(`mc_seqno=${newest.mc_block_seqno}&sort=asc`))[0], newest.hash)
    assert.deepEqual(await sought(`account=${walletText}&start_utime=${newest.now + 1}`), [])
    assert.equal((await sought(`account=${walletText}&end_utime=${newest.now}`)).length, 2)
    assert.equal((await sought(`account=${walletText}&limit=1&offset=1`))[0], transactions[1].hash)
    for (const name of ['hash', 'hash_norm'] as const) {
      const message = encodeURIComponent(newest.in_msg[name])
      const found = (await get<Indexed>(`/api/v3/transactionsByMessage?msg_hash=${message}`)).body
      assert.equal(found.transactions[0].hash, newest.hash)
    }
  })

  test('tells accounts and the newest block', async () => {
    const path = `/api/v3/accountStates?address=${walletText}&address=${formatAddress(someone(9))}`
    const { accounts } = (await get<Indexed>(path)).body
    assert.deepEqual(
      accounts.map(({ status }) => status),
      ['active', 'nonexist'],
    )
    assert.equal(typeof accounts[0].code_boc, 'string')
    const { last } = (await get<Indexed>('/api/v3/masterchainInfo')).body
    assert.equal(last.seqno, (await devnet.chain.head()).seqno)
    const information = (await get<Indexed>(`/api/v3/addressInformation?address=${walletText}`)).body
    assert.equal(information.balance, accounts[0].balance)
    assert.equal((await get<Indexed>('/api/v3/blocks?limit=2')).body.blocks[0].seqno, last.seqno)
  })

  test('sends messages and runs get methods', async () => {
    const boc = wallet.transfer(1, [{ to: someone(2), nano: coin }]).toString('base64')
    const { message_hash: hash } = (await post<Indexed>('/api/v3/message', { boc })).body
    const path = `/api/v3/transactionsByMessage?msg_hash=${encodeURIComponent(hash)}`
    assert.equal((await get<Indexed>(path)).body.transactions.length, 1)
    const call = { address: walletText, method: 'seqno', stack: [] }
    assert.deepEqual((await post<Indexed>('/api/v3/runGetMethod', call)).body.stack, [
      { type: 'num', value: '0x2' },
    ])
    assert.equal((await post('/api/v3/message', { boc })).status, 500)
  })
})

describe('who may change the devnet', () => {
  const bearer = { authorization: `Bearer ${token}` }

  test('with the token: mine, advance, snapshot, restore', async () => {
    const { seqno } = await devnet.chain.head()
    assert.equal((await post('/devnet/mine', {}, bearer)).body.result.seqno, seqno + 1)
    assert.equal((await post('/devnet/snapshot', { name: 'one' }, bearer)).status, 200)
    assert.equal((await post('/devnet/advance', { seconds: 60 }, bearer)).body.result.seqno, seqno + 2)
    assert.equal((await post('/devnet/restore', { name: 'one' }, bearer)).body.result.seqno, seqno + 1)
    assert.equal((await post('/devnet/advance', { seconds: 0 }, bearer)).status, 422)
  })

  test('without it nobody', async () => {
    for (const action of ['mine', 'advance', 'undo', 'snapshot', 'restore']) {
      assert.equal((await post(`/devnet/${action}`, {})).status, 401)
      assert.equal((await post(`/devnet/${action}`, {}, { authorization: 'Bearer wrong' })).status, 401)
      assert.equal((await get(`/devnet/${action}`)).status, 405)
    }
  })

  test('everybody on this machine asks the faucet, and sees that all is simulated', async () => {
    const given = await post('/faucet', { address: walletText, amount: '1' })
    assert.equal(given.body.result.amount, '1')
    assert.equal((await get('/devnet/status')).body.result.simulated, true)
    assert.equal((await post('/faucet', { address: walletText, amount: '-1' })).status, 422)
  })

  test('no web page, and nobody who calls loopback by another name', async () => {
    const strange = { origin: 'https://elsewhere' }
    assert.equal((await post('/faucet', { address: walletText, amount: '1' }, strange)).status, 403)
    assert.equal((await post('/devnet/mine', {}, { ...bearer, origin: 'http://localhost:3000' })).status, 403)
    assert.equal((await post('/api/v2/sendBoc', { boc: 'AAAA' }, strange)).status, 403)
    assert.equal(await statusWithHost('elsewhere'), 403)
    assert.equal(await statusWithHost('localhost'), 200)
  })

  test('pages of this machine read the chain', async () => {
    const response = await fetch(`${devnet.url}/api/v2/getMasterchainInfo`, {
      headers: { origin: 'http://localhost:3000' },
    })
    assert.equal(response.headers.get('access-control-allow-origin'), 'http://localhost:3000')
    await response.text()
  })
})

function statusWithHost(host: string): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    const asked = request(`${devnet.url}/devnet/status`, { headers: { host }, agent: false }, response => {
      response.resume()
      resolve(response.statusCode)
    })
    asked.on('error', reject)
    asked.end()
  })
}

describe('faults', () => {
  const seqno = async (): Promise<number> => (await get('/api/v2/getMasterchainInfo')).body.result.last.seqno
  const balance = async (): Promise<string> =>
    (await get<string>(`/api/v2/getAddressBalance?address=${formatAddress(someone(3))}`)).body.result

  test('down, busy, slow, garbled', async () => {
    devnet.faults.isDown = true
    await assert.rejects(get('/api/v2/getMasterchainInfo'))
    devnet.faults.isDown = false
    devnet.faults.isBusy = true
    assert.equal((await get('/api/v2/getMasterchainInfo')).status, 429)
    devnet.faults.isBusy = false
    devnet.faults.delayMs = 40
    const begun = world.monotonic()
    await seqno()
    assert.ok(world.monotonic() - begun >= 39)
    devnet.faults.garbles = true
    await assert.rejects(get('/api/v2/getMasterchainInfo'), SyntaxError)
  })

  test('stale: blocks, balances and transactions of an earlier block', async () => {
    await devnet.faucet(someone(3), 5n)
    const newest = await seqno()
    await devnet.faucet(someone(3), 7n)
    devnet.faults.staleBlocks = 1
    assert.equal(await seqno(), newest)
    assert.equal(await balance(), '5')
    const path = `/api/v2/getTransactions?address=${formatAddress(someone(3))}`
    assert.equal((await get<Some<ToldTransaction>>(path)).body.result.length, 1)
    devnet.faults.staleBlocks = 2
    assert.equal(await balance(), '0')
  })

  test('a lie about the number of the newest block, and one that is undone', async () => {
    const honest = await seqno()
    devnet.faults.seqnoShift = 1000
    assert.equal(await seqno(), honest + 1000)
    devnet.faults.seqnoShift = 0
    await devnet.faucet(someone(4), 1n)
    await devnet.undoBlock()
    assert.equal(await seqno(), honest)
  })

  test('messages that are dropped, and those that are executed and answered with an error', async () => {
    const number = async (): Promise<number> => {
      const call = { address: walletText, method: 'seqno', stack: [] }
      return Number((await post('/api/v2/runGetMethod', call)).body.result.stack[0]?.[1])
    }
    const before = await number()
    const boc = wallet.transfer(before, [{ to: someone(5), nano: 1n }]).toString('base64')
    devnet.faults.dropsMessages = true
    assert.equal((await post('/api/v2/sendBoc', { boc })).status, 200)
    assert.equal(await number(), before)
    devnet.faults.dropsMessages = false
    devnet.faults.failsAfterSending = true
    assert.equal((await post('/api/v2/sendBoc', { boc })).status, 500)
    assert.equal(await number(), before + 1)
  })
})
