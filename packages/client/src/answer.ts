import {
  clientQueryAnswer,
  clientQueryAnswerError,
  clientQueryAnswerErrorEx,
  clientQueryAnswerEx,
  clientQueryAnswerPart,
  clientQueryAnswerPartError,
  clientQueryAnswerPartEx,
  type ClientQueryFinalInfo,
  clientSealedAnswer,
  clientSealedAnswerPart,
  type ClientSealedEnd,
  clientSealedFailure,
  decode,
  peekId,
  type SealedSignedReceipt,
  WireError,
} from '@cocoon/wire'

/** A piece of an answer from a proxy, whatever protocol version it speaks. */
export type ProxyAnswer =
  | { kind: 'head'; requestId: Uint8Array; response: Uint8Array; final: ProxyFinal | undefined }
  | { kind: 'part'; requestId: Uint8Array; bytes: Uint8Array; final: ProxyFinal | undefined }
  | { kind: 'failure'; requestId: Uint8Array; code: number; message: string; final: ProxyFinal }
  | SealedPiece

/** A piece of the answer to a sealed query. */
export type SealedPiece =
  | {
      kind: 'sealed-head'
      requestId: Uint8Array
      identity: Uint8Array
      nonce: bigint
      chunk: Uint8Array
      end: SealedEnd
    }
  | { kind: 'sealed-part'; requestId: Uint8Array; chunk: Uint8Array; end: SealedEnd }
  | {
      kind: 'sealed-failure'
      requestId: Uint8Array
      identity: Uint8Array
      code: number
      message: string
      /** What was charged for what had come by then; absent where that is nothing. */
      end: SealedEnd
    }

/** What the last piece of a sealed answer brings. */
type SealedEnd = { readonly receipt: SealedSignedReceipt; readonly chargedTokens: bigint } | undefined

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
  clientSealedAnswer.id,
  clientSealedAnswerPart.id,
  clientSealedFailure.id,
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
      return readSealedPiece(data)
  }
}

function readSealedPiece(data: Uint8Array): SealedPiece {
  switch (peekId(data)) {
    case clientSealedAnswerPart.id: {
      const { requestId, chunk, end } = decode(clientSealedAnswerPart, data)
      return { kind: 'sealed-part', requestId, chunk, end: endOf(end) }
    }
    case clientSealedAnswer.id: {
      const { requestId, identity, nonce, chunk, end } = decode(clientSealedAnswer, data)
      return { kind: 'sealed-head', requestId, identity, nonce, chunk, end: endOf(end) }
    }
    case clientSealedFailure.id: {
      const failure = decode(clientSealedFailure, data)
      const { requestId, identity, errorCode: code, error: message, end } = failure
      return { kind: 'sealed-failure', requestId, identity, code, message, end: endOf(end) }
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

function endOf(end: ClientSealedEnd | undefined): SealedEnd {
  if (end === undefined) return undefined
  const { receipt, chargedTokens } = end
  return { receipt, chargedTokens: tally(chargedTokens).tokens }
}

function tally(tokens: bigint): ProxyFinal {
  if (tokens < 0n) throw new WireError('malformed', 'a negative token count')
  return { tokens, workerDebug: undefined, proxyDebug: undefined }
}
