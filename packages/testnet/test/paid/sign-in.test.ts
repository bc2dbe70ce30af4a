import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import {
  addressKey,
  clientBody,
  clientContractAddress,
  clientStateInit,
  compiledCode,
  createPaymentKey,
  MemoryStore,
  NodeWallet,
} from '@cocoon/money'
import { addressNamed, oneTon, type PaidNetwork } from '../../src/index.ts'
import { paymentKeyOf } from '../../src/paid/parties.ts'
import { askOne, startPaid } from './place.ts'

/** A wallet that is of nobody in the network. */
async function stranger(network: PaidNetwork): Promise<NodeWallet> {
  const { world, ground } = network
  const wallet = new NodeWallet({
    chain: ground.chain,
    store: new MemoryStore(),
    world,
    key: createPaymentKey(new Uint8Array(32).fill(9)),
    owner: addressNamed('a stranger'),
    code: compiledCode('wallet'),
    interval: { fromMs: 10, toMs: 20 },
  })
  await ground.devnet.faucet(wallet.address, 10n * oneTon)
  return wallet
}

/** The stranger deploys its own client contract at the proxy, and registers a nonce through it. */
async function register(network: PaidNetwork, wallet: NodeWallet, nonce: bigint): Promise<void> {
  const { config } = network.ground
  const { publicKey: proxyPublicKey } = paymentKeyOf(network.proxy.name)
  const parties = { clientOwner: wallet.address, proxyContract: network.contract, proxyPublicKey }
  await wallet.send(`register/${nonce}`, {
    destination: clientContractAddress(config, parties),
    valueNano: (3n * oneTon) / 10n,
    isBounceable: false,
    body: clientBody.register({ queryId: nonce, nonce, excessesTo: wallet.address }),
    stateInit: clientStateInit(config, parties),
  })
  assert.equal((await wallet.outcome(`register/${nonce}`)).kind, 'delivered')
}

describe('a client that has no contract yet', () => {
  test('registers the nonce of its session through the chain, several of them at once', async () => {
    await using network = await startPaid({ clients: 2 })
    await network.ready()
    const registrations = network.events.filter(({ event }) => event.event === 'client-contract')
    const owners = new Set(registrations.map(({ event }) => 'client' in event && event.client))
    assert.deepEqual(owners, new Set(network.clients.map(({ wallet }) => addressKey(wallet))))
    for (const client of network.clients) assert.equal((await askOne(network, client)).status, 200)
  })

  test('is not let in by a nonce of its own choice, nor by one that another owner registers', async () => {
    await using network = await startPaid()
    await network.ready()
    await using wallet = await stranger(network)
    const { settlement } = network.proxy.running
    using ofStranger = settlement.expectNonce(addressKey(wallet.address))
    using ofOther = settlement.expectNonce(addressKey(addressNamed('another client')))
    let seen = ''
    void ofStranger.seen.then(() => (seen += 'own '))
    void ofOther.seen.then(() => (seen += 'foreign '))

    await register(network, wallet, 12_345n)
    await register(network, wallet, ofOther.nonce)
    await network.until(
      'its contract is known',
      () => settlement.client(addressKey(wallet.address)) !== undefined,
    )
    assert.equal(seen, '')
    await register(network, wallet, ofStranger.nonce)
    await network.until('its own nonce is seen', () => seen !== '')
    assert.equal(seen, 'own ')
  })
})

test('a client that has paid in comes back by its secret, without a transaction', async () => {
  await using network = await startPaid()
  await network.ready()
  const [client] = network.clients as [(typeof network.clients)[0]]
  // The proxy must have seen the secret's hash.
  const key = addressKey(client.wallet)
  await network.until('the secret is known', () => {
    const record = network.proxy.running.settlement.client(key)
    return record !== undefined && record.balanceNano > 0n
  })
  const sent = async (): Promise<number> =>
    (await network.ground.chain.transactions(client.wallet, { afterLt: 0n })).filter(
      ({ inMessage }) => inMessage?.kind === 'external-in',
    ).length
  const before = await sent()
  await client.restart()
  await network.ready()
  assert.equal((await askOne(network)).status, 200)
  assert.equal(await sent(), before)
})
