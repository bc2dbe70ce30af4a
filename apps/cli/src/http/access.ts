import { createHash, timingSafeEqual } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import { chmod, mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { World } from '@cocoon/wire'
import type { Report } from '../event.ts'
import type { RoleName } from '../roles/role.ts'

/** Who may do what on a role's HTTP surface. */
export interface Access {
  /** Changes of state: only with the token as a bearer. */
  mayControl(request: IncomingMessage): boolean
  /**
   * Status: open, unless the configuration sets `http_access_hash`. Then the token is due, as a bearer or, as
   * the reference takes it, in `?access_hash=`.
   */
  mayRead(request: IncomingMessage): boolean
}

/** `configured` is `http_access_hash`; where it is empty a random token is left in a file for the operator. */
export async function createAccess(options: {
  configured: string
  role: RoleName
  port: number
  stateDirectory: string
  world: World
  report: Report
}): Promise<Access> {
  const { configured, role, port, stateDirectory, world, report } = options
  if (configured !== '') return accessWith(configured, true)
  const token = Buffer.from(world.random(24)).toString('base64url')
  const file = controlTokenFile(stateDirectory, role, port)
  await mkdir(stateDirectory, { recursive: true, mode: 0o700 })
  await writeFile(file, `${token}\n`, { mode: 0o600 })
  // The mode above counts for new files only.
  await chmod(file, 0o600)
  report({ event: 'control-token', file })
  return accessWith(token, false)
}

/** Where the control token of a role lies whose configuration sets none. */
export function controlTokenFile(stateDirectory: string, role: RoleName, port: number): string {
  return join(stateDirectory, `${role}-${port}.token`)
}

function accessWith(token: string, guardsReads: boolean): Access {
  const mayControl = (request: IncomingMessage): boolean => {
    const shown = /^bearer +(\S{1,512}) *$/i.exec(request.headers.authorization ?? '')?.[1]
    return shown !== undefined && sameText(shown, token)
  }
  const showsHash = ({ url = '' }: IncomingMessage): boolean => {
    const shown = new URLSearchParams(url.slice(url.indexOf('?') + 1)).get('access_hash')
    return shown !== null && sameText(shown, token)
  }
  return { mayControl, mayRead: request => !guardsReads || mayControl(request) || showsHash(request) }
}

function sameText(shown: string, expected: string): boolean {
  const digest = (text: string): Buffer => createHash('sha256').update(text).digest()
  return timingSafeEqual(digest(shown), digest(expected))
}
