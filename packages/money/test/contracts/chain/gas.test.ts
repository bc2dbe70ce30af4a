import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { walk } from './walk.ts'

/** Of contracts/gas.json: what a row of the walk costs, and what it costs elsewhere. */
interface Measured {
  /** Gas of each contract on the way. */
  readonly gas: readonly number[]
  /** What the sender pays in all, in nanotons. */
  readonly netNano: number
  /** Gas of the network's own contracts on the same way, the cheapest of their compilations. */
  readonly network?: readonly number[]
}

const repository = new URL('../../../../../', import.meta.url)
const measured = JSON.parse(readFileSync(new URL('contracts/gas.json', repository), 'utf8')) as Record<
  string,
  Measured
>

test('gas is what contracts/gas.json says', async () => {
  const rows = Object.fromEntries(
    (await walk()).map(({ name, gas, netNano }) => [name, { gas, netNano: Number(netNano) }]),
  )
  const due = Object.fromEntries(
    Object.entries(measured).map(([name, { gas, netNano }]) => [name, { gas, netNano }]),
  )
  assert.deepEqual(rows, due, 'If the change is meant: npm run contracts -- --gas')
})

/** docs/decisions/2026-11-28-reserve-of-closing-children.md */
const dearer = new Set(['worker last payout'])

test("every contract on every way costs less than the network's", () => {
  for (const [name, { gas, network }] of Object.entries(measured)) {
    if (network === undefined || dearer.has(name)) continue
    const isLess = gas.every((own, index) => own < (network[index] ?? 0) || own === 0)
    assert.ok(isLess, `${name}: ${gas.join(' + ')} is not below ${network.join(' + ')}`)
  }
})

test('no operation as a whole costs more', () => {
  const sum = (parts: readonly number[]): number => parts.reduce((total, part) => total + part, 0)
  for (const [name, { gas, network }] of Object.entries(measured)) {
    if (network !== undefined) assert.ok(sum(gas) < sum(network), name)
  }
})
