import {
  createCertificate,
  defaultPolicy,
  EvidencePolicy,
  type Identity,
  imageHash,
  peerCheck,
  zeroMeasurements,
} from '@cocoon/trust'
import { nodeCrypto } from '@cocoon/trust/node'
import { createSimulatedTee, simulatedEvidence } from '@cocoon/trust/simulate'
import { toHex, type World } from '@cocoon/wire'
import { dial, listen, type Listener, type PeerCheck } from '@cocoon/wire/node'
import type { Place, Street } from './street.ts'

/** TCP on loopback where everybody shows quotes of a simulated TEE, and asks everybody for them. */
export interface AttestedStreet extends Street {
  /** New certificates, with new quotes, for connections to come. */
  renew(): Promise<void>
  /** Verifies everybody who is connected anew, on both sides of each connection. */
  review(): Promise<void>
}

const difficulty = 4

export async function attestedStreet(world: World): Promise<AttestedStreet> {
  const tee = createSimulatedTee(world.random(32))
  const evidence = simulatedEvidence(tee, world)
  const policy = (): EvidencePolicy =>
    new EvidencePolicy({
      name: 'tdx',
      world,
      policy: { ...defaultPolicy, allowSimulated: true },
      simulatedRoot: tee.root,
      crypto: nodeCrypto,
    })
  const [ofServers, ofClients] = [policy(), policy()]
  let identity: Identity = await createCertificate({ world, evidence })
  const places = new Set<Place>()
  const doorOptions = {
    world,
    identity: () => identity,
    checkPeer: peerCheck(ofClients, world, 'client'),
  }
  return {
    imageHash: toHex(await imageHash(zeroMeasurements())),
    renew: async () => {
      identity = await createCertificate({ world, evidence })
    },
    review: async () => {
      await Promise.all([ofServers.review(), ofClients.review()])
    },
    open: async () => {
      const place = await openPlace(doorOptions)
      places.add(place)
      return place
    },
    dial: ({ host, port }, signal) =>
      dial({
        host,
        port,
        mode: { kind: 'direct' },
        identity,
        checkPeer: peerCheck(ofServers, world, 'server'),
        world,
        ...(signal && { signal }),
      }),
    [Symbol.asyncDispose]: async () => {
      await Promise.all([...places].map(place => place.close()))
      for (const open of [ofServers, ofClients]) open[Symbol.dispose]()
    },
  }
}

async function openPlace(options: {
  world: World
  identity: () => Identity
  checkPeer: PeerCheck
}): Promise<Place> {
  const door = (side: 'worker' | 'client'): Promise<Listener> =>
    listen({
      ...options,
      mode: 'direct',
      port: 0,
      proofOfWork: { difficulty: () => difficulty },
      onTransport: transport => {
        if (place.accept === undefined) transport.destroy()
        else place.accept[side](transport)
      },
    })
  const [worker, client] = await Promise.all([door('worker'), door('client')])
  const place: Place = {
    workerEndpoint: { host: '127.0.0.1', port: worker.port },
    clientEndpoint: { host: '127.0.0.1', port: client.port },
    accept: undefined,
    close: async () => {
      await Promise.all([worker.close(), client.close()])
    },
  }
  return place
}
