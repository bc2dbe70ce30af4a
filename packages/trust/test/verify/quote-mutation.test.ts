import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { nodeCrypto } from '../../src/crypto/node.ts'
import { verifyQuote } from '../../src/verify/verify-quote.ts'
import type { PlanOptions } from '../../src/simulate/index.ts'
import { failedChecks, nowMs, tee } from './evidence.ts'
import { changeByte, remembering } from './mutation.ts'

/** Each field of a quote, how long it is, and the checks of which one has to notice a change in any of its bytes. */
type Layout = ReadonlyArray<readonly [field: string, sizeBytes: number, ...noticedBy: string[]]>

const header = [
  ['version', 2, 'quote-format'],
  ['key type', 2, 'quote-format'],
  ['TEE type', 4, 'quote-format'],
  ['reserved', 4, 'quote-signature'],
  ['vendor', 16, 'quote-format'],
  ['user data', 20, 'quote-signature'],
] as const
const td = [
  ['tee_tcb_svn', 16, 'quote-signature'],
  ['mrseam', 48, 'quote-signature'],
  ['mrsignerseam', 48, 'quote-signature'],
  ['seam_attributes', 8, 'quote-signature'],
  ['td_attributes', 8, 'quote-signature'],
  ['xfam', 8, 'quote-signature'],
  ['mrtd', 48, 'quote-signature'],
  ['mrconfigid', 48, 'quote-signature'],
  ['mrowner', 48, 'quote-signature'],
  ['mrownerconfig', 48, 'quote-signature'],
  ['rtmr0', 48, 'quote-signature'],
  ['rtmr1', 48, 'quote-signature'],
  ['rtmr2', 48, 'quote-signature'],
  ['rtmr3', 48, 'quote-signature'],
  ['report_data', 64, 'quote-signature'],
] as const
const signature = [
  ['signature length', 4, 'quote-format'],
  ['signature', 64, 'quote-signature'],
  ['attestation key', 64, 'qe-report-data'],
] as const
const vouched = [
  ['QE report', 320, 'qe-report-signature'],
  ['QE report data', 64, 'qe-report-data'],
  ['QE report signature', 64, 'qe-report-signature'],
  ['auth data length', 2, 'quote-format'],
  ['auth data', 32, 'qe-report-data'],
  ['inner type', 2, 'quote-format'],
  ['inner length', 4, 'quote-format'],
] as const
const wrapper = [
  ['outer type', 2, 'quote-format'],
  ['outer length', 4, 'quote-format'],
] as const
const bodyHead = [
  ['body type', 2, 'quote-format'],
  ['body size', 4, 'quote-format'],
] as const

const layouts: ReadonlyArray<readonly [title: string, options: Omit<PlanOptions, 'nowMs'>, layout: Layout]> =
  [
    ['version 4, TD 1.0', {}, [...header, ...td, ...signature, ...wrapper, ...vouched]],
    [
      'version 5, TD 1.5',
      { version: 5, body: { kind: 'TD 1.5' } },
      [
        ...header,
        ...bodyHead,
        ...td,
        ['tee_tcb_svn2', 16, 'quote-signature'],
        ['mrservicetd', 48, 'quote-signature'],
        ...signature,
        ...wrapper,
        ...vouched,
      ],
    ],
    [
      'version 3, SGX',
      { version: 3 },
      [...header, ['SGX report', 384, 'quote-signature'], ...signature, ...vouched],
    ],
  ]

const [firstTitle] = layouts[0]!

for (const [title, options, layout] of layouts) {
  describe(`a changed byte of a quote of ${title} is noticed, field by field`, async () => {
    const { quote, collateral } = tee.evidence({ nowMs, ...options })
    const crypto = remembering(nodeCrypto)
    let offset = 0
    for (const [field, sizeBytes, ...noticedBy] of layout) {
      const start = offset
      offset += sizeBytes
      test(`${field}, ${sizeBytes} bytes at ${start}`, async () => {
        // What a layout shares with the first one is tried in every byte there, and at its ends here.
        const isShared = title !== firstTitle && layouts[0]![2].some(([name]) => name === field)
        for (let at = start; at < start + sizeBytes; at += isShared ? Math.max(1, sizeBytes - 1) : 1) {
          const changed = changeByte(quote, at)
          const report = await verifyQuote(changed, collateral, { nowMs, root: tee.root, crypto })
          const failed = failedChecks(report)
          assert.equal(report.kind, 'invalid', `byte ${at}`)
          assert.ok(
            failed.some(name => noticedBy.includes(name)),
            `byte ${at}: ${failed.join()}`,
          )
        }
      })
    }

    // The chain is the same in all of them.
    if (title !== firstTitle) return
    test(`the PCK chain, ${quote.length - offset} bytes at ${offset}`, async () => {
      for (let at = offset; at < quote.length; at += 5) {
        const report = await verifyQuote(changeByte(quote, at), collateral, { nowMs, root: tee.root, crypto })
        assert.equal(report.kind, 'invalid', `byte ${at}`)
      }
    })
  })
}
