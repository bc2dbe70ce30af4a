import { invalidJson } from './strict-json.ts'

/** What Intel says about a level of a platform, in its own words. */
export const platformStatuses = [
  'UpToDate',
  'SWHardeningNeeded',
  'ConfigurationNeeded',
  'ConfigurationAndSWHardeningNeeded',
  'OutOfDate',
  'OutOfDateConfigurationNeeded',
  'Revoked',
] as const

export type PlatformStatus = (typeof platformStatuses)[number]

/** What it says about a level of a TDX module or a quoting enclave. */
export type ComponentStatus = 'UpToDate' | 'OutOfDate' | 'Revoked'

/** What a quote as a whole can have; the last one says that no level of its platform is known. */
export const tcbStatuses = [
  ...platformStatuses,
  'TDRelaunchAdvised',
  'TDRelaunchAdvisedConfigurationNeeded',
  'TcbNotSupported',
] as const

export type TcbStatus = (typeof tcbStatuses)[number]

export function platformStatus(text: string): PlatformStatus {
  const status = platformStatuses.find(known => known === text)
  if (!status) throw invalidJson(`the TCB status ${text.slice(0, 60)} is not known`)
  return status
}

export function componentStatus(text: string): ComponentStatus {
  if (text === 'UpToDate' || text === 'OutOfDate' || text === 'Revoked') return text
  throw invalidJson(`the TCB status ${text.slice(0, 60)} is not known of a component`)
}
