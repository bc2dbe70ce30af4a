import { openChain, type Chain, type ChainSource } from '@cocoon/money'
import type { Context } from '../context.ts'
import { type ChainFlags, chainSourcesOf } from './chain-sources.ts'
import { isDevnet } from './devnet-probe.ts'

/** The chain that a person's command speaks of. */
export interface PersonChain extends AsyncDisposable {
  readonly chain: Chain
  /** Where a local chain answers, whose coins are worth nothing and come out of its faucet. */
  readonly devnet: Devnet | undefined
  /** Aborted when the person breaks off; the process waits until the chain is disposed. */
  readonly signal: AbortSignal
}

export interface Devnet {
  /** Without a path. */
  readonly url: string
}

/** The clock of a local chain may have been moved by years. */
const devnetHeads = { maxSkewS: 315_360_000 }

/** Opens the chain that flags, environment or a configuration name, or a local one where none is named. */
export async function openPersonChain(
  { environment, world, awaitStop }: Context,
  flags: ChainFlags,
  tonConfigFilename = '',
): Promise<PersonChain> {
  const sources = await chainSourcesOf(environment, flags, tonConfigFilename)
  const devnet = await devnetAmong(sources)
  await using stack = new AsyncDisposableStack()
  const { signal } = stack.use(awaitStop())
  const chain = stack.use(openChain(sources, { world, ...(devnet && { heads: devnetHeads }) }))
  const closing = stack.move()
  return { chain, devnet, signal, [Symbol.asyncDispose]: () => closing.disposeAsync() }
}

/** A local chain, if that is what a source is. */
async function devnetAmong(sources: readonly ChainSource[]): Promise<Devnet | undefined> {
  const [first] = sources
  if (sources.length !== 1 || first === undefined || !('url' in first)) return undefined
  const url = URL.parse(first.url)
  if (url === null || !/^(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])$/.test(url.hostname)) return undefined
  return (await isDevnet(url.origin)) ? { url: url.origin } : undefined
}
