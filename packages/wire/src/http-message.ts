import { WireError } from './error.ts'
import { httpRequest, httpResponse, Reader } from './tl/index.ts'

/** Headers of a message that an HTTP peer could have sent. */
export const maxHttpHeaders = 256

/**
 * Refuses a boxed `http.request` or `http.response` with more headers than any HTTP peer sends, before they
 * are taken apart: an empty one takes 8 bytes on the wire and many times that in memory.
 */
export function checkHeaderCount(message: Uint8Array): void {
  const reader = new Reader(message)
  const id = reader.id()
  if (id === httpRequest.id) {
    for (let field = 0; field < 3; field++) reader.skipBytes()
  } else if (id === httpResponse.id) {
    reader.skipBytes()
    reader.int()
    reader.skipBytes()
  } else {
    throw reader.unexpectedId('http.request or http.response', id)
  }
  const headers = reader.count(8)
  if (headers > maxHttpHeaders)
    throw new WireError('limit', `${headers} headers; ${maxHttpHeaders} are allowed`)
}
