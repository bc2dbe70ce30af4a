import type { Timer, World } from '@cocoon/wire'
import { createCertificate, identityExpiresAt } from './certificate.ts'
import type { CreateCertificateOptions, Identity } from './certificate.ts'

export interface RotatingIdentityOptions extends Omit<CreateCertificateOptions, 'world'> {
  readonly world: World
  /** How old a certificate gets before the next one replaces it. */
  readonly renewAfterMs?: number
  /** Hears of renewals that failed. The old certificate stays in use and another attempt follows. */
  readonly onFailure?: (cause: unknown, expiresAtMs: number) => void
}

export interface RotatingIdentity extends Disposable {
  /** For new connections; established ones keep what they were made with. */
  current(): Identity
}

/** After a failure the next attempt comes this much later. */
const retryAfterMs = 60_000

/**
 * An identity that renews itself long before it expires, with the same options each time. The first
 * certificate is made before this returns.
 */
export async function rotatingIdentity(options: RotatingIdentityOptions): Promise<RotatingIdentity> {
  const { world, renewAfterMs = 3_600_000, onFailure } = options
  let identity = await createCertificate(options)
  let timer: Timer
  let disposed = false

  const renew = async (): Promise<void> => {
    let nextMs = renewAfterMs
    try {
      identity = await createCertificate(options)
    } catch (cause) {
      nextMs = retryAfterMs
      onFailure?.(cause, identityExpiresAt(identity))
    }
    schedule(nextMs)
  }
  const schedule = (delayMs: number): void => {
    if (!disposed) timer = world.after(delayMs, () => void renew())
  }
  timer = world.after(renewAfterMs, () => void renew())

  return {
    current: () => identity,
    [Symbol.dispose]: () => {
      disposed = true
      timer.cancel()
    },
  }
}
