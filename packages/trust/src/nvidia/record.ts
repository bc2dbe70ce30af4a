import { sameBytes, toHex, type World } from '@cocoon/wire'
import { spawn } from 'node:child_process'
import { TrustError } from '../error.ts'
import { parseEvidenceFile } from './evidence.ts'
import type { GpuEvidence } from './evidence.ts'
import { nvidiaLimits } from './limits.ts'
import { parseAttestationReport } from './spdm.ts'

/** A program with its arguments, in which `{nonce}` stands for the nonce in hexadecimal. No shell is involved. */
export interface RecordCommand {
  readonly program: string
  readonly arguments: readonly string[]
}

export interface RecordOptions {
  readonly world: Pick<World, 'after'>
  readonly signal?: AbortSignal
}

/** NVIDIA's own tool, which asks the driver by way of NVML. */
export function nvattestCommand(program = 'nvattest'): RecordCommand {
  return {
    program,
    arguments: ['collect-evidence', '--device', 'gpu', '--nonce', '{nonce}', '--format', 'json'],
  }
}

/**
 * Has a command collect the evidence of all GPUs for this nonce. The command writes to its standard output what
 * `parseEvidenceFile` reads. Nothing is verified but that each report answers this nonce. Throws
 * `recording-failed` and `gpu-evidence-malformed`.
 */
export async function recordEvidence(
  command: RecordCommand,
  nonce: Uint8Array,
  options: RecordOptions,
): Promise<GpuEvidence[]> {
  return parseEvidenceFile(await recordEvidenceText(command, nonce, options))
}

/** The same as the command wrote it, which is what others parse. */
export async function recordEvidenceText(
  command: RecordCommand,
  nonce: Uint8Array,
  options: RecordOptions,
): Promise<string> {
  if (nonce.length !== 32) throw new RangeError(`A nonce has 32 bytes, not ${nonce.length}.`)
  const filled = command.arguments.map(argument => argument.replaceAll('{nonce}', toHex(nonce)))
  const text = await run(command.program, filled, options)
  for (const { report } of parseEvidenceFile(text)) {
    if (!sameBytes(parseAttestationReport(report).nonce, nonce)) {
      throw failed(command.program, 'it gave evidence for another nonce')
    }
  }
  return text
}

/** What the driver says of each GPU. Nobody vouches for it. */
export interface GpuState {
  readonly uuid: string
  readonly name: string
  readonly driverVersion: string
  readonly vbiosVersion: string
}

const stateFields = ['uuid', 'name', 'driver_version', 'vbios_version'] as const

/** Asks `nvidia-smi`, by the path that is given, which GPUs there are. Throws `recording-failed`. */
export async function listGpus(program: string, options: RecordOptions): Promise<GpuState[]> {
  const text = await run(program, [`--query-gpu=${stateFields.join(',')}`, '--format=csv,noheader'], options)
  const lines = text.split('\n').filter(line => line.trim() !== '')
  if (lines.length > nvidiaLimits.maxDevices) throw failed(program, `it lists ${lines.length} GPUs`)
  return lines.map(line => {
    const [uuid = '', name = '', driverVersion = '', vbiosVersion = '', ...more] = line
      .split(',')
      .map(field => field.trim())
    if (vbiosVersion === '' || more.length > 0)
      throw failed(program, 'it lists GPUs in a form that is not known here')
    return { uuid, name, driverVersion, vbiosVersion }
  })
}

/** What a program writes to its standard output until it ends well. */
function run(program: string, args: readonly string[], { world, signal }: RecordOptions): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'] })
    const parts: Buffer[] = []
    let sizeBytes = 0
    let complaint = ''
    const stop = (why: string): void => {
      child.kill('SIGKILL')
      reject(failed(program, why))
    }
    const abort = (): void => stop('it was given up')
    const timer = world.after(nvidiaLimits.recordTimeoutMs, () => stop('it did not end in time'))
    if (signal?.aborted) abort()
    signal?.addEventListener('abort', abort, { once: true })

    child.stdout.on('data', (part: Buffer) => {
      sizeBytes += part.length
      if (sizeBytes > nvidiaLimits.maxRecordedBytes) stop('it writes too much')
      else parts.push(part)
    })
    child.stderr.on('data', (part: Buffer) => {
      complaint = (complaint + part.toString('utf8')).slice(0, 512)
    })
    child.on('error', cause => {
      reject(failed(program, `it cannot be started (${cause.message})`, { cause }))
    })
    child.on('close', code => {
      timer.cancel()
      signal?.removeEventListener('abort', abort)
      if (code === 0) resolve(Buffer.concat(parts).toString('utf8'))
      else reject(failed(program, `it ended with status ${code}: ${firstLine(complaint)}`))
    })
  })
}

function firstLine(text: string): string {
  const line = text.split('\n').find(candidate => candidate.trim() !== '') ?? 'it said nothing'
  return line.replaceAll(/[^\x20-\x7e]/g, '?').slice(0, 200)
}

function failed(program: string, why: string, options?: ErrorOptions): TrustError {
  const advice = 'It needs a GPU in confidential mode, its driver, and the right to use both.'
  return new TrustError('recording-failed', `${program} collected nothing: ${why}. ${advice}`, options)
}
