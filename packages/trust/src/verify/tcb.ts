import { toHex } from '@cocoon/wire'
import type { Level } from '../collateral/tcb-info.ts'
import { isoTime } from './chain.ts'
import type { Checks } from './checks.ts'
import { afterRelaunchCheck } from './convergence.ts'
import type { Material } from './material.ts'
import type { LevelSection, TcbSection } from './report.ts'
import { evaluateTcb, type TcbAnswer, type TcbQuestion } from './tcb-levels.ts'

/** Steps 9 to 12: what Intel says about the platform, its TDX module and its quoting enclave. */
export function checkTcb({ checks, quote, platform, tcbInfo, qeIdentity }: Material): TcbSection | null {
  if (!quote || !platform || !tcbInfo || !qeIdentity) return null
  const { body, qeReport } = quote
  const question: TcbQuestion = { platform, tcbInfo, qeIdentity, qeIsvSvn: qeReport.isvSvn }
  const launch = evaluateTcb(body.tee === 'tdx' ? { ...question, teeTcbSvn: body.teeTcbSvn } : question)
  noteLevels(checks, launch)
  const current =
    body.tee === 'tdx' && body.td15
      ? evaluateTcb({ ...question, teeTcbSvn: body.td15.teeTcbSvn2 })
      : undefined
  if (!current) checks.skip('current-tcb', 'Only TD 1.5 tells which module runs now.')
  else if (current.status === 'TcbNotSupported') {
    checks.fail('current-tcb', 'No TCB level is known for the TDX module that runs now.', {
      teeTcbSvn2: toHex(body.tee === 'tdx' ? body.td15!.teeTcbSvn2 : new Uint8Array()),
    })
  } else checks.pass('current-tcb', { launch: launch.status, current: current.status })

  const isKnown = launch.status !== 'TcbNotSupported' && current?.status !== 'TcbNotSupported'
  const levels = [launch.platform, launch.module, launch.qe].filter(level => level !== undefined)
  return {
    status: !isKnown
      ? 'TcbNotSupported'
      : afterRelaunchCheck(launch.status, current?.status ?? launch.status),
    date: isKnown ? isoTime(Math.min(...levels.map(({ dateMs }) => dateMs))) : null,
    advisoryIds: [...new Set(levels.flatMap(({ advisoryIds }) => advisoryIds))].toSorted(),
    evaluationDataNumber: Math.min(tcbInfo.evaluationDataNumber, qeIdentity.evaluationDataNumber),
    platform: levelSection(launch.platform),
    module: levelSection(launch.module),
    qe: levelSection(launch.qe),
    ...(current && { currentStatus: current.status }),
  }
}

function noteLevels(checks: Checks, { platform, module, needsModule, qe }: TcbAnswer): void {
  checks.judge(
    'platform-tcb',
    platform ? undefined : 'The platform reaches none of the TCB levels that Intel lists.',
    platform && { status: platform.status, date: isoTime(platform.dateMs) },
  )
  if (!needsModule) checks.skip('tdx-module-tcb', 'A module of version 0, or none, has no levels of its own.')
  else {
    checks.judge(
      'tdx-module-tcb',
      module ? undefined : 'The TDX module reaches none of the levels that Intel lists for it.',
      module && { status: module.status, date: isoTime(module.dateMs) },
    )
  }
  checks.judge(
    'qe-tcb',
    qe ? undefined : 'The quoting enclave reaches none of the levels that Intel lists.',
    qe && { status: qe.status, date: isoTime(qe.dateMs) },
  )
}

function levelSection(level: Level | undefined): LevelSection | null {
  if (!level) return null
  return { status: level.status, date: isoTime(level.dateMs), advisoryIds: level.advisoryIds }
}
