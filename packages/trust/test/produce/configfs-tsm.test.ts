import assert from 'node:assert/strict'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, beforeEach, describe, test } from 'node:test'
import { systemWorld } from '@cocoon/wire/node'
import { configfsTsm } from '../../src/produce/configfs-tsm.ts'
import { simulatedProducer } from '../../src/simulate/simulated-producer.ts'
import { nodeCrypto } from '../../src/crypto/node.ts'
import { verifyQuote } from '../../src/verify/verify-quote.ts'
import { nowMs, tee } from '../verify/evidence.ts'

const folder = mkdtempSync(join(tmpdir(), 'cocoon-tsm-'))
after(() => rmSync(folder, { recursive: true }))
const reportData = new Uint8Array(64).fill(0x5a)
const world = systemWorld

/** A folder of plain files that stands for the kernel's. */
function standIn(files: Record<string, string | Uint8Array>): void {
  const path = join(folder, 'report')
  rmSync(path, { recursive: true, force: true })
  mkdirSync(path)
  for (const [name, content] of Object.entries(files)) writeFileSync(join(path, name), content)
}

describe('configfs-tsm', () => {
  const producer = configfsTsm({ world, directory: folder, entry: 'report' })
  const { quote } = tee.evidence({ nowMs, body: { reportData } })
  beforeEach(() => standIn({ provider: 'tdx_guest\n', generation: '1\n', outblob: quote }))

  test('writes what is asked for and gives the quote of it', async () => {
    assert.deepEqual(await producer.quote(reportData), Uint8Array.from(quote))
    assert.deepEqual(Uint8Array.from(readFileSync(join(folder, 'report', 'inblob'))), reportData)
    assert.ok(existsSync(join(folder, 'report')), 'an entry of others stays')
    assert.equal(producer.simulated, false)
  })

  test('a quote of something else is not given away', async () => {
    await refuses(new Uint8Array(64), /something else/)
  })

  test('AMD SEV-SNP is recognised', async () => {
    standIn({ provider: 'sev_guest\n', generation: '1', outblob: '' })
    await refuses(reportData, /AMD SEV-SNP/)
  })

  test('providers of no known kind, and files that are missing or too long, are refused', async () => {
    standIn({ provider: 'arm_cca_guest', generation: '1', outblob: quote })
    await refuses(reportData, /arm_cca_guest/)
    standIn({ provider: 'tdx_guest', generation: '1' })
    await refuses(reportData, /would not make one/)
    standIn({ provider: 'tdx_guest', generation: '1', outblob: new Uint8Array(70_000) })
    await refuses(reportData, /more bytes/)
  })

  test('a machine without it says so, and leaves nothing behind', async () => {
    const directory = join(folder, 'no', 'such', 'folder')
    await refuses(reportData, /no configfs-tsm/, configfsTsm({ world, directory }))
    // Where there is no kernel to fill it, the entry that was made is taken away again.
    await refuses(reportData, /would not make one/, configfsTsm({ world, directory: folder, entry: 'fresh' }))
    assert.equal(existsSync(join(folder, 'fresh')), false)
  })

  test('report data have 64 bytes', async () => {
    await assert.rejects(producer.quote(new Uint8Array(63)), RangeError)
  })

  async function refuses(asked: Uint8Array<ArrayBuffer>, message: RegExp, by = producer): Promise<void> {
    await assert.rejects(by.quote(asked), error => {
      assert.equal((error as { code?: string }).code, 'quote-unavailable')
      assert.match(String(error), message)
      return true
    })
  }
})

test('the simulated TEE stands behind the same seam, and says what it is', async () => {
  const producer = simulatedProducer(tee, { now: () => nowMs }, { version: 5, body: { kind: 'TD 1.5' } })
  assert.equal(producer.simulated, true)
  assert.equal(producer.name, 'simulated')
  const { collateral } = tee.evidence({ nowMs, version: 5, body: { kind: 'TD 1.5' } })
  const report = await verifyQuote(await producer.quote(reportData), collateral, {
    nowMs,
    root: tee.root,
    crypto: nodeCrypto,
  })
  assert.equal(report.verdict, 'accept')
  assert.equal(report.quote?.reportData, '5a'.repeat(64))
})
