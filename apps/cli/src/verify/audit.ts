import { type ContractAddress, parseAddress } from '@cocoon/money'
import { fromHex, TrustError } from '@cocoon/trust'
import {
  type GetResource,
  type KnownLog,
  noteKey,
  parseCheckpoint,
  parseNote,
  parseNoteKey,
} from '@cocoon/trust/log'
import { toHex } from '@cocoon/wire'
import { writeOut } from '../attest/files.ts'
import { configuredAddress } from '../config/address.ts'
import { type Context, print, printJson } from '../context.ts'
import { CliError } from '../error.ts'
import type { CommonFlags } from '../flags.ts'
import { told } from '../money-error.ts'
import { createProgress, type Progress } from '../progress.ts'
import { auditText, holdsOf } from './audit-text.ts'
import {
  anchorsOnChain,
  judgeAnchors,
  judgeChain,
  judgeKey,
  judgeSettlement,
  settlementOf,
} from './chain-audit.ts'
import { parseReceipt, provingNothing, readFileOf } from './files.ts'
import { writeFork } from './fork-file.ts'
import { type AuditFinding, grouped, type ReadLog, readWholeLog } from './log-audit.ts'
import { httpResources, logCrypto } from './log-http.ts'
import { type KnownNetwork, type NetworkFlags, openKnownNetwork, witnessesOf } from './network.ts'
import { type PublishedAnchor, readPublishedAnchors } from './published-anchors.ts'
import { makerOf } from './receipt-chain.ts'

export interface LogAuditFlags extends CommonFlags, NetworkFlags {
  key?: string
  from?: string[]
  save?: string
  proof: string
}

/** A checkpoint, or a receipt with one. */
const maxKnownBytes = 8 << 20

/** `cocoon log audit`. True if everything that could be looked at holds. */
export function runLogAudit(context: Context, url: string, flags: LogAuditFlags): Promise<boolean> {
  return provingNothing(() => auditAt(context, url, flags))
}

async function auditAt(context: Context, url: string, flags: LogAuditFlags): Promise<boolean> {
  const { stderr, stdout, world } = context
  const get = httpResources(url)
  const known = await Promise.all((flags.from ?? []).map(path => readKnown(path)))
  const { origin, contract } = await nameOf(get)
  await using network = await openKnownNetwork(context, flags, contract)
  const log = knownLog(origin, network, flags)
  using progress = createProgress(stderr, flags.json === true || stderr.isTTY !== true)
  const onChain = await chainAnchors({ network, contract, flags, progress })
  const published = await readPublishedAnchors(get, network.person?.signal)
  const read = await readLog({ get, log, known, published, progress, signal: network.person?.signal })
  const isSimulated = network.chain?.isSimulated === true
  const key = judgeKey(log.keys[0]!.publicKey, network.proxy, contract)
  const findings: AuditFinding[] = [
    ...(key ? [key, ...read.findings.slice(1)] : read.findings),
    anchorsFinding(published, read),
    onChain === undefined
      ? { name: 'Chain', state: 'not-checked', sentence: 'Not checked: no chain was asked.' }
      : judgeChain(published, onChain, { nowS: world.now() / 1000, isSimulated }),
    judgeSettlement(await settled(network, contract), read, isSimulated),
  ]
  const holds = holdsOf(findings)
  if (read.fork !== undefined) await writeFork(flags.proof, log, read.fork)
  if (holds && flags.save !== undefined) await writeOut(flags.save, read.head.note)
  progress[Symbol.dispose]()
  const fork = read.fork && flags.proof
  const { size, root } = read.head
  const summary = {
    log: origin,
    key: toHex(log.keys[0]!.publicKey),
    size,
    root: toHex(root),
    charged: String(read.charged),
    sealed: read.sealed,
  }
  if (flags.json)
    printJson(stdout, {
      ...summary,
      holds,
      findings,
      ...(fork !== undefined && { fork }),
      troubles: network.troubles,
    })
  else print(stdout, ...auditText({ ...summary, findings, fork, hints: network.troubles }, stdout))
  return holds
}

/** Reads the log to its end; where it has no head that its key has signed, there is nothing to audit. */
async function readLog(options: {
  get: GetResource
  log: KnownLog
  known: readonly string[]
  published: readonly PublishedAnchor[] | undefined
  progress: Progress
  signal: AbortSignal | undefined
}): Promise<ReadLog> {
  const { published = [], progress, ...rest } = options
  try {
    return await readWholeLog({
      ...rest,
      sizes: new Set(published.map(({ size }) => Number(size))),
      step: (entries, size) => progress.step(`${grouped(entries)} of ${grouped(size)} entries`),
    })
  } catch (cause) {
    if (!(cause instanceof TrustError)) throw cause
    throw new CliError('refused', cause.message, {
      cause,
      advice: 'Check the address of the log, and its --key.',
    })
  }
}

function anchorsFinding(published: readonly PublishedAnchor[] | undefined, read: ReadLog): AuditFinding {
  if (published !== undefined) return judgeAnchors(published, read)
  return {
    name: 'Anchors',
    state: 'not-checked',
    sentence: 'Not checked: the log does not say what opens its anchors.',
  }
}

async function chainAnchors({
  network,
  contract,
  flags,
  progress,
}: {
  network: KnownNetwork
  contract: ContractAddress
  flags: LogAuditFlags
  progress: Progress
}): Promise<Awaited<ReturnType<typeof anchorsOnChain>> | undefined> {
  const { person } = network
  if (person === undefined) return undefined
  return told(async () => {
    const nodeWallet =
      flags.wallet === undefined
        ? await makerOf(person.chain, contract)
        : configuredAddress('--wallet', flags.wallet)
    if (nodeWallet === undefined) return undefined
    return anchorsOnChain(person.chain, { proxyContract: contract, nodeWallet }, anchors =>
      progress.step(`${grouped(anchors)} anchors of the chain`),
    )
  })
}

async function settled({ person, config, proxy }: KnownNetwork, contract: ContractAddress) {
  if (person === undefined || config === undefined || proxy === undefined) return undefined
  return told(() => settlementOf(person.chain, { config, proxy, contract }))
}

/** The name that the log gives itself. Nothing of it is verified. */
async function nameOf(get: GetResource): Promise<{ origin: string; contract: ContractAddress }> {
  const note = await get('checkpoint', { maxBytes: 1 << 17, signal: undefined })
  const advice = 'Check the address: it ends where `checkpoint` would follow.'
  if (note === undefined) throw new CliError('refused', 'There is no log at this address.', { advice })
  try {
    const { origin } = parseCheckpoint(parseNote(note).text)
    const [, address] = /^cocoon\/(-?\d{1,3}:[\da-f]{64})$/.exec(origin) ?? []
    if (address !== undefined) return { origin, contract: parseAddress(address) }
  } catch (cause) {
    throw new CliError('refused', 'What is at this address is no log.', { cause, advice })
  }
  throw new CliError('refused', 'The log at this address is not that of a proxy.', { advice })
}

/** With the key that a flag names, or else the proxy's contract. Throws `usage` where neither does. */
function knownLog(origin: string, { proxy }: KnownNetwork, flags: LogAuditFlags): KnownLog {
  const witnesses = witnessesOf(flags)
  const { key: text } = flags
  const publicKey =
    text === undefined ? proxy?.proxyPublicKey : text.length === 64 ? fromHex(text) : undefined
  try {
    const key = publicKey === undefined && text !== undefined ? parseNoteKey(logCrypto, text) : undefined
    const keys = key ? [key] : publicKey ? [noteKey(logCrypto, 'ed25519', origin, publicKey)] : []
    if (keys.length > 0) return { origin, keys, ...(witnesses && { witnesses }) }
  } catch (cause) {
    throw new CliError('usage', '--key is no key of a log.', {
      cause,
      advice: 'Write 64 hexadecimal digits, or name+id+key.',
    })
  }
  throw new CliError('usage', 'The key of the log is not known.', {
    advice: 'Name the chain with --chain, which has it in the proxy’s contract, or the key with --key.',
  })
}

/** A signed checkpoint from a file: as it was saved, or out of a receipt. */
async function readKnown(path: string): Promise<string> {
  const text = new TextDecoder().decode(await readFileOf(path, 'The checkpoint', maxKnownBytes))
  if (!text.startsWith('{')) return text
  const { log } = parseReceipt(text).file
  if (log !== undefined) return log.checkpoint
  throw new CliError('usage', `${path} is a receipt that was saved before it was logged.`, {
    advice: 'Name another one.',
  })
}
