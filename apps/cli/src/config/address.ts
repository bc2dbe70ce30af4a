import { type ContractAddress, MoneyError, parseAddress } from '@cocoon/money'
import { CliError } from '../error.ts'

/** A TON address from the configuration. Throws `config` that names the key. */
export function configuredAddress(key: string, text: string): ContractAddress {
  try {
    return parseAddress(text)
  } catch (cause) {
    if (!(cause instanceof MoneyError)) throw cause
    const message = text === '' ? `${key} is missing.` : `${key} does not fit: ${cause.message}.`
    throw new CliError('config', message, { cause, advice: `Set ${key} to a TON address.` })
  }
}

/** `host:port` with an IPv4 address or a name. Throws `config` that names the key. */
export function configuredEndpoint(key: string, text: string): { host: string; port: number } {
  const [, host, digits] = /^([\w.-]{1,253}):(\d{1,5})$/.exec(text) ?? []
  const port = Number(digits)
  if (host !== undefined && port > 0 && port <= 65_535) return { host, port }
  throw new CliError('config', `${key} must be host:port.`, {
    advice: `Write it as 127.0.0.1:8116.`,
  })
}

/** The address of a backend, which may lack its `http://`. Throws `config` that names the key. */
export function configuredUrl(key: string, text: string): string {
  const url = URL.parse(/^https?:\/\//i.test(text) ? text : `http://${text}`)
  if (text !== '' && url !== null && url.hostname !== '') return url.href.replace(/\/$/, '')
  throw new CliError('config', `${key} must be the address of an OpenAI-compatible server.`, {
    advice: 'Write it as http://127.0.0.1:8000.',
  })
}
