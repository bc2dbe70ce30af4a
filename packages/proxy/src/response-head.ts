import { decode, type HttpResponse, httpResponse, Reader } from '@cocoon/wire'

/** A worker's response head, checked but not taken apart. */
export interface ResponseHead {
  status: number
  /** The boxed `http.response`. */
  encoded: Uint8Array
}

/**
 * Passes over a boxed `http.response` and takes its status. Undefined when no HTTP caller could be given it;
 * throws a WireError when it is not an `http.response` at all.
 */
export function readHead(encoded: Uint8Array): ResponseHead | undefined {
  reader.reset(encoded)
  const id = reader.id()
  if (id !== httpResponse.id) throw reader.unexpectedId(httpResponse.name, id)
  reader.skipBytes()
  const status = reader.int()
  reader.skipBytes()
  const headers = reader.count(2 * minStringBytes)
  for (let i = 0; i < headers && i < maxHeaders; i++) {
    reader.skipBytes()
    reader.skipBytes()
  }
  const headBytes = encoded.length - reader.left
  if (headers > maxHeaders || headBytes > maxHeadBytes) return undefined
  reader.skipBytes()
  reader.finish()
  reader.reset()
  return status < 200 || status > 599 ? undefined : { status, encoded }
}

/** The head with `X-Cocoon-Proxy-Start` and `-End` (Unix seconds), which clients before version 3 are told that way. */
export function stampedHead({ encoded }: ResponseHead, startS: number, endS: number): HttpResponse {
  const head = decode(httpResponse, encoded)
  head.httpVersion = head.httpVersion === 'HTTP/1.0' ? 'HTTP/1.0' : 'HTTP/1.1'
  head.headers.push(
    { _: 'http.header', name: 'X-Cocoon-Proxy-Start', value: startS.toFixed(6) },
    { _: 'http.header', name: 'X-Cocoon-Proxy-End', value: endS.toFixed(6) },
  )
  return head
}

const reader = new Reader()
const maxHeaders = 100
/** All of a head but its body. */
const maxHeadBytes = 64 << 10
const minStringBytes = 4
