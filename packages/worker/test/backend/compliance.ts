import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import type { Backend, BackendRequest, BackendRun } from '../../src/backend.ts'
import { WorkerError } from '../../src/error.ts'

export interface Subject {
  backend: Backend
  /** A model that the backend serves. */
  model: string
  dispose(): Promise<void>
}

interface Seen {
  log: string[]
  body: string
  error?: WorkerError
}

const never = new AbortController().signal

/** What every backend does, whatever it runs the model with. */
export function testBackend(name: string, create: () => Promise<Subject>): void {
  describe(`${name} as a backend`, () => {
    let subject: Subject
    before(async () => {
      subject = await create()
    })
    after(() => subject.dispose())

    const request = (fields: object = {}, timeoutMs = 30_000): BackendRequest => {
      const messages = [{ role: 'user', content: 'hi' }]
      const json = { model: subject.model, messages, max_tokens: 1000, ...fields }
      return { path: '/v1/chat/completions', json, body: Buffer.from(JSON.stringify(json)), timeoutMs }
    }
    const streamed = { stream: true, stream_options: { include_usage: true } }

    const perform = (
      what: BackendRequest,
      onData: (run: () => BackendRun, seen: Seen) => boolean = () => true,
      onStart: (run: BackendRun) => void = () => {},
    ): Promise<Seen> =>
      new Promise(resolve => {
        const seen: Seen = { log: [], body: '' }
        let begun = false
        const run = subject.backend.run(what, {
          head: (status, headers) => {
            assert.equal(seen.log.length, 0)
            for (const [header] of headers) assert.equal(header, header.toLowerCase())
            seen.log.push(`head ${status}`)
          },
          data: bytes => {
            if (seen.log.at(-1) !== 'data') seen.log.push('data')
            seen.body += Buffer.from(bytes).toString()
            return onData(() => run, seen)
          },
          end: () => {
            seen.log.push('end')
            // A second end would come soon after the first.
            setImmediate(() => resolve(seen))
          },
          failed: error => {
            assert.ok(error instanceof WorkerError)
            assert.ok(begun, 'an event came before run returned')
            seen.log.push(`failed ${error.code}`)
            seen.error = error
            setImmediate(() => resolve(seen))
          },
        })
        begun = true
        onStart(run)
      })

    test('lists its model', async () => {
      const models = await subject.backend.models(never)
      assert.ok(models.some(({ id }) => id === subject.model))
    })

    test('answers whole, with usage', async () => {
      const { log, body } = await perform(request())
      assert.deepEqual(log, ['head 200', 'data', 'end'])
      const { usage } = JSON.parse(body) as { usage: { prompt_tokens: number; completion_tokens: number } }
      assert.ok(usage.prompt_tokens > 0 && usage.completion_tokens > 0)
    })

    test('answers as a stream, with usage', async () => {
      const { log, body } = await perform(request(streamed))
      assert.deepEqual(log, ['head 200', 'data', 'end'])
      assert.match(body, /"usage":\{"prompt_tokens":\d+/)
      assert.match(body, /data: \[DONE\]\n\n$/)
    })

    test('stops at the limit', async () => {
      const { body } = await perform(request({ max_tokens: 3 }))
      assert.match(body, /"finish_reason":"length"/)
      assert.match(body, /"completion_tokens":3\b/)
    })

    test('refuses with a status, not with a failure', async () => {
      const { log, body } = await perform(request({ messages: 'none' }))
      assert.deepEqual(log, ['head 400', 'data', 'end'])
      assert.ok('message' in (JSON.parse(body) as { error: object }).error)
    })

    test('gives nothing while the callee is busy, and then goes on', async () => {
      let busy = false
      const { log } = await perform(request(streamed), run => {
        assert.equal(busy, false)
        busy = true
        setImmediate(() => {
          busy = false
          run().resume()
        })
        return false
      })
      assert.deepEqual(log, ['head 200', 'data', 'end'])
    })

    test('is cancelled before it began, and once it began', async () => {
      const early = await perform(request(streamed), undefined, run => {
        run.cancel()
        run.cancel()
      })
      assert.deepEqual(early.log, ['failed cancelled'])
      const late = await perform(request(streamed), run => {
        run().cancel()
        run().resume()
        return true
      })
      assert.deepEqual(late.log, ['head 200', 'data', 'failed cancelled'])
    })

    test('serves many at once, and frees what was cancelled', async () => {
      const all = Array.from({ length: 20 }, (_, index) =>
        perform(request(streamed), run => {
          if (index % 2 === 1) run().cancel()
          return true
        }),
      )
      for (const [index, { log }] of (await Promise.all(all)).entries())
        assert.equal(log.at(-1), index % 2 === 1 ? 'failed cancelled' : 'end')
    })

    test('ends with its time', async () => {
      const { log } = await perform(request({ ...streamed, hold: true }, 1), () => false)
      assert.equal(log.at(-1), 'failed backend-timeout')
    })

    test('closes, and ends what runs', async () => {
      const running = perform(request(streamed), () => false)
      await subject.backend.close()
      assert.equal((await running).log.at(-1), 'failed closed')
      assert.deepEqual((await perform(request())).log, ['failed closed'])
      await assert.rejects(subject.backend.models(never), { code: 'closed' })
    })
  })
}
