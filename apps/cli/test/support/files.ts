import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { contractAddress, formatAddress, writePseudoConfig } from '@cocoon/money'
import { choosePort } from '../../src/roles/port.ts'
import { backendModel } from './backend.ts'

/** A folder of this test. */
export interface Folder extends AsyncDisposable {
  readonly path: string
  /** Writes a file, JSON unless it is text, and returns its path. */
  write(name: string, content: unknown): Promise<string>
}

export async function makeFolder(): Promise<Folder> {
  const path = await mkdtemp(join(tmpdir(), 'cocoon-cli-'))
  return {
    path,
    write: async (name, content) => {
      const file = join(path, name)
      await writeFile(file, typeof content === 'string' ? content : JSON.stringify(content))
      return file
    },
    [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }),
  }
}

/** Different ports that were free. */
export async function freePorts(howMany: number): Promise<number[]> {
  const ports = new Set<number>()
  while (ports.size < howMany) ports.add(await choosePort('127.0.0.1'))
  return [...ports]
}

/** An address made of one repeated byte. */
export function addressOf(byte: number): string {
  return formatAddress(contractAddress(0, new Uint8Array(32).fill(byte)))
}

export function keyOf(byte: number): string {
  return Buffer.alloc(32, byte).toString('base64')
}

export function rootJson(ports: { workers: number; clients: number }): Record<string, unknown> {
  const host = '127.0.0.1'
  return writePseudoConfig({
    ownerAddress: contractAddress(0, new Uint8Array(32).fill(1)),
    proxies: [
      {
        seqno: 1,
        workerEndpoint: { host, port: ports.workers },
        clientEndpoint: { host, port: ports.clients },
      },
    ],
  })
}

/** Files of the three roles as the reference's runners take them. */
export function runnerJson(options: { backend?: string; router?: string; httpPorts?: number[] } = {}) {
  const [proxyHttp = 0, clientHttp = 0, workerHttp = 0] = options.httpPorts ?? []
  const common = {
    is_test: true,
    root_contract_address: addressOf(2),
    ton_config_filename: 'ignored.json',
    an_unknown_key: { ignored: true },
  }
  const connect_to_proxy_via = options.router ?? '127.0.0.1:8116'
  return {
    proxy: {
      ...common,
      http_port: proxyHttp,
      owner_address: addressOf(3),
      machine_specific_private_key: keyOf(3),
      node_wallet_key: keyOf(4),
    },
    client: {
      ...common,
      http_port: clientHttp,
      owner_address: addressOf(5),
      node_wallet_key: keyOf(5),
      proxy_connections: '1',
      connect_to_proxy_via,
    },
    worker: {
      ...common,
      http_port: workerHttp,
      owner_address: addressOf(6),
      node_wallet_key: keyOf(6),
      proxy_connections: 1,
      connect_to_proxy_via,
      model_name: `${backendModel}@commit:00`,
      coefficient: 1000,
      max_active_requests: 4,
      forward_requests_to: options.backend ?? '127.0.0.1:1',
    },
  }
}
