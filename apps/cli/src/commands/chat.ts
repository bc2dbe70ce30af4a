import { createInterface } from 'node:readline/promises'
import type { Readable } from 'node:stream'
import { type Api, type ApiFlags, apiOf, askOffer, type Offer } from '../api.ts'
import { type Answer, type Message, streamAnswer } from '../chat-stream.ts'
import { type Context, foreign, print, printJson, tinted } from '../context.ts'
import { CliError, reasonOf } from '../error.ts'
import type { CommonFlags } from '../flags.ts'
import { coinOf, inCoins } from '../http/coins.ts'
import { grouped, isUnprotected, simulatedNotice } from '../http/page.ts'

export interface ChatFlags extends ApiFlags, CommonFlags {
  model?: string
  system?: string
  maxTokens?: number
  coin?: string
}

/** A prompt from a pipe is cut off here: the endpoint takes no more. */
const maxPipedBytes = 15 << 20

/** `cocoon chat`: one answer to a prompt or to what is piped in, or a conversation on a terminal. */
export async function runChat(context: Context, prompt: string | undefined, flags: ChatFlags): Promise<void> {
  const piped = context.stdinIsPiped ? await readAll(context.stdin) : ''
  const text = [prompt ?? '', piped].filter(part => part.trim() !== '').join('\n\n')
  if (text === '' && (flags.json || !context.stdin.isTTY)) {
    throw new CliError('usage', 'There is no prompt.', {
      advice: 'Write it behind the command: cocoon chat "Hello"',
    })
  }
  const api = apiOf(flags, context.environment)
  // A conversation asks in any case, to say how it is protected before anybody writes.
  const offer = flags.model === undefined || text === '' ? await askOffer(api) : undefined
  const model = flags.model ?? firstModel(offer)
  const messages: Message[] = flags.system === undefined ? [] : [{ role: 'system', content: flags.system }]
  if (text === '') return converse(context, { api, model, protection: offer?.protection, messages, flags })
  messages.push({ role: 'user', content: text })
  using stop = context.awaitStop()
  let hasBegun = false
  const answer = await streamAnswer({
    api,
    model,
    messages,
    maxTokens: flags.maxTokens,
    signal: stop.signal,
    onText: part => {
      hasBegun = true
      if (!flags.json) context.stdout.write(shown(context, part))
    },
  }).catch((error: unknown) => {
    if (hasBegun && !flags.json) context.stdout.write('\n')
    throw stop.signal.aborted ? new CliError('not-ready', 'The answer was stopped.') : error
  })
  if (flags.json) return printJson(context.stdout, answerJson(model, answer))
  context.stdout.write('\n')
  const { stderr } = context
  if (!stderr.isTTY) return
  print(stderr, tinted('faint', footOf(answer, coinOf(context.environment, flags.coin)), stderr))
  if (isUnprotected(answer.protection)) print(stderr, tinted('simulated', simulatedNotice, stderr))
}

interface Conversation {
  api: Api
  model: string
  protection: string | undefined
  messages: Message[]
  flags: ChatFlags
}

async function converse(context: Context, conversation: Conversation): Promise<void> {
  const { stdin, stdout } = context
  const { api, model, protection, messages, flags } = conversation
  if (isUnprotected(protection)) print(stdout, tinted('simulated', simulatedNotice, stdout))
  const system = messages.slice()
  print(stdout, `${tinted('strong', foreign(model), stdout)}. /clear begins anew, /exit or Ctrl-D ends.`)
  const lines = createInterface({ input: stdin, output: stdout, terminal: true })
  let answering: AbortController | undefined
  lines.on('SIGINT', () => (answering === undefined ? lines.close() : answering.abort()))
  const closed = new Promise<undefined>(resolve => lines.once('close', () => resolve(undefined)))
  for (;;) {
    const line = await Promise.race([lines.question('> ').catch(() => undefined), closed])
    if (line === undefined || line.trim() === '/exit' || line.trim() === '/quit') break
    if (line.trim() === '') continue
    if (line.trim() === '/clear') {
      messages.splice(0, messages.length, ...system)
      continue
    }
    messages.push({ role: 'user', content: line })
    answering = new AbortController()
    try {
      const answer = await streamAnswer({
        api,
        model,
        messages,
        maxTokens: flags.maxTokens,
        signal: answering.signal,
        onText: part => void stdout.write(shown(context, part)),
      })
      messages.push({ role: 'assistant', content: answer.text })
      print(stdout, '', tinted('faint', footOf(answer, coinOf(context.environment, flags.coin)), stdout))
    } catch (error) {
      messages.pop()
      const why = answering.signal.aborted
        ? 'Stopped.'
        : `${tinted('failed', 'failed:', stdout)} ${reasonOf(error)}`
      print(stdout, '', why)
    }
    answering = undefined
  }
  lines.close()
  print(stdout, '')
}

function firstModel(offer: Offer | undefined): string {
  const [first] = offer?.models ?? []
  if (first !== undefined) return first.id
  throw new CliError('refused', 'No model is on offer.', {
    advice: 'A worker that connects brings one. `cocoon status` says what is running.',
  })
}

function answerJson(model: string, answer: Answer): Record<string, unknown> {
  const { text, finishReason, usage, protection, receipt } = answer
  return { model, answer: text, finish_reason: finishReason, usage, protection, receipt }
}

/** What an answer took: exactly, and as coins. */
function footOf({ usage, protection, receipt }: Answer, coin: string): string {
  const tokens = usage?.['total_tokens']
  const cost = usage?.['total_cost']
  const parts: string[] = []
  if (typeof tokens === 'number') parts.push(`${grouped(tokens)} tokens`)
  if (typeof cost === 'number' && Number.isSafeInteger(cost)) {
    parts.push(`${grouped(cost)} nano${coin}`, inCoins(BigInt(cost), coin))
  }
  const proof = protectionText(protection, receipt)
  return [parts.join(', '), proof].filter(part => part !== '').join('\n')
}

/** How an answer was protected, and where its receipt is. */
function protectionText(protection: string | undefined, receipt: string | undefined): string {
  if (receipt !== undefined) return `Sealed by the client · checked · receipt ${receipt}`
  return protection === 'attested' ? 'Protected in transit, not sealed.' : ''
}

/** On a terminal an answer may break lines and nothing else: control characters could rewrite the screen. */
function shown({ stdout }: Context, text: string): string {
  // oxlint-disable-next-line no-control-regex
  return stdout.isTTY ? text.replace(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g, '') : text
}

async function readAll(stdin: Readable): Promise<string> {
  const chunks: Buffer[] = []
  let sizeBytes = 0
  for await (const chunk of stdin) {
    const bytes = Buffer.from(chunk as Uint8Array)
    sizeBytes += bytes.length
    if (sizeBytes > maxPipedBytes) {
      throw new CliError('usage', 'What is piped in is larger than a request may be, 15 MiB.')
    }
    chunks.push(bytes)
  }
  return Buffer.concat(chunks).toString('utf8')
}
