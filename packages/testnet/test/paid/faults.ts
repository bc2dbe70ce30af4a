import { type Chain, type Ledger, MoneyError, type Store } from '@cocoon/money'

/** How a step goes wrong: it is not done, or it is done and said not to be. */
export const faultKinds = ['fails', 'fails but persisted'] as const
export type FaultKind = (typeof faultKinds)[number]

/** The fault that happens next, once, on the way between a role and its disk or its chain. */
export class Faults {
  #armed: { step: string; kind: FaultKind } | undefined
  /** How often a fault has happened. */
  happened = 0

  /** `step`: `charge`, `announce`, `confirm`, `recordSigned`, `send`, or a part of a key that is written. */
  arm(step: string, kind: FaultKind): void {
    this.#armed = { step, kind }
  }

  /** Whether it is still to come. */
  get isArmed(): boolean {
    return this.#armed !== undefined
  }

  take(matches: (step: string) => boolean): FaultKind | undefined {
    const armed = this.#armed
    if (armed === undefined || !matches(armed.step)) return undefined
    this.#armed = undefined
    this.happened++
    return armed.kind
  }
}

const broken = (): MoneyError => new MoneyError('storage', 'The disk is full')

/** What needs the disk. The rest is read from memory, whatever has happened. */
const methods = [
  'openClient',
  'openWorker',
  'reserve',
  'charge',
  'release',
  'announce',
  'confirm',
  'recordSigned',
] as const satisfies ReadonlyArray<keyof Ledger>

/** Books that answer nothing any more after a fault, until they are opened again. */
export function faultyLedger(ledger: Ledger, faults: Faults): Ledger {
  let isBroken = false
  const faulty = methods.map(name => {
    const call = (...given: unknown[]): unknown => {
      if (isBroken) return fail(name)
      const method = ledger[name] as (...given: unknown[]) => unknown
      const kind = faults.take(step => step === name)
      if (kind === undefined) return method.apply(ledger, given)
      isBroken = true
      if (kind === 'fails') return fail(name)
      const done = method.apply(ledger, given)
      return done instanceof Promise ? done.then(() => fail(name)) : fail(name)
    }
    return [name, call] as const
  })
  return {
    client: owner => ledger.client(owner),
    worker: owner => ledger.worker(owner),
    clients: () => ledger.clients(),
    workers: () => ledger.workers(),
    notes: most => ledger.notes(most),
    dropNotes: requestIds => ledger.dropNotes(requestIds),
    recordPaid: (owner, tokens) => ledger.recordPaid(owner, tokens),
    commit: () => ledger.commit(),
    assertConserved: () => ledger.assertConserved(),
    ...(Object.fromEntries(faulty) as Pick<Ledger, (typeof methods)[number]>),
    [Symbol.asyncDispose]: () => ledger[Symbol.asyncDispose](),
  }
}

/** As the method it stands for: some tell at once, others by a promise. */
function fail(name: string): Promise<never> {
  if (name === 'recordSigned') throw broken()
  return Promise.reject(broken())
}

export function faultyStore(store: Store, faults: Faults): Store {
  let isBroken = false
  const requireSound = (): void => {
    if (isBroken) throw broken()
  }
  return {
    get: key => {
      requireSound()
      return store.get(key)
    },
    entries: prefix => {
      requireSound()
      return store.entries(prefix)
    },
    write: async changes => {
      requireSound()
      const kind = faults.take(step => [...changes.keys()].some(key => key.includes(step)))
      if (kind !== 'fails') await store.write(changes)
      if (kind === undefined) return
      isBroken = true
      throw broken()
    },
    [Symbol.asyncDispose]: () => store[Symbol.asyncDispose](),
  }
}

export function faultyChain(chain: Chain, faults: Faults): Chain {
  const ask = async <T>(name: string, question: () => Promise<T>): Promise<T> => {
    const kind = faults.take(step => step === name)
    if (kind !== 'fails') {
      const answer = await question()
      if (kind === undefined) return answer
    }
    throw new MoneyError('chain-unreachable', 'No source answers')
  }
  return {
    head: () => chain.head(),
    blockHash: seqno => chain.blockHash(seqno),
    account: address => ask('account', () => chain.account(address)),
    transactions: (address, range) => ask('transactions', () => chain.transactions(address, range)),
    send: message => ask('send', () => chain.send(message)),
    fees: () => chain.fees(),
    [Symbol.asyncDispose]: () => Promise.resolve(),
  }
}
