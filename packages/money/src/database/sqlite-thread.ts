import { parentPort, workerData } from 'node:worker_threads'
import type { DiskSchema, SqlRow, SqlValue, Write } from './disk.ts'
import { SqliteFile } from './sqlite-file.ts'

export type DiskQuestion =
  | { readonly kind: 'read'; readonly statement: number; readonly parameters: readonly SqlValue[] }
  | { readonly kind: 'write'; readonly writes: readonly Write[] }
  | { readonly kind: 'close' }

export type DiskAnswer = { readonly rows: SqlRow[] } | { readonly failure: string; readonly cause: unknown }

let file: SqliteFile | undefined

function answer(question: DiskQuestion): DiskAnswer {
  return attempt(() => {
    if (file === undefined) throw new Error('it is not open')
    if (question.kind === 'read') return file.read(question.statement, question.parameters)
    if (question.kind === 'write') file.write(question.writes)
    else file.close()
    return []
  })
}

/** After a failure nothing more is done: the other side opens the file again. */
function attempt(run: () => SqlRow[]): DiskAnswer {
  try {
    return { rows: run() }
  } catch (error) {
    file?.abandon()
    file = undefined
    return { failure: error instanceof Error ? error.message : String(error), cause: error }
  }
}

parentPort?.on('message', (question: DiskQuestion) => parentPort?.postMessage(answer(question)))
parentPort?.postMessage(
  attempt(() => {
    const { path, schema } = workerData as { path: string; schema: DiskSchema }
    file = new SqliteFile(path, schema)
    return []
  }),
)
