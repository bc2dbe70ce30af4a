import { hash, timingSafeEqual } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import type { Parameters } from './parameters.ts'

/** Something that changes the devnet, or tells of it. */
export interface AdminAction {
  /** `GET` is for everybody on this machine, `POST` for who has the token, unless it is open. */
  readonly method: 'GET' | 'POST'
  readonly isOpen: boolean
  run(parameters: Parameters): Promise<unknown>
}

/** Whether a path is one of the devnet's own, which toncenter does not have. */
export function isAdminPath(path: string): boolean {
  return /^\/(?:devnet|faucet)(?:\/|$)/.test(path)
}

/** Whether the request carries `authorization: Bearer <token>`. Takes as long for any token. */
export function isAuthorised({ headers }: IncomingMessage, token: string | undefined): boolean {
  const [, given = ''] = /^Bearer (.{1,256})$/.exec(headers.authorization ?? '') ?? []
  if (token === undefined) return false
  return timingSafeEqual(hash('sha256', given, 'buffer'), hash('sha256', token, 'buffer'))
}
