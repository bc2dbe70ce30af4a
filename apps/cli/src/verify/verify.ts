import { type ReceiptContext, type ReceiptVerdict, verifyReceiptFile } from '@cocoon/client'
import { type ContractAddress, parseAddress } from '@cocoon/money'
import type { TrustedRoot } from '@cocoon/trust'
import { nodeCrypto, nodeSeal } from '@cocoon/trust/node'
import { CommanderError } from 'commander'
import { readPolicyFile, readRootFile } from '../attest/files.ts'
import { findLocalTee } from '../attest/local-tee.ts'
import type { ApiFlags } from '../api.ts'
import { type Context, print, printJson, stateDirectoryOf } from '../context.ts'
import type { CommonFlags } from '../flags.ts'
import { provingNothing, readReceipt, readText } from './files.ts'
import { type KnownNetwork, type NetworkFlags, openKnownNetwork, witnessesOf } from './network.ts'
import { verdictText } from './verdict-text.ts'

export interface VerifyReceiptFlags extends CommonFlags, NetworkFlags, ApiFlags {
  prompt?: string
  answer?: string
  policy?: string
  root?: string
  state?: string
  evidence?: true
}

/** `cocoon verify`. False where a check refused the receipt; ends with 2 where too little could be checked. */
export async function runVerifyReceipt(
  context: Context,
  path: string,
  flags: VerifyReceiptFlags,
): Promise<boolean> {
  const verdict = await provingNothing(() => verify(context, path, flags))
  if (verdict.verdict === 'not-verified') throw new CommanderError(2, 'cocoon.not-verified', verdict.title)
  return verdict.verdict !== 'failed'
}

async function verify(context: Context, path: string, flags: VerifyReceiptFlags): Promise<ReceiptVerdict> {
  const { stdout } = context
  const read = await readReceipt(context, path, flags)
  const own = await ownContext(context, flags)
  const contract = contractIn(read.file.log?.checkpoint)
  await using network = await openKnownNetwork(context, flags, contract)
  const { registry, prices, chain } = network
  const verdict = await verifyReceiptFile(read, { ...own, registry, prices, chain })
  if (flags.json) printJson(stdout, { ...verdict, troubles: network.troubles })
  else
    print(
      stdout,
      ...verdictText(read, verdict, {
        stream: stdout,
        isFull: flags.evidence === true,
        hints: hintsOf(network, flags),
      }),
    )
  return verdict
}

/** What needs no network. */
async function ownContext(
  context: Context,
  { policy, prompt, answer, root, state, ...flags }: VerifyReceiptFlags,
): Promise<ReceiptContext> {
  const { world, environment } = context
  return {
    nowMs: world.now(),
    policy: await readPolicyFile(policy === 'tdx' ? undefined : policy),
    crypto: nodeCrypto,
    sealCrypto: nodeSeal,
    simulatedRoot: await simulatedRootOf(root, stateDirectoryOf(environment, state)),
    witnesses: witnessesOf(flags),
    texts: {
      prompt: prompt === undefined ? undefined : await readText(prompt, 'The request'),
      answer: answer === undefined ? undefined : await readText(answer, 'The answer'),
    },
  }
}

/** One that is known here is recognised, so that what rests on it is called what it is. */
async function simulatedRootOf(path: string | undefined, state: string): Promise<TrustedRoot | undefined> {
  return path === undefined ? (await findLocalTee(state))?.root : readRootFile(path)
}

/** Whose log the file says it is in. */
function contractIn(checkpoint: string | undefined): ContractAddress | undefined {
  const [, address] = /^cocoon\/(-?\d{1,3}:[\da-f]{64})\n/.exec(checkpoint ?? '') ?? []
  try {
    return address === undefined ? undefined : parseAddress(address)
  } catch {
    return undefined
  }
}

function hintsOf({ troubles }: KnownNetwork, { offline, network }: VerifyReceiptFlags): string[] {
  if (offline !== true) return [...troubles]
  const more = network === undefined ? ' --network names the file of a network, if it has no chain.' : ''
  return [`Nobody was asked: --offline.${more}`]
}
