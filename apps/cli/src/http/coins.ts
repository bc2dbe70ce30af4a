/** Nanotons as coins, exactly, with the coin's name: "1.5 TON". */
export function inCoins(nano: bigint, coin = 'TON'): string {
  const sign = nano < 0n ? '−' : ''
  const digits = (nano < 0n ? -nano : nano).toString().padStart(10, '0')
  const fraction = digits.slice(-9).replace(/0+$/, '')
  return `${sign}${digits.slice(0, -9)}${fraction === '' ? '' : `.${fraction}`} ${coin}`
}
