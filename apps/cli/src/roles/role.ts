import type { RootConfig } from '@cocoon/money'
import type { World } from '@cocoon/wire'
import type { Report } from '../event.ts'
import type { ChainSetup } from './chain-side.ts'

export type RoleName = 'client' | 'proxy' | 'worker'

/** A role that runs in this process. */
export interface RunningRole {
  readonly name: RoleName
  /** Where it listens, `host:port`; a surface that is off is absent. */
  readonly addresses: {
    readonly http?: string
    readonly workers?: string
    readonly clients?: string
    readonly log?: string
  }
  /** What keeps it from serving, in words; empty while it serves. */
  problems(): string[]
  /** Takes no new work, lets running queries end within `graceMs`, then closes everything. Idempotent. */
  close(graceMs: number): Promise<void>
}

/** Where a role knows the registry from, and with it prices and proxies. */
export type NetworkSetup =
  /** A file stands for the chain: nothing is paid. */
  | { readonly root: RootConfig; readonly chain?: undefined }
  | { readonly root?: undefined; readonly chain: ChainSetup }

/** What every role is started with. */
export interface RoleSetup {
  readonly world: World
  readonly network: NetworkSetup
  readonly report: Report
  /** Port of the HTTP surface on loopback: 0 for a free one, absent for none. */
  readonly httpPort?: number | undefined
  /** Which flag or key chooses that port, for people; `http_port` if absent. */
  readonly httpPortSetting?: string
  /** Folder of what a role leaves for its operator, such as the control token. */
  readonly stateDirectory: string
}

/** Checking of hashes is on if it was asked for, and always outside of test networks. */
export function checksHashes(isAsked: boolean, isTest: boolean): boolean {
  return isAsked || !isTest
}

/**
 * A close function that does its work once, whoever calls it how often. `leftMs` tells how much of the grace is
 * left, so that steps one after the other do not add theirs up.
 */
export function closeOnce(
  world: World,
  close: (leftMs: () => number) => Promise<void>,
): (graceMs: number) => Promise<void> {
  let closed: Promise<void> | undefined
  return graceMs => {
    const until = world.monotonic() + graceMs
    return (closed ??= close(() => Math.max(0, until - world.monotonic())))
  }
}
