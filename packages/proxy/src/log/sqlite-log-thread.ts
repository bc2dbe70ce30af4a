import { parentPort, workerData } from 'node:worker_threads'
import { type PackedCommit, SqliteLogFile } from './sqlite-log-file.ts'
import type { LogHead } from '@cocoon/trust/log'

/** What the thread is asked; it answers in order. */
export type LogQuestion =
  | { readonly kind: 'head' | 'published' | 'close' }
  | { readonly kind: 'tile'; readonly level: number; readonly index: number }
  | { readonly kind: 'entries'; readonly first: number; readonly count: number }
  | { readonly kind: 'find'; readonly leaf: Uint8Array }
  | { readonly kind: 'lastBatch'; readonly writer: string }
  | { readonly kind: 'commit'; readonly commit: PackedCommit }
  | { readonly kind: 'publish'; readonly head: LogHead }

/** After a failure it answers nothing any more. */
export type LogAnswer =
  | { readonly kind: 'done'; readonly value: unknown }
  | { readonly kind: 'conflict'; readonly message: string }
  | { readonly kind: 'failed'; readonly message: string }

const port = parentPort!
const { path } = workerData as { path: string }

function answered(act: () => unknown): void {
  try {
    port.postMessage({ kind: 'done', value: act() } satisfies LogAnswer)
  } catch (error) {
    const isConflict = error instanceof Error && 'code' in error && error.code === 'log-conflict'
    const message = error instanceof Error ? error.message : String(error)
    port.postMessage({ kind: isConflict ? 'conflict' : 'failed', message } satisfies LogAnswer)
    if (!isConflict) port.close()
  }
}

let file: SqliteLogFile
answered(() => {
  file = new SqliteLogFile(path)
})
port.on('message', (question: LogQuestion) => answered(() => answer(question)))

function answer(question: LogQuestion): unknown {
  switch (question.kind) {
    case 'head':
      return file.head()
    case 'published':
      return file.published()
    case 'tile':
      return file.tile(question.level, question.index)
    case 'entries':
      return file.entries(question.first, question.count)
    case 'find':
      return file.find(question.leaf)
    case 'lastBatch':
      return file.lastBatch(question.writer)
    case 'commit':
      return file.commit(question.commit)
    case 'publish':
      return file.publish(question.head)
    case 'close':
      return file.close()
  }
}
