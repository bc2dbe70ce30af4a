import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { type Client, LogFollower, ReceiptBook, type ReceiptNews } from '@cocoon/client/role'
import { nodeLogCrypto } from '@cocoon/proxy'
import type { Equivocation, KnownLog } from '@cocoon/trust/log'
import { nodeSeal } from '@cocoon/trust/node'
import { toHex } from '@cocoon/wire'
import { CliError } from '../error.ts'
import type { Report } from '../event.ts'
import { LogHeadsFile } from './log-heads.ts'
import type { RoleSetup } from './role.ts'
import { saveText } from './save-text.ts'

export interface ReceiptsOptions extends Pick<RoleSetup, 'world' | 'network' | 'report' | 'stateDirectory'> {
  readonly client: Client
  /** Absent: nothing is saved. */
  readonly receiptsDirectory?: string | undefined
}

/** Files that wait to be written; of more the newest are left out, and that is reported. */
const maxWaiting = 1_000
/** Receipts that are followed into the log at once: some of all, or as many as are saved in a while. */
const spotChecks = 64
const maxFollowed = 5_000

/** Keeps the receipts of a client, follows them into the logs of its proxies, and saves them. Rejects with a CliError. */
export async function openReceipts(
  options: ReceiptsOptions,
  stack: AsyncDisposableStack,
): Promise<ReceiptBook> {
  const { world, network, client, report, stateDirectory, receiptsDirectory } = options
  const book = new ReceiptBook(world)
  if (receiptsDirectory !== undefined) {
    await mkdir(receiptsDirectory, { recursive: true, mode: 0o700 }).catch((cause: unknown) => {
      throw new CliError('config', `${receiptsDirectory} cannot be made.`, {
        cause,
        advice: 'Check --receipts.',
      })
    })
    const saver = stack.use(new ReceiptSaver(receiptsDirectory, report))
    stack.use(book.onChange(news => saver.save(news)))
  }
  // Proxies keep their logs with their books, which they have for a chain.
  if (network.chain === undefined) return book
  await mkdir(stateDirectory, { recursive: true, mode: 0o700 })
  const heads = stack.use(
    await LogHeadsFile.open(stateDirectory, error =>
      report({ event: 'receipt-not-saved', why: `log-heads.json: ${reasonOf(error)}` }),
    ),
  )
  stack.use(
    new LogFollower({
      world,
      most: receiptsDirectory === undefined ? spotChecks : maxFollowed,
      book,
      sealCrypto: nodeSeal,
      logCrypto: nodeLogCrypto,
      heads,
      proofs: proxyKey => client.logProofs(proxyKey),
      unlogged: ({ signed: { receipt } }, reason) => {
        report({ event: 'receipt-not-logged', receipt: toHex(receipt.requestId) })
        client.dispute(receipt.proxyKey, receipt.requestId, reason)
      },
      forked: (log, evidence) => void saveFork(stateDirectory, { log, evidence }, report),
    }),
  )
  return book
}

/** Writes one file after the other, each whole or not at all. */
class ReceiptSaver implements AsyncDisposable {
  readonly #directory: string
  readonly #report: Report
  /** The newest state of each. */
  readonly #waiting = new Map<string, ReceiptNews>()
  #writing: Promise<void> | undefined

  constructor(directory: string, report: Report) {
    this.#directory = directory
    this.#report = report
  }

  save(news: ReceiptNews): void {
    if (this.#waiting.size >= maxWaiting && !this.#waiting.has(news.id)) {
      return this.#report({ event: 'receipt-not-saved', why: 'too many wait to be written' })
    }
    this.#waiting.set(news.id, news)
    this.#writing ??= this.#write().finally(() => (this.#writing = undefined))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#writing
  }

  async #write(): Promise<void> {
    for (;;) {
      const [news] = this.#waiting.values()
      if (news === undefined) return
      this.#waiting.delete(news.id)
      const path = join(this.#directory, `${news.id}.json`)
      await saveText(path, `${JSON.stringify(news.file(), undefined, 2)}\n`).catch((error: unknown) =>
        this.#report({ event: 'receipt-not-saved', why: reasonOf(error) }),
      )
    }
  }
}

/** A proof that a proxy has signed two logs is worth more than a line of a log: `cocoon log verify-fork` reads it. */
async function saveFork(
  directory: string,
  { log, evidence }: { log: KnownLog; evidence: Equivocation },
  report: Report,
): Promise<void> {
  const [key] = log.keys
  const file = join(directory, `fork-${toHex(key!.publicKey).slice(0, 16)}.json`)
  report({ event: 'log-forked', file })
  const { writeFork } = await import('../verify/fork-file.ts')
  await writeFork(file, log, evidence).catch((error: unknown) =>
    report({ event: 'receipt-not-saved', why: reasonOf(error) }),
  )
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
