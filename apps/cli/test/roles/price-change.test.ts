import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  addressKey,
  clientContractAddress,
  type ContractAddress,
  outcomeError,
  parseAddress,
  readClientData,
  readProxyData,
  readRootConfig,
  readWorkerData,
  rootBody,
  type RootConfig,
  workerContractAddress,
} from '@cocoon/money'
import { systemWorld as world } from '@cocoon/wire/node'
import { createHttpBackend } from '@cocoon/worker'
import type { RoleEvent } from '../../src/event.ts'
import { type LocalNetwork, startLocalNetwork } from '../../src/roles/local-network.ts'
import { backendAnswer, backendModel, startBackend } from '../support/backend.ts'
import { freePorts, makeFolder } from '../support/files.ts'
import { ask } from '../support/requests.ts'

const patienceMs = 40_000

/** A proxy contract, and what its clients' and workers' contracts follow from. */
interface Generation {
  readonly contract: ContractAddress
  readonly publicKey: Uint8Array
  readonly config: RootConfig
}

async function until(what: string, condition: () => boolean | Promise<boolean>): Promise<void> {
  const end = Date.now() + patienceMs
  while (!(await condition())) {
    assert.ok(Date.now() < end, `it did not come to pass: ${what}`)
    await new Promise(resolve => setTimeout(resolve, 50))
  }
}

async function change(
  network: LocalNetwork,
  id: string,
  body: ReturnType<typeof rootBody.reset>,
): Promise<void> {
  const { operator, root } = network.chain
  await operator.send(id, { destination: root, valueNano: 500_000_000n, isBounceable: true, body })
  const failure = outcomeError(await operator.outcome(id))
  if (failure !== undefined) throw failure
}

/** Who serves the client now; undefined while nobody does. */
async function serving({ client, chain }: LocalNetwork): Promise<Generation | undefined> {
  const terms = client.client.proxies().find(({ session }) => session?.isReady === true)?.session?.terms
  if (terms === undefined) return undefined
  const { contract, publicKey } = terms
  return { contract, publicKey, config: readRootConfig((await chain.chain.account(chain.root)).data!) }
}

async function untilServed(network: LocalNetwork, not?: Generation): Promise<Generation> {
  let found: Generation | undefined
  await until('a proxy serves', async () => {
    found = await serving(network)
    return (
      found !== undefined && (not === undefined || addressKey(found.contract) !== addressKey(not.contract))
    )
  })
  return found!
}

test(
  'other prices bring new contracts; the old ones are settled and closed, and all go on',
  { timeout: 150_000 },
  async () => {
    await using folder = await makeFolder()
    await using backend = await startBackend()
    const [proxyWorkers = 0, proxyClients = 0] = await freePorts(2)
    const events: Array<{ event: string; client?: string; worker?: string }> = []
    const network = await startLocalNetwork({
      world,
      ports: { client: 0, proxy: 0, proxyWorkers, proxyClients, worker: 0, chain: 0 },
      stateDirectory: folder.path,
      report: (_role, event: RoleEvent) => events.push(event as (typeof events)[0]),
      callers: {
        host: '127.0.0.1',
        keysFile: undefined,
        cors: [],
        hostNames: [],
        onReload: () => ({ [Symbol.dispose]: () => {} }),
      },
      difficulty: 4,
      openBackend: async () => ({ backend: createHttpBackend({ url: backend.url }), model: backendModel }),
      progress: () => {},
    })
    try {
      const { chain } = network.chain
      const url = `http://${network.client.addresses.http}/v1`
      const answer = async (): Promise<boolean> =>
        (await ask(url, backendModel).catch(() => '')) === backendAnswer
      const clientData = async ({
        contract: proxyContract,
        publicKey: proxyPublicKey,
        config,
      }: Generation) => {
        const client = events.find(({ event }) => event === 'client-contract')?.client
        const clientOwner = parseAddress(client!)
        const address = clientContractAddress(config, { clientOwner, proxyContract, proxyPublicKey })
        return readClientData((await chain.account(address)).data!)
      }
      const first = await untilServed(network)
      await until('there is an answer', answer)

      await change(
        network,
        'params',
        rootBody.changeParams({
          ...first.config,
          queryId: 1n,
          pricePerTokenNano: 4n,
          workerFeePerTokenNano: 3n,
          proxyDelayBeforeCloseS: 3,
          clientDelayBeforeCloseS: 2,
        }),
      )
      const second = await untilServed(network, first)
      await until('there is an answer at the new price', answer)
      assert.equal(second.config.pricePerTokenNano, 4n)
      await until(
        'the client has closed its old contract',
        async () => (await clientData(first)).phase === 'closed',
      )
      assert.equal((await clientData(first)).balanceNano, 0n)

      await change(
        network,
        'price',
        rootBody.changePrice({ queryId: 2n, pricePerTokenNano: 6n, workerFeePerTokenNano: 5n }),
      )
      const third = await untilServed(network, second)
      await until('there is an answer at the newest price', answer)
      await until('the second proxy contract is closed', async () => {
        const { data } = await chain.account(second.contract)
        return readProxyData(data!).phase === 'closed'
      })
      assert.equal((await clientData(second)).phase, 'closed')
      const { stakeNano, balanceNano, proxyOwner } = readProxyData(
        (await chain.account(second.contract)).data!,
      )
      assert.deepEqual([stakeNano, balanceNano], [0n, 0n])
      const received = await chain.transactions(proxyOwner, { afterLt: 0n })
      const back = received.flatMap(({ inMessage }) => inMessage?.valueNano ?? [])
      assert.ok(
        back.some(nano => nano >= 1_000_000_000n),
        'the guarantee came back to the owner',
      )

      // The worker was paid to the last token before that.
      const worker = events.find(({ event }) => event === 'worker-paid')?.worker
      const workerAddress = workerContractAddress(second.config, {
        workerOwner: parseAddress(worker!),
        proxyContract: second.contract,
        proxyPublicKey: second.publicKey,
      })
      const paid = readWorkerData((await chain.account(workerAddress)).data!)
      assert.equal(paid.phase, 'closed')
      assert.equal(paid.paidTokens, (await clientData(second)).chargedTokens)
      assert.ok(paid.paidTokens > 0n)
      assert.equal(addressKey((await untilServed(network)).contract), addressKey(third.contract))
    } finally {
      await network.close(0)
    }
  },
)
