import {
  contractAddress,
  modelHash,
  parsePseudoConfig,
  type RootConfig,
  writePseudoConfig,
} from '@cocoon/money'
import type { HttpResponse, TokensUsed } from '@cocoon/wire'

export const model = 'acme/chat'
export const fullModel = `${model}@c0ffee:5eed`
export const address = (fill: number) => contractAddress(0, new Uint8Array(32).fill(fill))

export const config: RootConfig = parsePseudoConfig(
  writePseudoConfig({ ownerAddress: address(1), version: 7, modelHashes: [modelHash(fullModel)] }),
)

export function response(status: number, payload = ''): HttpResponse {
  return {
    _: 'http.response',
    httpVersion: 'HTTP/1.1',
    statusCode: status,
    reason: 'Whatever',
    headers: [{ _: 'http.header', name: 'Content-Type', value: 'application/json' }],
    payload: Buffer.from(payload),
  }
}

export function tokensOf(total: bigint, parts: Partial<TokensUsed> = {}): TokensUsed {
  return {
    _: 'tokensUsed',
    promptTokensUsed: total,
    cachedTokensUsed: 0n,
    completionTokensUsed: 0n,
    reasoningTokensUsed: 0n,
    totalTokensUsed: total,
    ...parts,
  }
}

export function keyOf(fill: number): string {
  return `0:${Buffer.alloc(32, fill).toString('hex')}`
}
