import type { Bytes } from '../bytes.ts'
import type { QeIdentity } from '../collateral/qe-identity.ts'
import type {
  ComponentLevel,
  PlatformLevel,
  TcbInfo,
  VersionedModuleIdentity,
} from '../collateral/tcb-info.ts'
import type { PlatformStatus, TcbStatus } from '../collateral/tcb-status.ts'
import type { PlatformIdentity } from '../x509/sgx-extension.ts'
import { converge } from './convergence.ts'

/** What levels are looked up for. */
export interface TcbQuestion {
  readonly platform: PlatformIdentity
  readonly tcbInfo: TcbInfo
  readonly qeIdentity: QeIdentity
  readonly qeIsvSvn: number
  /** Of a trust domain; an enclave has none. */
  readonly teeTcbSvn?: Bytes
}

/** The levels that apply. Any that is absent though the quote needs it makes the status TcbNotSupported. */
export interface TcbAnswer {
  readonly status: PlatformStatus | Extract<TcbStatus, 'TcbNotSupported'>
  readonly platform: PlatformLevel | undefined
  /** Undefined also where the module is of version 0, which has no levels. */
  readonly module: ComponentLevel | undefined
  readonly needsModule: boolean
  readonly qe: ComponentLevel | undefined
}

/** Steps 9 to 11: the levels of platform, TDX module and quoting enclave, and what they come to. */
export function evaluateTcb(question: TcbQuestion): TcbAnswer {
  const { tcbInfo, qeIdentity, qeIsvSvn, teeTcbSvn } = question
  const platform = tcbInfo.levels.find(level => isReached(level, question))
  const version = teeTcbSvn?.[1] ?? 0
  const needsModule = version > 0
  const module = needsModule ? levelAt(findModule(tcbInfo, version)?.levels ?? [], teeTcbSvn![0]!) : undefined
  const qe = levelAt(qeIdentity.levels, qeIsvSvn)
  const isSupported = platform && qe && (module || !needsModule)
  const status = isSupported
    ? converge(platform.status, module ? [module.status, qe.status] : [qe.status])
    : 'TcbNotSupported'
  return { status, platform, module, needsModule, qe }
}

export function findModule(tcbInfo: TcbInfo, version: number): VersionedModuleIdentity | undefined {
  const id = `TDX_${version.toString(16).padStart(2, '0').toUpperCase()}`
  return tcbInfo.moduleIdentities.find(identity => identity.id === id)
}

/** Every SVN of the platform is at least the level's. */
function isReached(level: PlatformLevel, { platform, teeTcbSvn }: TcbQuestion): boolean {
  if (!areAtLeast(platform.components, level.sgxComponents, 0)) return false
  if (platform.pceSvn < level.pceSvn) return false
  if (!teeTcbSvn) return true
  // From version 1 on, the first two say which module it is; its own levels judge them.
  const start = teeTcbSvn[1]! > 0 ? 2 : 0
  return level.tdxComponents !== undefined && areAtLeast(teeTcbSvn, level.tdxComponents, start)
}

function areAtLeast(svns: ArrayLike<number>, floors: readonly number[], start: number): boolean {
  return floors.every((floor, index) => index < start || svns[index]! >= floor)
}

function levelAt(levels: readonly ComponentLevel[], isvSvn: number): ComponentLevel | undefined {
  return levels.find(level => isvSvn >= level.isvSvn)
}
