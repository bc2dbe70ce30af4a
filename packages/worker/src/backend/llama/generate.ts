import type { LlamaContextSequence, LlamaGrammar, LlamaModel, Token } from 'node-llama-cpp'
import type { TokenLogprob } from './answer.ts'
import type { Library } from './library.ts'
import { choose, maxCandidates, seededRandom } from './sample.ts'
import type { Sampling } from './task.ts'

/** Prompt tokens evaluated before the next look at whether the request still stands. */
const promptStepTokens = 512
/** Tokens that the penalties for repetition look back on. */
const penaltyTokens = 64
/** A character has at most four bytes, hence at most four tokens. */
const maxTokensPerCharacter = 4

export interface GeneratedToken {
  token: Token
  /** Text that is complete now: empty while a character is still in parts, and for marker tokens. */
  text: string
  logprob?: TokenLogprob
}

export interface GenerateOptions {
  sampling: Sampling
  signal: AbortSignal
  grammar?: LlamaGrammar
  /** Asks for the likelihood of each token and of this many others. Not together with a grammar. */
  topLogprobs?: number
}

/**
 * Evaluates all of the prompt but its last token, in steps, so that a cancelled request stops soon. What the
 * sequence holds of the same prompt already is kept.
 */
export async function evaluatePrompt(
  sequence: LlamaContextSequence,
  prompt: Token[],
  signal: AbortSignal,
): Promise<void> {
  const before = prompt.slice(0, -1)
  await sequence.adaptStateToTokens(before, false)
  for (let from = sequence.nextTokenIndex; from < before.length; from += promptStepTokens) {
    signal.throwIfAborted()
    await sequence.evaluateWithoutGeneratingNewTokens(before.slice(from, from + promptStepTokens))
  }
  signal.throwIfAborted()
}

/** Writes on after the prompt, token by token, until the model ends its text. The caller counts and stops. */
export async function* generate(
  library: Library,
  sequence: LlamaContextSequence,
  prompt: Token[],
  options: GenerateOptions,
): AsyncGenerator<GeneratedToken> {
  await evaluatePrompt(sequence, prompt, options.signal)
  const last = prompt.at(-1)
  if (last === undefined) return
  const written: Token[] = []
  const tokens =
    options.topLogprobs === undefined
      ? sampled(library, sequence, last, written, options)
      : withLogprobs(sequence, last, written, options, options.topLogprobs)
  const characters = new Characters(sequence.model, prompt)
  for await (const { token, logprob } of tokens) {
    options.signal.throwIfAborted()
    written.push(token)
    const text = characters.push(token)
    yield logprob === undefined ? { token, text } : { token, text, logprob }
    if (sequence.model.isEogToken(token)) return
  }
}

async function* sampled(
  library: Library,
  sequence: LlamaContextSequence,
  last: Token,
  written: Token[],
  options: GenerateOptions,
): AsyncGenerator<{ token: Token; logprob?: TokenLogprob }> {
  const { grammar } = options
  const state =
    grammar === undefined
      ? {}
      : {
          grammarEvaluationState: new library.LlamaGrammarEvaluationState({ model: sequence.model, grammar }),
        }
  const evaluation = sequence.evaluate([last], {
    ...samplingOptions(options.sampling, written),
    ...state,
    yieldEogToken: true,
  })
  for await (const token of evaluation) yield { token }
}

/** Stands for a probability of zero, as in OpenAI's answers. */
const leastLogprob = -9999

/** The library gives the plain probabilities of all tokens; which of them is taken is decided here. */
async function* withLogprobs(
  sequence: LlamaContextSequence,
  last: Token,
  written: Token[],
  options: GenerateOptions,
  top: number,
): AsyncGenerator<{ token: Token; logprob?: TokenLogprob }> {
  const generateNext = {
    token: true,
    probabilities: true,
    options: { temperature: 1, topK: 0, topP: 1, minP: 0, seed: 0 },
  }
  const random = seededRandom(options.sampling.seed)
  const entry = ([token, logprob]: readonly [Token, number]) => ({
    token: sequence.model.detokenize([token], true),
    logprob,
  })
  let input = last
  for (;;) {
    const [result] = await sequence.controlledEvaluate([[input, { generateNext }]])
    const likely = [...(result?.next.probabilities ?? [])]
      .toSorted(([, a], [, b]) => b - a)
      .slice(0, Math.max(top, maxCandidates))
    if (likely.length === 0) return
    const scores = likely.map(
      ([token, probability]) => [token, Math.max(leastLogprob, Math.log(probability))] as const,
    )
    const chosen = choose(scores, options.sampling, written.slice(-penaltyTokens), random)
    yield { token: chosen[0], logprob: { ...entry(chosen), top: scores.slice(0, top).map(entry) } }
    input = chosen[0]
  }
}

function samplingOptions(sampling: Sampling, written: Token[]) {
  const { temperature, topP, topK, minP, seed, frequencyPenalty, presencePenalty } = sampling
  const penalised = frequencyPenalty !== 0 || presencePenalty !== 0
  return {
    temperature,
    topP,
    topK,
    minP,
    seed,
    ...(penalised
      ? {
          repeatPenalty: {
            punishTokens: () => written.slice(-penaltyTokens),
            penalty: 1,
            frequencyPenalty,
            presencePenalty,
          },
        }
      : {}),
  }
}

/** Turns tokens to text, and keeps those back whose bytes are only part of a character. */
class Characters {
  private readonly model: LlamaModel
  private before: Token[]
  private pending: Token[] = []

  constructor(model: LlamaModel, prompt: Token[]) {
    this.model = model
    this.before = prompt.slice(-maxTokensPerCharacter)
  }

  push(token: Token): string {
    this.pending.push(token)
    const text = this.model.detokenize(this.pending, false, this.before)
    if (text.endsWith('\ufffd') && this.pending.length < maxTokensPerCharacter) return ''
    this.before = [...this.before, ...this.pending].slice(-maxTokensPerCharacter)
    this.pending = []
    return text
  }
}

/** Finds the first of some texts in a text that arrives in parts, and lets out what cannot belong to one. */
export class StopFinder {
  found = false
  private readonly stops: string[]
  private held = ''

  constructor(stops: string[]) {
    this.stops = stops
  }

  /** The text that is certain. */
  push(text: string): string {
    if (this.stops.length === 0) return text
    const whole = this.held + text
    const starts = this.stops.map(stop => whole.indexOf(stop)).filter(index => index >= 0)
    if (starts.length > 0) {
      this.found = true
      this.held = ''
      return whole.slice(0, Math.min(...starts))
    }
    const keep = Math.max(...this.stops.map(stop => overlap(whole, stop)))
    this.held = whole.slice(whole.length - keep)
    return whole.slice(0, whole.length - keep)
  }

  /** What was held back, once nothing follows. */
  rest(): string {
    const rest = this.held
    this.held = ''
    return rest
  }
}

/** The length of the longest end of `text` with which `stop` begins. */
function overlap(text: string, stop: string): number {
  for (let length = Math.min(text.length, stop.length - 1); length > 0; length--) {
    if (text.endsWith(stop.slice(0, length))) return length
  }
  return 0
}

/** Tells when the brackets of a JSON text that arrives in parts are all closed. */
export class JsonEnd {
  reached = false
  private depth = 0
  private quoted = false
  private escaped = false

  push(text: string): void {
    for (const character of text) {
      if (this.escaped) this.escaped = false
      else if (this.quoted) {
        if (character === '\\') this.escaped = true
        else if (character === '"') this.quoted = false
      } else if (character === '"') this.quoted = true
      else if (character === '{' || character === '[') this.depth++
      else if ((character === '}' || character === ']') && --this.depth === 0) this.reached = true
    }
  }
}
