import { createHash, timingSafeEqual } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import { mkdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { World } from '@cocoon/wire'
import { reasonOf } from '../error.ts'
import type { Report } from '../event.ts'
import type { RoleName } from '../roles/role.ts'

/** Who may do what on a role's HTTP surface. */
export interface Access {
  /** Changes of state: only with the token as a bearer. */
  mayControl(request: IncomingMessage): boolean
  /**
   * Status: open on loopback, unless the configuration sets `http_access_hash`. Otherwise the token is due, as a
   * bearer or, as the reference takes it, in `?access_hash=`.
   */
  mayRead(request: IncomingMessage): boolean
  /** The token, where it was made here because the configuration sets none. */
  readonly made: string | undefined
}

/**
 * `configured` is `http_access_hash`; where it is empty a random token is made. `isLocal` false also guards the
 * status, which is for nobody but who runs the role.
 */
export function createAccess(configured: string, world: World, isLocal = true): Access {
  const made = configured === '' ? Buffer.from(world.random(24)).toString('base64url') : undefined
  const token = made ?? configured
  const mayControl = (request: IncomingMessage): boolean => {
    const shown = /^bearer +(\S{1,512}) *$/i.exec(request.headers.authorization ?? '')?.[1]
    return shown !== undefined && sameText(shown, token)
  }
  const showsHash = ({ url = '' }: IncomingMessage): boolean => {
    const shown = new URLSearchParams(url.slice(url.indexOf('?') + 1)).get('access_hash')
    return shown !== null && sameText(shown, token)
  }
  const isOpen = made !== undefined && isLocal
  return { made, mayControl, mayRead: request => isOpen || mayControl(request) || showsHash(request) }
}

/** Where the control token of a role lies whose configuration sets none. */
export function controlTokenFile(stateDirectory: string, role: RoleName, port: number): string {
  return join(stateDirectory, `${role}-${port}.token`)
}

/**
 * Leaves a token that was made here in a file that only its owner reads. The file goes with the role. Where it
 * cannot be written the role runs on, and its actions are out of reach.
 */
export async function leaveToken(
  access: Access,
  place: { role: RoleName; port: number; stateDirectory: string; report: Report },
): Promise<AsyncDisposable> {
  const { role, port, stateDirectory, report } = place
  const { made } = access
  const file = controlTokenFile(stateDirectory, role, port)
  if (made !== undefined) {
    try {
      await mkdir(stateDirectory, { recursive: true, mode: 0o700 })
      // A file that is there may belong to a run that crashed and have other rights: it is made anew.
      await rm(file, { force: true })
      await writeFile(file, `${made}\n`, { mode: 0o600, flag: 'wx' })
      report({ event: 'control-token', file })
    } catch (error) {
      const why = `no control token could be left in ${file} (${reasonOf(error)}); set http_access_hash instead`
      report({ event: 'setting-doubtful', why })
    }
  }
  return { [Symbol.asyncDispose]: () => (made === undefined ? Promise.resolve() : rm(file, { force: true })) }
}

function sameText(shown: string, expected: string): boolean {
  const digest = (text: string): Buffer => createHash('sha256').update(text).digest()
  return timingSafeEqual(digest(shown), digest(expected))
}
