import { open } from 'node:fs/promises'
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

/**
 * Looks at the first bytes of a model's file: the library waits forever for the rest of some files that are none.
 *
 * @throws WorkerError `model-unusable`
 */
export async function checkModelFile(path: string): Promise<void> {
  const unusable = (why: string, cause?: unknown) =>
    new WorkerError('model-unusable', `${path} ${why}`, { cause })
  const start = Buffer.alloc(ggufHeaderBytes)
  try {
    await using file = await open(path)
    await file.read(start)
  } catch (cause) {
    throw unusable('cannot be read', cause)
  }
  if (start.toString('latin1', 0, 4) !== 'GGUF') throw unusable('is no GGUF file')
  const version = start.readUInt32LE(4)
  if (version < 2 || version > 3) throw unusable(`is a GGUF file of the unknown version ${version}`)
  const entries = [start.readBigUInt64LE(8), start.readBigUInt64LE(16)]
  if (entries.some(count => count > maxGgufEntries)) throw unusable('is a damaged GGUF file')
}

/** Magic, version, and the numbers of tensors and metadata entries. */
const ggufHeaderBytes = 24
const maxGgufEntries = 1n << 20n
