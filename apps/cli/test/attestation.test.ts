import assert from 'node:assert/strict'
import { after, describe, test } from 'node:test'
import type { TrustError } from '@cocoon/trust'
import { systemWorld } from '@cocoon/wire/node'
import type { AttestationFlags } from '../src/attest/flags.ts'
import { roleAttestation } from '../src/commands/role-attestation.ts'
import type { CliError } from '../src/error.ts'
import type { RoleName } from '../src/roles/role.ts'
import { makeFolder } from './support/files.ts'

const folder = await makeFolder()
after(() => folder[Symbol.asyncDispose]())

interface Wish {
  role?: RoleName
  isTest?: boolean
  flags?: AttestationFlags & { router?: true }
}

function open({ role = 'worker', isTest = false, flags = {} }: Wish) {
  const context = { environment: {}, world: systemWorld }
  const all = { state: folder.path, ...flags }
  return roleAttestation({ context, role, flags: all, isTest, report: () => {} })
}

describe('what roles ask and show', () => {
  const cases: Array<
    [string, Wish, { asked: string; shown: string; protection: string; isSimulated: boolean }]
  > = [
    [
      'on a real network, unless told otherwise',
      { role: 'worker' },
      { asked: 'tdx', shown: 'tsm', protection: 'attested', isSimulated: false },
    ],
    [
      'as a client of a real network without a TEE',
      { role: 'client' },
      { asked: 'tdx', shown: 'none', protection: 'attested', isSimulated: false },
    ],
    [
      'on a network that is there to be tried out',
      { isTest: true },
      { asked: 'any', shown: 'fake_tdx', protection: 'none', isSimulated: true },
    ],
    [
      'when simulated evidence is shown to real peers',
      { flags: { evidence: { kind: 'simulated' } } },
      { asked: 'tdx', shown: 'simulated', protection: 'attested', isSimulated: true },
    ],
    [
      'when the stand-in is asked for',
      { role: 'client', flags: { policy: 'fake_tdx' } },
      { asked: 'fake_tdx', shown: 'none', protection: 'simulated', isSimulated: true },
    ],
    [
      'behind a router',
      { flags: { router: true } },
      { asked: 'by the router', shown: 'by the router', protection: 'router', isSimulated: false },
    ],
  ]
  for (const [name, wish, due] of cases) {
    test(name, async () => {
      using attestation = await open(wish)
      const { asked, shown, protection, isSimulated } = attestation
      assert.deepEqual({ asked, shown, protection, isSimulated }, due)
    })
  }

  test('a policy of a file that allows simulated evidence is worth no more than that', async () => {
    const policy = await folder.write('simulated.json', { allowSimulated: true })
    using attestation = await open({ role: 'client', flags: { policy, collateral: 'stapled' } })
    assert.equal(attestation.protection, 'simulated')
    assert.equal(attestation.isSimulated, true)
    using worker = await open({ flags: { evidence: { kind: 'simulated' } } })
    using identity = await worker.identity(() => {})
    const { certificateDer } = identity.current()
    const { proof } = await attestation.checkServer(certificateDer)
    assert.equal(proof?.isSimulated, true)
    // The same peer under the policy of real networks.
    using production = await open({ role: 'client', flags: { collateral: 'stapled' } })
    await assert.rejects(
      production.checkServer(certificateDer),
      (error: TrustError) => error.code === 'evidence-invalid' && /pck-chain-root/.test(error.message),
    )
  })

  test('what is asked of clients has a policy of its own', async () => {
    using attestation = await open({ role: 'proxy', isTest: true, flags: { clientsPolicy: 'fake_tdx' } })
    using bare = await open({ role: 'client' })
    using identity = await bare.identity(() => {})
    const { certificateDer } = identity.current()
    await attestation.checkWorker(certificateDer)
    await assert.rejects(attestation.checkClient(certificateDer), { code: 'evidence-missing' })
  })
})

test('a role that is to show a TEE does not run without one', async () => {
  using attestation = await open({
    flags: { evidence: { kind: 'tsm', directory: `${folder.path}/no-tsm` } },
  })
  await assert.rejects(
    attestation.identity(() => {}),
    (error: CliError) => {
      assert.equal(error.code, 'config')
      assert.match(error.message, /There is no quote of this machine/)
      assert.match(error.advice ?? '', /--evidence/)
      return true
    },
  )
})

test('a policy or a service that cannot be understood is no policy', async () => {
  const broken = await folder.write('broken.json', { allowEverything: true })
  for (const flags of [
    { policy: broken },
    { policy: `${folder.path}/absent.json` },
    { collateral: 'http://' },
  ]) {
    await assert.rejects(open({ flags }), (error: CliError) => error.code === 'config')
  }
})
