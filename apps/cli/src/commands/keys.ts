import { createKey, type KeyEntry } from '@cocoon/client/role'
import { type Context, foreign, print, printJson, tinted } from '../context.ts'
import { CliError } from '../error.ts'
import type { CommonFlags } from '../flags.ts'
import { changeKeyFile, readKeyFile } from '../keys/key-file.ts'
import { table } from '../table.ts'
import { coinsText } from '../http/coins.ts'

export interface KeysFlags extends CommonFlags {
  file: string
}

export interface NewKeyFlags extends KeysFlags {
  name?: string
  budget?: bigint
  budgetNano?: bigint
  requestsPerMinute?: number
  models?: string[]
  expires?: string
}

/** `cocoon keys new`: the only moment at which a key can be read. */
export async function runNewKey(context: Context, flags: NewKeyFlags): Promise<void> {
  const { stdout, stderr, world } = context
  const { file, name = '', requestsPerMinute, models, expires, budgetNano = flags.budget } = flags
  if (expires !== undefined && Date.parse(expires) <= world.now()) {
    throw new CliError('usage', `--expires ${expires} is over.`, { advice: 'Name a time that is to come.' })
  }
  const { key, entry } = createKey(world, {
    name,
    ...(budgetNano !== undefined && { budgetNano: String(budgetNano) }),
    ...(requestsPerMinute !== undefined && { requestsPerMinute }),
    ...(models !== undefined && { models }),
    ...(expires !== undefined && { expires }),
  })
  await changeKeyFile(file, world, keys => [...keys, entry])
  if (flags.json) return printJson(stdout, { key, ...shownEntry(entry) })
  print(stdout, key)
  print(stderr, `This is its only copy: ${file} has a hash of it, under the id ${entry.id}.`)
}

/** `cocoon keys list`. */
export async function runListKeys({ stdout, world }: Context, flags: KeysFlags): Promise<void> {
  const { keys } = await readKeyFile(flags.file, world)
  if (flags.json) return printJson(stdout, { keys: keys.map(shownEntry) })
  if (keys.length === 0) return print(stdout, 'There are no keys, so nobody may call.')
  const head = ['id', 'name', 'coins a day', 'requests a minute', 'models', 'expires']
  print(stdout, ...table([head.map(cell => tinted('faint', cell, stdout)), ...keys.map(row)]))
}

/** `cocoon keys remove`. */
export async function runRemoveKey(context: Context, id: string, flags: KeysFlags): Promise<void> {
  const { stdout, world } = context
  await changeKeyFile(flags.file, world, keys => {
    if (keys.some(key => key.id === id)) return keys.filter(key => key.id !== id)
    throw new CliError('config', `${flags.file} has no key with the id ${foreign(id, 80)}.`, {
      advice: `\`cocoon keys list --file ${flags.file}\` lists them.`,
    })
  })
  if (flags.json) printJson(stdout, { removed: id })
  else print(stdout, `Removed ${id}. A running client refuses it within seconds.`)
}

function shownEntry(entry: KeyEntry): Record<string, unknown> {
  return Object.fromEntries(Object.entries(entry).filter(([field]) => field !== 'hash'))
}

function row({ id, name, budgetNano, requestsPerMinute, models, expires }: KeyEntry): string[] {
  return [
    foreign(id, 80),
    foreign(name || '–', 80),
    budgetNano === undefined ? '–' : coinsText(BigInt(budgetNano)),
    requestsPerMinute === undefined ? '–' : String(requestsPerMinute),
    models === undefined ? 'all' : foreign(models.join(', '), 80),
    expires === undefined ? '–' : foreign(expires, 80),
  ]
}
