import { TrustError } from '../error.ts'
import { type Checkpoint, parseCheckpoint, parseSize } from './checkpoint.ts'
import { type LogCrypto, nobleLogCrypto } from './crypto.ts'
import { logLimits } from './limits.ts'
import { type LogHead, type LogStore, storedTiles } from './log-store.ts'
import { formatNote, type NoteSignature, parseNote, parseSignatureLines } from './note.ts'
import { type NoteKey, verifyNote } from './note-key.ts'
import { consistencyProof } from './proof.ts'
import { formatAddCheckpoint } from './witness-request.ts'

/** A witness that somebody else runs. */
export interface RemoteWitness {
  /** Of type `cosignature-v1`. */
  readonly key: NoteKey
  /** Brings a body to `POST <prefix>/add-checkpoint`. Gives no more than `logLimits.answerBytes` of the answer. */
  readonly submit: (
    body: string,
    signal: AbortSignal,
  ) => Promise<{ readonly status: number; readonly body: string }>
}

export interface CosignersOptions {
  readonly store: LogStore
  readonly witnesses: readonly RemoteWitness[]
  /** Cosignatures without which no checkpoint is published. */
  readonly quorum: number
  readonly crypto?: LogCrypto
}

/** What came of a checkpoint. */
export interface Cosigned {
  /** With all cosignatures that came. */
  readonly head: LogHead
  readonly isPublished: boolean
  /** Names of the witnesses that cosigned. */
  readonly cosigned: readonly string[]
  /** Why the others did not, by their name. */
  readonly failures: ReadonlyMap<string, TrustError>
}

/**
 * Brings the newest checkpoint of a log to its witnesses, and publishes it once enough have cosigned. For a log whose
 * appender `isWitnessed`.
 */
export class Cosigners {
  readonly #options: CosignersOptions
  readonly #crypto: LogCrypto
  /** What each has cosigned last, as far as it is known. */
  readonly #sizes = new Map<NoteKey, number>()

  constructor(options: CosignersOptions) {
    this.#options = options
    this.#crypto = options.crypto ?? nobleLogCrypto
  }

  /**
   * Asks all witnesses at once, until each has answered or the signal ends the wait, and publishes what came in time.
   * Rejects with `log-inconsistent` where there is no log, and with what the store rejects with; never for a witness.
   */
  async publish(signal: AbortSignal): Promise<Cosigned> {
    const { store, witnesses, quorum } = this.#options
    const newest = await store.head()
    if (newest === undefined) throw new TrustError('log-inconsistent', 'There is no log to be witnessed.')
    const { text, signatures } = parseNote(newest.checkpoint)
    const checkpoint = parseCheckpoint(text)
    const cosignatures: NoteSignature[] = []
    const failures = new Map<string, TrustError>()
    const ask = async (witness: RemoteWitness): Promise<void> => {
      try {
        cosignatures.push(await ended(signal, this.#cosignature(witness, newest, checkpoint, signal)))
      } catch (cause) {
        failures.set(witness.key.name, asTrustError(witness.key, cause))
      }
    }
    await Promise.all(witnesses.map(ask))
    const head = { ...newest, checkpoint: formatNote({ text, signatures: [...signatures, ...cosignatures] }) }
    const isPublished = cosignatures.length >= quorum
    if (isPublished) await store.publish(head)
    return { head, isPublished, cosigned: cosignatures.map(({ name }) => name), failures }
  }

  /** A witness that knows another size says which: the proof is made from that one. */
  async #cosignature(
    { key, submit }: RemoteWitness,
    { size, checkpoint: note }: LogHead,
    checkpoint: Checkpoint,
    signal: AbortSignal,
  ): Promise<NoteSignature> {
    const { sha256 } = this.#crypto
    for (let attempt = 1; attempt <= logLimits.witnessAttempts; attempt++) {
      const oldSize = this.#sizes.get(key) ?? 0
      if (oldSize > checkpoint.size) throw refused(key, `it has seen ${oldSize} entries, more than there are`)
      const tree = { size, tiles: storedTiles(this.#options.store), sha256 }
      const body = formatAddCheckpoint({ oldSize, proof: await consistencyProof(tree, oldSize), note })
      signal.throwIfAborted()
      const answer = await submit(body, signal)
      if (answer.body.length > logLimits.answerBytes) throw refused(key, 'its answer is too long')
      if (answer.status === 200) {
        const signature = this.#verified(key, note, answer.body)
        this.#sizes.set(key, size)
        return signature
      }
      const known = answer.status === 409 ? parseSize(answer.body.replace(/\n$/, '')) : undefined
      if (known === undefined) throw refused(key, `it answers ${answer.status}`)
      if (known === oldSize) throw refused(key, `it has seen another log of ${known} entries`)
      this.#sizes.set(key, known)
    }
    throw refused(key, 'others are faster again and again')
  }

  #verified(key: NoteKey, note: string, lines: string): NoteSignature {
    const { text } = parseNote(note)
    const [verified] = verifyNote(this.#crypto, { text, signatures: parseSignatureLines(lines) }, [key])
    if (verified === undefined) throw refused(key, 'its answer has no signature of its key')
    return verified.signature
  }
}

/** The promise, or a rejection once the signal ends. */
function ended<Value>(signal: AbortSignal, promise: Promise<Value>): Promise<Value> {
  const { promise: end, reject } = Promise.withResolvers<never>()
  const stop = (): void => reject(new TrustError('log-unverified', 'The witness has not answered in time.'))
  if (signal.aborted) stop()
  else signal.addEventListener('abort', stop, { once: true })
  return Promise.race([promise, end]).finally(() => signal.removeEventListener('abort', stop))
}

function asTrustError(key: NoteKey, cause: unknown): TrustError {
  return cause instanceof TrustError ? cause : refused(key, 'it could not be asked', cause)
}

function refused({ name }: NoteKey, why: string, cause?: unknown): TrustError {
  return new TrustError('log-unverified', `The witness ${name} has not cosigned: ${why}.`, { cause })
}
