import type { Endpoint } from '@cocoon/money'
import {
  createCertificate,
  fakeTdxEvidence,
  fakeTdxPolicy,
  anyPolicy,
  type Identity,
  imageHash,
  peerCheck,
  type PeerPolicy,
  zeroMeasurements,
} from '@cocoon/trust'
import { type PeerEndpoint, pipe, type Transport, WireError, type World } from '@cocoon/wire'
import { dial, listen, type Listener } from '@cocoon/wire/node'

/** How parties of a test network reach each other: places to be found at, and connections to them. */
export interface Street extends AsyncDisposable {
  /** The image that every attested party runs, 64 hex digits. */
  readonly imageHash: string
  /** A place for one proxy, where nobody answers before `accept` is set; at ports of its own choice if absent. */
  open(ports?: Ports): Promise<Place>
  dial(endpoint: PeerEndpoint, signal?: AbortSignal): Promise<Transport>
}

/** Where a place is found; 0 for a free one. */
export interface Ports {
  readonly worker: number
  readonly client: number
}

export interface Place {
  readonly workerEndpoint: Endpoint
  readonly clientEndpoint: Endpoint
  accept: { worker(transport: Transport): void; client(transport: Transport): void } | undefined
  close(): Promise<void>
}

/** Connections in memory, which begin in the next turn. */
export function pipeStreet(world: World): Street {
  const doors = new Map<string, (transport: Transport) => void>()
  const noImage = new Uint8Array(32)
  let nextPort = 1
  return {
    imageHash: Buffer.from(noImage).toString('hex'),
    open: async () => {
      const workerEndpoint = { host: '127.0.0.1', port: nextPort++ }
      const clientEndpoint = { host: '127.0.0.1', port: nextPort++ }
      const keys = [addressOf(workerEndpoint), addressOf(clientEndpoint)]
      const place: Place = {
        workerEndpoint,
        clientEndpoint,
        accept: undefined,
        close: async () => {
          for (const key of keys) doors.delete(key)
        },
      }
      doors.set(keys[0]!, transport => place.accept?.worker(transport))
      doors.set(keys[1]!, transport => place.accept?.client(transport))
      return place
    },
    dial: async endpoint => {
      const door = doors.get(addressOf(endpoint))
      if (door === undefined) throw new WireError('closed', `nobody listens at ${addressOf(endpoint)}`)
      const { a, b } = pipe(world, {
        a: { address: `127.0.0.1:${40_000 + nextPort++}`, imageHash: noImage },
        b: { address: addressOf(endpoint), imageHash: noImage },
      })
      world.soon(() => door(b))
      return a
    },
    [Symbol.asyncDispose]: async () => {},
  }
}

/** TCP on loopback with proof of work and TLS: everything that the public network has between two parties. */
export async function tcpStreet(world: World): Promise<Street> {
  const identity = await createCertificate({ world, evidence: fakeTdxEvidence })
  const check = (policy: PeerPolicy, role: 'server' | 'client') => peerCheck(policy, world, role)
  const places = new Set<Place>()
  const image = await imageHash(zeroMeasurements())
  return {
    imageHash: Buffer.from(image).toString('hex'),
    open: async (ports = { worker: 0, client: 0 }) => {
      const checks = { worker: check(fakeTdxPolicy(), 'client'), client: check(anyPolicy(), 'client') }
      const place = await openTcpPlace(world, identity, checks, ports)
      places.add(place)
      return place
    },
    dial: ({ host, port }, signal) =>
      dial({
        host,
        port,
        mode: { kind: 'direct' },
        identity,
        checkPeer: check(fakeTdxPolicy(), 'server'),
        world,
        ...(signal && { signal }),
      }),
    [Symbol.asyncDispose]: async () => {
      await Promise.all([...places].map(place => place.close()))
    },
  }
}

/** Too easy to be of use, and exchanged like any other. */
const difficulty = 4

async function openTcpPlace(
  world: World,
  identity: Identity,
  checks: Record<'worker' | 'client', ReturnType<typeof peerCheck>>,
  ports: Ports,
): Promise<Place> {
  const door = (side: 'worker' | 'client'): Promise<Listener> =>
    listen({
      mode: 'direct',
      port: ports[side],
      identity: () => identity,
      checkPeer: checks[side],
      proofOfWork: { difficulty: () => difficulty },
      world,
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

function addressOf(endpoint: PeerEndpoint): string {
  return `${endpoint.host}:${endpoint.port}`
}
