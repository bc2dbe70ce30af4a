import assert from 'node:assert/strict'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { readFile, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { runToEnd } from './support/console.ts'

const vectors = fileURLToPath(new URL('../../../vectors/tdx/', import.meta.url))
const caseFiles = readdirSync(vectors)
  .filter(name => name.endsWith('.json'))
  .map(name => join(vectors, name))
const folder = mkdtempSync(join(tmpdir(), 'cocoon-attest-'))
after(() => rmSync(folder, { recursive: true }))

for (const command of ['attest', 'policy']) {
  test(`help of ${command} is as in its transcript`, async () => {
    await matchesTranscript(`help-${command}`, (await runToEnd([command, '--help'])).stdout)
  })
}

for (const command of ['attest verify', 'attest show', 'attest fetch-collateral', 'attest simulate']) {
  test(`help of ${command} is as in its transcript`, async () => {
    const { stdout } = await runToEnd([...command.split(' '), '--help'])
    await matchesTranscript(`help-${command.replace(' ', '-')}`, stdout)
  })
}

test('help of policy explain is as in its transcript', async () => {
  await matchesTranscript('help-policy-explain', (await runToEnd(['policy', 'explain', '--help'])).stdout)
})

describe('attest verify --case', () => {
  test('gives one JSON object each, in order, with the verdict that is due', async () => {
    const { stdout, exitCode } = await runToEnd([
      'attest',
      'verify',
      '--json',
      ...caseFiles.flatMap(path => ['--case', path]),
    ])
    const lines = stdout.trimEnd().split('\n')
    assert.equal(lines.length, caseFiles.length)
    for (const [index, line] of lines.entries()) {
      const { expected } = JSON.parse(readFileSync(caseFiles[index]!, 'utf8'))
      const found = JSON.parse(line)
      assert.equal(found.case, caseFiles[index])
      assert.equal(found.verdict, expected.verdict, found.case)
      assert.equal(found.tcbStatus, expected.tcbStatus, found.case)
      assert.deepEqual(found.advisoryIds, expected.advisoryIds, found.case)
      assert.equal(found.kind, expected.verdict === 'accept' ? null : 'invalid')
      assert.equal(found.reason === null, expected.verdict === 'accept')
    }
    assert.equal(exitCode, 1)
  })

  test('a file that is no case is rejected on its own line', async () => {
    const broken = join(folder, 'broken.json')
    writeFileSync(broken, '{"quoteHex":"00"}')
    const good = join(vectors, 'phala-tdx-quote.json')
    const missing = join(folder, 'missing.json')
    const argv = [broken, good, missing].flatMap(path => ['--case', path])
    const { stdout, exitCode } = await runToEnd(['attest', 'verify', '--json', ...argv])
    const verdicts = stdout
      .trimEnd()
      .split('\n')
      .map(line => JSON.parse(line).verdict)
    assert.deepEqual(verdicts, ['reject', 'accept', 'reject'])
    assert.equal(exitCode, 1)
  })

  test('ends with 0 where everything is accepted', async () => {
    const path = join(vectors, 'phala-sgx-quote.json')
    const { stdout, exitCode } = await runToEnd(['attest', 'verify', '--case', path])
    assert.match(stdout, /^✓ .*phala-sgx-quote\.json: ConfigurationAndSWHardeningNeeded\n$/)
    assert.equal(exitCode, 0)
  })
})

describe('a simulated machine', () => {
  const evidence = join(folder, 'evidence')
  const at = (name: string): string => join(evidence, name)
  const simulate = (...flags: string[]) =>
    runToEnd(['attest', 'simulate', '--out', evidence, '--state', join(folder, 'state'), ...flags])
  const verify = (...flags: string[]) =>
    runToEnd(['attest', 'verify', at('quote.bin'), '--collateral', at('collateral.json'), ...flags])

  test('makes evidence that is accepted with its own root, and says what it is', async () => {
    assert.match((await simulate('--quote-version', '5', '--td', '1.5')).stdout, /^SIMULATED/)
    const accepted = await verify('--root', at('root.pem'))
    assert.equal(accepted.exitCode, 0)
    assert.match(accepted.stdout, /^SIMULATED: .*proves nothing\.\n✓ Accepted\n/)
    const json = JSON.parse((await verify('--root', at('root.pem'), '--json')).stdout)
    assert.equal(json.simulated, true)
  })

  test('is refused by the root of Intel, first thing, with what to do', async () => {
    await simulate()
    const { exitCode, stdout } = await verify()
    assert.equal(exitCode, 1)
    assert.match(
      stdout,
      /^✗ Rejected: the evidence is invalid\n✗ pck-chain-root: .*\n {4}root .*\n {2}The evidence/,
    )
  })

  test('keeps its root', async () => {
    await simulate()
    const first = readFileSync(at('root.pem'), 'utf8')
    await simulate()
    assert.equal(readFileSync(at('root.pem'), 'utf8'), first)
  })

  test('is the same for all that begin at the same moment', async () => {
    const state = join(folder, 'fresh-state')
    const outs = Array.from({ length: 6 }, (_, index) => join(folder, `out-${index}`))
    await Promise.all(outs.map(out => runToEnd(['attest', 'simulate', '--out', out, '--state', state])))
    const roots = new Set(outs.map(out => readFileSync(join(out, 'root.pem'), 'utf8')))
    assert.equal(roots.size, 1)
    assert.deepEqual(readdirSync(join(state, 'simulated-tee')), ['seed'])
  })

  test('has any TCB status, which the policy judges', async () => {
    await simulate('--tcb-status', 'OutOfDate')
    const { stdout } = await verify('--root', at('root.pem'), '--json')
    const { verdict, kind, reason } = JSON.parse(stdout)
    assert.deepEqual({ verdict, kind }, { verdict: 'reject', kind: 'policy' })
    assert.match(reason, /^tcb-status: /)
    const policy = join(folder, 'policy.json')
    writeFileSync(policy, '{"tcbStatuses":["OutOfDate"]}')
    assert.equal((await verify('--root', at('root.pem'), '--policy', policy)).exitCode, 0)
  })

  test('can advise to launch a trust domain again', async () => {
    for (const status of ['TDRelaunchAdvised', 'TDRelaunchAdvisedConfigurationNeeded']) {
      assert.equal((await simulate('--tcb-status', status)).exitCode, 2)
      await simulate('--quote-version', '5', '--td', '1.5', '--tcb-status', status)
      const { stdout } = await verify('--root', at('root.pem'), '--json')
      assert.equal(JSON.parse(stdout).tcb.status, status)
    }
  })

  test('makes quotes for a key, which are of no use for another one', async () => {
    await simulate('--report-data', 'ab'.repeat(64))
    const flags = ['--root', at('root.pem'), '--report-data']
    assert.equal((await verify(...flags, 'ab'.repeat(64))).exitCode, 0)
    const { stdout } = await verify(...flags, 'cd'.repeat(64))
    assert.match(stdout, /✗ report-data: The quote was made for something else\./)
  })

  test('is shown without being verified', async () => {
    await simulate('--quote-version', '3')
    const { stdout } = await runToEnd(['attest', 'show', at('quote.bin')])
    assert.match(stdout, /^Not verified/)
    assert.match(stdout, /version 3, SGX/)
    const { verified, quote } = JSON.parse(
      (await runToEnd(['attest', 'show', at('quote.bin'), '--json'])).stdout,
    )
    assert.equal(verified, false)
    assert.equal(quote.tee, 'sgx')
  })

  test('says how TD 1.5 is to be had', async () => {
    const { exitCode, stderr } = await simulate('--td', '1.5')
    assert.equal(exitCode, 2)
    assert.match(stderr, /--quote-version 5/)
  })
})

describe('collateral from a service', async () => {
  const file = JSON.parse(readFileSync(join(vectors, 'phala-tdx-quote.json'), 'utf8'))
  const { collateral } = file
  const signed = (name: string, text: string, signature: string): string =>
    `{"${name}":${text},"signature":"${signature}"}`
  const answers = new Map<string, readonly [header: string, chain: string, body: string | Uint8Array]>([
    [
      '/tdx/certification/v4/tcb?fmspc=B0C06F000000',
      [
        'TCB-Info-Issuer-Chain',
        collateral.tcb_info_issuer_chain,
        signed('tcbInfo', collateral.tcb_info, collateral.tcb_info_signature),
      ],
    ],
    [
      '/tdx/certification/v4/qe/identity',
      [
        'SGX-Enclave-Identity-Issuer-Chain',
        collateral.qe_identity_issuer_chain,
        signed('enclaveIdentity', collateral.qe_identity, collateral.qe_identity_signature),
      ],
    ],
    [
      '/sgx/certification/v4/pckcrl?ca=platform&encoding=der',
      ['SGX-PCK-CRL-Issuer-Chain', collateral.pck_crl_issuer_chain, Buffer.from(collateral.pck_crl, 'hex')],
    ],
    ['/sgx/certification/v4/rootcacrl', ['x-none', '', collateral.root_ca_crl]],
  ])
  const server = createServer((request, response) => {
    const [header, chain, body] = answers.get(request.url ?? '') ?? []
    if (header === undefined) return response.writeHead(404).end()
    return response.writeHead(200, { [header]: encodeURIComponent(chain ?? '') }).end(body)
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  after(() => {
    server.close()
    server.closeAllConnections()
  })
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const quote = join(folder, 'fetched-quote.hex')
  writeFileSync(quote, file.quoteHex)
  const at = ['--at', '2025-06-20T10:32:27Z', '--ignore-trailing']

  test('is written to a file, which verifies the quote', async () => {
    const out = join(folder, 'fetched', 'collateral.json')
    const fetched = await runToEnd(['attest', 'fetch-collateral', quote, '--from', url, '--out', out])
    assert.equal(fetched.exitCode, 0, fetched.stderr)
    assert.deepEqual(JSON.parse(readFileSync(out, 'utf8')), collateral)
    const verified = await runToEnd(['attest', 'verify', quote, '--collateral', out, ...at])
    assert.equal(verified.exitCode, 0)
    assert.match(verified.stdout, /^✓ Accepted\n/)
  })

  test('is written to the standard output without a file', async () => {
    const { stdout } = await runToEnd(['attest', 'fetch-collateral', quote, '--from', url])
    assert.deepEqual(JSON.parse(stdout), collateral)
  })

  test('is fetched while verifying', async () => {
    const { exitCode, stdout } = await runToEnd(['attest', 'verify', quote, '--from', url, ...at, '--json'])
    assert.equal(exitCode, 0)
    assert.equal(JSON.parse(stdout).tcb.status, 'UpToDate')
  })

  test('a service that does not have it is named', async () => {
    const { exitCode, stderr } = await runToEnd([
      'attest',
      'fetch-collateral',
      quote,
      '--from',
      `${url}/none`,
    ])
    assert.equal(exitCode, 1)
    assert.match(stderr, /gave no collateral: it answers with status 404/)
    assert.match(stderr, /Check the address/)
  })

  test('an address that is none is refused', async () => {
    const { exitCode, stderr } = await runToEnd(['attest', 'verify', quote, '--from', 'pccs'])
    assert.equal(exitCode, 1)
    assert.match(stderr, /http or https/)
  })
})

describe('what makes no sense', () => {
  test('a quote without collateral', async () => {
    const quote = join(folder, 'quote.hex')
    writeFileSync(quote, JSON.parse(readFileSync(join(vectors, 'phala-tdx-quote.json'), 'utf8')).quoteHex)
    const { exitCode, stderr } = await runToEnd(['attest', 'verify', quote])
    assert.equal(exitCode, 2)
    assert.match(stderr, /--collateral/)
  })

  test('a file that is no quote', async () => {
    const path = join(folder, 'text')
    writeFileSync(path, 'no quote at all!')
    const { exitCode, stderr } = await runToEnd(['attest', 'show', path])
    assert.equal(exitCode, 1)
    assert.match(stderr, /neither a quote nor one in hexadecimal or base64/)
  })

  test('nothing to verify', async () => {
    assert.equal((await runToEnd(['attest', 'verify'])).exitCode, 2)
  })
})

describe('policy explain', () => {
  test('tells the default policy', async () => {
    await matchesTranscript('policy-explain', (await runToEnd(['policy', 'explain'])).stdout)
  })

  test('tells a policy of a file', async () => {
    const path = join(folder, 'explained.json')
    writeFileSync(
      path,
      JSON.stringify({
        tees: ['tdx', 'sgx'],
        tcbStatuses: ['UpToDate', 'SWHardeningNeeded'],
        deniedAdvisoryIds: ['INTEL-SA-00960'],
        minTcbDate: '2025-01-01',
        minTcbEvaluationDataNumber: 17,
        allowSimulated: true,
        imageHashes: ['ab'.repeat(32)],
        measurements: { mrTd: ['01'.repeat(48)] },
        ppids: ['02'.repeat(16)],
      }),
    )
    const { stdout } = await runToEnd(['policy', 'explain', path])
    await matchesTranscript('policy-explain-file', stdout.replace(path, 'policy.json'))
  })

  test('says which member is wrong', async () => {
    const path = join(folder, 'wrong.json')
    writeFileSync(path, '{"tcbStatus":["UpToDate"]}')
    const { exitCode, stderr } = await runToEnd(['policy', 'explain', path])
    assert.equal(exitCode, 1)
    assert.match(stderr, /no member tcbStatus/)
  })
})

/** `COCOON_WRITE_TRANSCRIPTS=1` writes them anew; read the difference before you keep it. */
async function matchesTranscript(name: string, text: string): Promise<void> {
  const file = new URL(`transcripts/${name}.txt`, import.meta.url)
  if (process.env['COCOON_WRITE_TRANSCRIPTS'] === '1') await writeFile(file, text)
  assert.equal(text, await readFile(file, 'utf8'))
}
