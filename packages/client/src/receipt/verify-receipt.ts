import { checkChain, checkLog, readEntry } from './log-links.ts'
import { afterFailure, linkOf, type ReceiptVerdict, verdictOf } from './verdict.ts'
import type { Link, LinkName, Outcome } from './link.ts'
import { checkHardware, checkModel, checkSoftware } from './machine-links.ts'
import type { ReceiptContext } from './receipt-context.ts'
import type { ReadReceiptFile } from './receipt-file.ts'
import { grouped, type Subject, subjectOf } from './subject.ts'
import { checkPrice, checkReceipt, checkSeal } from './text-links.ts'

type Check = (subject: Subject) => Outcome | Promise<Outcome>

const checks: ReadonlyArray<readonly [LinkName, Check]> = [
  ['Hardware', checkHardware],
  ['Software', checkSoftware],
  ['Model', checkModel],
  ['Seal', checkSeal],
  ['Price', checkPrice],
  ['Receipt', checkReceipt],
  ['Log', checkLog],
  ['Chain', checkChain],
]

/**
 * Checks a receipt: all eight links in order, up to the first that fails, everything as of the time of the receipt.
 * Nothing that the file says of itself is believed. Rejects only where what the context brings along does.
 */
export async function verifyReceiptFile(
  read: ReadReceiptFile,
  context: ReceiptContext,
): Promise<ReceiptVerdict> {
  const subject = subjectOf(read, context)
  const links: Link[] = []
  for (const [name, check] of checks) {
    const isCut = links.some(({ state }) => state === 'failed')
    links.push(linkOf(name, isCut ? afterFailure : await check(subject)))
  }
  return verdictOf(links, moneyMoved(read))
}

/** What the file says of the money, as a claim. */
function moneyMoved({ file, signed }: ReadReceiptFile): string {
  const { pricePerTokenNano } = signed.receipt
  const entry = file.log && readEntry(file.log)
  if (entry === undefined) return 'Nothing in this file says that anything was charged.'
  const nano = grouped(entry.chargedTokens * pricePerTokenNano)
  return `The log’s entry in this file says that ${nano} nanoTON were charged.`
}
