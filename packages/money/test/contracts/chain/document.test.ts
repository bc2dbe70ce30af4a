import assert from 'node:assert/strict'
import { globSync, readFileSync } from 'node:fs'
import { describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { exitCodes } from '../../../src/contracts/opcodes.generated.ts'

const repository = new URL('../../../../../', import.meta.url)
const read = (path: string): string => readFileSync(new URL(path, repository), 'utf8')

describe('docs/CONTRACTS.md', () => {
  // Tables are padded.
  const document = read('docs/CONTRACTS.md').replaceAll(/ +/g, ' ')

  test('has the gas of contracts/gas.json', () => {
    type Measured = Record<string, { gas: number[]; netNano: number; network?: number[] }>
    const measured = JSON.parse(read('contracts/gas.json')) as Measured
    for (const [name, { gas, netNano, network }] of Object.entries(measured)) {
      const cells = [name, gas.join(' + '), network?.join(' + ') ?? 'none', (netNano / 1e9).toFixed(6)]
      assert.ok(document.includes(`| ${cells.join(' | ')} |`), `missing: | ${cells.join(' | ')} |`)
    }
  })

  test('has every exit code with its meaning', () => {
    for (const [code, { meaning }] of Object.entries(exitCodes)) {
      assert.ok(document.includes(`| ${code} | ${meaning} |`), `missing: | ${code} | ${meaning} |`)
    }
  })

  test('names tests that are there', () => {
    const named = [...document.matchAll(/\| `(\w+\.test\.ts)`: (.+) \|$/gm)]
    assert.ok(named.length > 30)
    for (const [, file = '', name = ''] of named) {
      const text = read(`packages/money/test/contracts/chain/${file}`)
      assert.ok(text.includes(`'${name}'`) || text.includes(`"${name}"`), `${file} has no test "${name}"`)
    }
  })
})

test('no contract can end its account, and begin again with counters at zero', () => {
  const sources = globSync('contracts/*.tolk', { cwd: fileURLToPath(repository) })
  assert.ok(sources.length > 10)
  const destroying = sources.flatMap(path =>
    read(path)
      .split('\n')
      .filter(line => line.includes('SEND_MODE_DESTROY')),
  )
  assert.deepEqual(
    destroying.map(line => line.trim()),
    ['sendRawMessage(message.message, message.mode & ~SEND_MODE_DESTROY);'],
  )
})
