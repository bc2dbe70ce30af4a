import assert from 'node:assert/strict'
import { test } from 'node:test'
import { grouped, renderPage } from '../src/http/page.ts'
import { startNetwork } from './support/network.ts'
import { getJson } from './support/requests.ts'

test('whatever a peer is called, a page stays a page', () => {
  const evil = `"><script>alert('x')</script>&amp;`
  const text = renderPage({
    isSimulated: true,
    title: 'Title',
    lead: evil,
    sections: [
      { title: evil, facts: [[evil, evil]] },
      { title: 'Table', columns: ['name'], rows: [[evil], ['x'.repeat(500)]], empty: 'none' },
      { title: 'Empty', columns: ['name'], rows: [], empty: 'Nothing is here.' },
    ],
  })
  assert.doesNotMatch(text, /<script|alert\('/)
  assert.match(text, /&#34;&#62;&#60;script/)
  assert.doesNotMatch(text, /x{81}/)
  assert.match(text, /Nothing is here\./)
})

test('numbers are grouped', () => {
  assert.equal(grouped(18_412_906), '18,412,906')
  assert.equal(grouped(12n), '12')
})

test('a model with a hostile name changes neither page nor JSON', async () => {
  const model = `"},<b onclick='x'>\\\u2028${'y'.repeat(200)}`
  await using network = await startNetwork({ model })
  const { proxy, worker, client } = network.addresses
  for (const address of [proxy, worker, client]) {
    const page = await (await fetch(`http://${address}/stats`)).text()
    assert.doesNotMatch(page, /<b |y{81}/)
  }
  const { worker_connections: connections } = await getJson(`http://${proxy}/jsonstats`)
  assert.equal(connections[0].model.split('@')[0], model)
  const { localconfig } = await getJson(`http://${worker}/jsonstats`)
  assert.equal(localconfig.model.split('@')[0], model)
})
