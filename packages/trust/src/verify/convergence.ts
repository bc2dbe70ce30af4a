import type { ComponentStatus, PlatformStatus, TcbStatus } from '../collateral/tcb-status.ts'

/** What the status of a platform becomes where one of its components is out of date. No maximum gives this. */
const withOutdatedComponent: Readonly<Record<PlatformStatus, PlatformStatus>> = {
  UpToDate: 'OutOfDate',
  SWHardeningNeeded: 'OutOfDate',
  ConfigurationNeeded: 'OutOfDateConfigurationNeeded',
  ConfigurationAndSWHardeningNeeded: 'OutOfDateConfigurationNeeded',
  OutOfDate: 'OutOfDate',
  OutOfDateConfigurationNeeded: 'OutOfDateConfigurationNeeded',
  Revoked: 'Revoked',
}

/** Step 11: the status of a platform together with those of its TDX module and quoting enclave. */
export function converge(platform: PlatformStatus, components: readonly ComponentStatus[]): PlatformStatus {
  if (components.includes('Revoked')) return 'Revoked'
  return components.includes('OutOfDate') ? withOutdatedComponent[platform] : platform
}

type Settled = PlatformStatus | Extract<TcbStatus, 'TcbNotSupported'>

const upgraded: ReadonlySet<TcbStatus> = new Set<TcbStatus>([
  'UpToDate',
  'SWHardeningNeeded',
  'ConfigurationNeeded',
  'ConfigurationAndSWHardeningNeeded',
])

/**
 * Step 12: a trust domain that was launched on an outdated module keeps that status until it is launched again,
 * although the module that runs now is a newer one.
 */
export function afterRelaunchCheck(launch: Settled, current: Settled): TcbStatus {
  const isOutdated = launch === 'OutOfDate' || launch === 'OutOfDateConfigurationNeeded'
  if (!isOutdated || !upgraded.has(current)) return launch
  const needsConfiguration =
    launch === 'OutOfDateConfigurationNeeded' ||
    current === 'ConfigurationNeeded' ||
    current === 'ConfigurationAndSWHardeningNeeded'
  return needsConfiguration ? 'TDRelaunchAdvisedConfigurationNeeded' : 'TDRelaunchAdvised'
}
