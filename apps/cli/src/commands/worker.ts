import { nvattestCommand, recordEvidenceText } from '@cocoon/trust/nvidia/record'
import type { WorkerRunnerConfig, World } from '@cocoon/wire'
import { readRunnerConfig } from '../config/runner-config.ts'
import type { Context } from '../context.ts'
import { CliError } from '../error.ts'
import { type BackendChoice, httpBackendChoice, llamaBackendChoice, openBackend } from '../roles/backend.ts'
import { startWorker } from '../roles/worker.ts'
import { type DialFlags, httpPortSettingOf, reachOf, runRole, warnOfSettings } from './run-role.ts'

export interface WorkerFlags extends DialFlags {
  backend?: string
  modelFile?: string
  backendModel?: string
  coefficient?: number
  maxActive?: number
  gpuEvidence?: string
}

/** `cocoon worker`. */
export function runWorker(context: Context, flags: WorkerFlags): Promise<void> {
  return runRole(context, 'worker', flags, async basics => {
    const { network, report, stateDirectory, signal, progress } = basics
    const read = await readRunnerConfig('workerRunner.config', flags.config, context.environment)
    const runner: WorkerRunnerConfig = {
      ...read,
      checkProxyHashes: read.checkProxyHashes || flags.checkHashes === true,
      coefficient: flags.coefficient ?? read.coefficient,
      maxActiveRequests: flags.maxActive ?? read.maxActiveRequests,
    }
    if (runner.modelName === '') {
      throw new CliError('config', 'model_name is missing.', {
        advice: 'Set model_name to the model that the worker offers: name@commit:hash.',
      })
    }
    const registry = await network(runner)
    warnOfSettings(runner, registry, report)
    const { world } = context
    const reach = reachOf(flags, await basics.attestation(runner, registry), runner.connectToProxyVia)
    const backend = await openBackend(chooseBackend(flags, runner, stateDirectory), { signal, progress })
    return startWorker({
      world,
      network: registry,
      report,
      stateDirectory,
      runner,
      isWitness: flags.witness,
      httpPort: runner.httpPort || undefined,
      httpPortSetting: httpPortSettingOf(flags),
      reach,
      backend,
      backendModel: flags.backendModel,
      gpus: flags.gpuEvidence === undefined ? undefined : gpuEvidence(flags.gpuEvidence, world),
    })
  })
}

/** Asks the GPUs of this machine by NVIDIA's tool. */
function gpuEvidence(program: string, world: World): (nonce: Uint8Array) => Promise<string> {
  return nonce => recordEvidenceText(nvattestCommand(program), nonce, { world })
}

function chooseBackend(
  flags: WorkerFlags,
  runner: WorkerRunnerConfig,
  stateDirectory: string,
): BackendChoice {
  const { backend, modelFile } = flags
  if (backend === 'llama' || (backend === undefined && modelFile !== undefined)) {
    return llamaBackendChoice({ modelFile, offeredModel: runner.modelName, stateDirectory })
  }
  if (modelFile !== undefined) {
    throw new CliError('usage', '--model-file goes with --backend llama, not with a server.')
  }
  if (backend !== undefined) return httpBackendChoice('--backend', backend)
  return httpBackendChoice('forward_requests_to', runner.forwardRequestsTo)
}
