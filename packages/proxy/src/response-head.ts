import { decode, type HttpResponse, httpResponse } from '@cocoon/wire'

export interface ResponseHead {
  status: number
  /** For the client, with the proxy's times added. */
  response: HttpResponse
}

/**
 * Checks a worker's response head and adds `X-Cocoon-Proxy-Start` and `-End` (Unix seconds). Undefined when
 * no HTTP caller could be given it; throws a WireError when it is not an `http.response` at all.
 */
export function stampHead(response: Uint8Array, startS: number, endS: number): ResponseHead | undefined {
  const head = decode(httpResponse, response)
  if (head.statusCode < 200 || head.statusCode > 599) return undefined
  if (head.headers.length > maxHeaders) return undefined
  head.httpVersion = head.httpVersion === 'HTTP/1.0' ? 'HTTP/1.0' : 'HTTP/1.1'
  head.headers.push(
    { _: 'http.header', name: 'X-Cocoon-Proxy-Start', value: startS.toFixed(6) },
    { _: 'http.header', name: 'X-Cocoon-Proxy-End', value: endS.toFixed(6) },
  )
  return { status: head.statusCode, response: head }
}

const maxHeaders = 100
