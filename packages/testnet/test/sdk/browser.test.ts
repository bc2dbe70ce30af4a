import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { Cocoon } from '@cocoon/client'
import { toHex } from '@cocoon/wire'
import { chromium } from 'playwright-core'
import { executablePath, skip } from '../../../trust/test/browser/chromium.ts'
import { folderOf, startModuleServer, trust } from '../../../trust/test/browser/module-server.ts'
import { type Relay, startRelay } from './relay.ts'
import { model, pacedAnswer, type SdkStage, sdkStage } from './stage.ts'

const promptCanary = 'prompt-canary-Ω-41f0a7'
const answerCanary = 'answer-canary-Ω-9b3c22'
const usage = { prompt: 20, cached: 4, completion: 5, reasoning: 0 }

/** What a page takes for the packages that the SDK stands on. */
const modules = {
  '@cocoon/client': '/packages/client/src/index.ts',
  '@cocoon/money/pricing': '/packages/money/src/pricing.ts',
  '@cocoon/trust': '/packages/trust/src/index.ts',
  '@cocoon/trust/log': '/packages/trust/src/log/index.ts',
  '@cocoon/trust/nvidia': '/packages/trust/src/nvidia/index.ts',
  '@cocoon/trust/seal': '/packages/trust/src/seal/index.ts',
  '@noble/ciphers/': folderOf('@noble/ciphers', trust),
  '@noble/post-quantum/': folderOf('@noble/post-quantum', trust),
  jose: `${folderOf('jose', trust)}dist/webapi/index.js`,
  '#crypto': '/packages/client/src/sdk/crypto-portable.ts',
}

interface Given {
  readonly baseURL: string
  readonly model: string
  readonly prompt: string
  readonly allow: { readonly images: string[]; readonly models: string[] }
  readonly policy: object
  readonly rootKey: string
}

interface Seen {
  readonly text: string
  readonly pieces: number
  readonly whole: string | null
  readonly protection: string[]
  readonly simulated: boolean
  readonly receiptId: string
  readonly crypto: string
}

describe('a page in headless Chromium', { skip, timeout: 120_000 }, () => {
  test('seals and opens, and nothing that leaves it can be read', async () => {
    await using server = await startModuleServer(modules)
    const cors = [new URL(server.url).origin]
    await using stage = await sdkStage(pacedAnswer([`${answerCanary} `, 'and ', 'more'], usage), {
      endpoint: { cors },
    })
    await using relay = await startRelay(stage.baseURL)
    const browser = await chromium.launch({ executablePath: executablePath! })
    try {
      const page = await browser.newPage()
      const left: Array<{ url: string; bytes: Buffer }> = []
      page.on('request', request => {
        left.push({ url: request.url(), bytes: request.postDataBuffer() ?? Buffer.alloc(0) })
      })
      await page.goto(server.url)
      const given = givenFor(stage, relay)
      const seen = (await page.evaluate(askInPage, given)) as Seen
      const said = `${answerCanary} and more`
      assert.deepEqual(
        { ...seen, pieces: seen.pieces > 2, receiptId: seen.receiptId.length },
        {
          text: said,
          pieces: true,
          whole: said,
          protection: ['sealed', 'sealed'],
          simulated: true,
          receiptId: 64,
          crypto: 'portable noble',
        },
      )
      const origins = new Set(left.map(({ url }) => new URL(url).origin))
      assert.deepEqual([...origins].toSorted(), [...cors, new URL(relay.baseURL).origin].toSorted())
      checkUnread(stage, relay, left)
    } finally {
      await browser.close()
    }
  })
})

function givenFor({ believing }: SdkStage, { baseURL }: Relay): Given {
  const { allow, policy, simulatedRoot } = believing
  return { baseURL, model, prompt: promptCanary, allow, policy, rootKey: toHex(simulatedRoot.publicKey) }
}

/** Runs in the page. */
async function askInPage(given: Given): Promise<unknown> {
  const { Cocoon } = (await import('@cocoon/client')) as {
    Cocoon: new (options: object) => Cocoon
  }
  const { proofCrypto, sealCrypto } = (await import('#crypto' as string)) as Record<string, { name: string }>
  const { model, allow, policy, rootKey, baseURL, prompt } = given
  const publicKey = Uint8Array.from(rootKey.match(/../g)!, byte => Number.parseInt(byte, 16))
  const simulatedRoot = { name: 'simulated root', publicKey, simulated: true }
  const cocoon = new Cocoon({ baseURL, allow, policy, simulatedRoot })
  const messages = [{ role: 'user', content: prompt }]
  const stream = await cocoon.chat.completions.create({ model, messages, stream: true })
  let text = ''
  let pieces = 0
  for await (const chunk of stream) {
    text += chunk.choices[0]!.delta.content ?? ''
    pieces++
  }
  const how = await stream.cocoon
  const response = await cocoon.fetch(`${baseURL}/chat/completions`, {
    method: 'POST',
    body: JSON.stringify({ model, messages, stream: true }),
  })
  const events = (await response.text()).split('\n').filter(line => line.startsWith('data: {'))
  const chunks = events.map(
    line => JSON.parse(line.slice(6)) as { choices: Array<{ delta: { content?: string } }> },
  )
  return {
    text,
    pieces,
    whole: chunks.map(({ choices }) => choices[0]?.delta.content ?? '').join(''),
    protection: [how.protection, (response.headers.get('x-cocoon-protection') ?? '').split(';')[0]],
    simulated: how.simulated,
    receiptId: how.receipt?.id ?? '',
    crypto: `${proofCrypto!.name} ${sealCrypto!.name}`,
  }
}

/** Neither text is anywhere on the way: as it is, in base64 at any offset, in hexadecimal, in UTF-16. */
function checkUnread(
  stage: SdkStage,
  relay: Relay,
  left: ReadonlyArray<{ url: string; bytes: Buffer }>,
): void {
  const hops: ReadonlyArray<readonly [name: string, pieces: readonly Uint8Array[]]> = [
    ['what the browser sent', left.flatMap(({ url, bytes }) => [Buffer.from(url), bytes])],
    [
      'what passed to the endpoint and back',
      relay.passed.flatMap(({ path, headers, body, answer }) => [
        Buffer.from(path + JSON.stringify(headers)),
        body,
        answer,
      ]),
    ],
    ['what passed the proxy', stage.tap.payloads],
  ]
  for (const [name, pieces] of hops) {
    const all = Buffer.concat(pieces)
    assert.ok(all.length > 2_000, `${name}: ${all.length} bytes`)
    for (const canary of [promptCanary, answerCanary]) {
      for (const [form, text] of formsOf(canary)) {
        assert.ok(!all.includes(text), `${name} has a canary in ${form}`)
      }
    }
  }
  // What is looked for is found where it is: the machine read the prompt.
  const [call] = stage.backend.calls
  assert.ok(formsOf(promptCanary).some(([, text]) => Buffer.from(call!.request.body).includes(text)))
}

function formsOf(text: string): Array<readonly [form: string, bytes: Buffer]> {
  const utf8 = Buffer.from(text)
  const utf16 = Buffer.from(text, 'utf16le')
  const base64 = [0, 1, 2].map(offset => {
    const encoded = Buffer.concat([Buffer.alloc(offset), utf8])
      .toString('base64')
      .replaceAll('=', '')
    // What depends on its neighbours is left out at both ends.
    return encoded.slice(4, -4)
  })
  return [
    ['UTF-8', utf8],
    ['ASCII', utf8.subarray(0, 13)],
    ['UTF-16', utf16],
    ['UTF-16, big-endian', Buffer.from(utf16).swap16()],
    ['hexadecimal', Buffer.from(utf8.toString('hex'))],
    ['hexadecimal in capitals', Buffer.from(utf8.toString('hex').toUpperCase())],
    ['JSON', Buffer.from(text.replace('Ω', '\\u03a9'))],
    ['a URL', Buffer.from(encodeURIComponent(text))],
    ...base64.map(encoded => ['base64', Buffer.from(encoded)] as const),
  ]
}
