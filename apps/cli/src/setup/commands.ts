import type { Command } from 'commander'
import type { Context } from '../context.ts'
import { count, port, rate, thousandths, withJson } from '../flags.ts'
import { withChain, withCoin } from '../money-flags.ts'
import type { RoleName } from '../roles/role.ts'

/** `cocoon client setup`, `cocoon worker setup`, `cocoon proxy setup`. */
export function addSetup(role: Command, name: RoleName, context: Context): void {
  const setup = withAnswers(role.command('setup'), name)
  if (name === 'client') {
    setup
      .description('set up a client: asks, reckons what it costs, and writes its configuration')
      .option('--proxy-connections <n>', 'to how many proxies at once', rate)
      .action(async flags => (await import('../commands/setup-roles.ts')).runClientSetup(context, flags))
  } else if (name === 'worker') {
    setup
      .description('set up a worker: asks, checks its model, reckons, and writes its configuration')
      .option('--backend <url>', 'server that runs the model')
      .option('--model <name>', 'what the network calls the model: name@commit:hash')
      .option('--backend-model <name>', "the server's own name for it (default: the first)")
      .option('--coefficient <n>', 'price factor in thousandths: 1000 is 1.0', thousandths)
      .option('--max-active <n>', 'most queries at once', rate)
      .option('--proxy-connections <n>', 'to how many proxies at once', rate)
      .action(async flags => (await import('../commands/setup-roles.ts')).runWorkerSetup(context, flags))
  } else {
    setup
      .description('set up a proxy: asks, reckons stake and fees, and writes its configuration')
      .option('--host <address>', 'IPv4 address at which others reach this machine')
      .option('--workers-port <port>', 'public port for workers', port, 11_001)
      .option('--clients-port <port>', 'public port for clients', port, 11_002)
      .action(async flags => (await import('../commands/setup-roles.ts')).runProxySetup(context, flags))
  }
}

function withAnswers(command: Command, name: RoleName): Command {
  return withCoin(withChain(withJson(command)))
    .option('--out <file>', `file to write (default: ${name}.json)`)
    .option('--root <address>', 'address of the root contract')
    .option('--owner <address>', 'who owns the wallet of the role (default: your own wallet)')
    .option('--wallet <file>', 'wallet file of the owner (or COCOON_WALLET)')
    .option('--state <dir>', 'folder where `cocoon devnet root` left the address (default: ~/.cache/cocoon)')
    .option('--http-port <port>', 'port of its HTTP surface on this machine', port)
    .option('--testnet', "write addresses as TON's test network shows them")
    .option('--requests-per-day <n>', 'requests to reckon with', count, 1000)
    .option('--tokens-per-request <n>', 'price units of one request to reckon with', count, 1000)
    .option('--dry-run', 'say what it takes, and write nothing')
    .option('--yes', 'take the usual answers, and ask nothing')
    .option('--fund', 'on a local chain: fund the wallet from the faucet')
    .option('--force', 'keep the file that is there under another name, and write a new one')
}
