import { type AnyCombinator, encode, httpResponse, type ProxyRunQueryEx, type TokensUsed } from '@cocoon/wire'
import type { Asked } from './asked.ts'
import { type ScriptedPeer, virtualNetwork, type VirtualNetwork } from './scripted-peer.ts'

/** A network whose only worker is the test's. */
export function withoutWorkers(): Promise<VirtualNetwork> {
  return virtualNetwork({ workers: [] })
}

export function tokens(total: bigint, change: Partial<TokensUsed> = {}): TokensUsed {
  return {
    _: 'tokensUsed',
    promptTokensUsed: total,
    cachedTokensUsed: 0n,
    completionTokensUsed: 0n,
    reasoningTokensUsed: 0n,
    totalTokensUsed: total,
    ...change,
  }
}

export function head(status = 200, payload = ''): Uint8Array {
  return encode(httpResponse, {
    _: 'http.response',
    httpVersion: 'HTTP/1.1',
    statusCode: status,
    reason: 'OK',
    headers: [{ _: 'http.header', name: 'Content-Type', value: 'text/plain' }],
    payload: Buffer.from(payload),
  })
}

/** The forms in which a worker of each version answers. */
export function answers(version: number, requestId: Uint8Array) {
  const final = (total: bigint) => ({
    flags: 1,
    finalInfo: {
      _: 'proxy.queryFinalInfo' as const,
      flags: version >= 2 ? 2 : 0,
      tokensUsed: tokens(total),
      workerStartTime: 1,
      workerEndTime: 2,
    },
  })
  const old = (total?: bigint) => ({ isCompleted: total !== undefined, tokensUsed: tokens(total ?? 0n) })
  return {
    head: (answer = head(), total?: bigint): AnyCombinator =>
      version === 0
        ? { _: 'proxy.queryAnswer', requestId, answer, ...old(total) }
        : {
            _: 'proxy.queryAnswerEx',
            requestId,
            answer,
            ...(total === undefined ? { flags: 0 } : final(total)),
          },
    part: (text: string, total?: bigint): AnyCombinator =>
      version === 0
        ? { _: 'proxy.queryAnswerPart', requestId, answer: Buffer.from(text), ...old(total) }
        : {
            _: 'proxy.queryAnswerPartEx',
            requestId,
            answer: Buffer.from(text),
            ...(total === undefined ? { flags: 0 } : final(total)),
          },
    error: (errorCode: number, error: string, total = 0n): AnyCombinator =>
      version === 0
        ? { _: 'proxy.queryAnswerPartError', requestId, errorCode, error, tokensUsed: tokens(total) }
        : { _: 'proxy.queryAnswerErrorEx', requestId, errorCode, error, ...final(total) },
  }
}

/** The next query that reaches a scripted worker. */
export async function nextRun(network: VirtualNetwork, worker: ScriptedPeer): Promise<ProxyRunQueryEx> {
  const isRun = (packet: AnyCombinator): boolean =>
    packet._ === 'proxy.runQueryEx' || packet._ === 'proxy.runQuery'
  await network.world.until(() => worker.packets.some(isRun))
  return worker.packets.splice(worker.packets.findIndex(isRun), 1)[0] as ProxyRunQueryEx
}

/** Waits for the end of a query. */
export async function outcome(network: VirtualNetwork, asked: Asked): Promise<void> {
  await network.world.until(() => asked.ended !== undefined)
}
