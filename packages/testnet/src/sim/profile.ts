import type { LeastProtection } from '@cocoon/client/role'
import { calmTemper, type Temper } from './backend.ts'
import { calmNetwork, type NetworkConditions } from './network.ts'
import type { AnswerSize } from './plan.ts'
import { type LedgerFaults, soundLedger } from './watched-ledger.ts'

/** What may happen in a simulation besides time passing. */
export type Action =
  | 'query'
  | 'burst'
  | 'hang-up'
  | 'ask-models'
  | 'cut'
  | 'half-open'
  | 'stall'
  | 'slow-down'
  | 'separate'
  | 'freeze'
  | 'turn-clock'
  | 'kill-worker'
  | 'kill-proxy'
  | 'kill-client'
  | 'stop-worker'
  | 'stop-proxy'
  | 'backend-away'
  | 'change-price'
  | 'disable'

/** A kind of weather: how often what happens, and how bad things are meanwhile. */
export interface Profile {
  proxies: number
  workers: number
  clients: number
  /** Peers that send whatever may do harm. */
  hostileClients: number
  hostileWorkers: number
  hostileProxies: number
  actions: Readonly<Partial<Record<Action, number>>>
  /** Between actions, on average. */
  actionMs: number
  network: NetworkConditions
  temper: Temper
  ledger: LedgerFaults
  /** Longest that a timer is late. */
  timerDelayMs: number
  answers: AnswerSize
  timeoutMs: [from: number, to: number]
  /** The least protection of every query, where workers can be sealed to; absent: nothing is sealed. */
  sealing?: LeastProtection
}

const calm: Profile = {
  proxies: 1,
  workers: 2,
  clients: 2,
  hostileClients: 0,
  hostileWorkers: 0,
  hostileProxies: 0,
  actions: { query: 20, burst: 1, 'hang-up': 2, 'ask-models': 1, 'change-price': 1, disable: 0.5 },
  actionMs: 60,
  network: calmNetwork,
  temper: calmTemper,
  ledger: soundLedger,
  timerDelayMs: 0,
  answers: { pieces: 12, pieceBytes: 12 },
  timeoutMs: [20_000, 60_000],
}

const flaky: Profile = {
  ...calm,
  proxies: 2,
  actions: { ...calm.actions, cut: 2, 'half-open': 1, stall: 1.5, 'slow-down': 1, separate: 0.5 },
  actionMs: 250,
  network: {
    latencyMs: [1, 200],
    jitterMs: 100,
    bytesPerMs: [20, 20_000],
    dialFailure: 0.2,
    dialWorkMs: 300,
  },
  timerDelayMs: 2,
  timeoutMs: [500, 40_000],
}

const dying: Profile = {
  ...calm,
  proxies: 2,
  workers: 3,
  actions: {
    ...calm.actions,
    freeze: 1,
    'turn-clock': 0.5,
    'kill-worker': 1,
    'kill-proxy': 0.5,
    'kill-client': 0.3,
    'stop-worker': 0.5,
    'stop-proxy': 0.3,
    'backend-away': 1,
  },
  actionMs: 200,
  temper: {
    ...calmTemper,
    errorStatus: 0.05,
    unreachable: 0.05,
    hang: 0.03,
    brokenOff: 0.1,
    stalls: 0.03,
    firstByteMs: 300,
    pieceMs: 40,
  },
  ledger: { slowestMs: 8, chargeFailure: 0.02 },
  timerDelayMs: 1,
  timeoutMs: [1_000, 30_000],
}

const slow: Profile = {
  ...calm,
  actions: { query: 20, 'hang-up': 3, stall: 3, 'slow-down': 3, freeze: 1 },
  actionMs: 150,
  network: { ...calmNetwork, bytesPerMs: [20, 2_000] },
  temper: { ...calmTemper, pieceMs: 0.5, pieceBytes: 60_000 },
  answers: { pieces: 100, pieceBytes: 1_000 },
  timeoutMs: [5_000, 60_000],
}

const hostile: Profile = {
  ...calm,
  hostileClients: 2,
  hostileWorkers: 2,
  actions: { ...calm.actions, cut: 0.5 },
  actionMs: 100,
  ledger: { slowestMs: 3, chargeFailure: 0.02 },
  timeoutMs: [5_000, 30_000],
}

const deceit: Profile = {
  ...calm,
  hostileProxies: 1,
  actions: { ...calm.actions, cut: 0.5 },
  actionMs: 150,
  timeoutMs: [2_000, 20_000],
}

/** Everything at once. */
const storm: Profile = {
  ...dying,
  hostileClients: 1,
  hostileWorkers: 1,
  hostileProxies: 1,
  actions: { ...slow.actions, ...flaky.actions, ...dying.actions },
  network: flaky.network,
  timeoutMs: flaky.timeoutMs,
}

/** Every query is sealed, while connections break and machines come and go. */
const sealed: Profile = {
  ...dying,
  sealing: 'sealed',
  actions: { ...flaky.actions, ...dying.actions, 'turn-clock': 0 },
  actionMs: 150,
  answers: { ...calm.answers, plausible: true },
}

/** The same with a proxy in between that offers real machines and changes what it passes on. */
const sealedDeceit: Profile = {
  ...deceit,
  sealing: 'sealed',
  hostileClients: 1,
  workers: 3,
  actionMs: 100,
  answers: { ...calm.answers, plausible: true },
}

export const profiles = {
  calm,
  flaky,
  dying,
  slow,
  hostile,
  deceit,
  storm,
  sealed,
  sealedDeceit,
} satisfies Record<string, Profile>

export type ProfileName = keyof typeof profiles
