import { type ApiFlags, apiOf, askOffer, type OfferedModel } from '../api.ts'
import { type Context, foreign, print, printJson, tinted } from '../context.ts'
import type { CommonFlags } from '../flags.ts'
import { table } from '../table.ts'

/** `cocoon models`. */
export async function runModels(context: Context, flags: ApiFlags & CommonFlags): Promise<void> {
  const { stdout, environment } = context
  const { models } = await askOffer(apiOf(flags, environment))
  if (flags.json) return printJson(stdout, { models: models.map(modelJson) })
  if (models.length === 0) return print(stdout, 'No model is on offer. A worker that connects brings one.')
  const head = ['model', 'workers', 'price', 'slots in use'].map(cell => tinted('faint', cell, stdout))
  print(stdout, ...table([head, ...models.map(modelRow)]))
}

function modelJson(model: OfferedModel): Record<string, unknown> {
  const { workers, least, most, running, slots } = sumsOf(model)
  return { id: model.id, workers, price: { least, most }, running, slots }
}

function modelRow(model: OfferedModel): string[] {
  const { workers, least, most, running, slots } = sumsOf(model)
  const price = workers === 0 ? '–' : least === most ? `${least} ×` : `${least} to ${most} ×`
  return [foreign(model.id, 80), String(workers), price, `${running} of ${slots}`]
}

/** Prices are factors: 1 is the price of the root configuration. */
function sumsOf({ workers = [] }: OfferedModel) {
  const prices = workers.map(worker => worker.coefficient / 1000)
  return {
    workers: workers.length,
    least: Math.min(...prices, Number.POSITIVE_INFINITY),
    most: Math.max(...prices, 0),
    running: workers.reduce((sum, worker) => sum + worker.running_requests, 0),
    slots: workers.reduce((sum, worker) => sum + worker.max_running_requests, 0),
  }
}
