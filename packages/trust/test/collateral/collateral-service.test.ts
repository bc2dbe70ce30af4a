import assert from 'node:assert/strict'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { after, beforeEach, describe, test } from 'node:test'
import { systemWorld } from '@cocoon/wire/node'
import { VirtualWorld } from '../../../wire/test/virtual-world.ts'
import { collateralKeyOf } from '../../src/collateral/collateral-key.ts'
import {
  collateralService,
  fetchCollateral,
  intelCollateralService,
} from '../../src/collateral/collateral-service.ts'
import { readCollateral, writeCollateral } from '../../src/collateral/collateral.ts'
import { type Fetch, httpGet } from '../../src/collateral/http-get.ts'
import { nodeCrypto } from '../../src/crypto/node.ts'
import { verifyQuote } from '../../src/verify/verify-quote.ts'
import { caseNamed } from '../verify/vectors.ts'

const real = caseNamed('phala-tdx-quote')

/** Answers by path as the services do; tests put others in their place. */
const routes = new Map<string, (request: IncomingMessage, response: ServerResponse) => void>()
const asked: string[] = []
const server: Server = createServer((request, response) => {
  asked.push(request.url ?? '')
  const answer = routes.get((request.url ?? '').replace(/\?.*/, ''))
  if (answer) answer(request, response)
  else response.writeHead(404).end()
})
await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
after(() => {
  server.close()
  server.closeAllConnections()
})
const baseUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
const options = { fetch: globalThis.fetch as unknown as Fetch, world: systemWorld }

beforeEach(() => {
  asked.length = 0
  const { collateral } = real
  const signed = (name: string, text = '', signature = new Uint8Array()): string =>
    `{"${name}":${text},"signature":"${Buffer.from(signature).toString('hex')}"}`
  const chain = (header: string, pem = ''): Record<string, string> => ({ [header]: encodeURIComponent(pem) })
  routes.set('/tdx/certification/v4/tcb', (_, response) => {
    response.writeHead(200, chain('TCB-Info-Issuer-Chain', collateral.tcbInfoIssuerChain))
    response.end(signed('tcbInfo', collateral.tcbInfo, collateral.tcbInfoSignature))
  })
  routes.set('/tdx/certification/v4/qe/identity', (_, response) => {
    response.writeHead(200, chain('SGX-Enclave-Identity-Issuer-Chain', collateral.qeIdentityIssuerChain))
    response.end(signed('enclaveIdentity', collateral.qeIdentity, collateral.qeIdentitySignature))
  })
  routes.set('/sgx/certification/v4/pckcrl', (_, response) => {
    response.writeHead(200, chain('SGX-PCK-CRL-Issuer-Chain', collateral.pckCrlIssuerChain))
    response.end(collateral.pckCrl)
  })
  // Caching services write this one in hexadecimal.
  routes.set('/sgx/certification/v4/rootcacrl', (_, response) => {
    response.end(Buffer.from(collateral.rootCaCrl!).toString('hex'))
  })
})

describe('collateral from a service', () => {
  test('is fetched for the platform of the quote, and verifies it', async () => {
    const key = collateralKeyOf(real.quote)
    assert.deepEqual(key, { tee: 'tdx', fmspc: 'B0C06F000000', ca: 'platform' })
    const collateral = await fetchCollateral(collateralService(baseUrl), key, options)
    assert.deepEqual(collateral, real.collateral)
    const report = await verifyQuote(real.quote, collateral, {
      nowMs: real.nowMs,
      ignoreTrailing: true,
      crypto: nodeCrypto,
    })
    assert.equal(report.verdict, 'accept')
    assert.ok(asked.includes('/tdx/certification/v4/tcb?fmspc=B0C06F000000'))
    assert.ok(asked.includes('/sgx/certification/v4/pckcrl?ca=platform&encoding=der'))
  })

  test('comes back from its JSON form as it was', () => {
    assert.deepEqual(
      readCollateral(JSON.parse(JSON.stringify(writeCollateral(real.collateral)))),
      real.collateral,
    )
  })

  test('a busy service is asked again, and one that stays busy is given up', async () => {
    const answer = routes.get('/tdx/certification/v4/tcb')!
    let busy = 2
    routes.set('/tdx/certification/v4/tcb', (request, response) => {
      if (busy-- > 0) response.writeHead(busy === 1 ? 503 : 429).end()
      else answer(request, response)
    })
    const key = collateralKeyOf(real.quote)
    const service = collateralService(`${baseUrl}/sgx/certification/v4/`)
    assert.deepEqual(await fetchCollateral(service, key, options), real.collateral)
    routes.set('/tdx/certification/v4/tcb', (_, response) => void response.writeHead(500).end())
    await fails(fetchCollateral(service, key, options), /status 500/)
  })

  test('what is not there is not asked for again', async () => {
    routes.delete('/tdx/certification/v4/tcb')
    await fails(
      fetchCollateral(collateralService(baseUrl), collateralKeyOf(real.quote), options),
      /status 404/,
    )
    assert.equal(asked.filter(url => url.includes('/tcb?')).length, 1)
  })

  for (const [what, body] of [
    ['no JSON', 'hello'],
    ['other JSON', '{"tcbInfo":{}}'],
    ['a signature that is none', '{"tcbInfo":{},"signature":"xyz"}'],
    ['bytes that are no text', Buffer.from([0x7b, 0xff, 0x7d])],
  ] as const) {
    test(`an answer of ${what} is refused`, async () => {
      routes.set('/tdx/certification/v4/tcb', (_, response) => void response.end(body))
      await fails(
        fetchCollateral(collateralService(baseUrl), collateralKeyOf(real.quote), options),
        /something else/,
      )
    })
  }

  test('an issuer chain that is not encoded is refused', async () => {
    routes.set('/tdx/certification/v4/tcb', (_, response) => {
      response.writeHead(200, { 'TCB-Info-Issuer-Chain': '%E0%A4%A' }).end('{"tcbInfo":{},"signature":"00"}')
    })
    await fails(
      fetchCollateral(collateralService(baseUrl), collateralKeyOf(real.quote), options),
      /not encoded/,
    )
  })

  test('an answer without an end is cut at its bound', async () => {
    routes.set('/sgx/certification/v4/rootcacrl', (_, response) => {
      const chunk = Buffer.alloc(1 << 16)
      const write = (): void => {
        while (!response.destroyed && response.write(chunk));
        if (!response.destroyed) response.once('drain', write)
      }
      write()
    })
    await fails(
      fetchCollateral(collateralService(baseUrl), collateralKeyOf(real.quote), options),
      /more than/,
    )
  })

  test('redirections are not followed', async () => {
    routes.set('/sgx/certification/v4/rootcacrl', (_, response) => {
      response.writeHead(302, { location: `${baseUrl}/elsewhere` }).end()
    })
    await fails(
      fetchCollateral(collateralService(baseUrl), collateralKeyOf(real.quote), options),
      /cannot be reached/,
    )
    assert.ok(!asked.includes('/elsewhere'))
  })

  test('a service that does not answer is given up in time, whatever its fetch does', async () => {
    const world = new VirtualWorld()
    const deaf: Fetch = () => new Promise(() => {})
    const waiting = fails(
      httpGet(`${baseUrl}/deaf?key=secret`, { fetch: deaf, world }),
      /did not answer in time/,
    )
    await world.advance(32_000)
    await waiting
  })

  test('who has stopped waiting is told at once', async () => {
    const stop = new AbortController()
    const deaf: Fetch = () => new Promise(() => {})
    const waiting = httpGet(`${baseUrl}/deaf`, { fetch: deaf, world: systemWorld, signal: stop.signal })
    stop.abort()
    await fails(waiting, /cannot be reached/)
  })

  test('addresses are taken as people write them, and no others', () => {
    assert.equal(collateralService('https://api.trustedservices.intel.com/'), intelCollateralService)
    assert.deepEqual(collateralService('http://pccs.example:8081/tdx/certification/v4/'), {
      baseUrl: 'http://pccs.example:8081',
    })
    for (const url of ['', 'pccs', 'ftp://pccs.example', 'file:///etc']) {
      assert.throws(() => collateralService(url), { name: 'TrustError', code: 'fetch-failed' })
    }
  })
})

async function fails(promise: Promise<unknown>, message: RegExp): Promise<void> {
  await assert.rejects(promise, error => {
    assert.equal((error as { code?: string }).code, 'fetch-failed')
    assert.match(String(error), message)
    assert.doesNotMatch(String(error), /secret/)
    return true
  })
}
