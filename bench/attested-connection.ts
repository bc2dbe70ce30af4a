// How long it takes until two parties have verified each other: part of `npm run bench:trust`.

import { createCertificate, defaultPolicy, EvidencePolicy, type Identity, peerCheck } from '@cocoon/trust'
import { nodeCrypto } from '@cocoon/trust/node'
import { createSimulatedTee, simulatedEvidence } from '@cocoon/trust/simulate'
import type { Transport } from '@cocoon/wire'
import { dial, listen, systemWorld as world } from '@cocoon/wire/node'

const runs = 200
const warmUps = 30

const tee = createSimulatedTee(new Uint8Array(32).fill(1))
const evidence = simulatedEvidence(tee, world)

function policy(): EvidencePolicy {
  return new EvidencePolicy({
    name: 'tdx',
    world,
    policy: { ...defaultPolicy, allowSimulated: true },
    simulatedRoot: tee.root,
    crypto: nodeCrypto,
  })
}

/**
 * Milliseconds of each connection, sorted: TCP, a proof of work of no difficulty, TLS with both certificates, both
 * quotes verified with the collateral that is stapled to them, both ends ready. Cold: neither side has seen the other
 * before, nor made a connection with its own certificate. Warm: both have.
 */
export async function measureConnections(isCold: boolean): Promise<number[]> {
  const pool = await Promise.all(Array.from({ length: isCold ? runs + warmUps : 1 }, () => createPair()))
  const common = [policy(), policy()] as const
  const times: number[] = []
  for (let run = -warmUps; run < runs; run += 1) {
    const [server, client] = pool[isCold ? run + warmUps : 0]!
    const [ofServer, ofClient] = isCold ? [policy(), policy()] : common
    const accepted = Promise.withResolvers<Transport>()
    await using listener = await listen({
      mode: 'direct',
      port: 0,
      identity: () => server,
      checkPeer: peerCheck(ofClient, world, 'client'),
      proofOfWork: { difficulty: () => 0 },
      onTransport: accepted.resolve,
      onRefused: accepted.reject,
      world,
    })
    const startMs = performance.now()
    const [dialed] = await Promise.all([
      dial({
        host: '127.0.0.1',
        port: listener.port,
        mode: { kind: 'direct' },
        identity: client,
        checkPeer: peerCheck(ofServer, world, 'server'),
        world,
      }),
      accepted.promise,
    ])
    if (run >= 0) times.push(performance.now() - startMs)
    dialed.destroy()
  }
  return times.toSorted((a, b) => a - b)
}

async function createPair(): Promise<[Identity, Identity]> {
  return [await createCertificate({ world, evidence }), await createCertificate({ world, evidence })]
}
