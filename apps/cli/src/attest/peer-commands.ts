import type { Command } from 'commander'
import type { Context } from '../context.ts'
import { difficulty, withJson } from '../flags.ts'

interface Outcome {
  isWell: boolean
}

/** `cocoon peer`. */
export function addPeer(program: Command, context: Context, outcome: Outcome): void {
  const peer = program.command('peer').description('look at other parties of a network')
  withJson(peer.command('inspect'))
    .description('connect, and say why a peer is to be believed or not; exit code 1 when it is not')
    .argument('<address>', 'where it takes workers or clients: host:port')
    .option('--policy <policy>', 'what is asked of it: any, fake_tdx, tdx, or a policy file', 'tdx')
    .option(
      '--collateral <source>',
      'what its quote is judged with: an address, a file, or stapled (default: the service of Intel)',
    )
    .option('--root <file>', 'a simulated root to trust beside that of Intel, PEM')
    .option('--max-difficulty <bits>', 'refuse proofs of work that are harder', difficulty, 28)
    .option('--state <dir>', 'folder of the simulated root (default: ~/.cache/cocoon)')
    .action(async (address: string, flags) => {
      outcome.isWell = await (
        await import('../commands/peer-inspect.ts')
      ).runPeerInspect(context, address, flags)
    })
}
