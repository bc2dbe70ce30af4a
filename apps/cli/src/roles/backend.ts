import { join } from 'node:path'
import { modelBaseName } from '@cocoon/money'
import type { World } from '@cocoon/wire'
import { type Backend, createHttpBackend, WorkerError } from '@cocoon/worker'
import { configuredUrl } from '../config/address.ts'
import { CliError } from '../error.ts'

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
  readonly world: World
  readonly signal?: AbortSignal
  /** Hears how far a download or a load is. */
  readonly progress?: (text: string) => void
}

/** The name of the model that needs no download. */
export const tinyModel = 'cocoon/tiny-recital'

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
export async function openBackend(choice: BackendChoice, _options: OpenBackendOptions): Promise<Backend> {
  try {
    if (choice.kind === 'http') return createHttpBackend({ url: choice.url })
    throw new CliError('unsupported', 'This build has no embedded model.')
  } catch (cause) {
    if (!(cause instanceof WorkerError)) throw cause
    throw new CliError('config', `The backend cannot be used: ${cause.message}.`, { cause })
  }
}
