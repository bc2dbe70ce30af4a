import { Argument, Command, CommanderError, Option } from 'commander'
import { addAccounts } from './account/commands.ts'
import { addAttestation } from './attest/commands.ts'
import { withAttestation, withPolicy } from './attest/flags.ts'
import { addPeer } from './attest/peer-commands.ts'
import type { Context } from './context.ts'
import { print, printJson, tinted } from './context.ts'
import { CliError, exitCodeOf, reasonOf } from './error.ts'
import {
  coins,
  count,
  difficulty,
  duration,
  names,
  nanotons,
  port,
  rate,
  repeated,
  seconds,
  thousandths,
  time,
  withCallers,
  withJson,
  withLog,
} from './flags.ts'
import type { RoleName } from './roles/role.ts'
import { addSetup } from './setup/commands.ts'
import { addVerification } from './verify/commands.ts'
import { version } from './version.ts'
import { addWallet } from './wallet/commands.ts'

/** Runs one command line, without the program's own name. Resolves with the exit code; never rejects. */
export async function run(context: Context, argv: readonly string[]): Promise<number> {
  const outcome: Outcome = { isWell: true }
  const program = createProgram(context, outcome)
  try {
    await program.parseAsync([...argv], { from: 'user' })
    return outcome.isWell ? 0 : 1
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2
    explain(context, error, argv.includes('--json'))
    return exitCodeOf(error)
  }
}

/** What a command found, where finding something wrong is no failure of the command. */
interface Outcome {
  isWell: boolean
}

/** What happened, why, and how to solve it. A stack trace only for who asks for one. */
function explain(context: Context, error: unknown, asJson: boolean): void {
  const { stderr, stdout, environment } = context
  const advice = error instanceof CliError ? error.advice : undefined
  const code = error instanceof CliError ? error.code : 'internal'
  if (asJson) printJson(stdout, { error: { code, message: reasonOf(error), ...(advice && { advice }) } })
  else {
    print(stderr, `${tinted('failed', 'cocoon:', stderr)} ${reasonOf(error)}`)
    if (advice !== undefined) print(stderr, `  ${advice}`)
  }
  if (environment['COCOON_DEBUG'] === '1' && error instanceof Error) print(stderr, error.stack ?? '')
  else if (code === 'internal') print(stderr, '  This is a fault of the program. COCOON_DEBUG=1 shows where.')
}

function createProgram(context: Context, outcome: Outcome): Command {
  const program = new Command('cocoon')
    .description('Confidential compute open network: run AI models for others, or use theirs.')
    .version(version, '-V, --version', 'print the version')
    .helpOption('-h, --help', 'print help')
    .helpCommand('help [command]', 'print help for a command')
    .exitOverride()
    // `devnet` and the commands below it have flags of the same names.
    .enablePositionalOptions()
    .configureOutput({
      writeOut: text => context.stdout.write(text),
      writeErr: text => context.stderr.write(text),
      getOutHelpWidth: () => context.stdout.columns || 80,
      getErrHelpWidth: () => 80,
      getOutHasColors: () => false,
      getErrHasColors: () => false,
    })
    .showHelpAfterError('(cocoon help says more)')
  addUp(program, context)
  addCalls(program, context)
  addKeys(program, context)
  addInspection(program, context, outcome)
  addAttestation(program, context, outcome)
  addPeer(program, context, outcome)
  addVerification(program, context, outcome)
  addRoles(program, context)
  addWallet(program, context)
  addAccounts(program, context)
  addDevnet(program, context)
  return program
}

function addUp(program: Command, context: Context): void {
  const up = withLog(program.command('up'))
    .description('run a whole network here: a client, a proxy, a worker and a small model')
    .option('--port <port>', 'HTTP port of the client, which apps call', port, 10_000)
    .option('--proxy-port <port>', 'HTTP port of the proxy', port, 11_000)
    .option('--proxy-workers-port <port>', 'where workers reach the proxy', port, 11_001)
    .option('--proxy-clients-port <port>', 'where clients reach the proxy', port, 11_002)
    .option('--worker-port <port>', 'HTTP port of the worker', port, 12_000)
    .option('--chain-port <port>', 'HTTP port of the local TON chain', port, 10_800)
    .option('--model <file>', 'a GGUF file, or hf:owner/repository/file.gguf, in place of the tiny model')
    .option('--backend <url>', 'an OpenAI-compatible server that runs the model instead')
    .option('--backend-model <name>', 'which of its models to offer (default: the first)')
    .option('--difficulty <bits>', 'proof of work between the roles', difficulty, 8)
  withCallers(up).action(async flags => (await import('./commands/up.ts')).runUp(context, flags))
}

function addCalls(program: Command, context: Context): void {
  withApi(program.command('chat'))
    .description('ask a model: one prompt, what is piped in, or a conversation')
    .argument('[prompt]', 'what to ask; without it a conversation begins')
    .option('--model <name>', 'which model (default: the first on offer)')
    .option('--system <text>', 'what the model is told beforehand')
    .option('--max-tokens <n>', 'longest answer', count)
    .option('--coin <name>', 'what the coin is called (or COCOON_COIN; default: TON)')
    .action(async (prompt: string | undefined, flags) =>
      (await import('./commands/chat.ts')).runChat(context, prompt, flags),
    )

  withApi(program.command('models'))
    .description('list the models on offer')
    .action(async flags => (await import('./commands/models.ts')).runModels(context, flags))
}

function addKeys(program: Command, context: Context): void {
  const keys = program.command('keys').description('make, list and remove the API keys of a client')
  const command = (name: string): Command =>
    withJson(keys.command(name)).requiredOption('--file <file>', 'the key file, which `--keys` takes')

  command('new')
    .description('make a key and print it, this once')
    .option('--name <name>', 'whose key it is, for people')
    .option('--budget <coins>', 'most that it may spend a day, 1 coin being 10^9 nanotons', coins)
    .addOption(
      new Option('--budget-nano <n>', 'the same in nanotons').argParser(nanotons).conflicts('budget'),
    )
    .option('--requests-per-minute <n>', 'most requests a minute', rate)
    .option('--models <names>', 'models that it may use, with commas between them', names)
    .option('--expires <time>', 'from when on it is refused: 2027-01-31, or 2027-01-31T12:00Z', time)
    .action(async flags => (await import('./commands/keys.ts')).runNewKey(context, flags))

  command('list')
    .description('list the keys and what each may do')
    .action(async flags => (await import('./commands/keys.ts')).runListKeys(context, flags))

  command('remove')
    .description('remove a key')
    .argument('<id>', 'its id, as the list has it')
    .action(async (id: string, flags) =>
      (await import('./commands/keys.ts')).runRemoveKey(context, id, flags),
    )
}

function addInspection(program: Command, context: Context, outcome: Outcome): void {
  withJson(program.command('status'))
    .description('say what runs on this machine; exit code 1 when something is down')
    .addArgument(new Argument('[roles...]', 'which roles').choices(['client', 'proxy', 'worker']))
    .option('--port <port>', 'HTTP port of the client', port, 10_000)
    .option('--proxy-port <port>', 'HTTP port of the proxy', port, 11_000)
    .option('--worker-port <port>', 'HTTP port of the worker', port, 12_000)
    .option('--token <text>', 'http_access_hash, where the configuration sets one')
    .action(async (roles: RoleName[], flags) => {
      outcome.isWell = await (await import('./commands/status.ts')).runStatus(context, roles, flags)
    })

  const doctor = withJson(program.command('doctor'))
    .description('look for what is wrong, and say what to do')
    .option('-c, --config <file>', 'configuration of a role')
    .option('-C, --disable-ton <file>', 'root configuration of a network without a chain')
    .addOption(
      new Option('--role <name>', 'whose configuration it is').choices(['client', 'proxy', 'worker']),
    )
    .option('--host <address>', 'where a proxy listens', '127.0.0.1')
    .option('--workers-port <port>', "a proxy's port for workers", port, 11_001)
    .option('--clients-port <port>', "a proxy's port for clients", port, 11_002)
    .option('--max-difficulty <bits>', 'refuse proofs of work that are harder', difficulty, 28)
    .option('--router', 'go the way through a reference router')
    .option('--backend <url>', 'server that runs the model, in place of forward_requests_to')
    .option('--backend-model <name>', "the backend's own name for the model")
    .option('--state <dir>', 'folder of models and tokens')
  withPolicy(doctor, 'proxies').action(async flags => {
    outcome.isWell = await (await import('./commands/doctor.ts')).runDoctor(context, flags)
  })
}

function addDevnet(program: Command, context: Context): void {
  const devnet = withJson(program.command('devnet'))
    .description('run a local TON chain behind the HTTP API of toncenter, with coins for nothing')
    .enablePositionalOptions()
    .option('--port <port>', 'where it answers, on this machine alone', port, 10_800)
    .option('--dir <dir>', 'folder that keeps the chain (default: devnet in the state folder)')
    .addOption(
      new Option('--block-time <time>', 'from block to block, or 0 for one at each message')
        .argParser(duration)
        .default(1000, '1s'),
    )
    .option('--state <dir>', 'folder for control tokens (default: ~/.cache/cocoon)')
    .action(async flags => (await import('./commands/devnet.ts')).runDevnet(context, flags))
  const command = (name: string, description: string): Command =>
    withJson(devnet.command(name))
      .description(description)
      .option('--port <port>', 'where the chain answers', port, 10_800)
      .option('--state <dir>', 'folder for control tokens (default: ~/.cache/cocoon)')

  command('faucet', 'send coins of the local chain to an address')
    .argument('<address>', 'TON address')
    .argument('<amount>', 'coins, such as 0.5', coins)
    .action(async (address: string, amount: bigint, flags) =>
      (await import('./commands/devnet-actions.ts')).runFaucet(context, address, amount, flags),
    )
  command('snapshot', 'keep the whole chain as it is, under a name')
    .argument('<name>', 'up to 64 letters, digits, points, dashes and underlines')
    .action(async (name: string, flags) =>
      (await import('./commands/devnet-actions.ts')).runSnapshot(context, name, flags),
    )
  command('restore', 'go back to what was kept under a name')
    .argument('<name>', 'name of a snapshot')
    .action(async (name: string, flags) =>
      (await import('./commands/devnet-actions.ts')).runRestore(context, name, flags),
    )
  command('advance', 'move the clock of the chain ahead')
    .argument('<seconds>', 'how far', seconds)
    .action(async (ahead: number, flags) =>
      (await import('./commands/devnet-actions.ts')).runAdvance(context, ahead, flags),
    )
  command('root', 'deploy the registry of a network, or change its prices with --price')
    .option(
      '--proxy <endpoints>',
      'where workers and clients reach the proxy',
      '127.0.0.1:11001 127.0.0.1:11002',
    )
    .option('--price <nanotons>', 'for an adjusted token (default: 2)', nanotons)
    .option('--fee <nanotons>', 'what of it the worker gets (default: 1, or 95 % of --price)', nanotons)
    .action(async flags => (await import('./commands/devnet-root.ts')).runDevnetRoot(context, flags))
  command('mine', 'make a block now').action(async flags =>
    (await import('./commands/devnet-actions.ts')).runMine(context, flags),
  )
  command('status', 'say how far the chain is').action(async flags =>
    (await import('./commands/devnet-actions.ts')).runDevnetStatus(context, flags),
  )
}

function withApi(command: Command): Command {
  return withJson(command)
    .option('--url <url>', "the client's endpoint", 'http://127.0.0.1:10000')
    .option('--key <key>', 'API key, if the endpoint asks for one (or COCOON_API_KEY)')
}

function addRoles(program: Command, context: Context): void {
  const proxy = withRole(program.command('proxy'), 'workers')
    .description('run a proxy: the market between clients and workers')
    .option('--clients-policy <policy>', 'what is asked of clients, in the same words', 'any')
    .option('--host <address>', 'address to listen on for workers and clients', '127.0.0.1')
    .option('--workers-port <port>', 'public port for workers', port, 11_001)
    .option('--clients-port <port>', 'public port for clients', port, 11_002)
    .option(
      '--log-port <port>',
      'public port of the log of what was charged (default: on http_port alone)',
      port,
    )
    .option('--difficulty <bits>', 'proof of work asked of who connects', difficulty, 20)
    .option('--router', 'listen plainly on workers_rpc_port and client_rpc_port, behind a reference router')
    .action(async (flags, command: Command) =>
      (await import('./commands/proxy.ts')).runProxy(context, withConfig(flags, command)),
    )
  addSetup(proxy, 'proxy', context)

  const client = withCallers(withDial(program.command('client')))
    .description('run a client: an OpenAI-compatible endpoint on http_port')
    .option('--accept-unstaked', 'pay in although a proxy does not hold the guarantee that the registry asks')
    .action(async (flags, command: Command) =>
      (await import('./commands/client.ts')).runClient(context, withConfig(flags, command)),
    )
  addSetup(client, 'client', context)

  const worker = withDial(program.command('worker'))
    .description('run a worker: offer a model and earn')
    .option('--backend <url|llama>', 'server that runs the model, in place of forward_requests_to')
    .option('--model-file <file>', 'with --backend llama: a GGUF file, or hf:owner/repository/file.gguf')
    .option('--backend-model <name>', "the backend's own name for the model, where it differs")
    .option('--coefficient <n>', 'price factor in thousandths: 1000 is 1.0', thousandths)
    .option('--max-active <n>', 'most queries at once', count)
    .option(
      '--gpu-evidence <program>',
      'proves the GPUs of this machine too: the path of nvattest of NVIDIA, which is asked for each identity',
    )
    .action(async (flags, command: Command) =>
      (await import('./commands/worker.ts')).runWorker(context, withConfig(flags, command)),
    )
  addSetup(worker, 'worker', context)
}

function withRole(command: Command, peers: string): Command {
  withLog(command)
    // The commands below it have flags of the same names.
    .enablePositionalOptions()
    .option('-c, --config <file>', 'configuration of the role, JSON; COCOON_<KEY> overrides a key')
    .option('-C, --disable-ton <file>', 'root configuration, JSON, of a network without a chain')
    .option('--chain <url>', 'where the chain is read: an HTTP API such as toncenter; repeatable', repeated())
    .option('--chain-key <key>', 'API key for it (or COCOON_CHAIN_KEY)')
    .option('-p, --check-hashes', 'check image and model hashes, in test networks too')
  return withAttestation(command, peers)
}

/** A role runs with a configuration only; the commands below it go without. */
function withConfig<Flags extends { config: string }>(flags: Flags, command: Command): Flags {
  if ((flags.config as string | undefined) === undefined) {
    command.error("error: required option '-c, --config <file>' not specified")
  }
  return flags
}

function withDial(command: Command): Command {
  return withRole(command, 'proxies')
    .option('--max-difficulty <bits>', 'refuse proofs of work that are harder', difficulty, 28)
    .option('--router', 'reach proxies through the router at connect_to_proxy_via')
    .option('--no-witness', "do not cosign proxies' logs: checkpoints tell everybody who was connected")
}
