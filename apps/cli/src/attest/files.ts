import { mkdir, readFile, stat, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import {
  type Collateral,
  defaultPolicy,
  type QuotePolicy,
  readCollateral,
  readPolicy,
  readQuoteFile,
  simulatedRoot,
  TrustError,
  type TrustedRoot,
} from '@cocoon/trust'
import { readJsonFile } from '../config/json-file.ts'
import { CliError, reasonOf } from '../error.ts'

/** Quotes and certificates are short; a longer file is another one given by mistake. */
const maxFileBytes = 4 << 20

/** A quote: raw, in hexadecimal or in base64. Throws `config`. */
export async function readQuote(path: string): Promise<Uint8Array> {
  return asConfig(path, readQuoteFile, await readBytes(path, 'The quote'))
}

/** Throws `config`. */
export async function readCollateralFile(path: string): Promise<Collateral> {
  return asConfig(path, readCollateral, await readJsonFile(path, 'The collateral'))
}

/** The default policy without a file. Throws `config`. */
export async function readPolicyFile(path: string | undefined): Promise<QuotePolicy> {
  if (path === undefined) return defaultPolicy
  return asConfig(path, readPolicy, await readJsonFile(path, 'The policy'))
}

/** A root of one's own, in PEM. Throws `config`. */
export async function readRootFile(path: string): Promise<TrustedRoot> {
  const pem = new TextDecoder().decode(await readBytes(path, 'The root'))
  return asConfig(path, simulatedRoot, pem)
}

/** Writes a file with its folders. What is secret is for its owner alone. */
export async function writeOut(path: string, content: string | Uint8Array, mode = 0o644): Promise<void> {
  try {
    await mkdir(dirname(path), { recursive: true })
    await writeFile(path, content, { mode })
  } catch (cause) {
    throw new CliError('config', `${path} cannot be written: ${reasonOf(cause)}.`, { cause })
  }
}

export async function readBytes(path: string, what: string): Promise<Uint8Array> {
  try {
    const { size } = await stat(path)
    if (size > maxFileBytes) throw new Error(`it has ${size} bytes`)
    return await readFile(path)
  } catch (cause) {
    const advice = 'Check the path.'
    throw new CliError('config', `${what} ${path} cannot be read: ${reasonOf(cause)}.`, { cause, advice })
  }
}

/** What reads a file of somebody's, with its failures as failures of the file. Throws `config`. */
export function asConfig<Given, Value>(path: string, read: (given: Given) => Value, given: Given): Value {
  try {
    return read(given)
  } catch (cause) {
    if (!(cause instanceof TrustError)) throw cause
    throw new CliError('config', `${path}: ${cause.message}`, {
      cause,
      advice: 'Correct or replace the file.',
    })
  }
}
