import { link, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { createSimulatedTee, type SimulatedTee } from '@cocoon/trust/simulate'
import { toHex, type World } from '@cocoon/wire'
import { CliError } from '../error.ts'
import { readBytes, writeOut } from './files.ts'

/** The simulated TEE of this machine: its root is made on first use and stays. Throws `config`. */
export async function openLocalTee(
  world: Pick<World, 'random'>,
  stateDirectory: string,
): Promise<SimulatedTee> {
  const path = seedPath(stateDirectory)
  const known = await readTee(path)
  if (known) return known
  await makeSeed(world, path)
  const made = await readTee(path)
  if (made) return made
  throw new CliError('config', `${path} was removed at once.`, { advice: 'Look who else uses the folder.' })
}

/** The same where it was made before. Throws `config`. */
export function findLocalTee(stateDirectory: string): Promise<SimulatedTee | undefined> {
  return readTee(seedPath(stateDirectory))
}

function seedPath(stateDirectory: string): string {
  return join(stateDirectory, 'simulated-tee', 'seed')
}

/** Undefined where there is none yet. */
async function readTee(path: string): Promise<SimulatedTee | undefined> {
  try {
    return createSimulatedTee(await readBytes(path, 'The seed'))
  } catch (error) {
    if (error instanceof RangeError) {
      throw new CliError('config', `${path} is no seed: ${error.message}`, { advice: 'Delete it.' })
    }
    const { cause } = error as CliError
    if ((cause as NodeJS.ErrnoException | undefined)?.code !== 'ENOENT') throw error
    return undefined
  }
}

/** Of roles that start at the same moment the first one makes the seed, and all others find it whole. */
async function makeSeed(world: Pick<World, 'random'>, path: string): Promise<void> {
  const draft = `${path}.${toHex(world.random(8))}`
  try {
    await writeOut(draft, world.random(32), 0o600)
    await link(draft, path)
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'EEXIST') return
    if (cause instanceof CliError) throw cause
    throw new CliError('config', `${path} cannot be made.`, { cause, advice: 'Check the folder.' })
  } finally {
    await rm(draft, { force: true })
  }
}
