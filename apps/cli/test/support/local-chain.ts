import assert from 'node:assert/strict'
import { type Devnet, startDevnet } from '@cocoon/money/devnet'
import { systemWorld } from '@cocoon/wire/node'
import { runToEnd } from './console.ts'
import { type Folder, freePorts, makeFolder } from './files.ts'

/** A local chain with the registry of a network that lists one proxy, and a folder for who joins it. */
export interface ChainWithRoot extends AsyncDisposable {
  readonly devnet: Devnet
  readonly folder: Folder
  readonly root: string
  readonly workersPort: number
  readonly clientsPort: number
  run(...argv: string[]): ReturnType<typeof runToEnd>
  /** What a command answers to `--json`. */
  json(...argv: string[]): Promise<Record<string, unknown>>
}

export async function startChainWithRoot(): Promise<ChainWithRoot> {
  await using stack = new AsyncDisposableStack()
  const folder = stack.use(await makeFolder())
  const devnet = stack.use(await startDevnet({ world: systemWorld, blockTimeMs: 0 }))
  const [workersPort = 0, clientsPort = 0] = await freePorts(2)
  const environment = {
    COCOON_CHAIN: devnet.url,
    COCOON_WALLET: `${folder.path}/wallet.json`,
    COCOON_WALLET_PASSWORD: 'correct horse',
    XDG_CACHE_HOME: folder.path,
  }
  const run = (...argv: string[]): ReturnType<typeof runToEnd> => runToEnd(argv, { environment })
  const json = async (...argv: string[]): Promise<Record<string, unknown>> => {
    const { exitCode, stdout, stderr } = await run(...argv, '--json')
    assert.equal(exitCode, 0, stdout + stderr)
    return JSON.parse(stdout) as Record<string, unknown>
  }
  const listed = `127.0.0.1:${workersPort} 127.0.0.1:${clientsPort}`
  const { port } = new URL(devnet.url)
  const { root } = await json('devnet', 'root', '--port', port, '--proxy', listed)
  const closing = stack.move()
  return {
    devnet,
    folder,
    root: String(root),
    workersPort,
    clientsPort,
    run,
    json,
    [Symbol.asyncDispose]: () => closing.disposeAsync(),
  }
}
