// What contracts say of themselves by their get methods, and what transactions came to.

import assert from 'node:assert/strict'
import type { Address, Cell } from '@ton/core'
import { opcodes } from '../../../src/contracts/opcodes.generated.ts'
import type { Op } from './bodies.ts'
import type { Sent, Stage, Step } from './stage.ts'

export interface ClientReading {
  readonly state: number
  readonly balance: bigint
  readonly stake: bigint
  readonly tokens: bigint
  readonly unlockTime: bigint
  readonly secretHash: bigint
}

export async function readClient(stage: Stage): Promise<ClientReading> {
  const { stackReader: stack } = await stage.chain.runGetMethod(stage.client, 'get_cocoon_client_data')
  stack.skip(3)
  return {
    state: stack.readNumber(),
    balance: stack.readBigNumber(),
    stake: stack.readBigNumber(),
    tokens: stack.readBigNumber(),
    unlockTime: stack.readBigNumber(),
    secretHash: stack.readBigNumber(),
  }
}

export async function readWorker(stage: Stage): Promise<{ state: number; tokens: bigint }> {
  const { stackReader: stack } = await stage.chain.runGetMethod(stage.worker, 'get_cocoon_worker_data')
  stack.skip(3)
  return { state: stack.readNumber(), tokens: stack.readBigNumber() }
}

export async function readProxy(
  stage: Stage,
): Promise<{ state: number; balance: bigint; stake: bigint; unlockTime: number }> {
  const { stackReader: stack } = await stage.chain.runGetMethod(stage.proxy, 'get_cocoon_proxy_data')
  stack.skip(3)
  return {
    state: stack.readNumber(),
    balance: stack.readBigNumber(),
    stake: stack.readBigNumber(),
    unlockTime: stack.readNumber(),
  }
}

/** Exit code of the first transaction of a contract, and fails if its actions failed. */
export function exitOf(steps: readonly Step[], at: Address): number | undefined {
  const step = steps.find(one => one.at.equals(at))
  assert.ok(step, 'the contract was not reached')
  assert.ok((step.action ?? 0) === 0, `action ${step.action}`)
  return step.exit
}

/** All contracts on the way did what they were asked. */
export function assertDone(steps: readonly Step[]): void {
  for (const { exit, action, at } of steps) {
    assert.ok((exit ?? 0) === 0 && (action ?? 0) === 0, `${String(at)}: exit ${exit}, action ${action}`)
  }
}

/** Messages with an opcode that went to an address, whoever sent them; bounced ones are left out. */
export function sentTo(steps: readonly Step[], to: Address, op: Op): Sent[] {
  return steps
    .flatMap(({ out }) => out)
    .filter(sent => !sent.bounced && sent.to.equals(to) && opcodeOf(sent.body) === opcodes[op])
}

/** Sum of what `sentTo` finds. */
export function valueTo(steps: readonly Step[], to: Address, op: Op): bigint {
  return sentTo(steps, to, op).reduce((sum, { value }) => sum + value, 0n)
}

function opcodeOf(body: Cell): number | undefined {
  const slice = body.beginParse()
  return slice.remainingBits < 32 ? undefined : slice.preloadUint(32)
}
