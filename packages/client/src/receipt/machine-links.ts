import {
  type Collateral,
  decodeStaple,
  intelRoot,
  judgeQuote,
  type QuotePolicy,
  type QuoteReport,
  TrustError,
  type TrustedRoot,
  verifyQuote,
} from '@cocoon/trust'
import { defaultGpuPolicy, type GpusReport, parseEvidenceFile, verifyGpus } from '@cocoon/trust/nvidia'
import { gpuNonceParts, type GpuRules, identityReportData, modelTextHash } from '@cocoon/trust/seal'
import { Findings, type Outcome } from './link.ts'
import { clockSlackMs, isoTime, notChecked, reasonOf, shortHex, type Subject } from './subject.ts'

/** That a genuine machine made the identity, and that all of that held when the receipt was signed. */
export async function checkHardware(subject: Subject): Promise<Outcome> {
  const { identity, read } = subject
  const findings = new Findings()
  const { quote, collateral } = read.evidence
  const atMs = read.signed.receipt.finishedAtMs
  if (quote.length === 0) return notChecked('the file has no quote of the machine')
  if (collateral.length === 0) return notChecked('the file has nothing to judge the quote with')
  const report = await verifiedQuote(subject, findings)
  if (report === undefined) return findings.outcome('failed', '')
  subject.report = report
  findings.require('identity held', isWithin(atMs, identity), {
    found: `receipt of ${isoTime(atMs)}`,
    expected: `${isoTime(identity.issuedAtMs)} to ${isoTime(identity.expiresAtMs)}`,
    sentence: 'The identity of the machine did not hold when it signed.',
  })
  const cards = await checkCards(subject, findings)
  if (!findings.hasFailed) subject.machine = report.simulated ? 'simulated' : 'proved'
  if (report.simulated) return findings.outcome('simulated', simulatedSentence)
  const tee = report.quote?.tee === 'sgx' ? 'Intel SGX' : 'Intel TDX'
  return findings.outcome('checked', `The answer came from a genuine sealed machine: ${tee}${cards}.`)
}

const simulatedSentence =
  'Pretend hardware: its certificate ends at a root made on a developer’s machine, not at Intel.'

/** That it ran an image which the network lists, or the caller's policy. */
export function checkSoftware({ context, report, machine }: Subject): Outcome {
  if (report === undefined || machine === 'unproved') return notChecked('nothing proves what was loaded')
  const { registry, policy } = context
  const findings = new Findings()
  const { imageHash, mrEnclave, ...rest } = report.measurements ?? {}
  const image = imageHash ?? mrEnclave ?? ''
  const lister = registry !== undefined ? 'the network lists' : 'your policy lists'
  for (const [name, value] of Object.entries(rest)) findings.tell(name, String(value))
  if (registry === undefined && policy.imageHashes === undefined) {
    findings.tell('image', image)
    const why = 'there is no list of published images here to compare with'
    return notChecked(why, findings.outcome('not-checked', '').evidence)
  }
  const lists = [
    { lister: 'network', images: registry?.images, source: registry?.source ?? '' },
    { lister: 'policy', images: policy.imageHashes && new Set(policy.imageHashes), source: 'your policy' },
  ]
  for (const { lister, images, source } of lists) {
    if (images === undefined) continue
    findings.require('image', images.has(image), {
      found: image,
      expected: `one of ${source}`,
      sentence: `${lister === 'network' ? 'The network' : 'Your policy'} does not list the image that this machine ran.`,
      kind: 'policy',
    })
  }
  return machine === 'simulated'
    ? findings.outcome('simulated', 'The fingerprints are equal, but nothing real measured them.')
    : findings.outcome(
        'checked',
        `It ran the worker image ${shortHex(image)} that ${lister}, and nothing else.`,
      )
}

/** That the model is the one that was asked for, and that the network lists it. */
export function checkModel({ context, read, identity, routing, machine }: Subject): Outcome {
  const findings = new Findings()
  const { receipt } = read.signed
  const { name, commit, weights } = modelParts(identity.model)
  findings.tell('name', name)
  findings.tell('commit', commit)
  findings.tell('weights', weights)
  findings.compare('model of the receipt', receipt.model, identity.model, 'The receipt names another model.')
  findings.require('model asked for', routing.model === name || routing.model === identity.model, {
    found: routing.model,
    expected: name,
    sentence: 'The query was for another model.',
  })
  const { registry } = context
  const hash = modelTextHash(context.sealCrypto)(identity.model)
  if (registry !== undefined) {
    findings.require('listed', registry.models.has(hash), {
      found: hash,
      expected: `one of ${registry.source}`,
      sentence: 'The network does not list the model of this machine.',
      kind: 'policy',
    })
  } else findings.tell('sha256', hash)
  if (findings.hasFailed) return findings.outcome('failed', '')
  const { evidence } = findings.outcome('checked', '')
  if (machine === 'unproved') return notChecked('nothing proves what was loaded', evidence)
  if (registry === undefined) return notChecked('there is no list of models here to compare with', evidence)
  return machine === 'simulated'
    ? findings.outcome('simulated', `Named as ${name}. No hardware vouches for it.`)
    : findings.outcome('checked', `The weights were ${name}, exactly as published.`)
}

/** Undefined where it is refused; what was found is in the findings either way. */
async function verifiedQuote(
  { read, context }: Subject,
  findings: Findings,
): Promise<QuoteReport | undefined> {
  const { document, quote, collateral: staple } = read.evidence
  const { policy, crypto, sealCrypto, simulatedRoot } = context
  const reportData = identityReportData(sealCrypto, document)
  const nowMs = read.signed.receipt.finishedAtMs
  let collateral: Collateral
  try {
    collateral = decodeStaple(Uint8Array.from(staple))
  } catch (error) {
    const sentence = 'What the quote is judged with cannot be read.'
    findings.require('collateral', false, { found: reasonOf(error), sentence })
    return undefined
  }
  const verify = (root: TrustedRoot): Promise<QuoteReport> =>
    verifyQuote(quote, collateral, { nowMs, root, crypto, ignoreTrailing: true })
  let verified = await verify(intelRoot)
  if (simulatedRoot !== undefined && verified.verdict === 'reject') {
    const simulated = await verify(simulatedRoot)
    if (hasPassed(simulated, 'pck-chain-root')) verified = simulated
  }
  const judged = judgeQuote(verified, { ...withoutImages(policy), allowSimulated: true }, { reportData })
  tellQuote(judged, findings)
  return judged.verdict === 'accept' ? judged : undefined
}

/** Images are compared by the link of their own. */
function withoutImages(policy: QuotePolicy): QuotePolicy {
  const { imageHashes: _, ...rest } = policy
  return rest
}

function tellQuote(report: QuoteReport, findings: Findings): void {
  const { quote, tcb, root, collateral, checks, platform } = report
  findings.tell('quote', quote ? `version ${quote.version}, ${quote.body}, ${quote.sha256}` : 'unreadable')
  findings.tell('platform', platform ? `FMSPC ${platform.fmspc}, PPID ${platform.ppid}` : 'unreadable')
  findings.tell(
    'platform status',
    tcb ? `${tcb.status}, of ${tcb.date?.slice(0, 10) ?? 'no date'}` : 'unknown',
  )
  findings.tell('chain ends at', root)
  findings.tell('verified as of', report.verifiedAt)
  for (const { item, from, nextUpdate } of collateral) findings.tell(item, `${from} to ${nextUpdate}`)
  const passed = checks.filter(({ outcome }) => outcome === 'passed')
  // Checks behind the one that decides were often never reached, and say nothing by themselves.
  const first = checks.find(({ name }) => report.reason?.startsWith(`${name}:`))
  findings.tell(
    'checks passed',
    `${passed.length} of ${checks.length}: ${passed.map(({ name }) => name).join(', ')}`,
  )
  if (first === undefined) return
  const { name, why = 'It did not pass.', values, kind } = first
  const sentence =
    kind === 'policy'
      ? `The machine is genuine, and your policy does not accept it: ${why}`
      : `The proof of the machine is wrong: ${why}`
  findings.require(name, false, { found: valueText(values) ?? why, ...dueOf(values), sentence, kind })
}

function dueOf(values: Readonly<Record<string, unknown>> | undefined): { expected?: string } {
  const due = values?.['due'] ?? values?.['allowed']
  return due === undefined ? {} : { expected: String(due) }
}

function valueText(values: Readonly<Record<string, unknown>> | undefined): string | undefined {
  const shown = Object.entries(values ?? {}).filter(([name]) => name !== 'due' && name !== 'allowed')
  if (shown.length === 0) return undefined
  return shown.map(([name, value]) => `${name} ${String(value)}`).join(', ')
}

function hasPassed({ checks }: QuoteReport, name: string): boolean {
  return checks.some(check => check.name === name && check.outcome === 'passed')
}

/** Verifies what the machine shows of its graphics cards; the end of the sentence that says so. */
async function checkCards({ read, identity, context }: Subject, findings: Findings): Promise<string> {
  const { gpu } = read.evidence
  const rules: GpuRules = context.gpu ?? { gpus: 'optional', policy: asFarAsTheFileGoes }
  const isNone = identity.gpuDigest.every(byte => byte === 0)
  if (isNone !== (gpu.length === 0)) {
    findings.require('graphics cards', false, {
      found: isNone ? 'shown' : 'not shown',
      expected: isNone ? 'none, by the quote' : 'shown, by the quote',
      sentence: 'The graphics cards are not those that the quote commits to.',
    })
    return ''
  }
  if (isNone) {
    findings.require('graphics cards', rules.gpus === 'optional', {
      found: 'none shown',
      sentence: 'The machine shows no graphics card, and your policy asks for one.',
      kind: 'policy',
    })
    return ''
  }
  const report = await cardReport(gpu, { read, identity, context }, rules)
  if ('why' in report) {
    findings.require('graphics cards', false, {
      found: report.why,
      sentence: 'The proof of the graphics cards is wrong.',
    })
    return ''
  }
  for (const { device } of report.devices) {
    const { model, deviceId, driverVersion, vbiosVersion } = device ?? {}
    const versions = `driver ${driverVersion ?? 'unknown'}, VBIOS ${vbiosVersion ?? 'unknown'}`
    findings.tell('graphics card', `${model ?? 'unreadable'}, ${deviceId ?? ''}, ${versions}`)
  }
  const isCompared = report.devices.every(({ references }) => references.length > 0)
  findings.tell(
    'card firmware',
    isCompared ? 'as NVIDIA published it' : 'not compared: no reference documents here',
  )
  findings.require('bound together', report.verdict === 'accept', {
    found: report.reason ?? 'the nonce of the cards is made from this machine’s keys',
    sentence:
      report.kind === 'policy'
        ? 'The graphics cards are genuine, and your policy does not accept them.'
        : 'The proof of the graphics cards is wrong.',
    kind: report.kind ?? 'invalid',
  })
  const count = report.devices.length
  const model = report.devices[0]?.device?.model ?? 'graphics card'
  const cards = count === 1 ? 'an NVIDIA card' : `${count} NVIDIA cards`
  return ` with ${cards} (${model})${isCompared ? '' : ', whose firmware was not compared'}`
}

/** A file brings along neither reference documents nor word on revocation. */
const asFarAsTheFileGoes = {
  ...defaultGpuPolicy,
  references: 'optional',
  revocation: 'optional',
} as const

async function cardReport(
  gpu: Uint8Array,
  { identity, read, context }: Pick<Subject, 'identity' | 'read' | 'context'>,
  { policy, anchors, material }: GpuRules,
): Promise<GpusReport | { why: string }> {
  try {
    const devices = parseEvidenceFile(new TextDecoder().decode(gpu))
    return await verifyGpus(devices, {
      nowMs: read.signed.receipt.finishedAtMs,
      crypto: context.crypto,
      nonceParts: gpuNonceParts(identity),
      committedDigest: identity.gpuDigest,
      ...(policy && { policy }),
      ...(anchors && { anchors }),
      ...(await material?.(devices)),
    })
  } catch (error) {
    if (error instanceof TrustError) return { why: reasonOf(error) }
    throw error
  }
}

function isWithin(atMs: number, { issuedAtMs, expiresAtMs }: Subject['identity']): boolean {
  return atMs >= issuedAtMs - clockSlackMs && atMs < expiresAtMs + clockSlackMs
}

/** `name@commit:weights-hash`. */
function modelParts(text: string): { name: string; commit: string; weights: string } {
  const [, name = text, commit = 'not named', weights = 'not named'] =
    /^([^@]*)@([^:]*):(.*)$/s.exec(text) ?? []
  return { name, commit, weights }
}
