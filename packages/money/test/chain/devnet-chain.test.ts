import { systemWorld as world } from '@cocoon/wire/node'
import { startDevnet } from '../../src/devnet/index.ts'
import { testChain } from './chain-compliance.ts'

testChain('the chain of a devnet in this process', async () => {
  const devnet = await startDevnet({ world, blockTimeMs: 0, port: false })
  return { devnet, chain: devnet.chain, [Symbol.asyncDispose]: () => devnet[Symbol.asyncDispose]() }
})
