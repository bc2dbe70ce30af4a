import { MoneyError } from '../error.ts'
import { readBag } from './bag.ts'
import { readMessage } from './message.ts'

/** Largest external message that the chain takes, bytes. */
const maxMessageBytes = 65_535

/** Throws `chain-refused` for bytes that no source would take, before any is asked. */
export function checkExternalMessage(message: Uint8Array): void {
  if (message.length > maxMessageBytes)
    throw refused(`it has ${message.length} bytes, more than ${maxMessageBytes}`)
  if (kindOf(message) !== 'external-in') throw refused('it is not an external message for an account')
}

function kindOf(message: Uint8Array): string {
  try {
    return readMessage(readBag(message)[0]).message.kind
  } catch (cause) {
    throw refused('its bytes are not the cells of a message', cause)
  }
}

function refused(why: string, cause?: unknown): MoneyError {
  return new MoneyError('chain-refused', `The message cannot be sent: ${why}`, { cause })
}
