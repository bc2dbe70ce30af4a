import { systemWorld as world } from '@cocoon/wire/node'
import { headLimits } from '../../src/chain/head-watch.ts'
import { TonCenterChain } from '../../src/chain/toncenter.ts'
import { startDevnet } from '../../src/devnet/index.ts'
import { testChain } from './chain-compliance.ts'

testChain('a chain behind the HTTP API', async () => {
  const devnet = await startDevnet({ world, blockTimeMs: 0 })
  const url = `${devnet.url}/api/v2/jsonRPC`
  const chain = new TonCenterChain({
    endpoint: { url, apiKey: undefined, source: url },
    world,
    timeoutMs: 5_000,
    perSecond: Infinity,
    heads: headLimits,
  })
  return {
    devnet,
    chain,
    async [Symbol.asyncDispose]() {
      await chain[Symbol.asyncDispose]()
      await devnet[Symbol.asyncDispose]()
    },
  }
})
