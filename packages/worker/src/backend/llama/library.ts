import type * as NodeLlamaCpp from 'node-llama-cpp'
import { WorkerError } from '../../error.ts'

/** The module `node-llama-cpp`, which brings llama.cpp as a native library. */
export type Library = typeof NodeLlamaCpp

/**
 * Loads the optional dependency, at the moment when somebody wants to run a model in process.
 *
 * @throws WorkerError `inference-unavailable`
 */
export async function loadLibrary(
  load: () => Promise<Library> = () => import('node-llama-cpp'),
): Promise<Library> {
  try {
    return await load()
  } catch (cause) {
    throw new WorkerError(
      'inference-unavailable',
      'llama.cpp is not installed: run `npm install node-llama-cpp`, or serve the model with another program ' +
        'and give its address',
      { cause },
    )
  }
}

/**
 * Where the model's file is. `hf:owner/repository/file.gguf` is downloaded into the cache folder first, unless it
 * is there; a download that broke off goes on where it stood.
 *
 * @throws WorkerError `download-failed`
 */
export async function locateModel(
  library: Library,
  model: string,
  options: {
    cacheDirectory: string | undefined
    onProgress: ((downloadedBytes: number, totalBytes: number) => void) | undefined
    signal: AbortSignal | undefined
  },
): Promise<string> {
  if (!model.startsWith('hf:')) return model
  if (options.cacheDirectory === undefined)
    throw new WorkerError('download-failed', `to download ${model}, a folder for models is needed`)
  const { onProgress } = options
  try {
    return await library.resolveModelFile(model, {
      directory: options.cacheDirectory,
      cli: false,
      deleteTempFileOnCancel: false,
      ...(options.signal === undefined ? {} : { signal: options.signal }),
      ...(onProgress === undefined
        ? {}
        : { onProgress: ({ downloadedSize, totalSize }) => onProgress(downloadedSize, totalSize) }),
    })
  } catch (cause) {
    if (options.signal?.aborted === true)
      throw new WorkerError('cancelled', `the download of ${model} was cancelled`, { cause })
    throw new WorkerError(
      'download-failed',
      `cannot download ${model}: check the name and the connection, then start again; what was downloaded is kept`,
      { cause },
    )
  }
}
