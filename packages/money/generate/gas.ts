import { walk } from '../test/contracts/chain/walk.ts'

type Measured = Record<string, { gas?: readonly number[]; netNano?: number; network?: readonly number[] }>

/** The text of contracts/gas.json as the contracts are now; what others measured stays as it is in `before`. */
export async function measureGas(before: string): Promise<string> {
  const known = JSON.parse(before) as Measured
  const rows = (await walk()).map(({ name, gas, netNano }) => {
    const network = known[name]?.network
    const row = { gas, netNano: Number(netNano), ...(network && { network }) }
    const fields = Object.entries(row).map(
      ([key, value]) => `"${key}": ${JSON.stringify(value).replaceAll(',', ', ')}`,
    )
    return `  ${JSON.stringify(name)}: { ${fields.join(', ')} }`
  })
  return `{\n${rows.join(',\n')}\n}\n`
}
