import { mkdir, open, rmdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { sameBytes, toHex, type World } from '@cocoon/wire'
import type { Bytes } from '../bytes.ts'
import { TrustError } from '../error.ts'
import { maxQuoteBufferBytes, parseQuote } from '../quote/parse-quote.ts'
import type { QuoteProducer } from './quote-producer.ts'

export interface ConfigfsTsmOptions {
  readonly world: World
  /** Where the kernel has its reports. In tests a folder of plain files stands in for it. */
  readonly directory?: string
  /** Name of the report in it; a fresh one unless told. One that is there already is used and left there. */
  readonly entry?: string
}

export const configfsTsmDirectory = '/sys/kernel/config/tsm/report'

/** A quote takes a few milliseconds, or some seconds where a service on the host makes it. */
const quoteTimeoutMs = 30_000
/** Somebody else may write to the same report in between. */
const maxQuoteAttempts = 3

/**
 * Quotes by way of Linux: configfs-tsm of kernel 6.7 and later, in a TDX guest. Each quote is read back and compared
 * with what was asked for before it is given away.
 */
export function configfsTsm(options: ConfigfsTsmOptions): QuoteProducer {
  const { world, directory = configfsTsmDirectory } = options
  return {
    name: 'tdx',
    simulated: false,
    async quote(reportData) {
      if (reportData.length !== 64)
        throw new RangeError(`Report data has 64 bytes, not ${reportData.length}.`)
      const path = join(directory, options.entry ?? `cocoon-${toHex(world.random(8))}`)
      const isOurs = await makeEntry(path)
      try {
        return await withinDeadline(world, readQuote(path, reportData))
      } finally {
        // The kernel keeps an entry until it is removed; its files go with it.
        if (isOurs) await rmdir(path).catch(() => {})
      }
    },
  }
}

async function makeEntry(path: string): Promise<boolean> {
  try {
    await mkdir(path)
    return true
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'EEXIST') return false
    throw unavailable('the kernel offers no configfs-tsm here; it takes Linux 6.7 in a TDX guest', cause)
  }
}

async function readQuote(path: string, reportData: Bytes): Promise<Bytes> {
  try {
    await requireTdx(path)
    for (let attempt = 1; attempt <= maxQuoteAttempts; attempt += 1) {
      await writeFile(join(path, 'inblob'), reportData)
      const generation = await readText(path, 'generation')
      const quote = await readBounded(join(path, 'outblob'))
      // Another generation says that the report was changed between writing and reading.
      if ((await readText(path, 'generation')) === generation) return requireOwn(quote, reportData)
    }
  } catch (cause) {
    if (cause instanceof TrustError) throw cause
    throw unavailable('the kernel would not make one', cause)
  }
  throw unavailable('somebody else writes to the same report')
}

async function requireTdx(path: string): Promise<void> {
  const provider = await readText(path, 'provider')
  if (provider === 'tdx_guest') return
  throw unavailable(
    provider === 'sev_guest'
      ? 'this is an AMD SEV-SNP guest, whose reports are recognised but not supported yet'
      : `its provider is ${provider.slice(0, 40)}, and not tdx_guest`,
  )
}

function requireOwn(bytes: Bytes, reportData: Bytes): Bytes {
  const { body } = parseQuote(bytes, { ignoreTrailing: true })
  if (body.tee === 'tdx' && sameBytes(body.reportData, reportData)) return bytes
  throw unavailable('the kernel gave a quote for something else')
}

async function readText(path: string, name: string): Promise<string> {
  return new TextDecoder().decode(await readBounded(join(path, name))).trim()
}

/** Files of the kernel do not tell their size, so one byte more than allowed is asked for. */
async function readBounded(path: string): Promise<Bytes> {
  await using file = await open(path, 'r')
  const buffer = new Uint8Array(maxQuoteBufferBytes + 1)
  let length = 0
  for (;;) {
    const { bytesRead } = await file.read(buffer, length, buffer.length - length)
    length += bytesRead
    if (length === buffer.length) throw unavailable('the kernel gave more bytes than a quote has')
    if (bytesRead === 0) return buffer.slice(0, length)
  }
}

function withinDeadline<Value>(world: World, work: Promise<Value>): Promise<Value> {
  return new Promise((resolve, reject) => {
    const timer = world.after(quoteTimeoutMs, () => reject(unavailable('the kernel took too long')))
    work.then(resolve, reject).finally(() => timer.cancel())
  })
}

function unavailable(why: string, cause?: unknown): TrustError {
  return new TrustError('quote-unavailable', `There is no quote of this machine: ${why}.`, { cause })
}
