import { join } from '../../src/bytes.ts'
import type { EvidencePlan, JsonObject } from '../../src/simulate/plan.ts'
import { type Fault, signedBy, json, collateral, without, rawTcbInfo } from './fault.ts'

/** Everything that TCB info and QE identity can get wrong. */
export const collateralFaults: readonly Fault[] = [
  { name: 'no TCB info', noticedBy: 'tcb-info-format', evidence: without('tcbInfo') },
  {
    name: 'no signature of TCB info',
    noticedBy: 'tcb-info-signature',
    evidence: without('tcbInfoSignature'),
  },
  {
    name: 'no chain of TCB info',
    noticedBy: 'tcb-info-issuer-chain',
    evidence: without('tcbInfoIssuerChain'),
  },
  { name: 'no QE identity', noticedBy: 'qe-identity-format', evidence: without('qeIdentity') },
  {
    name: 'no signature of the QE identity',
    noticedBy: 'qe-identity-signature',
    evidence: without('qeIdentitySignature'),
  },
  {
    name: 'no chain of the QE identity',
    noticedBy: 'qe-identity-issuer-chain',
    evidence: without('qeIdentityIssuerChain'),
  },
  {
    name: 'TCB info signed by a stranger',
    noticedBy: 'tcb-info-signature',
    plan: signedBy({ tcbInfo: 'stranger' }),
  },
  {
    name: 'TCB info signed by the root',
    noticedBy: 'tcb-info-signature',
    plan: signedBy({ tcbInfo: 'root' }),
  },
  {
    name: 'a QE identity signed by the PCK',
    noticedBy: 'qe-identity-signature',
    plan: signedBy({ qeIdentity: 'pck' }),
  },
  {
    name: 'one space more in TCB info',
    noticedBy: 'tcb-info-signature',
    evidence: rawTcbInfo(text => text.replace(':', ': ')),
  },
  {
    name: 'a space behind TCB info',
    noticedBy: 'tcb-info-signature',
    evidence: rawTcbInfo(text => `${text} `),
  },
  {
    name: 'TCB info with another case of digits',
    noticedBy: 'tcb-info-signature',
    evidence: rawTcbInfo(text => text.replace('51A0CC', '51a0cc')),
  },
  {
    name: 'TCB info with a member in another place',
    noticedBy: 'tcb-info-signature',
    evidence: rawTcbInfo(text => text.replace('"tcbType":0,', '').replace('{"id"', '{"tcbType":0,"id"')),
  },
  {
    name: 'TCB info with a member twice',
    noticedBy: 'tcb-info-format',
    evidence: rawTcbInfo(text => text.replace('"tcbType":0', '"tcbType":0,"tcbType":0')),
  },
  {
    name: 'TCB info that is cut off',
    noticedBy: 'tcb-info-format',
    evidence: rawTcbInfo(text => text.slice(0, -1)),
  },
  {
    name: 'TCB info and QE identity that changed places',
    noticedBy: 'tcb-info-format',
    evidence: collateral(({ tcbInfo, qeIdentity }) => ({ tcbInfo: qeIdentity!, qeIdentity: tcbInfo! })),
  },
  {
    name: 'signatures that changed places',
    noticedBy: 'tcb-info-signature',
    evidence: collateral(({ tcbInfoSignature, qeIdentitySignature }) => ({
      tcbInfoSignature: qeIdentitySignature!,
      qeIdentitySignature: tcbInfoSignature!,
    })),
  },
  {
    name: 'a signature of another length',
    noticedBy: 'tcb-info-signature',
    evidence: collateral(({ tcbInfoSignature }) => ({
      tcbInfoSignature: join(tcbInfoSignature!, Uint8Array.of(0)),
    })),
  },
  {
    name: 'a signature of zeros',
    noticedBy: 'tcb-info-signature',
    evidence: collateral(() => ({ tcbInfoSignature: new Uint8Array(64) })),
  },
  {
    name: 'stale TCB info',
    noticedBy: 'tcb-info-dates',
    plan: json('tcbInfo', { nextUpdate: '2026-06-01T11:59:59Z' }),
  },
  {
    name: 'TCB info of tomorrow',
    noticedBy: 'tcb-info-dates',
    plan: json('tcbInfo', { issueDate: '2026-06-02T00:00:00Z' }),
  },
  {
    name: 'a stale QE identity',
    noticedBy: 'qe-identity-dates',
    plan: json('qeIdentity', { nextUpdate: '2026-06-01T11:59:59Z' }),
  },
  {
    name: 'a QE identity of tomorrow',
    noticedBy: 'qe-identity-dates',
    plan: json('qeIdentity', { issueDate: '2026-06-02T00:00:00Z' }),
  },
  {
    name: 'a date that does not exist',
    noticedBy: 'tcb-info-format',
    plan: json('tcbInfo', { issueDate: '2026-02-30T00:00:00Z' }),
  },
  { name: 'TCB info of version 2', noticedBy: 'tcb-info-format', plan: json('tcbInfo', { version: 2 }) },
  {
    name: 'TCB info of an unknown version',
    noticedBy: 'tcb-info-format',
    plan: json('tcbInfo', { version: 4 }),
  },
  {
    name: 'TCB info of an unknown type',
    noticedBy: 'tcb-info-format',
    plan: json('tcbInfo', { tcbType: 1 }),
  },
  { name: 'TCB info without levels', noticedBy: 'tcb-info-format', plan: json('tcbInfo', { tcbLevels: [] }) },
  {
    name: 'TCB info for SGX that names TDX modules',
    noticedBy: 'tcb-info-format',
    plan: json('tcbInfo', { id: 'SGX' }),
  },
  {
    name: 'TCB info for SGX',
    noticedBy: 'tcb-info-tee',
    plan: ({ tcbInfo }) => ({ tcbInfo: sgxInfo(tcbInfo) }),
  },
  {
    name: 'TCB info for TDX with an SGX quote',
    noticedBy: 'tcb-info-tee',
    options: { version: 3 },
    plan: ({ tcbInfo }) => ({ tcbInfo: tdxInfo(tcbInfo) }),
  },
  {
    name: 'TCB info for another platform',
    noticedBy: 'fmspc',
    plan: json('tcbInfo', { fmspc: '000000000000' }),
  },
  { name: 'TCB info for another PCE', noticedBy: 'pce-id', plan: json('tcbInfo', { pceId: '0001' }) },
  {
    name: 'a negative SVN',
    noticedBy: 'tcb-info-format',
    plan: json('tcbInfo', { tcbLevels: [level({ pcesvn: -1 })] }),
  },
  {
    name: 'a huge SVN',
    noticedBy: 'tcb-info-format',
    plan: json('tcbInfo', { tcbLevels: [level({ pcesvn: 65_536 })] }),
  },
  {
    name: 'fifteen components',
    noticedBy: 'tcb-info-format',
    plan: json('tcbInfo', { tcbLevels: [level({ sgxtcbcomponents: svns(15) })] }),
  },
  {
    name: 'a status that nobody knows',
    noticedBy: 'tcb-info-format',
    plan: json('tcbInfo', { tcbLevels: [{ ...level({}), tcbStatus: 'Fine' }] }),
  },
  { name: 'a QE identity for SGX', noticedBy: 'qe-identity-tee', plan: json('qeIdentity', { id: 'QE' }) },
  { name: 'a QE identity of QVE', noticedBy: 'qe-identity-format', plan: json('qeIdentity', { id: 'QVE' }) },
  {
    name: 'a QE identity of version 1',
    noticedBy: 'qe-identity-format',
    plan: json('qeIdentity', { version: 1 }),
  },
  {
    name: 'a QE of another signer',
    noticedBy: 'qe-identity-match',
    plan: json('qeIdentity', { mrsigner: '00'.repeat(32) }),
  },
  {
    name: 'a QE of another product',
    noticedBy: 'qe-identity-match',
    plan: json('qeIdentity', { isvprodid: 1 }),
  },
  {
    name: 'a QE with another MISCSELECT',
    noticedBy: 'qe-identity-match',
    plan: json('qeIdentity', { miscselect: '00000001' }),
  },
  {
    name: 'a QE with DEBUG on',
    noticedBy: 'qe-identity-match',
    plan: plan => ({
      quote: {
        ...plan.quote,
        qeAttributes: Uint8Array.from(plan.quote.qeAttributes, (octet, index) =>
          index === 0 ? octet | 2 : octet,
        ),
      },
    }),
  },
  {
    name: 'no module identities',
    noticedBy: 'tdx-module-identity',
    plan: json('tcbInfo', { tdxModuleIdentities: [] }),
  },
  {
    name: 'a module of another version',
    noticedBy: 'tdx-module-identity',
    plan: plan => withModule(plan, { id: 'TDX_02' }),
  },
  {
    name: 'a module of another signer',
    noticedBy: 'tdx-module-signer',
    plan: plan => withModule(plan, { mrsigner: '11'.repeat(48) }),
  },
  {
    name: 'a module with other attributes',
    noticedBy: 'tdx-module-attributes',
    plan: plan => withModule(plan, { attributes: '0100000000000000' }),
  },
  {
    name: 'a module named twice',
    noticedBy: 'tcb-info-format',
    plan: plan => ({
      tcbInfo: { ...plan.tcbInfo, tdxModuleIdentities: [modules(plan)[0], modules(plan)[0]] },
    }),
  },
  {
    name: 'a module without a level low enough',
    noticedBy: 'tdx-module-tcb',
    plan: plan => withModule(plan, { tcbLevels: [component(6)] }),
  },
  {
    name: 'a QE without a level low enough',
    noticedBy: 'qe-tcb',
    plan: json('qeIdentity', { tcbLevels: [component(9)] }),
  },
  {
    name: 'a platform without a level low enough',
    noticedBy: 'platform-tcb',
    options: { tcb: { platform: 'TcbNotSupported' } },
  },
  {
    name: 'a running module without a level',
    noticedBy: 'current-tcb',
    options: { version: 5, body: { kind: 'TD 1.5' } },
    plan: ({ quote }) => ({
      quote: { ...quote, body: { ...quote.body, teeTcbSvn2: Uint8Array.from({ length: 16 }, () => 1) } },
    }),
  },
]

function modules({ tcbInfo }: EvidencePlan): JsonObject[] {
  return tcbInfo['tdxModuleIdentities'] as JsonObject[]
}

function withModule(plan: EvidencePlan, change: JsonObject): Partial<EvidencePlan> {
  return { tcbInfo: { ...plan.tcbInfo, tdxModuleIdentities: [{ ...modules(plan)[0], ...change }] } }
}

function component(isvsvn: number): JsonObject {
  return { tcb: { isvsvn }, tcbDate: '2026-01-01T00:00:00Z', tcbStatus: 'UpToDate' }
}

function level(change: JsonObject): JsonObject {
  const tcb = { sgxtcbcomponents: svns(16), tdxtcbcomponents: svns(16), pcesvn: 1, ...change }
  return { tcb, tcbDate: '2026-01-01T00:00:00Z', tcbStatus: 'UpToDate' }
}

function svns(count: number): JsonObject[] {
  return Array.from({ length: count }, () => ({ svn: 0 }))
}

function tdxInfo(tcbInfo: JsonObject): JsonObject {
  const module = { mrsigner: '00'.repeat(48), attributes: '00'.repeat(8), attributesMask: 'FF'.repeat(8) }
  return { ...tcbInfo, id: 'TDX', tdxModule: module, tcbLevels: [level({})] }
}

function sgxInfo(tcbInfo: JsonObject): JsonObject {
  const members = Object.entries(tcbInfo).filter(([name]) => !name.startsWith('tdx'))
  return { ...Object.fromEntries(members), id: 'SGX' }
}
