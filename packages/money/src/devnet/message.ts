import { beginCell, Cell, external, loadMessage, type Message, storeMessage } from '@ton/core'
import { MoneyError } from '../error.ts'
import { devnetLimits } from './limits.ts'

export interface ExternalMessage {
  readonly cell: Cell
  readonly message: Message
  /** Of the cell, 64 hex digits. */
  readonly hash: string
}

/** Reads an external message for an account. Throws `chain-refused` for anything else. */
export function parseExternal(boc: Uint8Array): ExternalMessage {
  if (boc.length > devnetLimits.messageBytes) {
    throw refused(`it has ${boc.length} bytes, and the chain takes ${devnetLimits.messageBytes}`)
  }
  const cell = parseCell(boc)
  const message = parseMessage(cell)
  if (message.info.type !== 'external-in') throw refused('it is not an external message for an account')
  return { cell, message, hash: hexOf(cell) }
}

/** A bag of one cell, no deeper than those of messages. Throws `chain-refused`. */
export function parseCell(boc: Uint8Array): Cell {
  const roots = parseBag(boc)
  const [root] = roots
  if (root === undefined || roots.length > 1) throw refused('it is not a bag of one cell')
  if (root.depth() > devnetLimits.messageDepth) {
    throw refused(`its cells are ${root.depth()} deep, and the chain takes ${devnetLimits.messageDepth}`)
  }
  return root
}

function parseBag(boc: Uint8Array): Cell[] {
  try {
    return Cell.fromBoc(Buffer.from(boc))
  } catch (cause) {
    throw refused('its bytes are not a bag of cells', cause)
  }
}

function parseMessage(cell: Cell): Message {
  try {
    return loadMessage(cell.beginParse())
  } catch (cause) {
    throw refused('its cells are not a message', cause)
  }
}

export function messageCell(message: Message): Cell {
  return beginCell().store(storeMessage(message)).endCell()
}

/**
 * Hash by which an external message is known whoever has sent it: of the same message with an empty source, no import
 * fee, no initial state, and the body in a reference (TEP-467). An internal message has only its own.
 */
export function normalisedHash(message: Message, own: string): string {
  if (message.info.type !== 'external-in') return own
  const to = message.info.dest
  const cell = beginCell()
    .store(storeMessage(external({ to, body: message.body }), { forceRef: true }))
    .endCell()
  return hexOf(cell)
}

export function hexOf(cell: Cell): string {
  return cell.hash().toString('hex')
}

function refused(why: string, cause?: unknown): MoneyError {
  return new MoneyError('chain-refused', `The message cannot be sent: ${why}`, { cause })
}
