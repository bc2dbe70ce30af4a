import type {
  ChatWrapper,
  GbnfJsonSchema,
  Llama,
  LlamaContextSequence,
  LlamaGrammar,
  LlamaModel,
  LlamaText,
  Token,
} from 'node-llama-cpp'
import { refuse } from '../../error.ts'
import type { Answer, FinishReason, TokenLogprob } from './answer.ts'
import { JsonEnd, StopFinder, evaluatePrompt, generate } from './generate.ts'
import type { Library } from './library.ts'
import type { ChatTask, CompletionTask, Generation } from './task.ts'

/** What writing needs of a loaded model. */
export interface Writer {
  library: Library
  llama: Llama
  model: LlamaModel
  /** Knows how the model was taught to see a conversation. */
  chatWrapper: ChatWrapper
}

/** A text goes on where a prompt ends. */
export async function writeCompletion(
  writer: Writer,
  sequence: LlamaContextSequence,
  task: CompletionTask,
  answer: Answer,
  signal: AbortSignal,
): Promise<void> {
  const prompt = promptTokens(writer.model, task.prompt)
  const maxTokens = roomFor(sequence, prompt, task.maxTokens)
  await writeText(
    writer,
    sequence,
    { prompt, maxTokens, task, stop: task.stop, stopTokens: [] },
    answer,
    signal,
  )
}

/** An answer in a conversation: plain text, JSON in a given form, or calls of tools. */
export async function writeChat(
  writer: Writer,
  sequence: LlamaContextSequence,
  task: ChatTask,
  answer: Answer,
  signal: AbortSignal,
): Promise<void> {
  const { contextText, stopGenerationTriggers } = writer.chatWrapper.generateContextState({
    chatHistory: task.history,
    ...(task.functions === undefined
      ? {}
      : { availableFunctions: task.functions, documentFunctionParams: true }),
  })
  const prompt = contextText.tokenize(writer.model.tokenizer, 'trimLeadingSpace')
  const maxTokens = roomFor(sequence, prompt, task.maxTokens)
  if (task.toolChoice !== 'auto') {
    await writeToolCall(
      writer,
      sequence,
      { contextText, prompt, maxTokens, task, names: task.toolChoice },
      answer,
      signal,
    )
  } else if (task.format !== 'text') {
    await writeJson(writer, sequence, { prompt, maxTokens, task }, answer, signal)
  } else if (task.topLogprobs !== undefined) {
    const { stop, stopTokens } = templateStops(writer.model, stopGenerationTriggers)
    const ends = { stop: [...task.stop, ...stop], stopTokens }
    await writeText(writer, sequence, { prompt, maxTokens, task, ...ends }, answer, signal)
  } else await converse(writer, sequence, { prompt, maxTokens, task }, answer, signal)
}

/** Lets the library lead the conversation: it knows how each model marks thoughts and calls of tools. */
async function converse(
  writer: Writer,
  sequence: LlamaContextSequence,
  { prompt, maxTokens, task }: { prompt: Token[]; maxTokens: number; task: ChatTask },
  answer: Answer,
  signal: AbortSignal,
): Promise<void> {
  const { library, chatWrapper } = writer
  const counts = { promptTokens: prompt.length, completionTokens: 0, reasoningTokens: 0 }
  if (maxTokens === 0) {
    answer.finish('length', counts)
    return
  }
  await evaluatePrompt(sequence, prompt, signal)
  const { frequencyPenalty, presencePenalty, ...sampling } = task.sampling
  const chat = new library.LlamaChat({ contextSequence: sequence, chatWrapper })
  try {
    const before = sequence.tokenMeter.usedOutputTokens
    const result = await chat.generateResponse(task.history, {
      ...sampling,
      maxTokens,
      signal,
      customStopTriggers: task.stop,
      repeatPenalty:
        frequencyPenalty === 0 && presencePenalty === 0
          ? false
          : { penalty: 1, frequencyPenalty, presencePenalty },
      // The room was checked: a history is never shortened to make some.
      contextShift: { size: 1 },
      ...(task.thinks ? {} : { budgets: { thoughtTokens: 0 } }),
      ...(task.functions === undefined
        ? {}
        : {
            functions: task.functions,
            documentFunctionParams: true,
            ...(task.parallelCalls ? {} : { maxParallelFunctionCalls: 1 }),
          }),
      onResponseChunk: chunk => {
        if (chunk.type === 'segment') counts.reasoningTokens += chunk.tokens.length
        if (chunk.text === '') return
        if (chunk.type === 'segment') answer.reasoning(chunk.text)
        else answer.text(chunk.text)
      },
    })
    counts.completionTokens = sequence.tokenMeter.usedOutputTokens - before
    const calls = result.functionCalls ?? []
    for (const call of calls) answer.toolCall(call.functionName, JSON.stringify(call.params ?? {}))
    const cut = result.metadata.stopReason === 'maxTokens'
    answer.finish(calls.length > 0 ? 'tool_calls' : cut ? 'length' : 'stop', counts)
  } finally {
    chat.dispose()
  }
}

async function writeText(
  writer: Writer,
  sequence: LlamaContextSequence,
  plan: { prompt: Token[]; maxTokens: number; task: Generation; stop: string[]; stopTokens: Token[] },
  answer: Answer,
  signal: AbortSignal,
): Promise<void> {
  const { prompt, maxTokens, task } = plan
  const stops = new StopFinder(plan.stop)
  let completionTokens = 0
  let reason: FinishReason = 'length'
  let logprobs: TokenLogprob[] = []
  const options = {
    sampling: task.sampling,
    signal,
    ...(task.topLogprobs === undefined ? {} : { topLogprobs: task.topLogprobs }),
  }
  if (maxTokens > 0) {
    for await (const { token, text, logprob } of generate(writer.library, sequence, prompt, options)) {
      completionTokens++
      if (writer.model.isEogToken(token) || plan.stopTokens.includes(token)) {
        reason = 'stop'
        break
      }
      if (logprob !== undefined) logprobs.push(logprob)
      const certain = stops.push(text)
      if (certain !== '') {
        answer.text(certain, logprobs)
        logprobs = []
      }
      if (stops.found) reason = 'stop'
      if (stops.found || completionTokens >= maxTokens) break
    }
  }
  const rest = stops.rest()
  if (rest !== '') answer.text(rest, logprobs)
  answer.finish(reason, { promptTokens: prompt.length, completionTokens, reasoningTokens: 0 })
}

async function writeJson(
  writer: Writer,
  sequence: LlamaContextSequence,
  plan: { prompt: Token[]; maxTokens: number; task: ChatTask },
  answer: Answer,
  signal: AbortSignal,
): Promise<void> {
  const { prompt, maxTokens, task } = plan
  const { format } = task
  const grammar = await makeGrammar(writer.llama, typeof format === 'string' ? undefined : format)
  const written = await writeObject(writer, sequence, { prompt, maxTokens, grammar, task }, signal, text =>
    answer.text(text),
  )
  answer.finish(written.complete ? 'stop' : 'length', {
    promptTokens: prompt.length,
    completionTokens: written.tokens,
    reasoningTokens: 0,
  })
}

/** The caller wants a tool called: its name is chosen where there are several, its parameters always fit. */
async function writeToolCall(
  writer: Writer,
  sequence: LlamaContextSequence,
  plan: { contextText: LlamaText; prompt: Token[]; maxTokens: number; task: ChatTask; names: string[] },
  answer: Answer,
  signal: AbortSignal,
): Promise<void> {
  const { library, llama, model, chatWrapper } = writer
  const { LlamaText } = library
  const { call, parallelism } = chatWrapper.settings.functions
  const { task, maxTokens, names } = plan
  const start = LlamaText([plan.contextText, parallelism?.call.sectionPrefix ?? '', call.prefix])
  const counts = { promptTokens: plan.prompt.length, completionTokens: 0, reasoningTokens: 0 }

  const onlyName = names.length === 1 ? names[0] : undefined
  const chosen =
    onlyName ?? (await chooseName(writer, sequence, { start, names, maxTokens, task }, signal, counts))
  if (chosen === undefined) {
    answer.finish('length', counts)
    return
  }
  const params = task.functions?.[chosen]?.params
  if (params === undefined || params === null) {
    answer.toolCall(chosen, '{}')
    answer.finish('tool_calls', counts)
    return
  }
  const paramsPrefix = LlamaText(call.paramsPrefix).mapValues(value =>
    typeof value === 'string' ? value.replaceAll('{{functionName}}', chosen) : value,
  )
  const prompt = LlamaText([start, chosen, paramsPrefix]).tokenize(model.tokenizer, 'trimLeadingSpace')
  const grammar = await makeGrammar(llama, params as GbnfJsonSchema)
  const left = Math.min(maxTokens - counts.completionTokens, sequence.contextSize - prompt.length - 1)
  let json = ''
  const written = await writeObject(
    writer,
    sequence,
    { prompt, maxTokens: left, grammar, task },
    signal,
    text => {
      json += text
    },
  )
  counts.completionTokens += written.tokens
  answer.toolCall(chosen, json)
  answer.finish(written.complete ? 'tool_calls' : 'length', counts)
}

async function chooseName(
  writer: Writer,
  sequence: LlamaContextSequence,
  plan: { start: LlamaText; names: string[]; maxTokens: number; task: ChatTask },
  signal: AbortSignal,
  counts: { completionTokens: number },
): Promise<string | undefined> {
  const { library, llama, model } = writer
  const prompt = plan.start.tokenize(model.tokenizer, 'trimLeadingSpace')
  // The line's end tells a name from a longer one that begins alike.
  const grammar = await llama.createGrammar({
    grammar: `root ::= (${plan.names.map(name => JSON.stringify(name)).join(' | ')}) "\\n"`,
  })
  let text = ''
  const options = { sampling: plan.task.sampling, signal, grammar }
  for await (const generated of generate(library, sequence, prompt, options)) {
    counts.completionTokens++
    text += generated.text
    if (text.endsWith('\n')) return text.trimEnd()
    if (counts.completionTokens >= plan.maxTokens) return undefined
  }
  return plan.names.find(name => name === text)
}

/** Writes one JSON object, and ends with its last brace. */
async function writeObject(
  writer: Writer,
  sequence: LlamaContextSequence,
  plan: { prompt: Token[]; maxTokens: number; grammar: LlamaGrammar; task: Generation },
  signal: AbortSignal,
  write: (text: string) => void,
): Promise<{ tokens: number; complete: boolean }> {
  const end = new JsonEnd()
  let tokens = 0
  if (plan.maxTokens <= 0) return { tokens, complete: false }
  const options = { sampling: plan.task.sampling, signal, grammar: plan.grammar }
  for await (const { token, text } of generate(writer.library, sequence, plan.prompt, options)) {
    tokens++
    if (writer.model.isEogToken(token)) break
    if (text !== '') write(text)
    end.push(text)
    if (end.reached || tokens >= plan.maxTokens) break
  }
  return { tokens, complete: end.reached }
}

async function makeGrammar(llama: Llama, schema: GbnfJsonSchema | undefined): Promise<LlamaGrammar> {
  try {
    if (schema === undefined) return await llama.getGrammarFor('json')
    // The library infers types from schemas that are literals in the code; this one is not.
    return await llama.createGrammarForJsonSchema(schema as never)
  } catch {
    // The library's message may quote the schema, which is part of the prompt.
    throw refuse('the schema cannot be made a grammar: use a simpler one', { param: 'response_format' })
  }
}

function promptTokens(model: LlamaModel, prompt: string | number[]): Token[] {
  if (typeof prompt === 'string') {
    const tokens = model.tokenize(prompt, false)
    const { bos, shouldPrependBosToken } = model.tokens
    return bos !== null && shouldPrependBosToken ? [bos, ...tokens] : tokens
  }
  const vocabularySize = model.fileInfo.metadata.tokenizer.ggml.tokens?.length ?? 0
  if (prompt.some(token => token >= vocabularySize))
    throw refuse('the prompt holds a token that the model does not know', { param: 'prompt' })
  return prompt as Token[]
}

/**
 * Tokens that may be written: never more than fit behind the prompt.
 *
 * @throws WorkerError `invalid-request` if the prompt alone is too long
 */
function roomFor(sequence: LlamaContextSequence, prompt: Token[], maxTokens = Infinity): number {
  const room = sequence.contextSize - prompt.length - 2
  if (room < 1)
    throw refuse(
      `the prompt has ${prompt.length} tokens, and the model takes ${sequence.contextSize} together with its answer`,
      { param: 'messages', code: 'context_length_exceeded' },
    )
  return Math.min(maxTokens, room)
}

/** A chat template ends a turn with a marker token, or with some text where the model has no such token. */
function templateStops(
  model: LlamaModel,
  triggers: readonly LlamaText[],
): { stop: string[]; stopTokens: Token[] } {
  const stop: string[] = []
  const stopTokens: Token[] = []
  for (const trigger of triggers) {
    const tokens = trigger.tokenize(model.tokenizer)
    const [only] = tokens
    if (tokens.length === 1 && only !== undefined && model.isSpecialToken(only)) stopTokens.push(only)
    else if (tokens.length > 0) stop.push(model.detokenize(tokens, true))
  }
  return { stop: stop.filter(text => text !== ''), stopTokens }
}
