import { TrustError } from '@cocoon/trust'
import { nodeCrypto } from '@cocoon/trust/node'
import {
  fetchReference,
  fetchRevocation,
  type GpuEvidence,
  type GpuPolicy,
  type GpuReport,
  parseEvidenceFile,
  parseEvidenceText,
  referenceChainOf,
  referenceIdsOf,
  renderGpuReport,
  renderNrasReport,
  type SuppliedReference,
  verifyGpu,
  verifyNrasResult,
} from '@cocoon/trust/nvidia'
import { asConfig, readBytes } from '../attest/files.ts'
import { readJsonFile } from '../config/json-file.ts'
import { type Context, print, printJson } from '../context.ts'
import { CliError } from '../error.ts'
import type { CommonFlags } from '../flags.ts'

export interface GpuFlags extends CommonFlags {
  chain?: string
  nonce?: Uint8Array
  driver?: string
  vbios?: string
  ocsp?: string[]
  fetch?: true
  keys?: string
  withoutReferences?: true
  withoutRevocation?: true
  acceptHold?: true
  at?: string
}

/** `cocoon attest gpu`. True if every device was accepted. */
export async function runGpu(context: Context, path: string, flags: GpuFlags): Promise<boolean> {
  const text = new TextDecoder().decode(await readBytes(path, 'The evidence'))
  if (/^\s*\[\s*\[/.test(text)) return verifyResult(context, text, flags)
  const devices = await readDevices(path, text, flags)
  const reports: GpuReport[] = []
  for (const device of devices) reports.push(await verifyDevice(context, device, flags))
  const { stdout } = context
  const statesNonce = flags.nonce === undefined
  if (flags.json) printJson(stdout, { nonce: statesNonce ? 'stated' : 'given', devices: reports })
  else {
    if (statesNonce)
      print(stdout, 'The nonce is the one that the file states: nothing says when it was asked.', '')
    for (const report of reports) print(stdout, ...renderGpuReport(report), '')
  }
  return reports.every(({ verdict }) => verdict === 'accept')
}

async function verifyResult(context: Context, text: string, flags: GpuFlags): Promise<boolean> {
  if (flags.keys === undefined || flags.nonce === undefined) {
    throw new CliError(
      'usage',
      'A result of NRAS is verified with its keys and the nonce it was asked with.',
      {
        advice: 'Name them with --keys and --nonce.',
      },
    )
  }
  const keys = await readJsonFile(flags.keys, 'The key set')
  const report = await verifyNrasResult(text, { nowMs: momentOf(context, flags), nonce: flags.nonce, keys })
  if (flags.json) printJson(context.stdout, report)
  else print(context.stdout, ...renderNrasReport(report))
  return report.verdict === 'accept'
}

async function readDevices(path: string, text: string, { chain, nonce }: GpuFlags): Promise<GpuEvidence[]> {
  if (chain === undefined) return asConfig(path, parseEvidenceFile, text)
  if (nonce === undefined) {
    throw new CliError('usage', 'A report alone does not state its nonce.', {
      advice: 'Name it with --nonce.',
    })
  }
  const pem = new TextDecoder().decode(await readBytes(chain, 'The chain'))
  return [asConfig(path, hex => parseEvidenceText(hex, pem), text)]
}

async function verifyDevice(context: Context, device: GpuEvidence, flags: GpuFlags): Promise<GpuReport> {
  const policy: GpuPolicy = {
    revocation: flags.withoutRevocation ? 'optional' : 'required',
    references: flags.withoutReferences ? 'optional' : 'required',
    acceptsHold: flags.acceptHold === true,
  }
  const ids = referenceIdsOf(device)
  const driver = await referenceFor(context, flags.driver, ids.driver, flags)
  const vbios = await referenceFor(context, flags.vbios, ids.vbios, flags)
  const documents = [driver, vbios].flatMap(reference => reference?.document ?? [])
  return verifyGpu(device, {
    nowMs: momentOf(context, flags),
    nonce: flags.nonce ?? device.statedNonce ?? new Uint8Array(),
    references: { ...(driver && { driver }), ...(vbios && { vbios }) },
    revocation: await answersFor(context, device, documents, flags),
    policy,
    crypto: nodeCrypto,
  })
}

async function referenceFor(
  { world }: Context,
  path: string | undefined,
  id: string | undefined,
  flags: GpuFlags,
): Promise<SuppliedReference | undefined> {
  if (path !== undefined) return { document: await readBytes(path, 'The document') }
  if (!flags.fetch || id === undefined) return undefined
  return reached(() => fetchReference(id, { fetch, world }))
}

async function answersFor(
  { world }: Context,
  { certificates }: GpuEvidence,
  documents: readonly Uint8Array[],
  flags: GpuFlags,
): Promise<Uint8Array[]> {
  const given = await Promise.all((flags.ocsp ?? []).map(path => readBytes(path, 'The answer')))
  if (!flags.fetch || given.length > 0) return given
  return reached(() => fetchRevocation([certificates, ...documents.map(referenceChainOf)], { fetch, world }))
}

/** What NVIDIA gives, with failures as a person is told of them. */
async function reached<Value>(ask: () => Promise<Value>): Promise<Value> {
  try {
    return await ask()
  } catch (cause) {
    if (!(cause instanceof TrustError)) throw cause
    throw new CliError(cause.code === 'fetch-failed' ? 'unreachable' : 'config', cause.message, {
      cause,
      advice: 'Try again later, or name files with --driver, --vbios and --ocsp.',
    })
  }
}

function momentOf({ world }: Context, { at }: GpuFlags): number {
  return at === undefined ? world.now() : Date.parse(at)
}
