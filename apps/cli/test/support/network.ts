import type { Environment } from '../../src/config/runner-config.ts'
import { startBackend, type TestBackend } from './backend.ts'
import { type Running, start } from './console.ts'
import { type Folder, makeFolder } from './files.ts'

/** A local network that runs in this process, in front of a test backend. */
export interface TestNetwork extends AsyncDisposable {
  readonly url: string
  readonly folder: Folder
  readonly addresses: { readonly client: string; readonly proxy: string; readonly worker: string }
  readonly up: Running
}

const portFlags = [
  '--port',
  '--proxy-port',
  '--proxy-workers-port',
  '--proxy-clients-port',
  '--worker-port',
  '--chain-port',
]

interface NetworkOptions {
  model?: string
  /** State folder, which is left as it is in the end; one of its own if absent. */
  folder?: Folder
  /** More flags of `cocoon up`. */
  flags?: readonly string[]
  environment?: Environment
}

/** Resolves once it serves. */
export async function startNetwork(options: NetworkOptions = {}): Promise<TestNetwork> {
  const { flags = [], environment = {} } = options
  const folder = options.folder ?? (await makeFolder())
  const backend: TestBackend = await startBackend(options)
  const argv = ['up', '--json', '--state', folder.path, '--backend', backend.url]
  const up = start([...argv, ...portFlags.flatMap(flag => [flag, '0']), ...flags], { environment })
  const ready = up.stdout.line(line => line.includes('"ready"'))
  const ended = up.exitCode.then(code => {
    throw new Error(`The network ended with ${code}: ${up.stdout.text}${up.stderr.text}`)
  })
  ended.catch(() => {})
  const { client, proxy, worker, base_url: url } = JSON.parse(await Promise.race([ready, ended]))
  return {
    url,
    folder,
    up,
    addresses: { client: client.http, proxy: proxy.http, worker: worker.http },
    [Symbol.asyncDispose]: async () => {
      up.stop()
      await up.exitCode
      await backend[Symbol.asyncDispose]()
      if (options.folder === undefined) await folder[Symbol.asyncDispose]()
    },
  }
}
