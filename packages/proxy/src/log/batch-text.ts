import type { LogBatch } from '@cocoon/trust/log'

/** `[["id", index], ...]` as JSON. */
export function encodeBatch(batch: LogBatch): string {
  return JSON.stringify(batch.map(({ id, index }) => [id, index]))
}

/** Reads what `encodeBatch` wrote. */
export function decodeBatch(text: string): LogBatch {
  return (JSON.parse(text) as [string, number][]).map(([id, index]) => ({ id, index }))
}
