import { readFileSync } from 'node:fs'
import {
  codeFromHash,
  type ContractAddress,
  createPaymentKey,
  parseAddress,
  parsePseudoConfig,
  type PaymentKey,
  type RootConfig,
} from '@cocoon/money'
import {
  type AnyCombinator,
  decodeAny,
  encodeAny,
  FrameDecoder,
  type Transport,
  writeFrameHeader,
} from '@cocoon/wire'

/** A frame as a reference runner sent it, and what is in it. */
export interface RecordedFrame {
  readonly payload: Uint8Array
  readonly frame: AnyCombinator
  /** What a packet, query or answer carries. */
  readonly message: AnyCombinator | undefined
}

/** All frames of one direction of a recorded connection, after the preamble. */
export function recorded(link: 'client' | 'worker', direction: 'c2s' | 's2c'): RecordedFrame[] {
  const url = new URL(`../../../vectors/wire/rpc-${link}-proxy.${direction}.bin`, import.meta.url)
  const bytes = new Uint8Array(readFileSync(url))
  // Only the side that connects is introduced by its router.
  const start = direction === 'c2s' ? 4 + new DataView(bytes.buffer).getUint32(0, true) : 0
  const frames: RecordedFrame[] = []
  new FrameDecoder().push(bytes.subarray(start), payload => frames.push(readFrame(payload)))
  return frames
}

function readFrame(payload: Uint8Array): RecordedFrame {
  const frame = decodeAny(payload)
  return {
    payload,
    frame,
    message: 'data' in frame && frame.data instanceof Uint8Array ? decodeAny(frame.data) : undefined,
  }
}

interface RecordedSession {
  root: string
  owner: string
  pseudo_config: { model_names: string[] }
  codes: Record<'proxy' | 'worker' | 'client', { hash: string; depth: number }>
  seeds_base64: Record<'proxy' | 'worker' | 'client', string>
  client_node_wallet: string
}

/** The network in which the recording was made. */
export function recordedScene(): {
  config: RootConfig
  root: ContractAddress
  owner: ContractAddress
  wallet: ContractAddress
  key: PaymentKey
  model: string
} {
  const url = new URL('../../../vectors/contracts/recorded-session.json', import.meta.url)
  const session = JSON.parse(readFileSync(url, 'utf8')) as RecordedSession
  const code = ({ hash, depth }: { hash: string; depth: number }) => codeFromHash(hash, depth)
  const { proxy, worker, client } = session.codes
  return {
    config: {
      ...parsePseudoConfig(session.pseudo_config),
      codes: { proxy: code(proxy), worker: code(worker), client: code(client) },
    },
    root: parseAddress(session.root),
    owner: parseAddress(session.owner),
    wallet: parseAddress(session.client_node_wallet),
    key: createPaymentKey(Buffer.from(session.seeds_base64.proxy, 'base64')),
    model: session.pseudo_config.model_names[0]!,
  }
}

/** One end of a connection that plays recorded frames, and takes down what comes back. */
export class Player {
  readonly heard: RecordedFrame[] = []
  closed = false
  onFrame: ((frame: RecordedFrame) => void) | undefined
  readonly #transport: Transport
  readonly #decoder = new FrameDecoder()
  #seqno = 0

  constructor(transport: Transport) {
    this.#transport = transport
    transport.start({
      data: bytes =>
        this.#decoder.push(bytes, payload => {
          const frame = readFrame(new Uint8Array(payload))
          this.heard.push(frame)
          this.onFrame?.(frame)
        }),
      drain: () => {},
      closed: () => {
        this.closed = true
      },
    })
  }

  /** The bytes of a recorded payload as they are. */
  play(payload: Uint8Array): void {
    const frame = new Uint8Array(8 + payload.length)
    writeFrameHeader(frame, payload.length, this.#seqno++)
    frame.set(payload, 8)
    this.#transport.write(frame)
  }

  /** Goes away. */
  end(): void {
    this.#transport.end()
  }

  /** A recorded frame with some fields of it, or of its message, in their present values. */
  playWith(recordedFrame: RecordedFrame, change: { frame?: object; message?: object }): void {
    const { frame, message } = recordedFrame
    const data =
      message === undefined ? {} : { data: encodeAny({ ...message, ...change.message } as AnyCombinator) }
    this.play(encodeAny({ ...frame, ...data, ...change.frame } as AnyCombinator))
  }
}

/** What a message is, without what nobody can foresee: names of fields and constructors, all the way down. */
export function shapeOf(value: unknown): unknown {
  if (value instanceof Uint8Array) return 'bytes'
  if (Array.isArray(value)) return value.length === 0 ? [] : [shapeOf(value[0])]
  if (typeof value !== 'object' || value === null) return typeof value
  const fields = Object.entries(value).filter(([, field]) => field !== undefined)
  return Object.fromEntries(fields.map(([name, field]) => [name, name === '_' ? field : shapeOf(field)]))
}
