import type {
  ChatHistoryItem,
  ChatModelFunctionCall,
  ChatModelFunctions,
  ChatModelResponse,
} from 'node-llama-cpp'
import { refuse } from '../../error.ts'
import { toGrammarSchema } from './schema.ts'

const maxTools = 128

/**
 * OpenAI messages as llama.cpp's chat templates want them: what an assistant called and what the tools answered
 * belongs to the assistant's own turn. The last item is the turn to be written.
 *
 * @throws WorkerError `invalid-request`
 */
export function toHistory(messages: unknown): ChatHistoryItem[] {
  if (!Array.isArray(messages) || messages.length === 0)
    throw refuse('messages must be a list with at least one message', { param: 'messages' })
  const history: ChatHistoryItem[] = []
  const open = new Map<string, ChatModelFunctionCall>()
  let turn: ChatModelResponse | undefined
  for (const message of messages as unknown[]) {
    if (!isRecord(message)) throw invalid('a message must be an object')
    const { role } = message
    if (role === 'tool') {
      answerCall(open, message)
      continue
    }
    if (open.size > 0) throw invalid('every tool call needs a message with role tool that answers it')
    if (role === 'assistant') {
      // After the answers of tools, the assistant goes on with the same turn.
      const goesOn = turn !== undefined && typeof turn.response.at(-1) === 'object'
      if (!goesOn) turn = { type: 'model', response: [] }
      if (!goesOn && turn !== undefined) history.push(turn)
      if (turn !== undefined) readAssistant(turn, message, open)
      continue
    }
    turn = undefined
    const text = readText(message['content'])
    if (role === 'user') history.push({ type: 'user', text })
    else if (role === 'system' || role === 'developer') history.push({ type: 'system', text })
    else throw invalid('a role must be system, developer, user, assistant or tool')
  }
  if (open.size > 0) throw invalid('every tool call needs a message with role tool that answers it')
  if (turn === undefined || typeof turn.response.at(-1) !== 'object')
    history.push({ type: 'model', response: [] })
  return history
}

function readAssistant(
  turn: ChatModelResponse,
  message: Record<string, unknown>,
  open: Map<string, ChatModelFunctionCall>,
): void {
  const { content, tool_calls: calls } = message
  if (content !== undefined && content !== null) {
    const text = readText(content)
    if (text !== '') turn.response.push(text)
  }
  if (calls === undefined || calls === null) return
  if (!Array.isArray(calls)) throw invalid('tool_calls must be a list')
  for (const call of calls as unknown[]) {
    const made = isRecord(call) && isRecord(call['function']) ? call['function'] : undefined
    const id = isRecord(call) ? call['id'] : undefined
    if (made === undefined || typeof id !== 'string' || typeof made['name'] !== 'string')
      throw invalid('a tool call needs an id and a function with a name')
    const item: ChatModelFunctionCall = {
      type: 'functionCall',
      name: made['name'],
      params: parseJson(made['arguments']),
      result: undefined,
    }
    turn.response.push(item)
    open.set(id, item)
  }
}

function answerCall(open: Map<string, ChatModelFunctionCall>, message: Record<string, unknown>): void {
  const id = message['tool_call_id']
  const call = typeof id === 'string' ? open.get(id) : undefined
  if (call === undefined || typeof id !== 'string')
    throw invalid('a message with role tool must answer a tool call right before it')
  call.result = parseJson(readText(message['content']))
  open.delete(id)
}

/** The value that a JSON text stands for, or the text itself where it is none. */
function parseJson(text: unknown): unknown {
  if (typeof text !== 'string') return undefined
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}

function readText(content: unknown): string {
  if (typeof content === 'string') return content
  if (!Array.isArray(content)) throw invalid('the content of a message must be a text or a list of parts')
  return content
    .map((part: unknown) => {
      if (isRecord(part) && typeof part['text'] === 'string') return part['text']
      throw invalid('this worker reads text only: no images, sounds or files')
    })
    .join('')
}

/** @throws WorkerError `invalid-request` */
export function toFunctions(tools: unknown): ChatModelFunctions | undefined {
  if (tools === undefined || tools === null) return undefined
  if (!Array.isArray(tools) || tools.length > maxTools)
    throw refuse(`tools must be a list of at most ${maxTools} tools`, { param: 'tools' })
  if (tools.length === 0) return undefined
  const functions: Record<string, ChatModelFunctions[string]> = {}
  for (const tool of tools as unknown[]) {
    const offered = isRecord(tool) && tool['type'] === 'function' ? tool['function'] : undefined
    if (!isRecord(offered) || typeof offered['name'] !== 'string' || !/^[\w-]{1,64}$/.test(offered['name']))
      throw refuse('a tool must be a function with a name of letters, digits, _ and -', { param: 'tools' })
    const { name, description, parameters } = offered
    functions[name as string] = {
      ...(typeof description === 'string' ? { description } : {}),
      ...(hasParameters(parameters) ? { params: toGrammarSchema(parameters, 'tools') } : {}),
    }
  }
  return functions
}

function hasParameters(parameters: unknown): boolean {
  if (parameters === undefined || parameters === null) return false
  if (!isRecord(parameters)) return true
  const { properties } = parameters
  const none = properties === undefined || (isRecord(properties) && Object.keys(properties).length === 0)
  return !none || parameters['additionalProperties'] === true
}

function invalid(message: string): Error {
  return refuse(message, { param: 'messages' })
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
