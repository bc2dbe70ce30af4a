import {
  clientQueryAnswer,
  clientQueryAnswerError,
  clientQueryAnswerErrorEx,
  clientQueryAnswerEx,
  clientQueryAnswerPart,
  clientQueryAnswerPartError,
  clientQueryAnswerPartEx,
  type ClientQueryFinalInfo,
  decode,
  peekId,
  WireError,
} from '@cocoon/wire'

/** A piece of an answer from a proxy, whatever protocol version it speaks. */
export type ProxyAnswer =
  | { kind: 'head'; requestId: Uint8Array; response: Uint8Array; final: ProxyFinal | undefined }
  | { kind: 'part'; requestId: Uint8Array; bytes: Uint8Array; final: ProxyFinal | undefined }
  | { kind: 'failure'; requestId: Uint8Array; code: number; message: string; final: ProxyFinal }

/** What the end of an answer says. */
export interface ProxyFinal {
  /** Adjusted tokens charged. */
  tokens: bigint
  workerDebug: string | undefined
  proxyDebug: string | undefined
}

const answerIds = new Set([
  clientQueryAnswerEx.id,
  clientQueryAnswerPartEx.id,
  clientQueryAnswerErrorEx.id,
  clientQueryAnswer.id,
  clientQueryAnswerPart.id,
  clientQueryAnswerError.id,
  clientQueryAnswerPartError.id,
])

export function isProxyAnswer(id: number): boolean {
  return answerIds.has(id)
}

/** Throws a WireError on malformed bytes. Answers of version 0 may come on any connection. */
export function readProxyAnswer(data: Uint8Array): ProxyAnswer {
  switch (peekId(data)) {
    case clientQueryAnswerPartEx.id: {
      const { requestId, answer, finalInfo } = decode(clientQueryAnswerPartEx, data)
      return { kind: 'part', requestId, bytes: answer, final: finalOf(finalInfo) }
    }
    case clientQueryAnswerEx.id: {
      const { requestId, answer, finalInfo } = decode(clientQueryAnswerEx, data)
      return { kind: 'head', requestId, response: answer, final: finalOf(finalInfo) }
    }
    case clientQueryAnswerErrorEx.id: {
      const { requestId, errorCode, error, finalInfo } = decode(clientQueryAnswerErrorEx, data)
      return {
        kind: 'failure',
        requestId,
        code: errorCode,
        message: error,
        final: finalOf(finalInfo) ?? tally(0n),
      }
    }
    case clientQueryAnswer.id: {
      const { requestId, answer, isCompleted, requestTokensUsed } = decode(clientQueryAnswer, data)
      const final = isCompleted ? tally(requestTokensUsed.totalTokensUsed) : undefined
      return { kind: 'head', requestId, response: answer, final }
    }
    case clientQueryAnswerPart.id: {
      const { requestId, answer, isCompleted, requestTokensUsed } = decode(clientQueryAnswerPart, data)
      const final = isCompleted ? tally(requestTokensUsed.totalTokensUsed) : undefined
      return { kind: 'part', requestId, bytes: answer, final }
    }
    case clientQueryAnswerError.id: {
      const { requestId, errorCode, error, requestTokensUsed } = decode(clientQueryAnswerError, data)
      return {
        kind: 'failure',
        requestId,
        code: errorCode,
        message: error,
        final: tally(requestTokensUsed.totalTokensUsed),
      }
    }
    case clientQueryAnswerPartError.id: {
      const { requestId, errorCode, error, requestTokensUsed } = decode(clientQueryAnswerPartError, data)
      return {
        kind: 'failure',
        requestId,
        code: errorCode,
        message: error,
        final: tally(requestTokensUsed.totalTokensUsed),
      }
    }
    default:
      throw new WireError('malformed', 'not an answer')
  }
}

function finalOf(info: ClientQueryFinalInfo | undefined): ProxyFinal | undefined {
  if (info === undefined) return undefined
  return {
    ...tally(info.tokensUsed.totalTokensUsed),
    workerDebug: info.workerDebug,
    proxyDebug: info.proxyDebug,
  }
}

function tally(tokens: bigint): ProxyFinal {
  if (tokens < 0n) throw new WireError('malformed', 'a negative token count')
  return { tokens, workerDebug: undefined, proxyDebug: undefined }
}
