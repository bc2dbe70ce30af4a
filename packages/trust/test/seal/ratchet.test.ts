import assert from 'node:assert/strict'
import { createHmac } from 'node:crypto'
import { test } from 'node:test'
import { Ratchet } from '../../src/seal/ratchet.ts'
import { assertBytes, backEnds, hex, seeded } from './fixture.ts'

/** As docs/PROTOCOL.md has it, written down once more. */
function chainOf(first: Uint8Array, length: number): { chains: Buffer[]; messages: Buffer[] } {
  const chains = [Buffer.from(first)]
  const messages: Buffer[] = []
  for (let index = 0; index < length; index++) {
    const output = createHmac('sha512', chains[index]!).update('cocoon ratchet v1\0').digest()
    chains.push(output.subarray(0, 32))
    messages.push(output.subarray(32))
  }
  return { chains, messages }
}

for (const crypto of backEnds) {
  test(`message keys are those of the chain, by ${crypto.name}`, () => {
    const first = seeded('chain')(32)
    const { messages } = chainOf(first, 20)
    const ratchet = new Ratchet(crypto, Uint8Array.from(first))
    for (const [index, message] of messages.entries()) {
      assert.equal(ratchet.counter, index)
      assertBytes(ratchet.next(), message)
    }
    assert.equal(new Set(messages.map(message => hex(message))).size, 20)
  })

  test(`the chain key before is erased, and a copy goes its own way, by ${crypto.name}`, () => {
    const first = seeded('chain')(32)
    const ratchet = new Ratchet(crypto, first)
    const copy = ratchet.copy()
    const key = ratchet.next()
    assertBytes(first, new Uint8Array(32))
    assert.equal(copy.counter, 0)
    assertBytes(copy.next(), key)
    const third = ratchet.copy()
    ratchet.erase()
    assertBytes(third.next(), copy.next())
  })
}
