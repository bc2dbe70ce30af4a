import assert from 'node:assert/strict'
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net'
import { test } from 'node:test'
import { encodePreamble } from '@cocoon/wire'
import { backendAnswer, backendModel, startBackend } from './support/backend.ts'
import { start } from './support/console.ts'
import { freePorts, makeFolder, rootJson, runnerJson } from './support/files.ts'
import { ask, askStreaming, getJson, untilHealthy } from './support/requests.ts'

/**
 * A router of the reference as its runners see it, dialing and accepting side in one: takes SOCKS5 without
 * authentication, connects to the runner's plain port that stands for the public one, and says to both who the
 * other is.
 */
async function startRouter(plainPorts: ReadonlyMap<number, number>): Promise<Server & AsyncDisposable> {
  const sockets = new Set<Socket>()
  const server = createServer(socket => {
    keep(socket)
    void serve(socket)
  })
  const keep = (socket: Socket): void => {
    sockets.add(socket)
    socket.on('error', () => {})
    socket.on('close', () => sockets.delete(socket))
  }

  const serve = async (socket: Socket): Promise<void> => {
    assert.deepEqual(await read(socket, 3), Buffer.from([5, 1, 0]))
    socket.write(Buffer.from([5, 0]))
    const request = await read(socket, 10)
    assert.deepEqual(request.subarray(0, 8), Buffer.from([5, 1, 0, 1, 127, 0, 0, 1]))
    const plainPort = plainPorts.get(request.readUInt16BE(8))
    assert.ok(plainPort !== undefined)
    const runner = connect(plainPort, '127.0.0.1')
    keep(runner)
    await new Promise(resolve => runner.once('connect', resolve))
    const preamble = encodePreamble({
      collateralRootHash: new Uint8Array(48),
      publicKey: new Uint8Array(32).fill(7),
      source: { ip: '127.0.0.1', port: 1 },
      destination: { ip: '127.0.0.1', port: 2 },
    })
    runner.write(preamble)
    socket.write(Buffer.concat([Buffer.from([5, 0, 0, 1, 127, 0, 0, 1, 0, 9]), preamble]))
    socket.pipe(runner)
    runner.pipe(socket)
  }
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  return Object.assign(server, {
    [Symbol.asyncDispose]: () =>
      new Promise<void>(resolve => {
        server.close(() => resolve())
        for (const socket of sockets) socket.destroy()
      }),
  })
}

async function read(socket: Socket, sizeBytes: number): Promise<Buffer> {
  for (;;) {
    const bytes: Buffer | null = socket.read(sizeBytes)
    if (bytes !== null) return bytes
    await new Promise(resolve => socket.once('readable', resolve))
  }
}

test('behind routers: SOCKS5 and preamble to dial, preamble to listen', { timeout: 60_000 }, async () => {
  await using folder = await makeFolder()
  await using backend = await startBackend()
  const [workers = 0, clients = 0, plainWorkers = 0, plainClients = 0, ...httpPorts] = await freePorts(7)
  const [proxyHttp, clientHttp, workerHttp] = httpPorts.map(port => `127.0.0.1:${port}`)
  await using router = await startRouter(
    new Map([
      [workers, plainWorkers],
      [clients, plainClients],
    ]),
  )
  const routerAddress = `127.0.0.1:${(router.address() as AddressInfo).port}`
  const files = runnerJson({ backend: backend.address, router: routerAddress, httpPorts })
  const root = await folder.write('root.json', rootJson({ workers, clients }))
  const proxyFile = { ...files.proxy, workers_rpc_port: plainWorkers, client_rpc_port: plainClients }
  const common = ['-C', root, '--state', folder.path, '--router']
  const roles = [
    start(['proxy', '-c', await folder.write('proxy.json', proxyFile), ...common]),
    start(['worker', '-c', await folder.write('worker.json', files.worker), ...common]),
    start(['client', '-c', await folder.write('client.json', files.client), ...common]),
  ]
  const ended = roles.map(async role => {
    const code = await role.exitCode
    throw new Error(`A role ended with ${code}: ${role.stderr.text}`)
  })
  await Promise.race([untilHealthy(proxyHttp ?? '', workerHttp ?? '', clientHttp ?? ''), ...ended])
  for (const end of ended) end.catch(() => {})

  const url = `http://${clientHttp}/v1`
  assert.equal(await ask(url, backendModel, 'router'), backendAnswer)
  assert.equal(await askStreaming(url, backendModel), backendAnswer)
  const { worker_connections: connections } = await getJson(`http://${proxyHttp}/jsonstats`)
  assert.equal(connections[0].worker_hash, '0'.repeat(64))

  for (const role of roles.toReversed()) role.stop()
  for (const role of roles) assert.equal(await role.exitCode, 0, role.stderr.text)
})
