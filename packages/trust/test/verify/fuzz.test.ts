import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import type { Bytes } from '../../src/bytes.ts'
import { readCollateral } from '../../src/collateral/collateral.ts'
import { parseQeIdentity } from '../../src/collateral/qe-identity.ts'
import { memberTexts, parseStrictJson } from '../../src/collateral/strict-json.ts'
import { parseTcbInfo } from '../../src/collateral/tcb-info.ts'
import { nodeCrypto } from '../../src/crypto/node.ts'
import { TrustError } from '../../src/error.ts'
import { judgeQuote } from '../../src/policy/judge-quote.ts'
import { lenientPolicy } from '../../src/policy/quote-policy.ts'
import { readPolicy } from '../../src/policy/read-policy.ts'
import { parseQuote } from '../../src/quote/parse-quote.ts'
import { readQuoteFile } from '../../src/quote/read-quote-file.ts'
import { parseChainCertificate } from '../../src/x509/certificate.ts'
import { parseCrl } from '../../src/x509/crl.ts'
import { parsePem } from '../../src/x509/pem.ts'
import { platformIdentity } from '../../src/x509/sgx-extension.ts'
import { verifyQuote } from '../../src/verify/verify-quote.ts'
import { caseNamed } from './vectors.ts'

const real = caseNamed('phala-tdx-quote')
const chain = parsePem(parseQuote(real.quote, { ignoreTrailing: true }).pckChain)

/** What each parser of bytes is given as a start, and then with some of it changed, cut off or doubled. */
const parsers: ReadonlyArray<readonly [what: string, sound: Bytes, parse: (bytes: Bytes) => unknown]> = [
  ['parseQuote', real.quote.slice(0, 4936), bytes => parseQuote(bytes)],
  ['parseChainCertificate', chain[0]!, parseChainCertificate],
  ['platformIdentity', chain[0]!, bytes => platformIdentity(parseChainCertificate(bytes))],
  ['parseCrl', real.collateral.pckCrl!, parseCrl],
  ['readQuoteFile', new TextEncoder().encode('0x04'.repeat(90)), readQuoteFile],
  ['parsePem', encoded(real.collateral.tcbInfoIssuerChain), asText(parsePem)],
  ['parseStrictJson', encoded(real.collateral.tcbInfo), asText(parseStrictJson)],
  ['memberTexts', encoded(real.collateral.tcbInfo), asText(memberTexts)],
  ['parseTcbInfo', encoded(real.collateral.tcbInfo), asText(parseTcbInfo)],
  ['parseQeIdentity', encoded(real.collateral.qeIdentity), asText(parseQeIdentity)],
]

describe('whatever the bytes, a parser gives a value or a TrustError', () => {
  for (const [what, sound, parse] of parsers) {
    test(`${what}: any bytes`, () => {
      fc.assert(
        fc.property(fc.uint8Array({ maxLength: 400 }), bytes => survives(parse, Uint8Array.from(bytes))),
      )
    })

    test(`${what}: sound ones, changed`, () => {
      const change = fc.record({
        at: fc.nat(sound.length - 1),
        bytes: fc.uint8Array({ minLength: 1, maxLength: 8 }),
        cut: fc.option(fc.nat(sound.length), { nil: undefined }),
      })
      fc.assert(
        fc.property(fc.array(change, { minLength: 1, maxLength: 3 }), changes => {
          let bytes = Uint8Array.from(sound)
          for (const { at, bytes: replacement, cut } of changes) {
            for (const [offset, octet] of replacement.entries()) bytes[at + offset] = octet
            bytes = cut === undefined ? bytes : bytes.slice(0, cut)
          }
          survives(parse, bytes)
        }),
        { numRuns: 400 },
      )
    })

    test(`${what}: cut off at any place`, () => {
      for (let length = 0; length < sound.length; length += 7) survives(parse, sound.slice(0, length))
    })
  }

  test('readCollateral and readPolicy: any JSON', () => {
    fc.assert(
      fc.property(fc.jsonValue(), json => {
        survives(readCollateral, json)
        survives(readPolicy, json)
      }),
    )
  })
})

test('whatever is shown, verification gives a report that rejects, and a policy judges it', async () => {
  const bytes = fc.uint8Array({ maxLength: 600 }).map(octets => Uint8Array.from(octets))
  const text = fc.oneof(fc.string(), fc.constant(real.collateral.tcbInfo!), fc.constant(real.quote.join()))
  const optional = <Value>(value: fc.Arbitrary<Value>): fc.Arbitrary<Value | undefined> =>
    fc.option(value, { nil: undefined })
  const shown = fc.record({
    quote: fc.oneof(bytes, fc.constant(real.quote)),
    rootCaCrl: optional(bytes),
    pckCrl: optional(fc.oneof(bytes, fc.constant(real.collateral.pckCrl!))),
    tcbInfo: optional(text),
    tcbInfoSignature: optional(bytes),
    tcbInfoIssuerChain: optional(text),
    qeIdentity: optional(text),
    qeIdentitySignature: optional(bytes),
    qeIdentityIssuerChain: optional(fc.oneof(text, fc.constant(real.collateral.tcbInfoIssuerChain!))),
    pckCrlIssuerChain: optional(text),
    nowMs: fc.oneof(fc.double(), fc.constant(real.nowMs)),
  })
  await fc.assert(
    fc.asyncProperty(shown, async ({ quote, nowMs, ...given }) => {
      const collateral = Object.fromEntries(Object.entries(given).filter(([, part]) => part !== undefined))
      const report = await verifyQuote(quote, collateral, { nowMs, ignoreTrailing: true, crypto: nodeCrypto })
      assert.equal(report.verdict, 'reject')
      assert.equal(report.kind, 'invalid')
      assert.equal(judgeQuote(report, lenientPolicy).verdict, 'reject')
      assert.deepEqual(JSON.parse(JSON.stringify(report)), report)
    }),
    { numRuns: 150 },
  )
})

describe('strict JSON', () => {
  test('reads what JSON.stringify writes, where numbers are whole', () => {
    const whole = fc.maxSafeInteger().map(number => (Object.is(number, -0) ? 0 : number))
    const value = fc.letrec(tie => ({
      value: fc.oneof(
        { depthSize: 'small' },
        whole,
        fc.string(),
        fc.boolean(),
        fc.constant(null),
        tie('list'),
        tie('object'),
      ),
      list: fc.array(tie('value'), { maxLength: 4 }),
      object: fc.dictionary(fc.string(), tie('value'), { maxKeys: 4 }),
    })).value
    fc.assert(
      fc.property(value, given => {
        fc.pre(depthOf(given) < 15)
        assert.deepEqual(plain(parseStrictJson(JSON.stringify(given))), plain(given))
      }),
    )
  })

  test('accepts nothing that JSON.parse does not', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: fc.constantFrom(...'{}[]",:\\u0a1e-+. \tntrfals'), maxLength: 12 }),
        text => {
          try {
            parseStrictJson(text)
          } catch {
            return
          }
          JSON.parse(text)
        },
      ),
      { numRuns: 3000 },
    )
  })

  for (const [what, text] of [
    ['a name twice', '{"a":1,"a":1}'],
    ['a name twice, once escaped', '{"a":1,"\\u0061":1}'],
    ['a fraction', '1.0'],
    ['an exponent', '1e3'],
    ['minus zero', '-0'],
    ['a number that is not exact', '9007199254740993'],
    ['a leading zero', '01'],
    ['a trailing comma', '[1,]'],
    ['a comment', '/**/1'],
    ['a byte order mark', '\ufeff1'],
    ['a control character in a string', '"\n"'],
    ['an odd escape', '"\\x41"'],
    ['nothing', ''],
    ['two values', '1 1'],
    ['nesting without an end', '['.repeat(100_000)],
  ] as const) {
    test(`refuses ${what}`, () => {
      assert.throws(() => parseStrictJson(text), { name: 'TrustError', code: 'evidence-invalid' })
    })
  }

  test('raw members are as they were received', () => {
    const text = ' {"tcbInfo" : {"a" : [ 1 ]} ,"signature":"00" } '
    assert.deepEqual(
      [...memberTexts(text)],
      [
        ['tcbInfo', '{"a" : [ 1 ]}'],
        ['signature', '"00"'],
      ],
    )
  })
})

function survives<Given>(parse: (given: Given) => unknown, given: Given): void {
  try {
    parse(given)
  } catch (error) {
    if (!(error instanceof TrustError)) throw error
  }
}

function encoded(text = ''): Bytes {
  return new TextEncoder().encode(text)
}

function asText(parse: (text: string) => unknown): (bytes: Bytes) => unknown {
  return bytes => parse(new TextDecoder().decode(bytes))
}

/** Objects of both kinds in one form. */
function plain(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(plain)
  if (value instanceof Map) return [...value].map(([name, member]) => [name, plain(member)]).toSorted(byName)
  if (typeof value !== 'object' || value === null) return value
  return Object.entries(value)
    .map(([name, member]) => [name, plain(member)])
    .toSorted(byName)
}

function byName([a]: unknown[], [b]: unknown[]): number {
  return String(a) < String(b) ? -1 : 1
}

function depthOf(value: unknown): number {
  if (typeof value !== 'object' || value === null) return 0
  return 1 + Math.max(0, ...Object.values(value).map(depthOf))
}
