import { createCipheriv, createDecipheriv, scrypt, timingSafeEqual } from 'node:crypto'
import { chmod, mkdir, open, rm, stat, writeFile } from 'node:fs/promises'
import { homedir } from 'node:os'
import { dirname, join } from 'node:path'
import {
  formatAddress,
  keyOfMnemonic,
  OwnerWallet,
  type OwnerWalletKind,
  type PaymentKey,
} from '@cocoon/money'
import type { World } from '@cocoon/wire'
import { z } from 'zod'
import { readJsonFile } from '../config/json-file.ts'
import type { Environment } from '../config/runner-config.ts'
import { CliError, reasonOf } from '../error.ts'

/** What of a wallet file anybody may read, and what only its password opens. */
export interface WalletFile {
  readonly path: string
  readonly wallet: OwnerWallet
  readonly isTestnet: boolean
  readonly created: string
  /** The 24 words. Rejects with `config` for a wrong password. */
  words(password: string): Promise<string[]>
  /** The key that signs. Rejects with `config` for a wrong password. */
  key(password: string): Promise<PaymentKey>
}

/** Half a second of work and 128 MiB for each guess. */
const costs = { n: 2 ** 17, r: 8, p: 1 }
/** Files with costs beyond these are no wallet files of this program. */
const mostN = 2 ** 20
const mostP = 4
const keyBytes = 32

const bytes = (sizeBytes: number) =>
  z
    .base64()
    .refine(text => Buffer.from(text, 'base64').length === sizeBytes, `it must have ${sizeBytes} bytes`)

const shape = z.object({
  version: z.literal(1),
  kind: z.literal('cocoon-wallet'),
  wallet: z.enum(['v5r1', 'v4r2']),
  testnet: z.boolean(),
  address: z.string().max(80),
  public_key: z.hex().length(2 * keyBytes),
  created: z.string().max(40),
  kdf: z.object({
    name: z.literal('scrypt'),
    n: z.number().int().min(costs.n).max(mostN).refine(isPowerOfTwo, 'it must be a power of two'),
    r: z.literal(costs.r),
    p: z.number().int().min(1).max(mostP),
    salt: bytes(32),
  }),
  cipher: z.object({
    name: z.literal('aes-256-gcm'),
    nonce: bytes(12),
    tag: bytes(16),
    text: z.base64().max(1024),
  }),
})

type Stored = z.infer<typeof shape>

/** Where the wallet is: of the flag, of COCOON_WALLET, or the usual place. */
export function walletPathOf(environment: Environment, flag: string | undefined): string {
  const chosen = flag ?? environment['COCOON_WALLET']
  if (chosen !== undefined && chosen !== '') return chosen
  const configured = environment['XDG_CONFIG_HOME']
  const home = configured !== undefined && configured !== '' ? configured : join(homedir(), '.config')
  return join(home, 'cocoon', 'wallet.json')
}

/** Throws `config` where there is a file already: it may be the only copy of a key. */
export async function requireFree(path: string): Promise<void> {
  const there = await stat(path).catch(() => undefined)
  if (there === undefined) return
  throw new CliError('config', `There is a file already at ${path}, and a wallet in it would be lost.`, {
    advice: 'Choose another file with --wallet, or move that one away.',
  })
}

/** Encrypts 24 words and writes them where nothing is yet, for its owner alone. Throws `config`. */
export async function writeWalletFile(
  path: string,
  of: { words: readonly string[]; kind: OwnerWalletKind; isTestnet: boolean; password: string; world: World },
): Promise<WalletFile> {
  const { words, kind, isTestnet, password, world } = of
  const { publicKey } = await keyOfMnemonic(words)
  const wallet = new OwnerWallet({ kind, publicKey, isTestnet })
  const head = {
    version: 1,
    kind: 'cocoon-wallet',
    wallet: kind,
    testnet: isTestnet,
    address: formatAddress(wallet.address, { testnet: isTestnet }),
    public_key: Buffer.from(publicKey).toString('hex'),
    created: new Date(world.now()).toISOString(),
    kdf: { name: 'scrypt', ...costs, salt: Buffer.from(world.random(32)).toString('base64') },
  } as const
  const nonce = Buffer.from(world.random(12))
  const cipher = createCipheriv('aes-256-gcm', await derive(password, head.kdf), nonce)
  cipher.setAAD(openPart(head))
  const text = Buffer.concat([cipher.update(words.join(' '), 'utf8'), cipher.final()]).toString('base64')
  const stored: Stored = {
    ...head,
    cipher: {
      name: 'aes-256-gcm',
      nonce: nonce.toString('base64'),
      tag: cipher.getAuthTag().toString('base64'),
      text,
    },
  }
  try {
    await mkdir(dirname(path), { recursive: true, mode: 0o700 })
    await writeFile(path, `${JSON.stringify(stored, null, 2)}\n`, { mode: 0o600, flag: 'wx', flush: true })
    await chmod(path, 0o600)
  } catch (cause) {
    throw new CliError('config', `The wallet cannot be written to ${path}: ${reasonOf(cause)}.`, {
      cause,
      advice: 'Name a file in a folder that you may write in with --wallet.',
    })
  }
  return walletFileOf(path, stored)
}

/** Reads a wallet file. Throws `config` for what is none, or is missing. */
export async function readWalletFile(path: string): Promise<WalletFile> {
  if ((await stat(path).catch(() => undefined)) === undefined) {
    throw new CliError('config', `There is no wallet at ${path}.`, {
      advice: '`cocoon wallet new` makes one; --wallet or COCOON_WALLET names another place.',
    })
  }
  const parsed = shape.safeParse(await readJsonFile(path, 'The wallet file'))
  if (!parsed.success) {
    const [issue] = parsed.error.issues
    const where = issue?.path.join('.') ?? ''
    throw new CliError(
      'config',
      `${path} is no wallet file: ${where === '' ? 'its form' : where} does not fit.`,
      {
        advice: 'Name the file that `cocoon wallet new` wrote.',
      },
    )
  }
  const file = walletFileOf(path, parsed.data)
  const { address } = parsed.data
  if (address !== formatAddress(file.wallet.address, { testnet: file.isTestnet })) {
    throw new CliError('config', `${path} was changed: its address is not the one of its key.`, {
      advice: 'Restore the file, or open the wallet from its 24 words in another app.',
    })
  }
  return file
}

/** Keeps two commands from spending out of one wallet at once. Throws `config` where another one does. */
export async function lockWallet(path: string): Promise<AsyncDisposable> {
  const lock = `${path}.lock`
  const handle = await open(lock, 'wx', 0o600).catch((cause: NodeJS.ErrnoException) => {
    if (cause.code === 'EEXIST') {
      throw new CliError('config', `Another command spends from ${path}.`, {
        cause,
        advice: `Wait for it. If no other one runs, remove ${lock}.`,
      })
    }
    throw new CliError('config', `The wallet ${path} cannot be locked: ${reasonOf(cause)}.`, { cause })
  })
  return {
    [Symbol.asyncDispose]: async () => {
      await handle.close()
      await rm(lock, { force: true })
    },
  }
}

function walletFileOf(path: string, stored: Stored): WalletFile {
  const publicKey = new Uint8Array(Buffer.from(stored.public_key, 'hex'))
  const words = async (password: string): Promise<string[]> => decrypt(path, stored, password)
  return {
    path,
    wallet: new OwnerWallet({ kind: stored.wallet, publicKey, isTestnet: stored.testnet }),
    isTestnet: stored.testnet,
    created: stored.created,
    words,
    key: async password => {
      const key = await keyOfMnemonic(await words(password))
      if (!timingSafeEqual(key.publicKey, publicKey)) throw wrongPassword(path)
      return key
    },
  }
}

async function decrypt(path: string, stored: Stored, password: string): Promise<string[]> {
  const { nonce, tag, text } = stored.cipher
  const key = await derive(password, stored.kdf)
  try {
    const cipher = createDecipheriv('aes-256-gcm', key, Buffer.from(nonce, 'base64'))
    cipher.setAAD(openPart(stored)).setAuthTag(Buffer.from(tag, 'base64'))
    const plain = Buffer.concat([cipher.update(text, 'base64'), cipher.final()])
    const words = plain.toString('utf8').split(' ')
    plain.fill(0)
    return words
  } catch {
    throw wrongPassword(path)
  }
}

function wrongPassword(path: string): CliError {
  return new CliError('config', `The password does not open ${path}, or the file was changed.`, {
    advice: 'Try again, or restore the wallet from its 24 words in any TON wallet app.',
  })
}

/** What the seal covers besides the words: nobody changes it unnoticed. */
function openPart(of: Omit<Stored, 'cipher'>): Buffer {
  const { version, kind, wallet, testnet, address, public_key: publicKey, created, kdf } = of
  const { n, r, p, salt } = kdf
  return Buffer.from(
    JSON.stringify([version, kind, wallet, testnet, address, publicKey, created, n, r, p, salt]),
  )
}

function derive(password: string, { n, r, p, salt }: Stored['kdf']): Promise<Buffer> {
  const options = { N: n, r, p, maxmem: 256 * n * r * p }
  return new Promise((resolve, reject) => {
    scrypt(password.normalize('NFKC'), Buffer.from(salt, 'base64'), keyBytes, options, (error, key) =>
      error === null ? resolve(key) : reject(error),
    )
  })
}

function isPowerOfTwo(number: number): boolean {
  return (number & (number - 1)) === 0
}
