import { spawnSync } from 'node:child_process'
import { parseArgs } from 'node:util'
import { fileURLToPath } from 'node:url'
import { contractAddress, createPaymentKey, signPayment, verifyPayment } from '@cocoon/money'
import { systemWorld as world } from '@cocoon/wire/node'
import { averageRequest, type ChainCost, type CostScene, measureChainCost } from './chain-cost.ts'

const help = `npm run bench:money [-- options]: what payments cost

  --requests N   requests that each scene settles (1000000)
  --stakes LIST  stakes in coins, with commas between (1,15,50)
  --prices LIST  nanotons for an adjusted token, with commas between (2,20,100)
  --no-ledger    leave out the databases`

const signatures = 4_000

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      requests: { type: 'string', default: '1000000' },
      stakes: { type: 'string', default: '1,15,50' },
      prices: { type: 'string', default: '2,20,100' },
      'no-ledger': { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h', default: false },
    },
  })
  if (values.help) return console.log(help)
  using _ = keepAlive()
  const { prompt, completion, adjustedTokens } = averageRequest
  console.log(
    `An average request: ${prompt} prompt and ${completion} completion tokens, ${adjustedTokens} adjusted tokens.\n`,
  )
  console.log(
    '| Price, nano | Stake | Paid for a million | Chain cost for a million | Of what is paid | Transactions |',
  )
  console.log('| ---: | ---: | ---: | ---: | ---: | ---: |')
  for (const scene of scenesOf(values.stakes, values.prices)) {
    printCost(await measureChainCost(scene, Number(values.requests), world))
  }
  printSignatures()
  if (!values['no-ledger']) runLedger()
}

function scenesOf(stakes: string, prices: string): CostScene[] {
  return prices
    .split(',')
    .flatMap(price =>
      stakes
        .split(',')
        .map(stake => ({ stakeNano: BigInt(stake) * 1_000_000_000n, priceNano: BigInt(price) })),
    )
}

function printCost(cost: ChainCost): void {
  const { stakeNano, priceNano, requests, paidNano, costNano, transactions } = cost
  const aMillion = (nano: bigint): number => ((Number(nano) / 1e9) * 1e6) / requests
  const cells = [
    String(priceNano),
    (Number(stakeNano) / 1e9).toFixed(0),
    aMillion(paidNano).toFixed(1),
    aMillion(costNano).toFixed(3),
    `${((100 * Number(costNano)) / Number(paidNano)).toFixed(2)} %`,
    ((transactions * 1e6) / requests).toFixed(0),
  ]
  console.log(`| ${cells.join(' | ')} |`)
}

function printSignatures(): void {
  const key = createPaymentKey(new Uint8Array(32).fill(7))
  const contract = contractAddress(0, new Uint8Array(32).fill(1))
  const payments: Uint8Array[] = []
  const signUs = microsecondsFor(index => {
    const tokens = BigInt(index)
    payments.push(
      signPayment({ kind: 'client-charge', key, queryId: tokens, tokens, contract, excessesTo: contract }),
    )
  })
  const { publicKey } = key
  const verifyUs = microsecondsFor(index => {
    verifyPayment(payments[index % payments.length]!, { kind: 'client-charge', contract, publicKey })
  })
  console.log(
    `\nA payment is signed in ${signUs.toFixed(0)} us and verified in ${verifyUs.toFixed(0)} us of one core.`,
  )
}

function microsecondsFor(act: (index: number) => void): number {
  for (let index = 0; index < signatures / 4; index++) act(index)
  const startedMs = performance.now()
  for (let index = 0; index < signatures; index++) act(index)
  return ((performance.now() - startedMs) * 1000) / signatures
}

/** The ledger's own process: its memory and its threads are not those of the chain. */
function runLedger(): void {
  console.log()
  const file = fileURLToPath(new URL('ledger.ts', import.meta.url))
  const { status } = spawnSync(process.execPath, [file], { stdio: 'inherit' })
  process.exitCode = status ?? 1
}

/** Timers of the world keep no process alive. */
function keepAlive(): Disposable {
  const timer = setInterval(() => {}, 60_000)
  return { [Symbol.dispose]: () => clearInterval(timer) }
}

await main()
