import assert from 'node:assert/strict'
import fc from 'fast-check'
import {
  addressKey,
  contractAddress,
  MoneyError,
  spendLimit,
  type AccountKey,
  type ClientCredit,
  type Grades,
  type Ledger,
  type MoneyErrorCode,
  type Note,
} from '../../src/index.ts'

export type Operation =
  | { kind: 'open-client'; client: AccountKey; credit: ClientCredit }
  | { kind: 'open-worker'; worker: AccountKey }
  | { kind: 'reserve'; requestId: string; client: AccountKey; tokens: bigint }
  | { kind: 'charge'; requestId: string; worker: AccountKey; tokens: bigint; note: Uint8Array | undefined }
  | { kind: 'release'; requestId: string; note: Uint8Array | undefined }
  | { kind: 'drop-notes'; requestIds: string[] }
  | { kind: 'commit' }

/** Few names, so that operations meet. */
const clientKeys = fc.constantFrom(account(1), account(2), account(3))
const workerKeys = fc.constantFrom(account(1), account(7))
const requestIds = fc.constantFrom(...Array.from({ length: 30 }, (_, index) => `r${index}`))
const amounts = fc.bigInt({ min: -1n, max: 300n })
const notes = fc.option(fc.uint8Array({ maxLength: 20 }), { nil: undefined })
const limits = fc.bigInt({ min: 0n, max: 1000n })

export const anyOperation: fc.Arbitrary<Operation> = fc.oneof(
  fc.record({
    kind: fc.constant('open-client' as const),
    client: clientKeys,
    credit: fc.record({ paid: limits, stake: limits, charged: limits, lt: fc.bigInt({ min: 0n, max: 3n }) }),
  }),
  fc.record({ kind: fc.constant('open-worker' as const), worker: workerKeys }),
  {
    weight: 5,
    arbitrary: fc.record({
      kind: fc.constant('reserve' as const),
      requestId: requestIds,
      client: clientKeys,
      tokens: amounts,
    }),
  },
  {
    weight: 5,
    arbitrary: fc.record({
      kind: fc.constant('charge' as const),
      requestId: requestIds,
      worker: workerKeys,
      tokens: amounts,
      note: notes,
    }),
  },
  fc.record({ kind: fc.constant('release' as const), requestId: requestIds, note: notes }),
  fc.record({
    kind: fc.constant('drop-notes' as const),
    requestIds: fc.array(requestIds, { maxLength: 4 }),
  }),
  fc.record({ kind: fc.constant('commit' as const) }),
)

/** The books in the plainest form, against which a ledger is held after every operation. */
export class LedgerModel {
  readonly #credits = new Map<AccountKey, ClientCredit>()
  readonly #used = new Map<AccountKey, bigint>()
  readonly #earned = new Map<AccountKey, bigint>()
  readonly #open = new Map<string, { client: AccountKey; tokens: bigint }>()
  readonly #released = new Set<string>()
  readonly #charged = new Map<string, { worker: AccountKey; tokens: bigint }>()
  #notes: Note[] = []

  async run(ledger: Ledger, operation: Operation): Promise<void> {
    switch (operation.kind) {
      case 'open-client':
        await ledger.openClient(operation.client, operation.credit)
        if (operation.credit.lt >= (this.#credits.get(operation.client)?.lt ?? 0n)) {
          this.#credits.set(operation.client, operation.credit)
        }
        break
      case 'open-worker':
        await ledger.openWorker(operation.worker)
        this.#earned.set(operation.worker, this.#earned.get(operation.worker) ?? 0n)
        break
      case 'reserve':
        assert.equal(await codeOf(ledger.reserve(operation)), this.#reserve(operation))
        break
      case 'charge':
        assert.equal(await codeOf(ledger.charge(operation)), this.#charge(operation))
        break
      case 'release':
        assert.equal(
          await ledger.release(operation.requestId, operation.note),
          this.#release(operation.requestId, operation.note),
        )
        break
      case 'drop-notes':
        await ledger.dropNotes(operation.requestIds)
        this.#notes = this.#notes.filter(({ id }) => !operation.requestIds.includes(id))
        break
      case 'commit':
        await ledger.commit()
    }
    this.#compare(ledger, operation.kind === 'commit')
    assert.deepEqual(await ledger.notes(100), this.#notes)
  }

  #reserve({
    requestId,
    client,
    tokens,
  }: Extract<Operation, { kind: 'reserve' }>): MoneyErrorCode | undefined {
    if (tokens < 0n) return 'amount'
    if (!this.#credits.has(client)) return 'account-unknown'
    const open = this.#open.get(requestId)
    if (open !== undefined)
      return open.client === client && open.tokens === tokens ? undefined : 'request-conflict'
    if (this.#charged.has(requestId) || this.#released.has(requestId)) return 'request-conflict'
    if (tokens > this.#available(client)) return 'balance'
    this.#open.set(requestId, { client, tokens })
    return undefined
  }

  #charge({
    requestId,
    worker,
    tokens,
    note,
  }: Extract<Operation, { kind: 'charge' }>): MoneyErrorCode | undefined {
    if (tokens < 0n) return 'amount'
    if (!this.#earned.has(worker)) return 'account-unknown'
    const before = this.#charged.get(requestId)
    if (before !== undefined) {
      return before.worker === worker && before.tokens === tokens ? undefined : 'request-conflict'
    }
    const reservation = this.#open.get(requestId)
    if (reservation === undefined)
      return this.#released.has(requestId) ? 'request-released' : 'request-unknown'
    const charged = tokens < reservation.tokens ? tokens : reservation.tokens
    this.#open.delete(requestId)
    this.#charged.set(requestId, { worker, tokens })
    this.#used.set(reservation.client, (this.#used.get(reservation.client) ?? 0n) + charged)
    this.#earned.set(worker, this.#earned.get(worker)! + charged)
    this.#note(requestId, note, charged)
    return undefined
  }

  #release(requestId: string, note: Uint8Array | undefined): boolean {
    const wasOpen = this.#open.delete(requestId)
    if (!wasOpen) return false
    this.#released.add(requestId)
    this.#note(requestId, note, 0n)
    return true
  }

  #note(id: string, bytes: Uint8Array | undefined, chargedTokens: bigint): void {
    if (bytes !== undefined) this.#notes.push({ id, bytes: Uint8Array.from(bytes), chargedTokens })
  }

  #reserved(client: AccountKey): bigint {
    return [...this.#open.values()].reduce(
      (sum, open) => (open.client === client ? sum + open.tokens : sum),
      0n,
    )
  }

  #available(client: AccountKey): bigint {
    const left =
      spendLimit(this.#credits.get(client)!) - this.#reserved(client) - (this.#used.get(client) ?? 0n)
    return left > 0n ? left : 0n
  }

  #compare(ledger: Ledger, committed: boolean): void {
    ledger.assertConserved()
    for (const client of this.#credits.keys()) {
      const view = ledger.client(client)
      compareGrades(view, this.#used.get(client) ?? 0n, committed)
      assert.equal(view.reserved, this.#reserved(client))
      assert.equal(view.available, this.#available(client))
    }
    for (const [worker, earned] of this.#earned) compareGrades(ledger.worker(worker), earned, committed)
  }
}

function compareGrades(
  { max, committedToDb, committedToChain }: Grades,
  total: bigint,
  committed: boolean,
): void {
  assert.equal(max, total)
  assert.ok(committedToChain <= committedToDb && committedToDb <= max)
  if (committed) assert.equal(committedToChain, total)
}

/** The code of the MoneyError that a promise rejects with. */
export async function codeOf(promise: Promise<unknown>): Promise<MoneyErrorCode | undefined> {
  try {
    await promise
    return undefined
  } catch (error) {
    assert.ok(error instanceof MoneyError, String(error))
    return error.code
  }
}

export function account(number: number): AccountKey {
  return addressKey(contractAddress(0, number.toString(16).padStart(64, '0')))
}
