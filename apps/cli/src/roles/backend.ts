import { access } from 'node:fs/promises'
import { join } from 'node:path'
import { modelBaseName } from '@cocoon/money'
import {
  type Backend,
  createHttpBackend,
  createLlamaBackend,
  WorkerError,
  type WorkerErrorCode,
  writeTinyModel,
} from '@cocoon/worker'
import { configuredUrl } from '../config/address.ts'
import { CliError, reasonOf } from '../error.ts'

/** Which program runs the model. */
export type BackendChoice =
  | { readonly kind: 'http'; readonly url: string }
  | {
      readonly kind: 'llama'
      /** A GGUF file or `hf:...`; absent for the tiny model, which is made on the spot. */
      readonly modelFile: string | undefined
      /** What requests call the model. */
      readonly model: string
      /** Where models lie that are made or downloaded. */
      readonly modelDirectory: string
    }

export interface OpenBackendOptions {
  readonly signal?: AbortSignal
  /** Hears how far a download or a load is. */
  readonly progress?: (text: string) => void
}

/** `key` is what the address was read from, for people. */
export function httpBackendChoice(key: string, address: string): BackendChoice {
  return { kind: 'http', url: configuredUrl(key, address) }
}

/** A model in this process, under the name that is offered: `name@commit:hash` or its first part. */
export function llamaBackendChoice(options: {
  modelFile: string | undefined
  offeredModel: string
  stateDirectory: string
}): BackendChoice {
  const { modelFile, offeredModel, stateDirectory } = options
  return {
    kind: 'llama',
    modelFile,
    model: modelBaseName(offeredModel),
    modelDirectory: join(stateDirectory, 'models'),
  }
}

/** Opens the backend; a model in this process is loaded before it resolves. Rejects with a CliError. */
export async function openBackend(choice: BackendChoice, options: OpenBackendOptions): Promise<Backend> {
  try {
    return choice.kind === 'http' ? createHttpBackend({ url: choice.url }) : await openLlama(choice, options)
  } catch (cause) {
    if (!(cause instanceof WorkerError)) throw cause
    const advice = advices[cause.code]
    throw new CliError('config', `The model cannot be run: ${cause.message}.`, {
      cause,
      ...(advice && { advice }),
    })
  }
}

const advices: Partial<Record<WorkerErrorCode, string>> = {
  'inference-unavailable': 'Run the model in a server and give its address: --backend http://127.0.0.1:8000',
  'model-unusable': 'Give a GGUF file that llama.cpp reads, or another program with --backend URL.',
  'download-failed':
    'Check the name of the model and the connection, then start again: it goes on where it stopped.',
}

async function openLlama(
  { modelFile, model, modelDirectory }: Extract<BackendChoice, { kind: 'llama' }>,
  { signal, progress }: OpenBackendOptions,
): Promise<Backend> {
  const source = modelFile ?? (await makeTinyModel(join(modelDirectory, 'tiny-recital.gguf')))
  if (modelFile !== undefined && !modelFile.startsWith('hf:')) await requireFile(modelFile)
  progress?.(`Loading ${model}`)
  return createLlamaBackend({
    model: source,
    modelName: model,
    cacheDirectory: modelDirectory,
    ...(signal && { signal }),
    onProgress: (downloadedBytes, totalBytes) => {
      const isComplete = downloadedBytes >= totalBytes
      progress?.(
        isComplete ? `Loading ${model}` : `Downloading ${model}: ${share(downloadedBytes, totalBytes)}`,
      )
    },
  })
}

async function makeTinyModel(path: string): Promise<string> {
  try {
    await writeTinyModel(path)
  } catch (cause) {
    throw new CliError('config', `The tiny model cannot be written to ${path}: ${reasonOf(cause)}.`, {
      cause,
      advice: 'Choose a folder that this user may write with --state DIR.',
    })
  }
  return path
}

async function requireFile(path: string): Promise<void> {
  try {
    await access(path)
  } catch (cause) {
    throw new CliError('config', `The model file ${path} cannot be read.`, {
      cause,
      advice: 'Give the path of a GGUF file, or hf:owner/repository/file.gguf.',
    })
  }
}

function share(doneBytes: number, totalBytes: number): string {
  const gigabytes = (bytes: number): string => `${(bytes / 1e9).toFixed(bytes < 1e9 ? 2 : 1)} GB`
  return `${Math.floor((100 * doneBytes) / totalBytes)} % of ${gigabytes(totalBytes)}`
}
