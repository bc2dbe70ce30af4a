import type { Finding, Link, LinkName, LinkState, Outcome } from './link.ts'

/** All that a receipt can come to. Failed beats simulated, which beats the rest. */
export type Verdict = 'verified' | 'anchor-pending' | 'simulated' | 'not-verified' | 'failed'

export interface ReceiptVerdict {
  readonly verdict: Verdict
  readonly title: string
  readonly sentence: string
  /** All eight, in order. */
  readonly links: readonly Link[]
}

/** What a reader is told. This is the one place of these words: faces may lay them out, and change none. */
const titles: Readonly<Record<Verdict, string>> = {
  verified: 'Verified',
  'anchor-pending': 'Verified, anchor pending',
  simulated: 'Simulated',
  'not-verified': 'Not verified',
  failed: 'Do not rely on this answer',
}

const words: Readonly<Record<LinkState, string>> = {
  checked: 'checked here',
  simulated: 'simulated',
  pending: 'next anchor',
  'not-checked': 'not checked',
  failed: 'failed',
}

const ifFailed: Readonly<Record<LinkName, string>> = {
  Hardware: 'We could not prove that this was a sealed machine.',
  Software: 'It ran something that the network does not list.',
  Model: 'The model is not the one that was promised.',
  Seal: 'The text could be read on the way.',
  Price: 'You were charged more than allowed.',
  Receipt: 'Somebody else answered, or it was changed.',
  Log: 'The log does not contain it, or shows two versions.',
  Chain: 'The log and the chain disagree.',
}

/** What no receipt shows, whatever its verdict. */
export const notShown: readonly string[] = [
  'That the answer is true. Only which machine and model gave it.',
  'Who asked, or what. The log holds salted fingerprints.',
  'That Intel and NVIDIA keep their own keys safe. Everything above rests on that.',
  'That the device that checked is honest, and the program on it the published one.',
]

export function linkOf(name: LinkName, { state, word, sentence, fault, evidence }: Outcome): Link {
  return {
    name,
    state,
    word: word ?? words[state],
    sentence,
    ifFailed: ifFailed[name],
    fault,
    evidence,
  }
}

/** Of a link behind one that failed. */
export const afterFailure: Outcome = {
  state: 'not-checked',
  sentence: 'Stopped at the first failure.',
  evidence: [],
}

/** What the links come to. `moved`: what is known of the money, a sentence. */
export function verdictOf(links: readonly Link[], moved: string): ReceiptVerdict {
  const verdict = decide(links)
  return { verdict, title: titles[verdict], sentence: sentences[verdict](links, moved), links }
}

function decide(links: readonly Link[]): Verdict {
  const has = (state: LinkState): boolean => links.some(link => link.state === state)
  if (has('failed')) return 'failed'
  if (has('simulated')) return 'simulated'
  if (unchecked(links).length > 0) return 'not-verified'
  return has('pending') ? 'anchor-pending' : 'verified'
}

const sentences: Readonly<Record<Verdict, (links: readonly Link[], moved: string) => string>> = {
  verified: links => {
    const checked = links.filter(({ state }) => state === 'checked').length
    const seal = checked < links.length ? ' The seal is for the caller to check.' : ''
    return `${checked} of ${links.length} links checked here.${seal}`
  },
  'anchor-pending': () => 'The last one waits for the next anchor on TON.',
  simulated: links => {
    const count = links.filter(({ state }) => state === 'simulated').length
    const pretend = count === 1 ? '1 of its knots is pretend' : `${count} of its knots are pretend`
    const open = unchecked(links)
    const rest = open.length === 0 ? '' : ` We could not check ${listed(open)}.`
    return `The thread holds, but ${pretend}. Do not send anything private.${rest}`
  },
  'not-verified': links =>
    `We could not check ${listed(unchecked(links))}. Treat it as you would any website.`,
  failed: (links, moved) => {
    const { name, sentence, evidence } = links.find(({ state }) => state === 'failed')!
    const finding = evidence.find(({ ok, expected }) => !ok && expected !== undefined)
    const values = finding === undefined ? '' : ` ${compared(finding)}`
    return `${name}: ${sentence}${values} ${moved}`
  },
}

/** Links that this reader could have checked. The seal without the texts is nobody's but the caller's to check. */
function unchecked(links: readonly Link[]): Link[] {
  return links.filter(({ state, word }) => state === 'not-checked' && word !== callerKnows)
}

/** The word of a seal whose texts are not here. */
export const callerKnows = 'the caller knows'

function compared({ label, found, expected = '' }: Finding): string {
  return `Expected for ${label}: ${shortened(expected)}; found: ${shortened(found)}.`
}

/** Long hashes by their ends; other texts cut. */
function shortened(text: string): string {
  if (/^[\da-f]{24,}$/i.test(text)) return `${text.slice(0, 8)}…${text.slice(-4)}`
  return text.length > 80 ? `${text.slice(0, 79)}…` : text
}

function listed(links: readonly Link[]): string {
  const names = links.map(({ name }) => `the ${name.toLowerCase()}`)
  const last = names.pop() ?? ''
  return names.length === 0 ? last : `${names.join(', ')} and ${last}`
}
