import { hash } from 'node:crypto'

/**
 * Has WebCrypto's digests computed at once instead of in the thread pool, until disposed: when a pool thread
 * is done depends on the machine, and in virtual time its answer would come at a time of its own choice. The
 * handshakes of client and proxy hash the client's secret with it, nothing else in the roles does.
 */
export function withoutThreads(): Disposable {
  const { subtle } = crypto
  const digest: typeof subtle.digest = async (algorithm, data) => {
    const name = (typeof algorithm === 'string' ? algorithm : algorithm.name).replace('-', '')
    const bytes = ArrayBuffer.isView(data)
      ? new Uint8Array(data.buffer, data.byteOffset, data.byteLength)
      : new Uint8Array(data)
    return new Uint8Array(hash(name, bytes, 'buffer')).buffer
  }
  Object.defineProperty(subtle, 'digest', { value: digest, configurable: true, writable: true })
  return {
    [Symbol.dispose]: () => {
      delete (subtle as { digest?: unknown }).digest
    },
  }
}
