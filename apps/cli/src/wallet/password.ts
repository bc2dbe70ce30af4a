import { readFile } from 'node:fs/promises'
import type { Context } from '../context.ts'
import { CliError, reasonOf } from '../error.ts'
import { promptsOf } from '../prompts.ts'

export interface PasswordFlags {
  passwordFile?: string
}

const leastCharacters = 8
const mostCharacters = 1024

/** A password for a wallet that is made: asked for twice, or from a file or COCOON_WALLET_PASSWORD. */
export async function newPassword(context: Context, flags: PasswordFlags): Promise<string> {
  const given = await givenPassword(context, flags)
  if (given !== undefined) {
    const problem = problemOf(given)
    if (problem === undefined) return given
    throw new CliError('config', problem)
  }
  const prompts = await promptsOf(context)
  if (prompts === undefined) throw nobodyAnswers()
  const password = await prompts.password('A password for the wallet file', problemOf)
  await prompts.password('The same again', text => (text === password ? undefined : 'It is not the same.'))
  return password
}

/** The password of a wallet that is there. */
export async function knownPassword(context: Context, flags: PasswordFlags, path: string): Promise<string> {
  const given = await givenPassword(context, flags)
  if (given !== undefined) return given
  const prompts = await promptsOf(context)
  if (prompts === undefined) throw nobodyAnswers()
  return prompts.password(`Password of ${path}`)
}

async function givenPassword(
  { environment }: Context,
  { passwordFile }: PasswordFlags,
): Promise<string | undefined> {
  if (passwordFile === undefined) return environment['COCOON_WALLET_PASSWORD']
  try {
    return (await readFile(passwordFile, 'utf8')).slice(0, 2 * mostCharacters).replace(/\r?\n$/, '')
  } catch (cause) {
    throw new CliError('config', `The password cannot be read from ${passwordFile}: ${reasonOf(cause)}.`, {
      cause,
    })
  }
}

function problemOf(password: string): string | undefined {
  if (password.length < leastCharacters) return `A password has at least ${leastCharacters} characters.`
  return password.length > mostCharacters ? `A password has at most ${mostCharacters} characters.` : undefined
}

function nobodyAnswers(): CliError {
  return new CliError('usage', 'The password of the wallet is missing.', {
    advice: 'Give it in a file with --password-file, or in COCOON_WALLET_PASSWORD.',
  })
}
