import assert from 'node:assert/strict'
import { formatAddress } from '@cocoon/money'
import {
  decode,
  encode,
  httpResponse,
  peekId,
  proxyCancelQuery,
  proxyQueryAnswer,
  proxyQueryAnswerErrorEx,
  proxyQueryAnswerEx,
  proxyQueryAnswerPart,
  proxyQueryAnswerPartError,
  proxyQueryAnswerPartEx,
  proxyRunQuery,
  proxyRunQueryEx,
  type ProxyRunQueryEx,
  proxyWorkerRequestPayment,
  type TokensUsed,
  workerCompareBalanceWithProxy,
  workerCompareBalanceWithProxyResult,
  workerConnectedToProxy,
  workerConnectToProxy,
  type WorkerParams,
  workerExtendedCompareBalanceWithProxy,
  workerExtendedCompareBalanceWithProxyResult,
  workerProxyHandshakeComplete,
  workerProxyHandshakeCompleted,
} from '@cocoon/wire'
import { address, config, fullModel, response, tokensOf } from './network.ts'
import type { ProxyBench } from './proxy-bench.ts'
import { ScriptedPeer } from './scripted-peer.ts'

export interface WorkerScript {
  version?: number
  coefficient?: number
  limit?: number
  disabled?: boolean
  model?: string
  /** Byte of the owner's address. */
  owner?: number
  params?: Partial<WorkerParams>
  /** What it remembers to have earned. */
  knows?: { tokensCommittedToBlockchain?: bigint; tokensCommittedToDb?: bigint; maxTokens?: bigint }
}

/** One query as a worker got it. */
export interface Job extends Pick<ProxyRunQueryEx, 'query' | 'coefficient' | 'timeout' | 'requestId'> {
  enableDebug?: boolean | undefined
}

export class ScriptedWorker extends ScriptedPeer {
  readonly jobs: Job[] = []
  readonly version: number
  readonly #options: WorkerScript

  constructor(bench: ProxyBench, options: WorkerScript) {
    const owner = options.owner ?? 70
    super(bench, 'worker', `worker-${owner}`, new Uint8Array(32).fill(owner))
    this.#options = options
    this.version = options.version ?? 3
  }

  async shakeHands(): Promise<void> {
    const { coefficient = 1000, limit = 4, disabled = false, owner = 70, params } = this.#options
    const { version } = this
    await this.ask(
      workerConnectToProxy,
      {
        _: 'worker.connectToProxy',
        params: {
          _: 'worker.params',
          flags: version === 0 ? 1 : 3,
          workerOwnerAddress: formatAddress(address(owner), { testnet: true }),
          model: this.#options.model ?? fullModel,
          coefficient,
          isTest: config.isTest,
          proxyCnt: 1,
          maxActiveRequests: limit,
          ...(version === 0 ? {} : { minProtoVersion: 0, maxProtoVersion: version }),
          ...params,
        },
      },
      workerConnectedToProxy,
    )
    const {
      tokensCommittedToBlockchain = 0n,
      tokensCommittedToDb = 0n,
      maxTokens = 0n,
    } = this.#options.knows ?? {}
    const { errorCode } = await this.ask(
      workerCompareBalanceWithProxy,
      { _: 'worker.compareBalanceWithProxy', tokensCommittedToBlockchain, tokensCommittedToDb, maxTokens },
      workerCompareBalanceWithProxyResult,
    )
    if (errorCode !== 0) {
      await this.ask(
        workerExtendedCompareBalanceWithProxy,
        { _: 'worker.extendedCompareBalanceWithProxy', tokensCommittedToDb, other: new Uint8Array(0) },
        workerExtendedCompareBalanceWithProxyResult,
      )
    }
    await this.ask(
      workerProxyHandshakeComplete,
      { _: 'worker.proxyHandshakeComplete', isDisabled: disabled },
      workerProxyHandshakeCompleted,
    )
  }

  /** The newest query. */
  get job(): Job {
    const job = this.jobs.at(-1)
    assert.ok(job !== undefined, 'no query has come')
    return job
  }

  get cancelled(): number {
    return this.all(proxyCancelQuery).length
  }

  get payments() {
    return this.all(proxyWorkerRequestPayment)
  }

  async head(
    options: { status?: number; payload?: string; tokens?: TokensUsed; job?: Job } = {},
  ): Promise<void> {
    await this.encodedHead(encode(httpResponse, response(options.status ?? 200, options.payload)), options)
  }

  async encodedHead(answer: Uint8Array, options: { tokens?: TokensUsed; job?: Job } = {}): Promise<void> {
    const { tokens, job = this.job } = options
    const { requestId } = job
    if (this.version === 0) {
      this.connection.send(proxyQueryAnswer, {
        _: 'proxy.queryAnswer',
        answer,
        isCompleted: tokens !== undefined,
        requestId,
        tokensUsed: tokens ?? tokensOf(0n),
      })
    } else {
      this.connection.send(proxyQueryAnswerEx, {
        _: 'proxy.queryAnswerEx',
        requestId,
        answer,
        ...this.#final(tokens),
      })
    }
    await this.bench.world.settle()
  }

  async part(text: string, tokens?: TokensUsed, job: Job = this.job): Promise<void> {
    const { requestId } = job
    const answer = Buffer.from(text)
    if (this.version === 0) {
      this.connection.send(proxyQueryAnswerPart, {
        _: 'proxy.queryAnswerPart',
        answer,
        isCompleted: tokens !== undefined,
        requestId,
        tokensUsed: tokens ?? tokensOf(0n),
      })
    } else {
      this.connection.send(proxyQueryAnswerPartEx, {
        _: 'proxy.queryAnswerPartEx',
        requestId,
        answer,
        ...this.#final(tokens),
      })
    }
    await this.bench.world.settle()
  }

  async fail(errorCode: number, error: string, tokens?: TokensUsed, job: Job = this.job): Promise<void> {
    const { requestId } = job
    if (this.version === 0) {
      this.connection.send(proxyQueryAnswerPartError, {
        _: 'proxy.queryAnswerPartError',
        errorCode,
        error,
        requestId,
        tokensUsed: tokens ?? tokensOf(0n),
      })
    } else {
      this.connection.send(proxyQueryAnswerErrorEx, {
        _: 'proxy.queryAnswerErrorEx',
        requestId,
        errorCode,
        error,
        ...this.#final(tokens),
      })
    }
    await this.bench.world.settle()
  }

  #final(tokens: TokensUsed | undefined) {
    if (tokens === undefined) return { flags: 0 }
    const times = this.version >= 2 ? { workerStartTime: 11, workerEndTime: 12 } : {}
    return {
      flags: 1,
      finalInfo: {
        _: 'proxy.queryFinalInfo' as const,
        flags: this.version >= 2 ? 2 : 0,
        tokensUsed: tokens,
        ...times,
      },
    }
  }

  protected override took(data: Uint8Array): void {
    const id = peekId(data)
    if (id === proxyRunQueryEx.id) this.jobs.push(decode(proxyRunQueryEx, data))
    if (id === proxyRunQuery.id) this.jobs.push(decode(proxyRunQuery, data))
    if (this.jobs.length > 0 && (id === proxyRunQueryEx.id || id === proxyRunQuery.id))
      this.bench.journal.push('run')
  }
}
