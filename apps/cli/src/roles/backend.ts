import { type Backend, createHttpBackend, WorkerError } from '@cocoon/worker'
import { configuredUrl } from '../config/address.ts'
import { CliError } from '../error.ts'

/** Which program runs the model. */
export type BackendChoice =
  | { readonly kind: 'http'; readonly url: string }
  | { readonly kind: 'llama'; readonly modelFile: string; readonly modelName: string; readonly cacheDirectory: string }

/** `key` is what the address was read from, for people. */
export function httpBackendChoice(key: string, address: string): BackendChoice {
  return { kind: 'http', url: configuredUrl(key, address) }
}

/** Opens the backend; a model in this process is loaded before it resolves. Rejects with a CliError. */
export async function openBackend(choice: BackendChoice): Promise<Backend> {
  try {
    if (choice.kind === 'http') return createHttpBackend({ url: choice.url })
    throw new CliError('unsupported', 'This build has no embedded model.')
  } catch (cause) {
    if (!(cause instanceof WorkerError)) throw cause
    throw new CliError('config', `The backend cannot be used: ${cause.message}.`, { cause })
  }
}
