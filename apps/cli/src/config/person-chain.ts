import { openChain, type Chain, type ChainSource } from '@cocoon/money'
import type { Context } from '../context.ts'
import { type ChainFlags, chainSourcesOf } from './chain-sources.ts'
import { isDevnet } from './devnet-probe.ts'

/** The chain that a person's command speaks of. */
export interface PersonChain extends AsyncDisposable {
  readonly chain: Chain
  /** Where a local chain answers, whose coins are worth nothing and come out of its faucet. */
  readonly devnet: Devnet | undefined
  /** Everything is on this machine, whether a local chain answers or not. */
  readonly isLocal: boolean
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
  const origin = localOriginOf(sources)
  const devnet = origin !== undefined && (await isDevnet(origin)) ? { url: origin } : undefined
  await using stack = new AsyncDisposableStack()
  const { signal } = stack.use(awaitStop())
  const chain = stack.use(openChain(sources, { world, ...(devnet && { heads: devnetHeads }) }))
  const closing = stack.move()
  return {
    chain,
    devnet,
    isLocal: origin !== undefined,
    signal,
    [Symbol.asyncDispose]: () => closing.disposeAsync(),
  }
}

/** Where a source on this machine is, if there is no other one. */
function localOriginOf([first, ...others]: readonly ChainSource[]): string | undefined {
  if (first === undefined || others.length > 0 || !('url' in first)) return undefined
  const url = URL.parse(first.url)
  const isLocal = url !== null && /^(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])$/.test(url.hostname)
  return isLocal ? url.origin : undefined
}
