import { type Ledger, openChain, parseAddress, readRootFromText } from '@cocoon/money'
import type { Client } from '@cocoon/client/role'
import { systemWorld as world } from '@cocoon/wire/node'
import { writeSync } from 'node:fs'
import { keepAlive, testModel } from '../network.ts'
import {
  openPaidClient,
  openPaidProxy,
  openPaidWorker,
  type PartySetup,
  quickPolicies,
} from '../paid/parties.ts'
import { ScriptedBackend, wholeAnswer } from '../scripted-backend.ts'
import { tcpStreet } from '../street.ts'

// One role as a process of its own, which ends when it is killed. It says `=` once it runs, the worker `?` for each
// request that reaches its model, the client `!` and the tokens for each answer that it has whole, the proxy `~` and the
// tokens in its books now and then, and all of them `#` and what went wrong.

/** What the process is given, as JSON. */
export interface RoleTask {
  readonly role: 'proxy' | 'client' | 'worker'
  readonly name: string
  readonly directory: string
  readonly chainUrl: string
  /** Address of the root contract, and what it says. */
  readonly root: string
  readonly config: string
  readonly ports: { readonly worker: number; readonly client: number }
  /** Requests that a client keeps under way. */
  readonly concurrency: number
}

const tellEveryMs = 250
const interval = { fromMs: 80, toMs: 120 }
const policies = {
  proxy: { ...quickPolicies.proxy, anchorSoonestMs: 200, anchorLatestMs: 400, tickMs: 50 },
  client: { ...quickPolicies.client, tickMs: 60 },
  worker: { ...quickPolicies.worker, payoutAtNano: 1n, tickMs: 60 },
}

const task = JSON.parse(process.argv[2] ?? '') as RoleTask
keepAlive()
const street = await tcpStreet(world)
const setup: PartySetup = {
  name: task.name,
  world,
  chain: openChain([{ url: task.chainUrl }], { world }),
  street,
  root: parseAddress(task.root),
  config: readRootFromText(task.config),
  directory: task.directory,
  interval,
  report: event => {
    if (event.event === 'books-rolled-back') say(`#${event.why}`)
  },
}
await begin()

async function begin(): Promise<void> {
  switch (task.role) {
    case 'proxy': {
      const { ledger } = await openPaidProxy(setup, await street.open(task.ports), policies.proxy)
      say('=')
      return tellBooks(ledger)
    }
    case 'worker': {
      const answer = wholeAnswer('Hello', { prompt: 20, completion: 480 })
      const backend = new ScriptedBackend(call => {
        say('?')
        answer(call)
      })
      await openPaidWorker(setup, policies.worker, { backend, model: testModel })
      return say('=')
    }
    case 'client': {
      const { client } = await openPaidClient(setup, policies.client)
      say('=')
      for (let lane = 0; lane < task.concurrency; lane++) void askOn(client)
    }
  }
}

function tellBooks(ledger: Ledger): void {
  say(`~${ledger.clients().reduce((sum, { max }) => sum + max, 0n)}`)
  world.after(tellEveryMs, () => tellBooks(ledger))
}

async function askOn(client: Client): Promise<never> {
  const body = Buffer.from(
    JSON.stringify({ model: 'test/model', max_tokens: 1_000, messages: [{ role: 'user', content: 'Hi' }] }),
  )
  const query = {
    model: 'test/model',
    path: '/v1/chat/completions',
    body,
    maxCoefficient: 1_000,
    maxTokens: 1_000,
    timeoutMs: 5_000,
    enableDebug: false,
  }
  for (;;) {
    const isAnswered = await new Promise<boolean>(resolve => {
      let status = 0
      client.run(query, {
        head: code => {
          status = code
        },
        data: () => {},
        end: ({ tokens }) => {
          if (status === 200) say(`!${tokens}`)
          resolve(status === 200)
        },
        failed: () => resolve(false),
      })
    })
    // A stake that is used up comes back with the next charge.
    if (!isAnswered) await new Promise<void>(resolve => void world.after(50, resolve))
  }
}

function say(line: string): void {
  writeSync(1, `${line}\n`)
}
