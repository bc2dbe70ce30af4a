import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { inspect } from 'node:util'
import { type PaidNetwork, type PaidNetworkOptions, startPaidNetwork } from '../../src/index.ts'
import { ask, type Asked } from '../asked.ts'

const askManyMs = 120_000

/** A paid network whose files go when it ends. */
export async function startPaid(options: Omit<PaidNetworkOptions, 'directory'> = {}): Promise<PaidNetwork> {
  const directory = await mkdtemp(join(tmpdir(), 'cocoon-paid-'))
  try {
    const network = await startPaidNetwork({ directory, ...options })
    const end = network[Symbol.asyncDispose]
    network[Symbol.asyncDispose] = async () => {
      await end()
      await rm(directory, { recursive: true, force: true })
    }
    return network
  } catch (error) {
    await rm(directory, { recursive: true, force: true })
    throw error
  }
}

/** Asks for one answer, and waits for it. */
export async function askOne(network: PaidNetwork, client = network.clients[0]!): Promise<Asked> {
  const asked = ask(client.running.client, { maxCoefficient: 1_000, timeoutMs: 10_000 })
  await network.until('the query has ended', () => asked.ended !== undefined)
  return asked
}

/** Asks for answers one after the other; gives the tokens that the client was told of. */
export async function askMany(
  network: PaidNetwork,
  count: number,
  client = network.clients[0]!,
): Promise<bigint> {
  let tokens = 0n
  const until = Date.now() + askManyMs
  for (let asked = 0; asked < count;) {
    const answered = client.isRunning ? await askOne(network, client) : undefined
    assert.ok(Date.now() < until, `asked in vain, at last with ${inspect(answered?.ended)}`)
    if (answered?.ended?.kind === 'end' && answered.status === 200) {
      tokens += answered.ended.tokens
      asked++
    }
    // It does not run, or the stake is used up until the next state is confirmed and charged.
    else await new Promise(resolve => setTimeout(resolve, 20))
  }
  return tokens
}
