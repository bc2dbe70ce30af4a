import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { formatAddress, parseAddress } from '@cocoon/money'
import { z } from 'zod'
import { parseJson } from '../api.ts'
import type { PersonChain } from '../config/person-chain.ts'
import { CliError, reasonOf } from '../error.ts'
import { type Context, stateDirectoryOf } from '../context.ts'
import type { Check, Prompts } from '../prompts.ts'
import { readWalletFile, walletPathOf } from '../wallet/file.ts'

/** Asks where somebody answers, and takes what is given or usual where not. */
export class Questions {
  readonly prompts: Prompts | undefined

  constructor(prompts: Prompts | undefined) {
    this.prompts = prompts
  }

  /** Throws `usage` that names the flag where nothing is given, nothing is usual and nobody answers. */
  async text(ask: {
    question: string
    flag: string
    given: string | undefined
    usual?: string | undefined
    check: Check
  }): Promise<string> {
    const { question, flag, given, usual, check } = ask
    if (given === undefined && this.prompts !== undefined) {
      return this.prompts.text(question, { check, ...(usual !== undefined && { initial: usual }) })
    }
    const answer = given ?? usual
    if (answer === undefined) {
      throw new CliError('usage', `Nobody said: ${question.toLowerCase()}.`, { advice: `Give ${flag}.` })
    }
    const problem = check(answer)
    if (problem !== undefined) throw new CliError('usage', `${flag}: ${problem}`)
    return answer
  }

  async number(ask: {
    question: string
    flag: string
    given: number | undefined
    usual: number
    most: number
    least?: number
  }): Promise<number> {
    const { given, usual, most, least = 0 } = ask
    const check: Check = text =>
      /^\d{1,10}$/.test(text) && Number(text) >= least && Number(text) <= most
        ? undefined
        : `It must be a whole number from ${least} to ${most}.`
    const text = await this.text({
      ...ask,
      given: given === undefined ? undefined : String(given),
      usual: String(usual),
      check,
    })
    return Number(text)
  }
}

export const isAddress: Check = text => {
  try {
    parseAddress(text)
    return undefined
  } catch (error) {
    return `${reasonOf(error)}.`
  }
}

const localStats = z.object({
  localconf: z.object({ root_address: z.string() }).optional(),
  localconfig: z.object({ root_address: z.string() }).optional(),
})
const operatorFile = z.object({ root: z.string() })
const probeMs = 1_500

/** The root of a network on this machine: of `cocoon devnet root`, or of `cocoon up`. Never rejects. */
export async function localRoot(
  { environment }: Context,
  { devnet }: PersonChain,
  state: string | undefined,
): Promise<string | undefined> {
  if (devnet === undefined) return undefined
  const { port: chainPort } = new URL(devnet.url)
  const file = join(stateDirectoryOf(environment, state), `devnet-${chainPort}.operator.json`)
  const left = operatorFile.safeParse(parseJson(await readFile(file, 'utf8').catch(() => '')))
  if (left.success && isAddress(left.data.root) === undefined) return left.data.root
  for (const port of [10_000, 11_000]) {
    try {
      const response = await fetch(`http://127.0.0.1:${port}/jsonstats`, {
        redirect: 'error',
        signal: AbortSignal.timeout(probeMs),
      })
      const { localconf, localconfig } = localStats.parse(parseJson(await response.text()))
      const root = (localconf ?? localconfig)?.root_address
      if (root !== undefined && isAddress(root) === undefined) return root
    } catch {
      // Nothing that helps is there.
    }
  }
  return undefined
}

/** The address of this person's wallet, where there is one. Never rejects. */
export async function ownAddress(
  { environment }: Context,
  flag: string | undefined,
): Promise<string | undefined> {
  try {
    const { wallet, isTestnet } = await readWalletFile(walletPathOf(environment, flag))
    return formatAddress(wallet.address, { testnet: isTestnet })
  } catch {
    return undefined
  }
}
