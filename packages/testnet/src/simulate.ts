import { parseArgs } from 'node:util'
import { profiles, type ProfileName } from './sim/profile.ts'
import { simulate } from './sim/simulation.ts'

const { values: flags } = parseArgs({
  options: {
    seed: { type: 'string', default: '1' },
    runs: { type: 'string', default: '1' },
    steps: { type: 'string', default: '300' },
    profile: { type: 'string' },
    verbose: { type: 'boolean', default: false },
  },
})

const names = Object.keys(profiles) as ProfileName[]
if (flags.profile !== undefined && !names.includes(flags.profile as ProfileName)) {
  console.error(`There is no profile ${flags.profile}. Choose one of ${names.join(', ')}.`)
  process.exitCode = 2
} else {
  const chosen = flags.profile === undefined ? names : [flags.profile as ProfileName]
  process.exitCode = (await runSeeds(chosen)) ? 0 : 1
}

/** Numbers count up from the seed; any other text is one seed. False when one of them failed. */
async function runSeeds(chosen: ProfileName[]): Promise<boolean> {
  let sound = true
  for (let run = 0; run < Number(flags.runs); run++) {
    const seed = run === 0 ? flags.seed : String(Number(flags.seed) + run)
    for (const profile of chosen) sound = (await runSeed(profile, seed)) && sound
  }
  return sound
}

async function runSeed(profile: ProfileName, seed: string): Promise<boolean> {
  const print = flags.verbose ? { print: (line: string) => console.log(line) } : {}
  try {
    const result = await simulate({ seed, profile, steps: Number(flags.steps), ...print })
    const { queries, answered, refused, failed, events, virtualMs, digest } = result
    const told = `${queries} queries: ${answered} answered, ${refused} refused, ${failed} failed`
    console.log(
      `${profile} ${seed}: ${told}; ${events} events, ${(virtualMs / 1000).toFixed()} s, ${digest.slice(0, 16)}`,
    )
    return true
  } catch (error) {
    console.error(`${profile} ${seed} FAILED\n${error instanceof Error ? error.message : String(error)}`)
    return false
  }
}
