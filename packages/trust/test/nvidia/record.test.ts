import assert from 'node:assert/strict'
import { fileURLToPath } from 'node:url'
import { describe, test } from 'node:test'
import type { Timer } from '@cocoon/wire'
import { systemWorld } from '@cocoon/wire/node'
import { listGpus, nvattestCommand, recordEvidence } from '../../src/nvidia/record.ts'
import type { RecordCommand } from '../../src/nvidia/record.ts'
import { hopperEvidence } from './vectors.ts'

const failed = { name: 'TrustError', code: 'recording-failed' }
const standIn = fileURLToPath(new URL('stand-in-tool.ts', import.meta.url))
const nonce = hopperEvidence().statedNonce!
const options = { world: systemWorld }

/** A script that stands in for NVIDIA's tool and replays recorded evidence. */
function replaying(mode: string): RecordCommand {
  const { arguments: given } = nvattestCommand()
  return { program: process.execPath, arguments: [standIn, mode, ...given] }
}

describe('recording', () => {
  test('gives what the tool collected for the nonce', async () => {
    const [device, ...more] = await recordEvidence(replaying('good'), nonce, options)
    assert.deepEqual(device, hopperEvidence())
    assert.deepEqual(more, [])
  })

  const bad: [string, RegExp][] = [
    ['stale', /another nonce/],
    ['silent', /status 1: it said nothing/],
    ['complaining', /status 2: no GPU \?\[31mfound/],
    ['endless', /writes too much/],
  ]
  for (const [mode, why] of bad) {
    test(`fails with a tool that is ${mode}`, async () => {
      await assert.rejects(recordEvidence(replaying(mode), nonce, options), { ...failed, message: why })
    })
  }

  test('fails with a tool that writes something else', async () => {
    await assert.rejects(recordEvidence(replaying('odd'), nonce, options), {
      name: 'TrustError',
      code: 'gpu-evidence-malformed',
    })
  })

  test('fails without a tool', async () => {
    await assert.rejects(recordEvidence(nvattestCommand('/nowhere/nvattest'), nonce, options), {
      ...failed,
      message: /cannot be started/,
    })
  })

  test('ends a tool that does not end', async () => {
    const world = { after: (_delayMs: number, run: () => void): Timer => systemWorld.after(50, run) }
    await assert.rejects(recordEvidence(replaying('hanging'), nonce, { world }), {
      ...failed,
      message: /in time/,
    })
    const signal = AbortSignal.timeout(50)
    await assert.rejects(recordEvidence(replaying('hanging'), nonce, { ...options, signal }), {
      ...failed,
      message: /given up/,
    })
  })

  test('takes a nonce of 32 bytes', async () => {
    await assert.rejects(recordEvidence(replaying('good'), new Uint8Array(31), options), RangeError)
  })
})

describe('the list of GPUs', () => {
  const program = fileURLToPath(new URL('stand-in-smi.sh', import.meta.url))

  test('is what nvidia-smi says', async () => {
    assert.deepEqual(await listGpus(program, options), [
      {
        uuid: 'GPU-11111111-2222-3333-4444-555555555555',
        name: 'NVIDIA H100 80GB HBM3',
        driverVersion: '550.144.03',
        vbiosVersion: '96.00.5E.00.01',
      },
    ])
  })

  test('is not there without nvidia-smi', async () => {
    await assert.rejects(listGpus('/nowhere/nvidia-smi', options), failed)
  })
})
