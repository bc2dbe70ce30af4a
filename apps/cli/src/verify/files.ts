import { readFile, stat } from 'node:fs/promises'
import { ClientError, maxReceiptFileBytes, readReceiptFile, type ReadReceiptFile } from '@cocoon/client'
import { type ApiFlags, apiOf, callApi } from '../api.ts'
import type { Context } from '../context.ts'
import { CliError, reasonOf } from '../error.ts'

/** A request or an answer. */
const maxTextBytes = 64 << 20

/**
 * Reads a receipt file, the standard input for `-`, or, for an id, what the client at the endpoint keeps. Throws `usage`.
 */
export async function readReceipt(
  context: Context,
  place: string,
  flags: ApiFlags,
): Promise<ReadReceiptFile> {
  return parseReceipt(await receiptText(context, place, flags))
}

/** Throws `usage`. */
export function parseReceipt(text: string): ReadReceiptFile {
  try {
    return readReceiptFile(text)
  } catch (cause) {
    if (!(cause instanceof ClientError)) throw cause
    throw new CliError('usage', cause.message, { cause, advice: 'Save it again, as the client gives it.' })
  }
}

async function receiptText(context: Context, place: string, flags: ApiFlags): Promise<string> {
  if (/^[\da-f]{64}$/.test(place)) {
    return provingNothing(async () => {
      const response = await callApi(apiOf(flags, context.environment), `/cocoon/receipts/${place}`)
      return response.text()
    })
  }
  const bytes =
    place === '-' ? await readInput(context) : await readFileOf(place, 'The receipt', maxReceiptFileBytes)
  return new TextDecoder().decode(bytes)
}

export function readText(path: string, what: string): Promise<Uint8Array> {
  return readFileOf(path, what, maxTextBytes)
}

/** Throws `usage`: nothing was found out, neither for nor against. */
export async function readFileOf(path: string, what: string, maxBytes: number): Promise<Uint8Array> {
  try {
    const { size } = await stat(path)
    if (size > maxBytes) throw new Error(`it has ${size} bytes`)
    return await readFile(path)
  } catch (cause) {
    const isMissing = (cause as NodeJS.ErrnoException).code === 'ENOENT'
    const why = isMissing ? 'does not exist' : `cannot be read: ${reasonOf(cause)}`
    throw new CliError('usage', `${what} ${path} ${why}.`, { cause, advice: 'Check the path.' })
  }
}

async function readInput({ stdin }: Context): Promise<Uint8Array> {
  const chunks: Buffer[] = []
  let bytes = 0
  for await (const chunk of stdin as AsyncIterable<Buffer>) {
    bytes += chunk.length
    if (bytes > maxReceiptFileBytes) break
    chunks.push(Buffer.from(chunk))
  }
  return Buffer.concat(chunks)
}

/** What ends before anything was found says nothing against it: exit code 2, and never 1. */
export async function provingNothing<Value>(act: () => Promise<Value>): Promise<Value> {
  try {
    return await act()
  } catch (cause) {
    if (!(cause instanceof CliError) || cause.code === 'usage') throw cause
    const { advice } = cause
    throw new CliError('usage', cause.message, { cause, ...(advice !== undefined && { advice }) })
  }
}
