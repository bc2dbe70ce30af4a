import { mkdir, open, readFile, rename, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { nodeLogCrypto } from '@cocoon/proxy'
import { fromHex } from '@cocoon/trust'
import {
  formatNoteKey,
  type NoteKey,
  noteKey,
  PeerWitness,
  type Witnessed,
  type WitnessStore,
} from '@cocoon/trust/log'
import { nodeSeal } from '@cocoon/trust/node'
import { toHex, type World } from '@cocoon/wire'
import { z } from 'zod'
import { CliError } from '../error.ts'
import type { RoleSetup } from './role.ts'

const recordShape = z.object({
  seed: z.string().regex(/^[\da-f]{64}$/),
  logs: z.record(z.string(), z.object({ size: z.number().int().min(0), root: z.string(), note: z.string() })),
})
type Record = z.infer<typeof recordShape>

/**
 * The witness that a client or worker is for the logs of its proxies; undefined where it is told to be none, and in a
 * network without a chain, whose proxies keep no logs. Its key and what it cosigned are in one file: who begins anew
 * without one of them has another key. Rejects with a CliError.
 */
export async function openWitness(
  { world, network, isWitness = true }: RoleSetup & { readonly isWitness?: boolean | undefined },
  role: 'client' | 'worker',
): Promise<PeerWitness | undefined> {
  if (network.chain === undefined || !isWitness) return undefined
  const file = await WitnessFile.open(join(network.chain.directory, `${role}.witness.json`), world)
  const signing = nodeSeal.signingKey(file.seed)
  return new PeerWitness({
    signer: { key: keyOf(role, signing.publicKey), sign: message => signing.sign(message) },
    store: file,
    nowMs: () => world.now(),
    crypto: nodeLogCrypto,
  })
}

/** The public key of the witness of a file, as a note has it: name+id+key. Rejects with a CliError. */
export async function readWitnessKey(path: string): Promise<string> {
  const role = (/(client|worker)\.witness\.json$/.exec(path) ?? [])[1]
  const record =
    role === undefined ? undefined : recordShape.safeParse(parseJson((await readRecord(path)) ?? ''))
  if (role === undefined || record?.success !== true) {
    throw new CliError('usage', `${path} is no record of a witness.`, {
      advice: 'Name client.witness.json or worker.witness.json in the folder of the role.',
    })
  }
  return formatNoteKey(keyOf(role, nodeSeal.signingKey(fromHex(record.data.seed)!).publicKey))
}

function keyOf(role: string, publicKey: Uint8Array): NoteKey {
  const name = `cocoon-${role}-${toHex(publicKey).slice(0, 16)}`
  return noteKey(nodeLogCrypto, 'cosignature-v1', name, publicKey)
}

/** Undefined where there is none. */
function readRecord(path: string): Promise<string | undefined> {
  return readFile(path, 'utf8').catch((cause: unknown) => {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw new CliError('config', `${path} cannot be read.`, {
      cause,
      advice: 'Check the rights to the folder.',
    })
  })
}

/** Written whole, and on the disk before it counts. */
class WitnessFile implements WitnessStore {
  readonly #path: string
  readonly #record: Record
  #writing: Promise<void> = Promise.resolve()

  private constructor(path: string, record: Record) {
    this.#path = path
    this.#record = record
  }

  static async open(path: string, world: Pick<World, 'random'>): Promise<WitnessFile> {
    const text = await readRecord(path)
    if (text === undefined) {
      const file = new WitnessFile(path, { seed: toHex(world.random(32)), logs: {} })
      await file.#save()
      return file
    }
    const parsed = recordShape.safeParse(parseJson(text))
    if (parsed.success) return new WitnessFile(path, parsed.data)
    throw new CliError('config', `${path} is no record of a witness.`, {
      advice: 'Restore it, or delete it: the witness then has another key.',
    })
  }

  get seed(): Uint8Array {
    return fromHex(this.#record.seed)!
  }

  async latest(origin: string): Promise<Witnessed | undefined> {
    const known = Object.hasOwn(this.#record.logs, origin) ? this.#record.logs[origin] : undefined
    return known && { ...known, root: fromHex(known.root) ?? new Uint8Array(0) }
  }

  replace(origin: string, old: Witnessed | undefined, latest: Witnessed): Promise<boolean> {
    const done = this.#writing.then(async () => {
      const now = await this.latest(origin)
      const isSame = now?.size === old?.size && toHex(now?.root ?? none) === toHex(old?.root ?? none)
      if (!isSame) return false
      const before = this.#record.logs[origin]
      this.#record.logs[origin] = { ...latest, root: toHex(latest.root) }
      try {
        await this.#save()
        return true
      } catch (error) {
        if (before === undefined) delete this.#record.logs[origin]
        else this.#record.logs[origin] = before
        throw error
      }
    })
    this.#writing = done.then(
      () => {},
      () => {},
    )
    return done
  }

  async #save(): Promise<void> {
    const draft = `${this.#path}.draft`
    try {
      await mkdir(join(this.#path, '..'), { recursive: true, mode: 0o700 })
      await writeFile(draft, `${JSON.stringify(this.#record)}\n`, { mode: 0o600 })
      await using written = await open(draft, 'r+')
      await written.sync()
      await rename(draft, this.#path)
      // A loss of power may undo a change of name until the folder is written too. Windows has no such call.
      if (process.platform === 'win32') return
      await using folder = await open(dirname(this.#path), 'r')
      await folder.sync()
    } catch (cause) {
      throw new CliError('config', `${this.#path} cannot be written.`, { cause, advice: 'Check the folder.' })
    }
  }
}

const none = new Uint8Array(0)

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
