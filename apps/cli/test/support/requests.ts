import assert from 'node:assert/strict'

/** JSON of a shape that the test knows. */
export type Json = ReturnType<typeof JSON.parse>

export async function bodyOf(response: { text(): Promise<string> }): Promise<Json> {
  return JSON.parse(await response.text())
}

/** GET as JSON. */
export async function getJson(url: string): Promise<Json> {
  return bodyOf(await fetch(url))
}

/** One question to an endpoint, whole, whose answer is protected like that. */
export async function ask(baseUrl: string, model: string, protection = 'sealed; simulated'): Promise<string> {
  const response = await fetch(`${baseUrl}/chat/completions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ model, messages: [{ role: 'user', content: 'Hello' }] }),
  })
  const body = await bodyOf(response)
  assert.equal(response.status, 200, JSON.stringify(body))
  assert.equal(response.headers.get('x-cocoon-protection'), protection)
  assert.ok(body.usage.total_cost > 0)
  return body.choices[0].message.content
}

/** The same as a stream. */
export async function askStreaming(baseUrl: string, model: string): Promise<string> {
  const response = await fetch(`${baseUrl}/chat/completions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ model, stream: true, messages: [{ role: 'user', content: 'Hello' }] }),
  })
  assert.equal(response.status, 200)
  const events = (await response.text()).split('\n\n').filter(event => event.startsWith('data: '))
  assert.equal(events.at(-1), 'data: [DONE]')
  return events
    .slice(0, -1)
    .map(event => JSON.parse(event.slice(6)).choices[0]?.delta?.content ?? '')
    .join('')
}

/** Resolves once the roles at these HTTP addresses all serve. The test's own timeout bounds it. */
export async function untilHealthy(...addresses: string[]): Promise<void> {
  for (const address of addresses) {
    for (;;) {
      const response = await fetch(`http://${address}/health`).catch(() => undefined)
      await response?.arrayBuffer()
      if (response?.status === 200) break
      await new Promise(resolve => setTimeout(resolve, 20))
    }
  }
}
