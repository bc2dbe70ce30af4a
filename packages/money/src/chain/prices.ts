import type { Cell } from '@ton/core'
import { readDictionary } from '../contracts/dictionary.ts'
import { CellReader } from '../contracts/reader.ts'
import { MoneyError } from '../error.ts'
import type { ChainFees } from './chain.ts'

/** Numbers of the parameters of the configuration that `readFees` reads. */
export const feeParameters = { storage: 18, gas: 21, forward: 25 } as const

const maxStoragePrices = 100

/** Reads the prices of the base workchain at a time, Unix seconds. Throws where the cells are no such parameters. */
export function readFees(parameters: { storage: Cell; gas: Cell; forward: Cell }, timeS: number): ChainFees {
  return {
    ...readGas(parameters.gas),
    ...readForward(parameters.forward),
    ...readStorage(parameters.storage, timeS),
  }
}

/**
 *     gas_flat_pfx#d1 flat_gas_limit:uint64 flat_gas_price:uint64 other:GasLimitsPrices
 *     gas_prices#dd gas_price:uint64 ...    gas_prices_ext#de gas_price:uint64 ...
 */
function readGas(cell: Cell): Pick<ChainFees, 'gasPrice' | 'flatGasLimit' | 'flatGasPriceNano'> {
  const reader = new CellReader(cell, 'price of gas')
  let tag = reader.uint(8)
  let flatGasLimit = 0n
  let flatGasPriceNano = 0n
  if (tag === 0xd1) {
    flatGasLimit = reader.big(64)
    flatGasPriceNano = reader.big(64)
    tag = reader.uint(8)
  }
  if (tag !== 0xdd && tag !== 0xde) throw reader.malformed('it does not begin like one')
  return { gasPrice: reader.big(64), flatGasLimit, flatGasPriceNano }
}

/** `msg_forward_prices#ea lump_price:uint64 bit_price:uint64 cell_price:uint64 ...` */
function readForward(
  cell: Cell,
): Pick<ChainFees, 'messageLumpNano' | 'messageBitPrice' | 'messageCellPrice'> {
  const reader = new CellReader(cell, 'price of messages')
  if (reader.uint(8) !== 0xea) throw reader.malformed('it does not begin like one')
  return {
    messageLumpNano: reader.big(64),
    messageBitPrice: reader.big(64),
    messageCellPrice: reader.big(64),
  }
}

/** `(Hashmap 32 StoragePrices)`: `#cc utime_since:uint32 bit_price:uint64 cell_price:uint64 ...`, the newest in force. */
function readStorage(cell: Cell, timeS: number): Pick<ChainFees, 'storageBitPrice' | 'storageCellPrice'> {
  const prices = readDictionary(new RootReader(cell), {
    what: 'price of storage',
    keyBits: 32,
    most: maxStoragePrices,
    readValue: reader => {
      if (reader.uint(8) !== 0xcc) throw reader.malformed('it does not begin like one')
      return { sinceS: reader.uint(32), storageBitPrice: reader.big(64), storageCellPrice: reader.big(64) }
    },
  })
  const inForce = prices
    .filter(({ sinceS }) => sinceS <= timeS)
    .toSorted((a, b) => a.sinceS - b.sinceS)
    .at(-1)
  if (inForce === undefined) throw new MoneyError('chain-answer', 'No price of storage is in force')
  const { storageBitPrice, storageCellPrice } = inForce
  return { storageBitPrice, storageCellPrice }
}

/** The parameter is the root of a dictionary itself, where other places have a bit and a reference. */
class RootReader extends CellReader {
  readonly #root: Cell

  constructor(root: Cell) {
    super(root, 'price of storage')
    this.#root = root
  }

  override maybeReference(): Cell {
    return this.#root
  }
}
