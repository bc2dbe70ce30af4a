// How long it takes to verify a quote with its collateral, and a peer in a connection: `npm run bench:trust`.

import { readFileSync } from 'node:fs'
import { type CryptoBackend, portableCrypto, readCollateral, verifyQuote } from '@cocoon/trust'
import { nodeCrypto } from '@cocoon/trust/node'
import { measureConnections } from './attested-connection.ts'
import { machineFacts } from './machine.ts'
import { quantile } from './quantile.ts'

const runs = 300
const warmUps = 50

interface CaseFile {
  readonly quoteHex: string
  readonly verifyAtUnix: number
  readonly collateral: unknown
}

/** Milliseconds of each run, sorted. */
async function measure(name: string, crypto: CryptoBackend): Promise<number[]> {
  const path = new URL(`../vectors/tdx/${name}.json`, import.meta.url)
  const { quoteHex, verifyAtUnix, collateral } = JSON.parse(readFileSync(path, 'utf8')) as CaseFile
  const quote = Buffer.from(quoteHex, 'hex')
  const parts = readCollateral(collateral)
  const options = { nowMs: verifyAtUnix * 1000, ignoreTrailing: true, crypto }
  const times: number[] = []
  for (let run = -warmUps; run < runs; run += 1) {
    const startMs = performance.now()
    const { verdict } = await verifyQuote(quote, parts, options)
    if (verdict !== 'accept') throw new Error(`${name} is not accepted, so there is nothing to measure.`)
    if (run >= 0) times.push(performance.now() - startMs)
  }
  return times.toSorted((a, b) => a - b)
}

const { processor, cores, node } = machineFacts()
console.log(`${processor}, ${cores} cores, Node ${node}`)
console.log('Verification of a quote with its collateral, in milliseconds:')
for (const name of ['phala-tdx-quote', 'phala-sgx-quote']) {
  for (const crypto of [nodeCrypto, portableCrypto]) {
    const times = await measure(name, crypto)
    console.log(`  ${name}, ${crypto.name}: ${summary(times)}`)
  }
}
console.log('Connections whose ends verify each other by quote, in milliseconds:')
for (const isCold of [true, false]) {
  console.log(`  ${isCold ? 'cold' : 'warm'}: ${summary(await measureConnections(isCold))}`)
}

function summary(times: readonly number[]): string {
  const [median, p90, p99] = [0.5, 0.9, 0.99].map(part => quantile(times, part).toFixed(2))
  return `median ${median}, p90 ${p90}, p99 ${p99}`
}
