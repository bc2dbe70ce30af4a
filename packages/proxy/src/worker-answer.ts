import type { Receipt } from '@cocoon/trust/seal'
import {
  decode,
  peekId,
  proxyQueryAnswer,
  proxyQueryAnswerError,
  proxyQueryAnswerErrorEx,
  proxyQueryAnswerEx,
  proxyQueryAnswerPart,
  proxyQueryAnswerPartError,
  proxyQueryAnswerPartEx,
  type ProxyQueryFinalInfo,
  proxySealedAnswer,
  proxySealedAnswerPart,
  proxySealedFailure,
  type SealedSignedReceipt,
  type TokensUsed,
  WireError,
} from '@cocoon/wire'

/** A piece of an answer from a worker, whatever protocol version it speaks. */
export type WorkerAnswer = WorkerHead | WorkerPart | WorkerFailure

interface Piece {
  requestId: Uint8Array
  /** Present on the last piece of an open answer. */
  final: WorkerFinal | undefined
  /** Of a sealed answer; `receipt` is on its last piece. */
  isSealed: boolean
  receipt?: SealedSignedReceipt | undefined
}

export interface WorkerHead extends Piece {
  kind: 'head'
  /** A boxed `http.response`, unparsed, or the first chunk of a sealed one. */
  response: Uint8Array
  /** What stands beside the chunk; who answers is known to the link. */
  sealed?: { status: number; nonce: bigint; identity: Uint8Array }
}

export interface WorkerPart extends Piece {
  kind: 'part'
  bytes: Uint8Array
}

export interface WorkerFailure extends Piece {
  kind: 'failure'
  code: number
  message: string
}

export interface WorkerFinal {
  tokens: TokensUsed
  debug: string | undefined
  /** Unix seconds; undefined before version 2. */
  startTime: number | undefined
  endTime: number | undefined
  /** Of a sealed answer. */
  receipt?: { signed: SealedSignedReceipt; receipt: Receipt } | undefined
}

/** The combinators that carry answers; anything else is another handler's. */
export function isWorkerAnswer(id: number): boolean {
  return answerIds.has(id)
}

const answerIds = new Set([
  proxyQueryAnswerEx.id,
  proxyQueryAnswerPartEx.id,
  proxyQueryAnswerErrorEx.id,
  proxyQueryAnswer.id,
  proxyQueryAnswerPart.id,
  proxyQueryAnswerError.id,
  proxyQueryAnswerPartError.id,
  proxySealedAnswerPart.id,
  proxySealedAnswer.id,
  proxySealedFailure.id,
])

/** Throws a WireError on malformed bytes and on token counts that no honest worker sends. */
export function readWorkerAnswer(data: Uint8Array): WorkerAnswer {
  switch (peekId(data)) {
    case proxyQueryAnswerPartEx.id: {
      const { requestId, answer, finalInfo } = decode(proxyQueryAnswerPartEx, data)
      return { kind: 'part', isSealed: false, requestId, bytes: answer, final: finalOf(finalInfo) }
    }
    case proxyQueryAnswerEx.id: {
      const { requestId, answer, finalInfo } = decode(proxyQueryAnswerEx, data)
      return { kind: 'head', isSealed: false, requestId, response: answer, final: finalOf(finalInfo) }
    }
    case proxyQueryAnswerErrorEx.id: {
      const { requestId, errorCode, error, finalInfo } = decode(proxyQueryAnswerErrorEx, data)
      return {
        kind: 'failure',
        isSealed: false,
        requestId,
        code: errorCode,
        message: error,
        final: finalOf(finalInfo) ?? nothingUsed,
      }
    }
    case proxyQueryAnswerPart.id: {
      const { requestId, answer, isCompleted, tokensUsed } = decode(proxyQueryAnswerPart, data)
      return {
        kind: 'part',
        isSealed: false,
        requestId,
        bytes: answer,
        final: isCompleted ? finalOfTokens(tokensUsed) : undefined,
      }
    }
    case proxyQueryAnswer.id: {
      const { requestId, answer, isCompleted, tokensUsed } = decode(proxyQueryAnswer, data)
      return {
        kind: 'head',
        isSealed: false,
        requestId,
        response: answer,
        final: isCompleted ? finalOfTokens(tokensUsed) : undefined,
      }
    }
    case proxyQueryAnswerError.id: {
      const { requestId, errorCode, error, tokensUsed } = decode(proxyQueryAnswerError, data)
      return {
        kind: 'failure',
        isSealed: false,
        requestId,
        code: errorCode,
        message: error,
        final: finalOfTokens(tokensUsed),
      }
    }
    case proxyQueryAnswerPartError.id: {
      const { requestId, errorCode, error, tokensUsed } = decode(proxyQueryAnswerPartError, data)
      return {
        kind: 'failure',
        isSealed: false,
        requestId,
        code: errorCode,
        message: error,
        final: finalOfTokens(tokensUsed),
      }
    }
    default:
      return readSealedAnswer(data)
  }
}

function readSealedAnswer(data: Uint8Array): WorkerAnswer {
  switch (peekId(data)) {
    case proxySealedAnswerPart.id: {
      const { requestId, chunk, receipt } = decode(proxySealedAnswerPart, data)
      return { kind: 'part', isSealed: true, requestId, bytes: chunk, final: undefined, receipt }
    }
    case proxySealedAnswer.id: {
      const { requestId, status, nonce, chunk, receipt } = decode(proxySealedAnswer, data)
      const sealed = { status, nonce, identity }
      return { kind: 'head', isSealed: true, requestId, response: chunk, sealed, final: undefined, receipt }
    }
    case proxySealedFailure.id: {
      const { requestId, errorCode: code, receipt } = decode(proxySealedFailure, data)
      return { kind: 'failure', isSealed: true, requestId, code, message: '', final: undefined, receipt }
    }
    default:
      throw new WireError('malformed', 'not an answer')
  }
}

export const noTokens: TokensUsed = {
  _: 'tokensUsed',
  promptTokensUsed: 0n,
  cachedTokensUsed: 0n,
  completionTokensUsed: 0n,
  reasoningTokensUsed: 0n,
  totalTokensUsed: 0n,
}

/** A longer text could not be passed on in one message with the rest. */
const maxDebugLength = 64 << 10

/** Who answers is known to the link, which has its own name for each query. */
const identity = new Uint8Array(32)

const nothingUsed: WorkerFinal = {
  tokens: noTokens,
  debug: undefined,
  startTime: undefined,
  endTime: undefined,
}

function finalOf(info: ProxyQueryFinalInfo | undefined): WorkerFinal | undefined {
  if (info === undefined) return undefined
  return {
    tokens: checkedTokens(info.tokensUsed),
    debug: (info.workerDebug ?? '').length > maxDebugLength ? undefined : info.workerDebug,
    startTime: info.workerStartTime,
    endTime: info.workerEndTime,
  }
}

function finalOfTokens(tokens: TokensUsed): WorkerFinal {
  return { ...nothingUsed, tokens: checkedTokens(tokens) }
}

function checkedTokens(tokens: TokensUsed): TokensUsed {
  const { promptTokensUsed, cachedTokensUsed, completionTokensUsed, reasoningTokensUsed, totalTokensUsed } =
    tokens
  const parts = [promptTokensUsed, cachedTokensUsed, completionTokensUsed, reasoningTokensUsed]
  if (totalTokensUsed < 0n || parts.some(part => part < 0n)) {
    throw new WireError('malformed', 'a negative token count')
  }
  return tokens
}
