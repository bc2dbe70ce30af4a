import { Cell } from '@ton/core'
import type { Code } from '../code.ts'
import type { RootConfig } from '../root-config.ts'
import type { OutgoingMessage } from '../wallet/message.ts'
import { rootStateInit, type RootExtras } from './root-state.ts'

/** What a message to a new root contract carries: no words, since its data say all. */
export function rootDeployment(
  code: Code,
  config: RootConfig,
  extras?: RootExtras,
): Pick<OutgoingMessage, 'body' | 'stateInit' | 'isBounceable'> {
  return { body: Cell.EMPTY, stateInit: rootStateInit(code, config, extras), isBounceable: false }
}
