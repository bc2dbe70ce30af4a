import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import type { Ledger, Note } from '../../src/index.ts'
import { account } from './model.ts'

const program = fileURLToPath(new URL('killed-process.ts', import.meta.url))
const startTimeoutMs = 60_000

export interface KilledBooks {
  kind: 'sqlite' | 'postgres'
  /** The file, or the address of the server. */
  place: string
  contract: string
  open: () => Promise<Ledger>
  /** Charges in the database, by request. */
  charges: () => Promise<Map<string, bigint>>
  /** Notes in the database. */
  notes: () => Promise<Note[]>
}

export interface KillResult {
  kills: number
  /** Charges that a killed process was told of. */
  acknowledged: number
  /** Charges that were under way, and found in the books. */
  foundInDoubt: number
  /** Charges that were under way, and not in the books. */
  missingInDoubt: number
  /** Notes that are there in the end, and those that killed processes dropped. */
  notes: number
  droppedNotes: number
}

/**
 * Kills processes that charge, and looks at the books each time: nothing that was acknowledged is lost, nothing
 * is charged twice, and all of it adds up. Each charge has its note, unless `drops` and a process dropped it.
 */
export async function killProcesses(books: KilledBooks, kills: number, drops = false): Promise<KillResult> {
  const acknowledged = new Set<string>()
  const inDoubt = new Set<string>()
  const dropping = new Set<string>()
  const dropped = new Set<string>()
  for (let round = 0; round < kills; round++) {
    const seen = await runAndKill(books, `${drops ? 'd' : 'k'}${round}`, drops)
    for (const id of seen.acknowledged) acknowledged.add(id)
    for (const id of seen.begun) if (!seen.acknowledged.has(id)) inDoubt.add(id)
    for (const id of seen.dropping) dropping.add(id)
    for (const id of seen.dropped) dropped.add(id)

    const sums = await lookAt(books, seen.last)
    const charges = await books.charges()
    for (const id of acknowledged) {
      assert.equal(charges.get(id), isFree(id) ? undefined : 7n, `${id} was acknowledged, and is lost`)
    }
    for (const id of charges.keys())
      assert.ok(acknowledged.has(id) || inDoubt.has(id), `${id} was never asked for`)
    const sum = [...charges.values()].reduce((a, b) => a + b, 0n)
    assert.deepEqual(sums, [sum, sum], 'the accounts are the sum of the charges')

    const notes = notesById(await books.notes())
    const ended = [...acknowledged, ...charges.keys()]
    for (const id of ended) assert.ok(notes.has(id) || dropping.has(id), `${id} has ended without a note`)
    for (const id of dropped) assert.ok(!notes.has(id), `the note of ${id} was dropped`)
    for (const { id, bytes, chargedTokens } of notes.values()) {
      assert.equal(Buffer.from(bytes).toString(), `note of ${id}`)
      assert.equal(chargedTokens, charges.get(id) ?? 0n, `the note of ${id} says what was charged`)
      assert.ok(charges.has(id) || isFree(id), `${id} has a note, and was not charged`)
    }
    if (!drops) assert.equal(sumOf(notes), sum, 'the notes are the sum of the charges')
  }
  const charges = await books.charges()
  const found = [...inDoubt].filter(id => charges.has(id)).length
  return {
    kills,
    acknowledged: acknowledged.size,
    foundInDoubt: found,
    missingInDoubt: inDoubt.size - found,
    notes: (await books.notes()).length,
    droppedNotes: dropped.size,
  }
}

function notesById(notes: readonly Note[]): Map<string, Note> {
  const byId = new Map(notes.map(note => [note.id, note]))
  assert.equal(byId.size, notes.length, 'a request has one note')
  return byId
}

function sumOf(notes: ReadonlyMap<string, Note>): bigint {
  return [...notes.values()].reduce((sum, { chargedTokens }) => sum + chargedTokens, 0n)
}

/** Such a request was released. */
function isFree(requestId: string): boolean {
  return requestId.endsWith('-free')
}

/** What clients spent and workers earned, as the next process finds it. */
async function lookAt(books: KilledBooks, last: string): Promise<bigint[]> {
  await using ledger = await books.open()
  ledger.assertConserved()
  await repeat(ledger, last)
  ledger.assertConserved()
  return [ledger.clients(), ledger.workers()].map(views => views.reduce((sum, { max }) => sum + max, 0n))
}

/** The last charge that was acknowledged is known to the next process, which changes nothing. */
async function repeat(ledger: Ledger, requestId: string): Promise<void> {
  const before = ledger.clients().map(({ max }) => max)
  const outcomes = await Promise.allSettled(
    [11, 12, 13, 14].map(async worker => {
      await ledger.openWorker(account(worker))
      return ledger.charge({ requestId, worker: account(worker), tokens: 7n })
    }),
  )
  assert.equal(
    outcomes.filter(({ status }) => status === 'fulfilled').length,
    1,
    'it was charged for one worker',
  )
  assert.deepEqual(
    ledger.clients().map(({ max }) => max),
    before,
  )
}

interface Seen {
  begun: Set<string>
  acknowledged: Set<string>
  /** Notes that were about to be dropped, and those that were. */
  dropping: Set<string>
  dropped: Set<string>
  /** The last charge that was acknowledged. */
  last: string
}

async function runAndKill(books: KilledBooks, prefix: string, drops: boolean): Promise<Seen> {
  const { kind, place, contract } = books
  const args = [program, kind, place, contract, prefix, ...(drops ? ['drops'] : [])]
  const killed = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] })
  let output = ''
  killed.stdout.setEncoding('utf8').on('data', (text: string) => (output += text))
  const ended = new Promise(resolve => killed.once('close', resolve))
  try {
    const deadline = Date.now() + startTimeoutMs
    while (!/^!.*\d$/m.test(output)) {
      assert.ok(Date.now() < deadline && killed.exitCode === null, 'the process charges')
      await new Promise(resolve => setTimeout(resolve, 2))
    }
    await new Promise(resolve => setTimeout(resolve, Math.random() * 120))
  } finally {
    killed.kill('SIGKILL')
    await ended
  }
  const lines = output.split('\n').slice(0, -1)
  const named = (mark: string): Set<string> =>
    new Set(lines.filter(line => line.startsWith(mark)).map(line => line.slice(1)))
  const acknowledged = named('!')
  const last = [...acknowledged].findLast(id => !isFree(id))!
  return { begun: named('?'), acknowledged, dropping: named('-'), dropped: named('~'), last }
}
