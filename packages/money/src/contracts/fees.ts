import type { Cell } from '@ton/core'
import type { ChainFees } from '../chain/chain.ts'
import { messageCell, type WalletMessage } from './wallet-external.ts'

/** What a service sends to a contract. */
export type Operation = keyof typeof operations

export interface OperationEstimate {
  /** What to attach, besides coins that are meant to stay. What is not used comes back as excesses. */
  readonly attachNano: bigint
  /** The most that it costs in the end, all accounts on its way together. */
  readonly costNano: bigint
}

/** What the wallet of a node keeps: below it, it sends nothing that its key signs. */
export const walletReserveNano = 2_000_000_000n

/** Contracts refuse an operation that brings less, whatever it costs. */
const commissionNano = 100_000_000n
/** What a client's or worker's contract keeps of the coins that come first. */
const childReserveNano = 110_000_000n
const secondsOfYear = 31_557_600n

interface Route {
  /** Units of gas of all contracts on the way together: the most measured of any code in use, and a tenth. */
  readonly gas: number
  /** What the messages on the way carry outside of their first cells. */
  readonly messages: ReadonlyArray<{ readonly bits: number; readonly cells: number }>
  readonly to: 'root' | 'proxy' | 'child'
}

/** Body and one cell below it. */
const report = { bits: 800, cells: 2 }
/** The same with a payload. */
const request = { bits: 1300, cells: 3 }
const reply = { bits: 100, cells: 1 }

const told = [report, reply]
const asked = [request, reply]
const paid = [request, reply, reply]

/** Signature, head and modes. */
const externalBody = { bits: 640, cells: 1 }
/** Code and data of the wallet. */
const walletState = { bits: 6_000, cells: 25 }

const operations = {
  'client-register': { gas: 12_500, messages: asked, to: 'child' },
  'client-change-secret': { gas: 12_800, messages: told, to: 'child' },
  'client-top-up': { gas: 24_300, messages: asked, to: 'child' },
  'client-change-secret-and-top-up': { gas: 24_600, messages: asked, to: 'child' },
  'client-increase-stake': { gas: 13_100, messages: told, to: 'child' },
  'client-charge': { gas: 17_700, messages: told, to: 'child' },
  'client-withdraw': { gas: 28_100, messages: paid, to: 'child' },
  'client-request-refund': { gas: 31_700, messages: paid, to: 'child' },
  'client-refund': { gas: 33_400, messages: paid, to: 'child' },
  'worker-register': { gas: 7_200, messages: told, to: 'child' },
  'worker-payout': { gas: 25_100, messages: paid, to: 'child' },
  'worker-last-payout': { gas: 25_200, messages: paid, to: 'child' },
  'proxy-increase-stake': { gas: 7_200, messages: [reply], to: 'proxy' },
  'proxy-payout-request': { gas: 8_400, messages: [reply, reply], to: 'proxy' },
  'proxy-close': { gas: 11_100, messages: [reply], to: 'proxy' },
  'proxy-close-complete': { gas: 11_900, messages: [reply, reply], to: 'proxy' },
  'root-operation': { gas: 18_700, messages: [reply], to: 'root' },
} as const satisfies Record<string, Route>

/** Bits and cells of an account with code and data, the most of any code in use. */
const accountSizes = {
  root: { bits: 60_000, cells: 200 },
  proxy: { bits: 45_000, cells: 110 },
  child: { bits: 19_000, cells: 45 },
} as const

/**
 * What an operation needs and costs at these prices. `contractBalanceNano` is what the contract has; without it,
 * it is taken for new, so that the first coins stay there. A contract keeps coins for its rent and refuses what
 * brings less than it asks for, so the attached value covers both, a year's rent, and the cost twice.
 */
export function estimateOperation(
  operation: Operation,
  fees: ChainFees,
  contractBalanceNano = 0n,
): OperationEstimate {
  const { gas, messages, to }: Route = operations[operation]
  const ways = messages.reduce((sum, { bits, cells }) => sum + messageFee(fees, bits, cells), 0n)
  // The contracts of a route run one after the other, each from the flat price on.
  const costNano = gasFee(fees, gas) + fees.flatGasPriceNano + ways
  const arrival = messageFee(fees, 1300, 3)
  const least = to === 'root' ? 2n * costNano : max(commissionNano, 2n * costNano)
  const missing = to === 'child' ? max(0n, childReserveNano - contractBalanceNano) : 0n
  return { attachNano: least + missing + rentOfYear(fees, to) + costNano + arrival, costNano }
}

/**
 * What to attach to the message that deploys a contract: the way of its code and data, and what it keeps from
 * then on, at least a year's rent.
 */
export function deploymentValue(stateInit: Cell, fees: ChainFees, contract: 'proxy' | 'child'): bigint {
  const { bits, cells } = wholeOf(stateInit)
  const rent = rentOfYear(fees, contract)
  const kept = contract === 'child' ? max(childReserveNano, rent) : rent
  return kept + messageFee(fees, bits, cells) + gasFee(fees, 1_000)
}

/** What a contract pays for existing a year. */
export function rentOfYear(fees: ChainFees, contract: keyof typeof accountSizes): bigint {
  const { bits, cells } = accountSizes[contract]
  const perSecond = BigInt(bits) * fees.storageBitPrice + BigInt(cells) * fees.storageCellPrice
  return ceiling(perSecond * secondsOfYear)
}

/** The most that an external with these messages costs the wallet of a node, besides what it attaches. */
export function externalFee(fees: ChainFees, messages: readonly WalletMessage[], deploys = false): bigint {
  const cells = messages.map(messageCell)
  const ways = cells.map(contentOf)
  const sent = ways.reduce((sum, way) => sum + messageFee(fees, way.bits, way.cells), 0n)
  const gas = gasFee(fees, 3_300 + 750 * messages.length)
  const arrivals = [externalBody, ...(deploys ? [walletState] : []), ...cells.map(cell => wholeOf(cell))]
  const bits = arrivals.reduce((sum, arrival) => sum + arrival.bits, 0)
  const arrived = arrivals.reduce((sum, arrival) => sum + arrival.cells, 0)
  return messageFee(fees, bits, arrived) + gas + sent
}

/** Price of so much gas. */
export function gasFee(fees: ChainFees, gas: number): bigint {
  const above = max(0n, BigInt(gas) - fees.flatGasLimit)
  return fees.flatGasPriceNano + ceiling(above * fees.gasPrice)
}

/** Price of a message's way, by what it carries outside of its first cell. */
export function messageFee(fees: ChainFees, bits: number, cells: number): bigint {
  const carried = BigInt(bits) * fees.messageBitPrice + BigInt(cells) * fees.messageCellPrice
  return fees.messageLumpNano + ceiling(carried)
}

/** Bits and cells below a cell, each cell once, as the chain counts them. */
export function contentOf(root: Cell): { bits: number; cells: number } {
  const seen = new Set<string>()
  const open = [...root.refs]
  let bits = 0
  for (let cell = open.pop(); cell !== undefined; cell = open.pop()) {
    const hash = cell.hash().toString('hex')
    if (seen.has(hash)) continue
    seen.add(hash)
    bits += cell.bits.length
    open.push(...cell.refs)
  }
  return { bits, cells: seen.size }
}

function wholeOf(root: Cell): { bits: number; cells: number } {
  const { bits, cells } = contentOf(root)
  return { bits: bits + root.bits.length, cells: cells + 1 }
}

/** Prices of TON are in 65536ths. */
function ceiling(shifted: bigint): bigint {
  return (shifted + 0xffffn) >> 16n
}

function max(a: bigint, b: bigint): bigint {
  return a > b ? a : b
}
