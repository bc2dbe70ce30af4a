import assert from 'node:assert/strict'
import { test } from 'node:test'
import { MemoryLedger } from '../../src/index.ts'
import { ledgerCompliance } from './compliance.ts'
import { account, codeOf } from './model.ts'

const credit = { paid: 1000n, stake: 1000n, charged: 0n, lt: 0n }

ledgerCompliance('memory', async () => new MemoryLedger())

test('accounts are bounded: one that was never used makes room, one that was stays', async () => {
  const ledger = new MemoryLedger({ maxAccounts: 2 })
  await ledger.openClient(account(1), credit)
  await ledger.reserve({ requestId: 'r', client: account(1), tokens: 1n })
  await ledger.openClient(account(2), credit)
  await ledger.openClient(account(3), credit)
  assert.throws(() => ledger.client(account(2)), { code: 'account-unknown' })
  assert.equal(ledger.client(account(1)).reserved, 1n)

  await ledger.reserve({ requestId: 's', client: account(3), tokens: 1n })
  assert.equal(await codeOf(ledger.openClient(account(4), credit)), 'limit')
  await ledger.openClient(account(1), credit)
  ledger.assertConserved()
})

test('a worker that has earned stays', async () => {
  const ledger = new MemoryLedger({ maxAccounts: 1 })
  await ledger.openClient(account(1), credit)
  await ledger.openWorker(account(2))
  await ledger.openWorker(account(3))
  await ledger.reserve({ requestId: 'r', client: account(1), tokens: 1n })
  assert.equal(
    await codeOf(ledger.charge({ requestId: 'r', worker: account(2), tokens: 1n })),
    'account-unknown',
  )
  await ledger.charge({ requestId: 'r', worker: account(3), tokens: 1n })
  assert.equal(await codeOf(ledger.openWorker(account(4))), 'limit')
  ledger.assertConserved()
})

test('open reservations are bounded', async () => {
  const ledger = new MemoryLedger({ maxReservations: 1 })
  await ledger.openClient(account(1), credit)
  await ledger.reserve({ requestId: 'r', client: account(1), tokens: 1n })
  assert.equal(await codeOf(ledger.reserve({ requestId: 's', client: account(1), tokens: 1n })), 'limit')
  await ledger.release('r')
  await ledger.reserve({ requestId: 's', client: account(1), tokens: 1n })
})

test('notes are bounded: nothing more is reserved until some were dropped', async () => {
  const ledger = new MemoryLedger({ maxNotes: 1 })
  await ledger.openClient(account(1), credit)
  const reserve = (requestId: string) => codeOf(ledger.reserve({ requestId, client: account(1), tokens: 1n }))
  assert.equal(await reserve('r'), undefined)
  assert.equal(await reserve('s'), undefined)
  await ledger.release('r', Uint8Array.of(1))
  assert.equal(await reserve('t'), 'limit')
  // What is open can always be ended.
  await ledger.release('s', Uint8Array.of(2))
  await ledger.dropNotes(['r', 's'])
  assert.equal(await reserve('t'), undefined)
})

test('ended requests are forgotten, the oldest first', async () => {
  const ledger = new MemoryLedger({ rememberedRequests: 2 })
  await ledger.openClient(account(1), credit)
  await ledger.openWorker(account(2))
  const charge = (requestId: string) => ledger.charge({ requestId, worker: account(2), tokens: 1n })
  for (const requestId of ['p', 'q', 'r', 's', 't']) {
    await ledger.reserve({ requestId, client: account(1), tokens: 1n })
    await charge(requestId)
  }
  assert.equal(await codeOf(charge('s')), undefined)
  assert.equal(await codeOf(charge('t')), undefined)
  assert.equal(await codeOf(charge('p')), 'request-unknown')
  assert.equal(ledger.client(account(1)).max, 5n)
})
