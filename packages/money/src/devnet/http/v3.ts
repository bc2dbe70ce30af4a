import type { Call } from './call.ts'
import type { Json } from './shapes.ts'

interface V3Method {
  readonly method: 'GET' | 'POST'
  run(call: Call): unknown
}

/** Methods of toncenter's third version by their names. */
export const v3Methods: ReadonlyMap<string, V3Method> = new Map<string, V3Method>([
  ['message', { method: 'POST', run: postMessage }],
])

async function postMessage(call: Call): Promise<Json> {
  const { hash, normHash } = await call.send(call.parameters.bytes('boc'))
  const base64 = (hex: string): string => Buffer.from(hex, 'hex').toString('base64')
  return { message_hash: base64(hash), message_hash_norm: base64(normHash) }
}
