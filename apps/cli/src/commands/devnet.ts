import { mkdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { MoneyError } from '@cocoon/money'
import { type Devnet, startDevnet } from '@cocoon/money/devnet'
import { type Context, print, printJson, stateDirectoryOf, tinted } from '../context.ts'
import { CliError, reasonOf } from '../error.ts'
import type { CommonFlags } from '../flags.ts'
import { createProgress } from '../progress.ts'
import { coinsText } from '../http/coins.ts'
import { stopped } from './run-role.ts'

export interface DevnetFlags extends CommonFlags {
  port: number
  dir?: string
  blockTime: number
  state?: string
}

export const devnetNotice = 'Simulated: a chain of this machine alone. Its coins are worth nothing.'

/** `cocoon devnet`: a local chain in this process, until it is stopped. */
export async function runDevnet(context: Context, flags: DevnetFlags): Promise<void> {
  using stop = context.awaitStop()
  const { stdout, stderr, world } = context
  const stateDirectory = stateDirectoryOf(context.environment, flags.state)
  const directory = flags.dir ?? join(stateDirectory, 'devnet')
  const token = Buffer.from(world.random(24)).toString('base64url')
  const failed = new AbortController()
  let failure: unknown
  const progress = createProgress(stderr, flags.json === true)
  progress.step('Starting the virtual machine')
  await using devnet = await startDevnet({
    world,
    directory,
    token,
    blockTimeMs: flags.blockTime,
    port: flags.port,
    onBlock: block => {
      if (block.transactions === 0) return
      if (flags.json) printJson(stdout, { event: 'block', ...block })
      else print(stdout, tinted('faint', `block ${block.seqno}: ${counted(block.transactions)}`, stdout))
    },
    onFailure: error => {
      failure = error
      failed.abort()
    },
  })
    .catch((error: unknown) => {
      throw startError(error, flags, directory)
    })
    .finally(() => progress[Symbol.dispose]())
  const file = devnetTokenFile(stateDirectory, Number(new URL(devnet.url).port))
  await leave(file, token, stateDirectory)
  try {
    if (flags.json) printJson(stdout, readyJson(devnet, directory))
    else print(stdout, ...readyText(context, devnet, directory, flags))
    await stopped(AbortSignal.any([stop.signal, failed.signal]))
  } finally {
    await rm(file, { force: true })
  }
  if (failure !== undefined) throw startError(failure, flags, directory)
  const { seqno, transactions } = devnet.status()
  if (flags.json) printJson(stdout, { event: 'stopped', seqno, transactions })
  else print(stderr, `Stopped at block ${seqno}, with ${counted(transactions)}. ${directory} keeps them.`)
}

/** Where the token lies that calls of a devnet's actions carry. */
export function devnetTokenFile(stateDirectory: string, port: number): string {
  return join(stateDirectory, `devnet-${port}.token`)
}

/** Only its owner reads the file. One that is there belongs to a run that crashed. */
async function leave(file: string, token: string, stateDirectory: string): Promise<void> {
  try {
    await mkdir(stateDirectory, { recursive: true, mode: 0o700 })
    await rm(file, { force: true })
    await writeFile(file, `${token}\n`, { mode: 0o600, flag: 'wx' })
  } catch (cause) {
    throw new CliError('config', `The control token cannot be written to ${file}: ${reasonOf(cause)}.`, {
      cause,
      advice: 'Name another folder with --state.',
    })
  }
}

function startError(error: unknown, flags: DevnetFlags, directory: string): unknown {
  if (!(error instanceof MoneyError)) return error
  if (error.code === 'port-in-use') {
    return new CliError('port-in-use', `Port ${flags.port} of 127.0.0.1 is in use by another program.`, {
      cause: error,
      advice: 'Stop that program, or choose another port with --port.',
    })
  }
  const advice = `The chain is in ${directory}; --dir names another folder.`
  return new CliError('config', `${error.message}.`, { cause: error, advice })
}

function readyJson(devnet: Devnet, directory: string): Record<string, unknown> {
  const { faucet, seqno } = devnet.status()
  return {
    event: 'ready',
    simulated: true,
    notice: devnetNotice,
    url: devnet.url,
    jsonrpc: `${devnet.url}/api/v2/jsonRPC`,
    directory,
    seqno,
    faucet,
  }
}

function readyText({ stdout }: Context, devnet: Devnet, directory: string, flags: DevnetFlags): string[] {
  const { faucet, faucetNano, seqno } = devnet.status()
  const pace = flags.blockTime === 0 ? 'a block at each message' : `a block every ${flags.blockTime} ms`
  return [
    tinted('simulated', devnetNotice, stdout),
    '',
    `A TON chain answers at ${tinted('strong', devnet.url, stdout)}: block ${seqno}, ${pace}`,
    '',
    `  toncenter, second version   ${devnet.url}/api/v2/jsonRPC`,
    `  toncenter, third version    ${devnet.url}/api/v3`,
    `  faucet                      ${faucet}, ${coinsText(faucetNano)} coins`,
    `  kept in                     ${directory}`,
    '',
    'In another terminal: cocoon devnet faucet ADDRESS 10',
    tinted('faint', 'Ctrl-C stops it.', stdout),
  ]
}

function counted(transactions: number): string {
  return transactions === 1 ? '1 transaction' : `${transactions} transactions`
}
