import { systemWorld as world } from '@cocoon/wire/node'
import { openChain } from '../../src/chain/open.ts'
import { startDevnet } from '../../src/devnet/index.ts'
import { complianceAccounts, testChain } from './chain-compliance.ts'
import { LiteServer } from './lite-server.ts'

testChain('a chain behind several sources, one of them dead', async () => {
  const devnet = await startDevnet({ world, blockTimeMs: 0 })
  const server = await LiteServer.start(devnet, [devnet.faucetAddress, ...complianceAccounts])
  const liteservers = [
    {
      ip: 0x7f000001,
      port: server.port,
      id: { '@type': 'pub.ed25519', key: server.publicKey.toString('base64') },
    },
  ]
  const chain = openChain(
    [
      { url: 'http://127.0.0.1:9' },
      { url: `${devnet.url}/api/v2/jsonRPC` },
      { liteservers: { liteservers } },
    ],
    { world, timeoutMs: 8_000 },
  )
  return {
    devnet,
    chain,
    rootHashes: async seqno => [await server.rootHash(seqno), (await devnet.chain.blockHash(seqno)).rootHash],
    async [Symbol.asyncDispose]() {
      await chain[Symbol.asyncDispose]()
      await server[Symbol.asyncDispose]()
      await devnet[Symbol.asyncDispose]()
    },
  }
})
