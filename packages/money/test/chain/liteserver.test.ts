import { systemWorld as world } from '@cocoon/wire/node'
import { headLimits } from '../../src/chain/head-watch.ts'
import { LiteServerChain } from '../../src/chain/liteserver.ts'
import { startDevnet } from '../../src/devnet/index.ts'
import { complianceAccounts, testChain } from './chain-compliance.ts'
import { LiteServer } from './lite-server.ts'

testChain('a chain behind a liteserver', async () => {
  const devnet = await startDevnet({ world, blockTimeMs: 0 })
  const server = await LiteServer.start(devnet, [devnet.faucetAddress, ...complianceAccounts])
  const chain = new LiteServerChain({
    peer: { host: '127.0.0.1', port: server.port, publicKey: server.publicKey, source: 'the liteserver' },
    world,
    timeoutMs: 5_000,
    perSecond: Infinity,
    heads: headLimits,
  })
  return {
    devnet,
    chain,
    rootHashes: async seqno => [await server.rootHash(seqno)],
    async [Symbol.asyncDispose]() {
      await chain[Symbol.asyncDispose]()
      await server[Symbol.asyncDispose]()
      await devnet[Symbol.asyncDispose]()
    },
  }
})
