/**
 * What a caller has of a query is not to the byte what was sealed: the client's endpoint may add to either. These are
 * the bytes that it can have been, by all that the endpoint does and files do.
 */

/** Of a request: as it is, without the line end of a file, and with the limit that an endpoint adds. */
export function sealedRequests(request: Uint8Array, maxTokens: number): Uint8Array[] {
  const trimmed = withoutLineEnd(request)
  const text = new TextDecoder().decode(trimmed).trim()
  if (!text.startsWith('{') || !text.endsWith('}')) return [request, trimmed]
  const limited = `{"max_tokens":${maxTokens},${text.slice(1, -1).trim()}}`
  return [request, trimmed, new TextEncoder().encode(limited)]
}

/** Choices that say nothing, in the place of none: for callers that read the first one of each event. */
const filledChoices = [
  '[{"index":0,"delta":{},"finish_reason":null}]',
  '[{"index":0,"text":"","logprobs":null,"finish_reason":null}]',
] as const

/** Of an answer: as it is, without the line end of a file, and without what an endpoint adds to a stream. */
export function sealedAnswers(answer: Uint8Array): Uint8Array[] {
  const plain = [answer, withoutLineEnd(answer)]
  const text = new TextDecoder().decode(answer)
  if (!text.startsWith('data:') && !text.startsWith(':')) return plain
  const uncommented = text.replaceAll(/^: cocoon-[^\n]*\n\n/gm, '')
  const unfilled = filledChoices.map(filled => withoutLast(uncommented, filled))
  return [...plain, ...[uncommented, ...unfilled].map(each => new TextEncoder().encode(each))]
}

/** Only the last event of a stream has no choices of its own. */
function withoutLast(text: string, filled: string): string {
  const at = text.lastIndexOf(filled)
  return at < 0 ? text : `${text.slice(0, at)}[]${text.slice(at + filled.length)}`
}

function withoutLineEnd(bytes: Uint8Array): Uint8Array {
  let end = bytes.length
  while (end > 0 && (bytes[end - 1] === 0x0a || bytes[end - 1] === 0x0d)) end--
  return bytes.subarray(0, end)
}
