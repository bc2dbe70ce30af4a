import assert from 'node:assert/strict'
import { test } from 'node:test'
import { contractAddress, describeExit, describeFailure, type ChainTransaction } from '../../src/index.ts'
import { exitCodes } from '../../src/contracts/opcodes.generated.ts'

test('codes of the contracts, of TON, and of nobody', () => {
  for (const [code, { meaning }] of Object.entries(exitCodes)) {
    assert.equal(describeExit(Number(code)), `${meaning} (exit code ${code})`)
  }
  assert.match(describeExit(1006, 'client'), /closed/)
  assert.match(describeExit(-14), /gas is used up/)
  assert.match(describeExit(37), /too few coins/)
  assert.match(describeExit(5, 'proxy'), /fewer coins than it was to pay out/)
  assert.match(describeExit(5, 'client'), /outside of its range/)
  assert.equal(describeExit(54_321), 'It failed with exit code 54321.')
  assert.equal(describeExit(0), 'It succeeded.')
  assert.equal(describeExit(1), 'It succeeded.')
})

const failed: ChainTransaction = {
  account: contractAddress(0, '00'.repeat(32)),
  lt: 1n,
  hash: '00'.repeat(32),
  timeS: 1,
  inMessage: undefined,
  outMessages: [],
  isSuccess: false,
  exitCode: 1003,
  actionCode: undefined,
  feesNano: 1n,
}

test('why a transaction failed', () => {
  assert.match(describeFailure(failed, 'client')!, /Too little value/)
  assert.match(describeFailure({ ...failed, exitCode: 0, actionCode: 37 })!, /too few coins/)
  assert.match(describeFailure({ ...failed, exitCode: undefined })!, /brought no gas/)
  assert.match(describeFailure({ ...failed, exitCode: 0 })!, /without an exit code/)
  assert.equal(describeFailure({ ...failed, isSuccess: true, exitCode: 0, actionCode: 0 }), undefined)
})
