import { readFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { Client, startEndpoint } from '@cocoon/client'
import { contractAddress, createPaymentKey, MemoryLedger, parsePseudoConfig } from '@cocoon/money'
import { contractsWithoutChain, Proxy } from '@cocoon/proxy'
import { anyPolicy, peerCheck, rotatingIdentity } from '@cocoon/trust'
import type { PeerEndpoint } from '@cocoon/wire'
import { dial as dialTcp, listen, systemWorld as world } from '@cocoon/wire/node'
import { Worker } from '@cocoon/worker'
import { createHttpBackend } from '../packages/worker/src/backend/http.ts'

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: {
    config: { type: 'string' },
    'disable-ton': { type: 'string' },
    'workers-port': { type: 'string' },
    'clients-port': { type: 'string' },
    difficulty: { type: 'string', default: '20' },
    host: { type: 'string', default: '127.0.0.1' },
  },
})
const runner = JSON.parse(readFileSync(values.config!, 'utf8'))
const config = parsePseudoConfig(JSON.parse(readFileSync(values['disable-ton']!, 'utf8')))
const root = contractAddress(0, '11'.repeat(32))
const owner = contractAddress(0, '22'.repeat(32))
const identity = await rotatingIdentity({ world })
const dial = (endpoint: PeerEndpoint, signal: AbortSignal) =>
  dialTcp({
    ...endpoint,
    mode: { kind: 'direct' },
    identity: identity.current(),
    checkPeer: peerCheck(anyPolicy(), world, 'server'),
    signal,
    world,
  })
const shared = { world, config, root, isTestnet: false }

if (positionals[0] === 'proxy') {
  const proxy = new Proxy({
    ...shared,
    owner,
    nodeWallet: owner,
    key: createPaymentKey(Buffer.from(runner.machine_specific_private_key, 'base64')),
    ledger: new MemoryLedger(),
    clientContracts: contractsWithoutChain(config),
    checkWorkerHashes: false,
  })
  const difficulty = Number(values.difficulty)
  const common = {
    mode: 'direct',
    host: values.host,
    identity: () => identity.current(),
    checkPeer: peerCheck(anyPolicy(), world, 'client'),
    proofOfWork: { difficulty: () => difficulty },
    world,
  } as const
  await listen({ ...common, port: Number(values['workers-port']), onTransport: t => proxy.acceptWorker(t) })
  await listen({ ...common, port: Number(values['clients-port']), onTransport: t => proxy.acceptClient(t) })
} else if (positionals[0] === 'client') {
  const client = new Client({
    ...shared,
    wallet: owner,
    secret: new Uint8Array(0),
    checkProxyHashes: false,
    proxyConnections: runner.proxy_connections,
    dial,
  })
  client.start()
  await startEndpoint({ network: client, world, port: runner.http_port, host: values.host })
} else {
  const worker = new Worker({
    ...shared,
    owner,
    model: runner.model_name,
    coefficient: runner.coefficient,
    maxActiveRequests: runner.max_active_requests,
    proxyConnections: runner.proxy_connections,
    checkProxyHashes: false,
    backend: createHttpBackend({ url: `http://${runner.forward_requests_to}` }),
    dial,
  })
  worker.start()
  setInterval(() => {}, 1e9)
}
process.once('SIGTERM', () => process.exit())
