import type { Timer, World } from '@cocoon/wire'
import type { Backend, BackendModel } from './backend.ts'
import type { UsageSource } from './event.ts'

const probeEveryMs = 2_000
const probeTimeoutMs = 30_000

export interface HealthOptions {
  world: World
  backend: Backend
  /** Finds out, once the backend is up, where the tokens of its answers are known from. */
  findUsageSource: (models: BackendModel[], signal: AbortSignal) => Promise<UsageSource>
  up: (models: BackendModel[], source: UsageSource) => void
  down: (error: Error) => void
}

/** Watches a backend: asks for its models again and again, and says when it comes and goes. */
export class Health {
  readonly #options: HealthOptions
  #state: 'unknown' | 'up' | 'down' = 'unknown'
  #timer: Timer | undefined
  #probe: AbortController | undefined
  #closed = false

  constructor(options: HealthOptions) {
    this.#options = options
  }

  start(): void {
    this.#look()
  }

  get isUp(): boolean {
    return this.#state === 'up'
  }

  close(): void {
    this.#closed = true
    this.#timer?.cancel()
    this.#probe?.abort()
  }

  #look(): void {
    const probe = new AbortController()
    this.#probe = probe
    const timeout = this.#options.world.after(probeTimeoutMs, () => probe.abort())
    this.#ask(probe.signal)
      .catch((error: unknown) => this.#down(error instanceof Error ? error : new Error(String(error))))
      .finally(() => {
        timeout.cancel()
        if (!this.#closed) this.#timer = this.#options.world.after(probeEveryMs, () => this.#look())
      })
  }

  async #ask(signal: AbortSignal): Promise<void> {
    const models = await this.#options.backend.models(signal)
    if (this.#state === 'up') return
    // A backend that was away may have come back as another program.
    const source = await this.#options.findUsageSource(models, signal)
    if (this.#closed) return
    this.#state = 'up'
    this.#options.up(models, source)
  }

  #down(error: Error): void {
    if (this.#closed || this.#state === 'down') return
    this.#state = 'down'
    this.#options.down(error)
  }
}
