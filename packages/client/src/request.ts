import { encode, encodedSize, type HttpRequest, httpRequest } from '@cocoon/wire'
import type { Query } from './network.ts'

/**
 * The query as the worker's backend receives it. Its headers are made here: nothing of the caller's own
 * headers, credentials and cookies among them, goes to the network.
 */
export function encodeRequest(query: Query): Uint8Array {
  return encode(httpRequest, requestOf(query))
}

/** Bytes that `encodeRequest` makes of it. */
export function requestSize(query: Query): number {
  return encodedSize(httpRequest, requestOf(query))
}

function requestOf(query: Query): HttpRequest {
  return {
    _: 'http.request',
    method: 'POST',
    url: query.path,
    httpVersion: 'HTTP/1.1',
    headers: [
      { _: 'http.header', name: 'Host', value: 'cocoon' },
      { _: 'http.header', name: 'Content-Type', value: 'application/json' },
      { _: 'http.header', name: 'Content-Length', value: String(query.body.length) },
    ],
    payload: query.body,
  }
}
