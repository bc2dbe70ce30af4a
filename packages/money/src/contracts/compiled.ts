import { Cell } from '@ton/core'
import { codeFromCell, type Code } from '../code.ts'
import { contractCodes } from './codes.generated.ts'
import type { ContractRole } from './exit.ts'

const read = new Map<ContractRole, Code>()

/** Code of a contract of this project. A network has the codes that its root contract names, these or others. */
export function compiledCode(contract: ContractRole): Code {
  let code = read.get(contract)
  if (code === undefined) {
    read.set(contract, (code = codeFromCell(Cell.fromBase64(contractCodes[contract].boc))))
  }
  return code
}
