import { TrustError } from '@cocoon/trust'
import type { GetResource, LogCrypto } from '@cocoon/trust/log'
import { nodeSeal } from '@cocoon/trust/node'
import { CliError, reasonOf } from '../error.ts'

const answerMs = 30_000

/** What logs are checked with here. */
export const logCrypto: LogCrypto = {
  sha256: bytes => nodeSeal.sha256(bytes),
  verify: (publicKey, message, signature) => nodeSeal.verify(publicKey, message, signature),
}

/** Reads the resources of a log over HTTP. Rejects with `unreachable` where it does not answer. */
export function httpResources(url: string): GetResource {
  const parsed = URL.parse(/^https?:\/\//i.test(url) ? url : `http://${url}`)
  if (parsed === null) {
    throw new CliError('usage', `${url} is no address.`, {
      advice: 'Write it as http://127.0.0.1:11000/log.',
    })
  }
  const prefix = `${parsed.origin}${parsed.pathname.replace(/\/+$/, '')}`
  return async (path, { maxBytes, signal }) => {
    const timeout = AbortSignal.timeout(answerMs)
    const either = signal === undefined ? timeout : AbortSignal.any([signal, timeout])
    try {
      const response = await fetch(`${prefix}/${path}`, { redirect: 'error', signal: either })
      if (response.status === 404) {
        await response.body?.cancel()
        return undefined
      }
      if (!response.ok) throw new Error(`it answers with status ${response.status}`)
      return await bounded(response, maxBytes)
    } catch (cause) {
      if (signal?.aborted === true || cause instanceof TrustError) throw cause
      throw new CliError('unreachable', `The log at ${prefix} does not give ${path}: ${reasonOf(cause)}.`, {
        cause,
        advice: 'Check the address, or try again later.',
      })
    }
  }
}

async function bounded({ body }: Response, maxBytes: number): Promise<Uint8Array> {
  const chunks: Uint8Array[] = []
  let bytes = 0
  for await (const chunk of (body ?? []) as AsyncIterable<Uint8Array>) {
    bytes += chunk.length
    if (bytes > maxBytes) throw new Error(`it sends more than ${maxBytes} bytes`)
    chunks.push(chunk)
  }
  return Uint8Array.from(Buffer.concat(chunks))
}
