import type { Backend, BackendEvents, BackendModel, BackendRequest, BackendRun } from '../src/backend.ts'
import { WorkerError } from '../src/error.ts'

/** One request at the backend, and what the worker made it do. */
export interface Call {
  request: BackendRequest
  events: BackendEvents
  /** Whether the worker asked for a pause at the last piece. */
  paused: boolean
  resumes: number
  cancels: number
}

/** A backend whose answers a test gives piece by piece. */
export class ScriptedBackend implements Backend {
  readonly name = 'scripted'
  readonly calls: Call[] = []
  closed = false
  models: (signal: AbortSignal) => Promise<BackendModel[]> = async () => []
  countTokens?: (model: string, text: string, signal: AbortSignal) => Promise<number>

  run(request: BackendRequest, events: BackendEvents): BackendRun {
    const call: Call = { request, events, paused: false, resumes: 0, cancels: 0 }
    this.calls.push(call)
    return {
      resume: () => {
        call.resumes++
      },
      cancel: () => {
        if (call.cancels++ > 0) return
        queueMicrotask(() => events.failed(new WorkerError('cancelled', 'cancelled')))
      },
    }
  }

  async close(): Promise<void> {
    this.closed = true
  }

  /** The newest request. */
  get call(): Call {
    const call = this.calls.at(-1)
    if (call === undefined) throw new Error('The backend was not asked')
    return call
  }

  head(status = 200, contentType = 'application/json'): void {
    this.call.events.head(status, [
      ['content-type', contentType],
      ['x-backend', 'yes'],
    ])
  }

  data(text: string | Uint8Array): void {
    this.call.paused = !this.call.events.data(Buffer.from(text))
  }

  end(): void {
    this.call.events.end()
  }

  fail(error: Error): void {
    this.call.events.failed(error)
  }
}
