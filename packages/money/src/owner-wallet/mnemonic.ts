import { mnemonicToPrivateKey, mnemonicValidate, mnemonicWordList } from '@ton/crypto'
import type { World } from '@cocoon/wire'
import { MoneyError } from '../error.ts'
import { createPaymentKey, type PaymentKey } from '../payment-key.ts'

/** Words of a mnemonic, as all TON wallets show them. */
export const mnemonicWords = 24

/** One draw in 256 has the checksum that a mnemonic of TON needs; so many without one do not happen. */
const maxDraws = 100_000

/** A new secret of 24 words, whose key every TON wallet finds. */
export async function newMnemonic(world: Pick<World, 'random'>): Promise<string[]> {
  for (let draw = 0; draw < maxDraws; draw++) {
    const bytes = world.random(2 * mnemonicWords)
    // The list has 2048 words, so that 11 bits of each pair choose one evenly.
    const words = Array.from({ length: mnemonicWords }, (_, index) => {
      const number = (bytes[2 * index]! << 8) | bytes[2 * index + 1]!
      return mnemonicWordList[number % mnemonicWordList.length]!
    })
    if (await mnemonicValidate(words)) return words
  }
  throw new MoneyError(
    'key',
    `No mnemonic was found in ${maxDraws} draws: the source of randomness is broken`,
  )
}

/** The key of 24 words; case does not matter. Rejects with `MoneyError('key')` for words that are no mnemonic. */
export async function keyOfMnemonic(words: readonly string[]): Promise<PaymentKey> {
  const lower = words.map(word => word.toLowerCase())
  if (lower.length !== mnemonicWords || !(await mnemonicValidate(lower))) {
    throw new MoneyError(
      'key',
      `These are not the ${mnemonicWords} words of a TON wallet. Check each of them`,
    )
  }
  const { secretKey } = await mnemonicToPrivateKey(lower)
  const key = createPaymentKey(secretKey.subarray(0, 32))
  secretKey.fill(0)
  return key
}
