import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Word } from '../../src/index.ts'
import { Standing } from '../../src/settlement/standing.ts'

const owner = `0:${'1'.repeat(64)}`

function standing(): { standing: Standing; say(word: Word): void; pass(ms: number): void } {
  let nowMs = 0
  let word: Word = { obstacle: undefined, lastLt: 0n }
  const duty = { mayAct: () => false, word: () => word, hearingMs: 40_000 }
  return {
    standing: new Standing(duty, { monotonic: () => nowMs }, owner),
    say: next => {
      word = next
    },
    pass: ms => {
      nowMs += ms
    },
  }
}

test('who does not lead serves nothing while the leader does not', () => {
  const { standing: stands, say } = standing()
  assert.equal(stands.obstacle, undefined)
  say({ obstacle: 'these books are old', lastLt: 0n })
  assert.equal(stands.obstacle, 'these books are old')
})

test('who has not seen what the leader has serves for ten seconds more', () => {
  const { standing: stands, say, pass } = standing()
  say({ obstacle: undefined, lastLt: 7n })
  assert.equal(stands.isBehind(6n), true)
  pass(9_999)
  assert.equal(stands.isBehind(6n), true)
  assert.equal(stands.obstacle, undefined)
  pass(1)
  assert.match(stands.obstacle ?? '', /has not seen of the chain/)
  assert.equal(stands.isBehind(7n), false)
  assert.equal(stands.obstacle, undefined)
})

test('a client that closes is given its rest once everybody has heard of it', () => {
  const { standing: stands, pass } = standing()
  pass(40_000)
  assert.equal(stands.mayRefund(owner), true, 'it closed before this process began')
  stands.noteClosing(owner)
  assert.equal(stands.mayRefund(owner), false)
  pass(39_999)
  stands.noteClosing(owner)
  assert.equal(stands.mayRefund(owner), false)
  pass(1)
  assert.equal(stands.mayRefund(owner), true)
})
