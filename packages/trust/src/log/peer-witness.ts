import {
  decode,
  peekId,
  type Reply,
  witnessAddCheckpoint,
  witnessAnswer,
  type WitnessOffer,
} from '@cocoon/wire'
import { type LogCrypto, nobleLogCrypto } from './crypto.ts'
import { noteKey, type NoteSigner } from './note-key.ts'
import { Witness, type WitnessStore } from './witness.ts'

/** A proxy whose log is witnessed. */
export interface WitnessedProxy {
  /** Of its notes. */
  readonly origin: string
  /** Ed25519, 32 bytes. */
  readonly publicKey: Uint8Array
}

export interface PeerWitnessOptions {
  /** Key of type `cosignature-v1`. */
  readonly signer: NoteSigner
  readonly store: WitnessStore
  /** Unix milliseconds. */
  readonly nowMs: () => number
  readonly crypto?: LogCrypto
}

/** A client or worker as a witness of the logs of the proxies that it is connected to. */
export class PeerWitness {
  readonly #options: PeerWitnessOptions

  constructor(options: PeerWitnessOptions) {
    this.#options = options
  }

  /** What tells a proxy of it. */
  get offer(): WitnessOffer {
    const { name, publicKey } = this.#options.signer.key
    return { _: 'witness.offer', name, publicKey }
  }

  /** Answers a proxy's question; false where it is another one. Throws a WireError for what is malformed. */
  answer({ origin, publicKey }: WitnessedProxy, data: Uint8Array, reply: Reply): boolean {
    if (peekId(data) !== witnessAddCheckpoint.id) return false
    const { signer, store, nowMs, crypto = nobleLogCrypto } = this.#options
    const { body } = decode(witnessAddCheckpoint, data)
    const keys = [noteKey(crypto, 'ed25519', origin, publicKey)]
    new Witness({ signer, store, nowMs, crypto, logs: [{ origin, keys }] }).addCheckpoint(body).then(
      ({ status, body: text }) => reply.answer(witnessAnswer, { _: 'witness.answer', status, body: text }),
      () => reply.error(601, 'the witness cannot answer now'),
    )
    return true
  }
}
