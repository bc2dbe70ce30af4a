import { toHex } from '@cocoon/wire'
import type { ComponentStatus, PlatformStatus } from '../collateral/tcb-status.ts'
import { isoTime } from '../verify/chain.ts'
import type { JsonObject, PlatformPlan, TcbPlan } from './plan.ts'
import type { BodyPlan } from './quote-body.ts'

interface Dates {
  readonly issueDateMs: number
  readonly nextUpdateMs: number
}

const tcbDate = '2026-01-01T00:00:00Z'
const evaluationDataNumber = 20

/** TCB info with a level for the modules that run now and one below for those at launch. */
export function tcbInfoPlan(platform: PlatformPlan, body: BodyPlan, tcb: TcbPlan, dates: Dates): JsonObject {
  const isSupported = tcb.platform !== 'TcbNotSupported'
  const level = (status: PlatformStatus, svns: Uint8Array): JsonObject => ({
    tcb: {
      sgxtcbcomponents: platform.components.map(svn => ({ svn })),
      pcesvn: platform.pceSvn + (isSupported ? 0 : 1),
      ...(body.kind !== 'SGX' && { tdxtcbcomponents: Array.from(svns, svn => ({ svn })) }),
    },
    tcbDate,
    tcbStatus: status,
    ...(tcb.advisoryIds.length > 0 && { advisoryIDs: tcb.advisoryIds }),
  })
  const atLaunch = level(isSupported ? (tcb.platform as PlatformStatus) : 'UpToDate', body.teeTcbSvn)
  return {
    id: body.kind === 'SGX' ? 'SGX' : 'TDX',
    version: 3,
    ...dateFields(dates),
    fmspc: toHex(platform.fmspc).toUpperCase(),
    pceId: toHex(platform.pceId),
    tcbType: 0,
    tcbEvaluationDataNumber: evaluationDataNumber,
    ...(body.kind !== 'SGX' && moduleFields(body, tcb.module)),
    tcbLevels: body.kind === 'TD 1.5' ? [level(tcb.current, body.teeTcbSvn2), atLaunch] : [atLaunch],
  }
}

export function qeIdentityPlan(body: BodyPlan, tcb: TcbPlan, dates: Dates): JsonObject {
  return {
    id: body.kind === 'SGX' ? 'QE' : 'TD_QE',
    version: 2,
    ...dateFields(dates),
    tcbEvaluationDataNumber: evaluationDataNumber,
    miscselect: '00000000',
    miscselectMask: 'FFFFFFFF',
    attributes: '11000000000000000000000000000000',
    attributesMask: 'FBFFFFFFFFFFFFFF0000000000000000',
    mrsigner: '51A0'.repeat(16),
    isvprodid: 2,
    tcbLevels: [componentLevel(8, tcb.qe)],
  }
}

/** A level that is always too high, so that the one that applies is not the first, and the one that does. */
function moduleFields(body: BodyPlan, status: ComponentStatus): JsonObject {
  const identity = {
    mrsigner: toHex(body.mrSignerSeam),
    attributes: '0'.repeat(16),
    attributesMask: 'F'.repeat(16),
  }
  const [minor = 0, major = 0] = body.teeTcbSvn
  const id = `TDX_${toHex(Uint8Array.of(major))}`
  return {
    tdxModule: identity,
    tdxModuleIdentities: [
      {
        id,
        ...identity,
        tcbLevels: [componentLevel(minor + 100, 'UpToDate'), componentLevel(minor, status)],
      },
    ],
  }
}

function componentLevel(isvsvn: number, status: ComponentStatus): JsonObject {
  return { tcb: { isvsvn }, tcbDate, tcbStatus: status }
}

function dateFields({ issueDateMs, nextUpdateMs }: Dates): JsonObject {
  return { issueDate: isoTime(issueDateMs), nextUpdate: isoTime(nextUpdateMs) }
}
