import { join } from '../../src/bytes.ts'
import { type Fault, signedBy, withQuote } from './fault.ts'

/** Everything that a quote can get wrong by itself. */
export const quoteFaults: readonly Fault[] = [
  {
    name: 'a quote signed by a stranger',
    noticedBy: 'quote-signature',
    plan: signedBy({ quote: 'stranger' }),
  },
  {
    name: 'a QE report signed by a stranger',
    noticedBy: 'qe-report-signature',
    plan: signedBy({ qeReport: 'stranger' }),
  },
  {
    name: 'a QE report signed by the attestation key',
    noticedBy: 'qe-report-signature',
    plan: signedBy({ qeReport: 'attestation' }),
  },
  {
    name: 'a QE report with more data',
    noticedBy: 'qe-report-data',
    plan: plan => ({ quote: { ...plan.quote, qeReportTail: new Uint8Array(32).fill(1, 31) } }),
  },
  {
    name: 'SEAM attributes',
    noticedBy: 'tdx-module-attributes',
    options: { body: { seamAttributes: Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 1) } },
  },
  {
    name: 'a byte behind the quote',
    noticedBy: 'quote-format',
    evidence: withQuote(quote => join(quote, Uint8Array.of(0))),
  },
  {
    name: 'a quote that is cut off',
    noticedBy: 'quote-format',
    evidence: withQuote(quote => quote.subarray(0, -1)),
  },
  { name: 'no quote', noticedBy: 'quote-format', evidence: withQuote(() => new Uint8Array()) },
  {
    name: 'a quote of version 6',
    noticedBy: 'quote-format',
    evidence: withQuote(quote => quote.fill(6, 0, 1)),
  },
  {
    name: 'another kind of key',
    noticedBy: 'quote-format',
    evidence: withQuote(quote => quote.fill(3, 2, 3)),
  },
  { name: 'another vendor', noticedBy: 'quote-format', evidence: withQuote(quote => quote.fill(0, 12, 13)) },
  {
    name: 'a TEE of no kind',
    noticedBy: 'quote-format',
    evidence: withQuote(quote => quote.fill(0x82, 4, 5)),
  },
  {
    name: 'TDX in version 3',
    noticedBy: 'quote-format',
    options: { version: 3 },
    evidence: withQuote(quote => quote.fill(0x81, 4, 5)),
  },
  {
    name: 'a body of another type',
    noticedBy: 'quote-format',
    options: { version: 5 },
    evidence: withQuote(quote => quote.fill(3, 48, 49)),
  },
  {
    name: 'a body of another size',
    noticedBy: 'quote-format',
    options: { version: 5 },
    evidence: withQuote(quote => quote.fill(0x49, 50, 51)),
  },
  {
    name: 'certification data of another type',
    noticedBy: 'quote-format',
    evidence: withQuote(quote => quote.fill(5, 764, 765)),
  },
  {
    name: 'auth data that is longer than it is',
    noticedBy: 'quote-format',
    evidence: withQuote(quote => quote.fill(33, 1218, 1219)),
  },
  {
    name: 'auth data that is shorter than it is',
    noticedBy: 'quote-format',
    evidence: withQuote(quote => quote.fill(31, 1218, 1219)),
  },
  {
    name: 'a chain of another type',
    noticedBy: 'quote-format',
    evidence: withQuote(quote => quote.fill(4, 1252, 1253)),
  },
]
