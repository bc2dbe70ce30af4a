import type { World } from '@cocoon/wire'
import { MoneyError } from '../error.ts'

/**
 * What a call to the chain gives, or `MoneyError('chain-unreachable')` after `timeoutMs`, or `MoneyError('closed')`
 * as soon as the signal aborts. The call itself goes on; nobody looks at what it gives any more.
 */
export function withDeadline<T>(
  world: World,
  call: () => Promise<T>,
  { timeoutMs, signal }: { timeoutMs: number; signal: AbortSignal },
): Promise<T> {
  if (signal.aborted) return Promise.reject(closed())
  return new Promise<T>((resolve, reject) => {
    const fail = (error: unknown): void => {
      timer.cancel()
      signal.removeEventListener('abort', abort)
      // oxlint-disable-next-line eslint/prefer-promise-reject-errors -- whatever the call rejected with
      reject(error)
    }
    const abort = (): void => fail(closed())
    const timer = world.after(timeoutMs, () =>
      fail(
        new MoneyError(
          'chain-unreachable',
          `The chain gave no answer in ${timeoutMs / 1000} s. Wait, or name another source`,
        ),
      ),
    )
    signal.addEventListener('abort', abort)
    call().then(value => {
      timer.cancel()
      signal.removeEventListener('abort', abort)
      resolve(value)
    }, fail)
  })
}

function closed(): MoneyError {
  return new MoneyError('closed', 'It was closed before the chain answered')
}
