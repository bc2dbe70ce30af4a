import {
  encodeBundle,
  type LogResource,
  type LogStore,
  parseResourcePath,
  tileWidth,
  widthOf,
} from '@cocoon/trust/log'

/** An answer to GET over HTTP. Names of headers are in lower case. */
export interface LogResponse {
  readonly status: 200 | 404
  readonly headers: Readonly<Record<string, string>>
  readonly body: Uint8Array
}

/** Anybody may read a log, a page in a browser too. */
const open = { 'access-control-allow-origin': '*', 'x-content-type-options': 'nosniff' }
const text = 'text/plain; charset=utf-8'
const encoder = new TextEncoder()

/**
 * What a log shows the world under the path of a URL, without its query: `/checkpoint`, `/tile/<level>/<index>` and
 * `/tile/entries/<index>` of C2SP tlog-tiles, as far as the published checkpoint goes, and nothing else. Undefined for
 * a path that is not of a log. Rejects with what the store rejects with.
 */
export async function serveLog(
  store: Pick<LogStore, 'published' | 'tile' | 'entries'>,
  path: string,
): Promise<LogResponse | undefined> {
  if (path !== '/checkpoint' && !path.startsWith('/tile/')) return undefined
  const resource = parseResourcePath(path.slice(1))
  const published = resource && (await store.published())
  if (resource === undefined || published === undefined) return missing
  if (resource.kind === 'checkpoint') return found(text, 'no-cache', encoder.encode(published.checkpoint))
  const body = await contentOf(store, resource, published.size)
  if (body === undefined) return missing
  // A full tile stays for ever; a partial one may go once it is full.
  const caching =
    resource.width === tileWidth ? 'public, max-age=31536000, immutable' : 'public, max-age=86400'
  return found('application/octet-stream', caching, body)
}

async function contentOf(
  store: Pick<LogStore, 'tile' | 'entries'>,
  resource: Exclude<LogResource, { kind: 'checkpoint' }>,
  size: number,
): Promise<Uint8Array | undefined> {
  const { kind, index, width } = resource
  const level = kind === 'tile' ? resource.level : 0
  if (width > widthOf(size, level, index)) return undefined
  if (kind === 'tile') return (await store.tile(level, index))?.subarray(0, width * 32)
  return encodeBundle(await store.entries(index * tileWidth, width))
}

const missing: LogResponse = {
  status: 404,
  headers: { ...open, 'content-type': text, 'cache-control': 'no-cache' },
  body: encoder.encode('There is no such part of the log.\n'),
}

function found(type: string, caching: string, body: Uint8Array): LogResponse {
  return { status: 200, headers: { ...open, 'content-type': type, 'cache-control': caching }, body }
}
