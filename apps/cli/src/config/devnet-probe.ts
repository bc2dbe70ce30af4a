import { z } from 'zod'
import { parseJson } from '../api.ts'

const probeMs = 5_000
const status = z.object({ result: z.object({ simulated: z.literal(true) }) })

/** Whether a local chain answers at an address. Never rejects. */
export async function isDevnet(origin: string): Promise<boolean> {
  try {
    const signal = AbortSignal.timeout(probeMs)
    const response = await fetch(`${origin}/devnet/status`, { redirect: 'error', signal })
    return status.safeParse(parseJson(await response.text())).success
  } catch {
    return false
  }
}
