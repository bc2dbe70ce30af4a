import {
  type Codec,
  decode,
  encode,
  FrameDecoder,
  frameHeaderBytes,
  peekId,
  type Transport,
  writeFrameHeader,
} from '../src/index.ts'

export function frameOf(seqno: number, payload: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(frameHeaderBytes + payload.length)
  writeFrameHeader(bytes, payload.length, seqno)
  bytes.set(payload, frameHeaderBytes)
  return bytes
}

/** The other end of a connection under test: writes any bytes, and keeps the frames that come. */
export class RawPeer {
  readonly received: Uint8Array[] = []
  closed = false
  readonly transport: Transport
  readonly #decoder = new FrameDecoder()
  #seqno = 0

  constructor(transport: Transport) {
    this.transport = transport
    transport.start({
      data: bytes => this.#decoder.push(bytes, payload => this.received.push(payload)),
      drain: () => {},
      closed: () => {
        this.closed = true
      },
    })
  }

  send<T>(codec: Codec<T>, value: T): void {
    this.sendPayload(encode(codec, value))
  }

  sendPayload(payload: Uint8Array): void {
    this.transport.write(frameOf(this.#seqno++, payload))
  }

  /** The frames of one kind that came, decoded. */
  all<T>(codec: Codec<T>): T[] {
    return this.received
      .filter(payload => peekId(payload) === codec.id)
      .map(payload => decode(codec, payload))
  }

  /** The last frame of one kind. */
  last<T>(codec: Codec<T>): T {
    const found = this.all(codec).at(-1)
    if (found === undefined) throw new Error(`No ${codec.name} has come`)
    return found
  }
}
