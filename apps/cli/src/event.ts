import type { ClientEvent } from '@cocoon/client/role'
import type { SettlementEvent } from '@cocoon/money'
import type { ProxyEvent } from '@cocoon/proxy'
import type { WorkerEvent } from '@cocoon/worker'
import type { RoleName } from './roles/role.ts'

/** What happens to a role outside of its own code: on its listeners, its certificate, its HTTP surface. */
export type HostEvent =
  | { event: 'connection-refused'; port: 'workers' | 'clients'; peer: string; why: string }
  | { event: 'certificate-not-renewed'; expires: string; why: string }
  /** Peers are judged by older collateral, or by what they staple. */
  | { event: 'collateral-not-fetched'; why: string }
  /** Nothing can be sealed to the worker once its identity has ended. */
  | { event: 'identity-not-made'; why: string }
  /** What is charged waits in the ledger, and is logged once that goes again. */
  | { event: 'log-not-written'; why: string }
  /** A proxy was paid for an answer and has not logged it within a minute. */
  | { event: 'receipt-not-logged'; receipt: string }
  | { event: 'receipt-not-saved'; why: string }
  /** A proxy has signed two logs that contradict each other; the file proves it. */
  | { event: 'log-forked'; file: string }
  | { event: 'control-token'; file: string }
  | { event: 'setting-doubtful'; why: string }
  | { event: 'keys-loaded'; file: string; keys: number }
  | { event: 'keys-not-loaded'; file: string; why: string }
  | { event: 'spent-not-saved'; file: string; why: string }
  | { event: 'endpoint'; what: string; details: Record<string, string | number> }
  | { event: 'control'; action: string }
  /** What was earned or spent is no longer written down by the hour; payments are not affected. */
  | { event: 'tally-lost'; why: string }

export type RoleEvent = ClientEvent | ProxyEvent | WorkerEvent | SettlementEvent | HostEvent

/** Hears of everything that happens to a role. */
export type Report = (event: RoleEvent) => void

/** A report that knows whose events it hears. */
export type RoleReport = (role: RoleName, event: RoleEvent) => void
