import type { Command } from 'commander'
import { repeated } from './flags.ts'

/** Where the chain is read, for commands that speak of coins. */
export function withChain(command: Command): Command {
  return command
    .option(
      '--chain <url>',
      'where the chain is read: an HTTP API such as toncenter; repeatable (or COCOON_CHAIN)',
      repeated(),
    )
    .option('--chain-key <key>', 'API key for it (or COCOON_CHAIN_KEY)')
}

/** What the coin is called. */
export function withCoin(command: Command): Command {
  return command.option('--coin <name>', 'what the coin is called (or COCOON_COIN; default: TON)')
}
