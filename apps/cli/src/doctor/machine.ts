import { statfs, stat } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import type { World } from '@cocoon/wire'
import { type Check, failed, passed } from './check.ts'

const leastNodeMajor = 24
const leastFreeBytes = 1e9

/** The runtime, the clock and the disk. */
export async function checkMachine(options: {
  nodeVersion: string
  world: World
  stateDirectory: string
}): Promise<Check[]> {
  const { nodeVersion, world, stateDirectory } = options
  return [checkNode(nodeVersion), await checkClock(world), await checkDisk(stateDirectory)]
}

function checkNode(nodeVersion: string): Check {
  const major = Number.parseInt(nodeVersion, 10)
  if (major >= leastNodeMajor) return passed('Node', nodeVersion)
  const advice = `Run it through npx in the project's folder, which brings Node ${leastNodeMajor}, or install that version.`
  return failed('Node', `${nodeVersion}, and ${leastNodeMajor} is needed`, advice)
}

/**
 * Certificates live for a day and peers grant no tolerance. Without asking anybody, only a clock that is plainly
 * wrong can be told: one that runs before this program was written to disk.
 */
async function checkClock(world: World): Promise<Check> {
  const now = new Date(world.now())
  const { mtimeMs } = await stat(new URL('../../package.json', import.meta.url))
  const isLate = now.getTime() > mtimeMs + 50 * 365.25 * 86_400_000
  if (now.getTime() >= mtimeMs && !isLate) return passed('clock', now.toISOString())
  return failed(
    'clock',
    `${now.toISOString()} cannot be right`,
    'Set the clock; let it follow a time server.',
  )
}

async function checkDisk(directory: string): Promise<Check> {
  const name = `disk at ${directory}`
  for (let place = resolve(directory); ; place = dirname(place)) {
    try {
      const { bavail, bsize } = await statfs(place)
      const freeBytes = bavail * bsize
      const found = `${(freeBytes / 1e9).toFixed(1)} GB free`
      if (freeBytes >= leastFreeBytes) return passed(name, found)
      return failed(name, found, 'Free some space, or name another folder with --state DIR.')
    } catch {
      if (place === dirname(place)) {
        return failed(name, 'it cannot be looked at', 'Name another folder with --state DIR.')
      }
    }
  }
}
