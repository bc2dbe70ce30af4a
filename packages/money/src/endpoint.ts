import { MoneyError } from './error.ts'
import type { Endpoint, RegisteredProxy } from './root-config.ts'

/**
 * Reads how the registry names a proxy: `<for workers> <for clients>` with one space, or one endpoint for both.
 * Throws `MoneyError('config')`.
 */
export function parseProxyEndpoints(
  text: string,
): Pick<RegisteredProxy, 'workerEndpoint' | 'clientEndpoint'> {
  const space = text.indexOf(' ')
  const workerEndpoint = parseEndpoint(space < 0 ? text : text.slice(0, space))
  return { workerEndpoint, clientEndpoint: space < 0 ? workerEndpoint : parseEndpoint(text.slice(space + 1)) }
}

export function formatProxyEndpoints(
  proxy: Pick<RegisteredProxy, 'workerEndpoint' | 'clientEndpoint'>,
): string {
  return `${formatEndpoint(proxy.workerEndpoint)} ${formatEndpoint(proxy.clientEndpoint)}`
}

const octet = '(?:0|[1-9]\\d?|1\\d\\d|2[0-4]\\d|25[0-5])'
const endpointForm = new RegExp(`^(${octet}(?:\\.${octet}){3}):([1-9]\\d{0,4})$`)

/** `IPv4:port` or `[IPv4:port]`. */
function parseEndpoint(text: string): Endpoint {
  const bare = text.startsWith('[') && text.endsWith(']') ? text.slice(1, -1) : text
  const [, host, digits] = endpointForm.exec(bare) ?? []
  const port = Number(digits)
  if (host === undefined || port > 65535) {
    const shown = JSON.stringify(text.slice(0, 80))
    throw new MoneyError(
      'config',
      `A proxy is registered at ${shown}, which is not IPv4:port. Correct its address`,
    )
  }
  return { host, port }
}

function formatEndpoint(endpoint: Endpoint): string {
  return `${endpoint.host}:${endpoint.port}`
}
