import type { Environment } from '../config/runner-config.ts'

/** What people call the coin, unless they say otherwise. */
const usualCoin = 'TON'

/** The coin's name: of the flag, of COCOON_COIN, or the usual one. */
export function coinOf(environment: Environment, flag?: string): string {
  return flag ?? (environment['COCOON_COIN'] || usualCoin)
}

/** Nanotons as decimal coins, exactly: "1.5", "−0.000000001", "1,200". */
export function coinsText(nano: bigint): string {
  const sign = nano < 0n ? '−' : ''
  const digits = (nano < 0n ? -nano : nano).toString().padStart(10, '0')
  const whole = digits.slice(0, -9).replaceAll(/\B(?=(?:\d{3})+$)/g, ',')
  const fraction = digits.slice(-9).replace(/0+$/, '')
  return `${sign}${whole}${fraction === '' ? '' : `.${fraction}`}`
}

/** Nanotons as coins, exactly, with the coin's name: "1.5 TON". */
export function inCoins(nano: bigint, coin = usualCoin): string {
  return `${coinsText(nano)} ${coin}`
}

/** Plain decimal coins for programs and for typing again: "1200.5". */
export function decimalCoins(nano: bigint): string {
  return coinsText(nano).replaceAll(',', '').replace('−', '-')
}
