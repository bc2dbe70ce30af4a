import { type Backend, createHttpBackend, probeUsage } from '@cocoon/worker'
import { configuredUrl } from '../config/address.ts'
import { CliError, reasonOf } from '../error.ts'
import { foreign } from '../context.ts'
import { type Check, failed, passed, skipped } from './check.ts'

const modelsTimeoutMs = 10_000
const probeTimeoutMs = 60_000

/** Whether the server that runs the model answers, has the model, and says how many tokens it used. */
export async function checkBackend(options: {
  key: string
  address: string
  model: string
}): Promise<Check[]> {
  const { key, address, model } = options
  let backend: Backend
  try {
    backend = createHttpBackend({ url: configuredUrl(key, address) })
  } catch (error) {
    const advice = error instanceof CliError ? error.advice : undefined
    return [failed('backend', reasonOf(error), advice ?? `Correct ${key}.`)]
  }
  try {
    return await probe(backend, model)
  } finally {
    await backend.close()
  }
}

async function probe(backend: Backend, model: string): Promise<Check[]> {
  const name = `backend ${backend.name}`
  let ids: string[]
  try {
    ids = (await backend.models(AbortSignal.timeout(modelsTimeoutMs))).map(({ id }) => id)
  } catch (error) {
    return [
      failed(name, foreign(reasonOf(error)), 'Start it, or correct forward_requests_to or --backend.'),
      skipped(`${name}: model`, 'not reached'),
      skipped(`${name}: usage`, 'not reached'),
    ]
  }
  const checks = [passed(name, 'it answers')]
  if (ids.includes(model)) checks.push(passed(`${name}: model`, foreign(model)))
  else {
    const known = ids.length === 0 ? 'it names no models' : `it has ${foreign(ids.slice(0, 5).join(', '))}`
    const found = `${foreign(model)} is not among its models; ${known}`
    checks.push(
      failed(`${name}: model`, found, "Name the backend's own name for the model with --backend-model."),
    )
  }
  checks.push(await checkUsage(name, backend, ids.includes(model) ? model : (ids[0] ?? model)))
  return checks
}

async function checkUsage(name: string, backend: Backend, model: string): Promise<Check> {
  const usage = `${name}: usage`
  try {
    const source = await probeUsage(backend, model, AbortSignal.timeout(probeTimeoutMs))
    if (source === 'stated') return passed(usage, 'every answer states its tokens')
    if (source === 'tokenizer') return passed(usage, 'not stated, but its tokenizer counts them')
    return failed(
      usage,
      'it states no tokens and counts none',
      'Use a server that states usage: nothing could be charged.',
    )
  } catch (error) {
    return failed(
      usage,
      foreign(reasonOf(error)),
      'Ask the server itself for an answer of this model, and read its log.',
    )
  }
}
