import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  clientBody,
  compiledCode,
  contractAddress,
  estimateOperation,
  externalFee,
  gasFee,
  messageFee,
  rentOfYear,
  type Cell,
  type ChainFees,
  type ContractRole,
  type Operation,
} from '../../src/index.ts'

/** Prices of the base workchain since 2024: 400 nanotons for gas, 400 for a bit, 40 000 for a cell. */
const fees: ChainFees = {
  gasPrice: 400n << 16n,
  flatGasLimit: 100n,
  flatGasPriceNano: 40_000n,
  messageLumpNano: 400_000n,
  messageBitPrice: 400n << 16n,
  messageCellPrice: 40_000n << 16n,
  storageBitPrice: 1n,
  storageCellPrice: 500n,
}

/** What operations cost in all, measured on the contracts of the network at these prices: nanotons. */
const measured: Partial<Record<Operation, bigint>> = {
  'client-register': 5_903_000n,
  'client-change-secret': 5_938_000n,
  'client-top-up': 10_314_000n,
  'client-change-secret-and-top-up': 10_433_000n,
  'client-increase-stake': 6_056_000n,
  'client-charge': 7_738_000n,
  'client-withdraw': 12_200_000n,
  'client-request-refund': 12_500_000n,
  'worker-register': 3_730_000n,
  'worker-payout': 10_834_000n,
  'proxy-increase-stake': 3_120_000n,
  'proxy-payout-request': 3_958_000n,
  'proxy-close': 4_554_000n,
  'proxy-close-complete': 5_234_000n,
  'root-operation': 7_300_000n,
}

for (const [operation, nano] of Object.entries(measured) as Array<[Operation, bigint]>) {
  test(`${operation} costs what is estimated, and not much less`, () => {
    const { costNano } = estimateOperation(operation, fees)
    assert.ok(costNano >= nano, `${costNano} is less than ${nano}`)
    assert.ok(costNano <= nano * 2n, `${costNano} is much more than ${nano}`)
  })
}

test('more is attached than contracts ask for, and less than the tenfold', () => {
  const ton = 1_000_000_000n
  for (const operation of Object.keys(measured) as Operation[]) {
    const isChild = /^(?:client|worker)-/.test(operation)
    const fresh = estimateOperation(operation, fees).attachNano
    const later = estimateOperation(operation, fees, ton).attachNano
    const least = operation === 'root-operation' ? ton / 100n : ton / 10n
    assert.ok(later > least && later < least + ton / 10n, `${operation}: ${later}`)
    assert.equal(fresh - later, isChild ? (ton * 11n) / 100n : 0n)
  }
})

test('prices of the chain decide', () => {
  const dear = { ...fees, gasPrice: fees.gasPrice * 100n, flatGasPriceNano: fees.flatGasPriceNano * 100n }
  const estimate = estimateOperation('client-charge', dear)
  assert.ok(estimate.costNano > 50n * estimateOperation('client-charge', fees).costNano)
  assert.ok(estimate.attachNano > 2n * estimate.costNano)
})

test('gas, messages and rent', () => {
  assert.equal(gasFee(fees, 50), 40_000n)
  assert.equal(gasFee(fees, 1100), 440_000n)
  assert.equal(messageFee(fees, 0, 0), 400_000n)
  assert.equal(messageFee(fees, 10, 1), 444_000n)
  assert.ok(rentOfYear(fees, 'child') > 16_000_000n && rentOfYear(fees, 'child') < 30_000_000n)
  assert.ok(rentOfYear(fees, 'proxy') > 31_000_000n)
})

test('rent is that of the largest code in use', () => {
  const sizeOf = (root: Cell): number => {
    const cells = new Map<string, number>()
    const visit = (cell: Cell) => {
      cells.set(cell.hash().toString('hex'), cell.bits.length + 500)
      for (const ref of cell.refs) visit(ref)
    }
    visit(root)
    return [...cells.values()].reduce((sum, size) => sum + size, 0)
  }
  const code = (role: ContractRole) => sizeOf(compiledCode(role).cell!)
  // Beside its code a contract has its data, of a few cells, and a proxy and the root the codes of others.
  const data = 4000
  const perYear = (size: number) => (BigInt(size + data) * 31_557_600n) >> 16n
  assert.ok(perYear(code('client')) < rentOfYear(fees, 'child'))
  assert.ok(perYear(code('worker')) < rentOfYear(fees, 'child'))
  const children = code('client') + code('worker')
  assert.ok(perYear(code('proxy') + children) < rentOfYear(fees, 'proxy'))
  assert.ok(perYear(code('root') + code('proxy') + children) < rentOfYear(fees, 'root'))
})

test('what an external costs the wallet', () => {
  const to = contractAddress(0, 'aa'.repeat(32))
  const message = { to, valueNano: 1n, body: clientBody.withdraw({ queryId: 1n, excessesTo: to }) }
  // Measured: 2 788 000 and 5 377 000 for notes of this length.
  const one = externalFee(fees, [message])
  assert.ok(one > 2_788_000n && one < 4_000_000n, String(one))
  const four = externalFee(fees, [message, message, message, message])
  assert.ok(four > 5_377_000n && four < 8_000_000n, String(four))
  assert.ok(externalFee(fees, [message], true) > one)
})
