import { writeSync } from 'node:fs'
import { systemWorld as world } from '@cocoon/wire/node'
import { openSqliteLogStore } from '../../src/log/sqlite-log-store.ts'
import { appenderOf, entriesFrom } from './log-store-suite.ts'

// Appends the entries of an endless queue to a log in a file, from the first on that was not acknowledged, and says
// so after each batch. Ends when it is killed.

const [path = '', acknowledged = '0', seed = '0'] = process.argv.slice(2)
const log = await appenderOf(openSqliteLogStore(path, world))
let next = Number(acknowledged)
for (let round = Number(seed); ; round++) {
  const count = 1 + ((round * 7919) % 400)
  const { indices, head } = await log.append(entriesFrom(next, count))
  next += count
  if (indices[0] !== next - count || indices.at(-1) !== next - 1)
    throw new Error(`entry ${next} is elsewhere`)
  // The line is with the parent before anything else is done.
  writeSync(1, `${JSON.stringify({ ...head, acknowledged: next })}\n`)
}
