import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import {
  type Certificate,
  type Collateral,
  createCertificate,
  type CreateCertificateOptions,
  defaultPolicy,
  EvidencePolicy,
  type EvidencePolicyOptions,
  parseCertificate,
  type PeerPolicy,
  TrustError,
  type Verdict,
} from '../../src/index.ts'
import { nodeCrypto } from '../../src/node.ts'
import { createSimulatedTee, type PlanOptions, simulatedEvidence } from '../../src/simulate/index.ts'
import { ManualWorld } from './manual-world.ts'

const startMs = Date.UTC(2026, 10, 28, 12)
const dayMs = 86_400_000
const hourMs = 3_600_000
const minuteMs = 60_000
const tee = createSimulatedTee(new Uint8Array(32).fill(3))
const allowing = { ...defaultPolicy, allowSimulated: true }

/** Counts what the verifier asks of its primitives: nothing where a verdict is remembered. */
function countingCrypto() {
  const counts = { signatures: 0 }
  const crypto: typeof nodeCrypto = {
    ...nodeCrypto,
    verify: claim => {
      counts.signatures += 1
      return nodeCrypto.verify(claim)
    },
  }
  return { counts, crypto }
}

interface Stage {
  readonly world: ManualWorld
  readonly policy: EvidencePolicy
  readonly counts: { signatures: number }
  show(plan?: Omit<PlanOptions, 'nowMs'>): Promise<Certificate>
  check(certificate: Certificate): Promise<Verdict>
  /** Moves the clock, with the reviews that are due. */
  advance(byMs: number): Promise<void>
}

function stage(options: Partial<EvidencePolicyOptions> = {}): Stage {
  const world = new ManualWorld(startMs)
  const { counts, crypto } = countingCrypto()
  const policy = new EvidencePolicy({
    name: 'tdx',
    world,
    policy: allowing,
    simulatedRoot: tee.root,
    crypto,
    ...options,
  })
  return {
    world,
    policy,
    counts,
    show: plan => certificateOf({ world, evidence: simulatedEvidence(tee, world, plan) }),
    check: certificate => checkAt(policy, certificate, world.now()),
    advance: byMs => world.advance(byMs, () => policy.review()),
  }
}

/** As if the simulated maker were a genuine one, with a service that is asked. */
function genuineStage(collateral: NonNullable<EvidencePolicyOptions['collateral']>): Stage {
  return stage({ policy: defaultPolicy, simulatedRoot: { ...tee.root, simulated: false }, collateral })
}

async function certificateOf(options: CreateCertificateOptions): Promise<Certificate> {
  return parseCertificate((await createCertificate(options)).certificateDer)
}

function checkAt(policy: PeerPolicy, certificate: Certificate, nowMs: number): Promise<Verdict> {
  return policy.check(certificate, { nowMs, role: 'client' })
}

function refusal(code: TrustError['code'], why: RegExp) {
  return (error: unknown): boolean => {
    assert.ok(error instanceof TrustError)
    assert.equal(error.code, code)
    assert.match(error.message, why)
    return true
  }
}

describe('verdicts', () => {
  test('are remembered by quote and key, and made only once', async () => {
    const { show, check, counts } = stage()
    const certificate = await show()
    const first = await check(certificate)
    const { signatures } = counts
    assert.ok(signatures > 5)
    const second = await check(certificate)
    assert.equal(counts.signatures, signatures)
    assert.deepEqual(second.imageHash, first.imageHash)
  })

  test('do not carry over to another key that shows the same quote', async () => {
    const { world, show, check } = stage()
    const original = await show()
    await check(original)
    const thief = await certificateOf({ world, evidence: () => ({ quote: original.quote! }) })
    await assert.rejects(check(thief), refusal('evidence-invalid', /root-crl-format|report-data/))
    const copy = await certificateOf({
      world,
      evidence: async () => simulatedEvidence(tee, world)(original.publicKey),
    })
    await assert.rejects(check(copy), refusal('evidence-invalid', /report-data/))
  })

  test('of refusal are not remembered, so that a peer is believed once it shows better', async () => {
    const { show, check, policy } = stage()
    await assert.rejects(
      check(await show({ tcb: { platform: 'OutOfDate' } })),
      refusal('policy-refused', /tcb-status/),
    )
    assert.equal(policy.counts.remembered, 0)
    await check(await show())
  })

  test('are made anew after an hour, and when the clock was set back', async () => {
    const { world, show, check, counts } = stage()
    const certificate = await show()
    await check(certificate)
    for (const byMs of [hourMs, -hourMs / 2]) {
      const { signatures } = counts
      world.nowMs += byMs
      await check(certificate)
      assert.ok(counts.signatures > signatures, `nothing was verified after ${byMs} ms`)
    }
  })

  test('end with the weakest proof behind them, to the second', async () => {
    const { world, policy, show } = stage()
    const shown = await show()
    // The certificate goes on, as whoever has its key could have it.
    const certificate = { ...shown, notAfterMs: startMs + 300 * dayMs }
    const { report } = await policy.examine(
      { publicKey: shown.publicKey, quote: shown.quote!, staple: shown.staple },
      startMs,
    )
    const endMs = Date.parse(report.expiresAt ?? '')
    const untilEnd = policyOfCertificate(policy, certificate)
    await untilEnd(endMs - 1000)
    await assert.rejects(untilEnd(endMs + 1000), refusal('evidence-invalid', /-dates/))
    world.nowMs = startMs
  })
})

/** Checks with a certificate whose own dates do not matter: it is not signed anew for each. */
function policyOfCertificate(policy: EvidencePolicy, { publicKey, quote, staple }: Certificate) {
  return async (nowMs: number): Promise<void> => {
    const { report } = await policy.examine({ publicKey, quote: quote!, staple }, nowMs)
    if (report.verdict === 'reject') throw new TrustError('evidence-invalid', report.reason ?? '')
  }
}

describe('collateral', () => {
  test('of one’s own goes before what a peer staples, which may hide what has happened since', async () => {
    const source = { collateral: tee.evidence({ nowMs: startMs, tcb: { platform: 'OutOfDate' } }).collateral }
    const { show, check } = genuineStage(() => Promise.resolve(source.collateral))
    await assert.rejects(check(await show()), refusal('policy-refused', /tcb-status/))
    source.collateral = tee.evidence({ nowMs: startMs }).collateral
    const { simulated } = await check(await show())
    assert.equal(simulated, false)
  })

  test('that a peer staples does where a service is out of reach; nothing does where there is none', async () => {
    const { world, show, check } = genuineStage(() =>
      Promise.reject(new TrustError('fetch-failed', 'The service does not answer.')),
    )
    await check(await show())
    const bare = await certificateOf({
      world,
      evidence: async publicKey => ({ quote: (await simulatedEvidence(tee, world)(publicKey)).quote }),
    })
    await assert.rejects(check(bare), (error: TrustError) => {
      assert.equal(error.code, 'evidence-invalid')
      assert.equal((error.cause as TrustError).code, 'fetch-failed')
      return true
    })
  })

  test('of a service that does not answer is not waited for where a peer has brought its own', async () => {
    const { world, show, check } = genuineStage(() => new Promise(() => {}))
    const checking = check(await show())
    while (world.waiting === 0) await new Promise(resolve => setImmediate(resolve))
    await world.advance(2000, () => Promise.resolve())
    const { attested } = await checking
    assert.equal(attested, true)
  })

  test('is not asked for simulated quotes, as their maker runs no service', async () => {
    const { show, check } = stage({ collateral: () => assert.fail('it was asked') })
    await check(await show())
  })

  test('that is stale, foreign or missing does not do', async () => {
    const { world, check } = stage()
    const other = createSimulatedTee(new Uint8Array(32).fill(4))
    const collaterals: Array<[Collateral | undefined, RegExp]> = [
      [tee.evidence({ nowMs: startMs - 40 * dayMs }).collateral, /-dates/],
      [tee.evidence({ nowMs: startMs + 40 * dayMs }).collateral, /-dates/],
      [other.evidence({ nowMs: startMs }).collateral, /root-crl-signature|issuer-chain|root/],
      [
        tee.evidence({ nowMs: startMs, platform: { fmspc: new Uint8Array(6) } }).collateral,
        /fmspc|platform-tcb/,
      ],
      [undefined, /root-crl-format/],
    ]
    for (const [collateral, why] of collaterals) {
      const certificate = await certificateOf({
        world,
        evidence: async publicKey => {
          const { quote } = await simulatedEvidence(tee, world)(publicKey)
          return { quote, ...(collateral && { collateral }) }
        },
      })
      await assert.rejects(check(certificate), refusal('evidence-invalid', why))
    }
  })

  test('that cannot be read is refused', async () => {
    const { show, check } = stage()
    const certificate = await show()
    for (const staple of [new Uint8Array(), Uint8Array.of(0x30, 0x80), certificate.staple!.slice(0, -1)]) {
      await assert.rejects(
        check({ ...certificate, staple }),
        refusal('evidence-invalid', /stapled collateral/),
      )
    }
  })
})

describe('policies', () => {
  test('name the check that a quote fails', async () => {
    const { show, check } = stage({ policy: { ...allowing, imageHashes: ['ab'.repeat(32)] } })
    await assert.rejects(check(await show()), refusal('policy-refused', /image-hash/))
  })

  test('refuse DEBUG, whatever the image', async () => {
    const { show, check } = stage()
    const tdAttributes = Uint8Array.from([1, 0, 0, 0x10, 0, 0, 0, 0])
    await assert.rejects(check(await show({ body: { tdAttributes } })), refusal('policy-refused', /debug/))
  })

  test('of production do not believe a simulated root, known or not', async () => {
    const known = stage({ policy: defaultPolicy })
    await assert.rejects(known.check(await known.show()), refusal('policy-refused', /root/))
    const unknown = stage({ policy: defaultPolicy, simulatedRoot: undefined })
    await assert.rejects(unknown.check(await unknown.show()), refusal('evidence-invalid', /pck-chain-root/))
  })

  test('accept no stand-in for a quote', async () => {
    const { world, check } = stage()
    const certificate = await certificateOf({ world, evidence: () => ({ quote: new Uint8Array(64) }) })
    await assert.rejects(check(certificate), refusal('evidence-invalid', /quote-format/))
  })
})

describe('peers that stay connected', () => {
  test('are lost when the first of their proofs ends, and not before', async () => {
    const { policy, show, check, advance } = stage()
    const { proof } = await check(await show())
    const lost: Error[] = []
    using watch = proof!.watch(why => lost.push(why))
    assert.ok(watch)
    await advance(dayMs - 2000)
    assert.equal(lost.length, 0)
    await advance(4000)
    assert.equal(lost.length, 1)
    assert.equal((lost[0] as TrustError).code, 'certificate-expired')
    assert.equal(policy.counts.watched, 0)
  })

  test('are lost when what was stapled has become stale', async () => {
    const { world, check, advance } = stage()
    const evidence = tee.evidence({ nowMs: startMs - 28.2 * dayMs })
    const certificate = await certificateOf({
      world,
      evidence: async key => {
        const { quote } = await simulatedEvidence(tee, world)(key)
        return { quote, collateral: evidence.collateral }
      },
    })
    const { proof } = await check(certificate)
    const lost: Error[] = []
    using watch = proof!.watch(why => lost.push(why))
    assert.ok(watch)
    await advance(13 * hourMs)
    assert.match(lost[0]?.message ?? '', /expired at|-dates/)
  })

  test('are not watched any more once nobody asks', async () => {
    const { world, policy, show, check, advance } = stage()
    const { proof } = await check(await show())
    const watch = proof!.watch(() => assert.fail('nobody asked'))
    assert.equal(policy.counts.watched, 1)
    watch[Symbol.dispose]()
    await advance(2 * dayMs)
    assert.equal(policy.counts.watched, 0)
    assert.equal(world.waiting, 0)
  })

  test('are verified once, however many connections show the same', async () => {
    const { world, policy, counts, show, check } = stage()
    const certificate = await show()
    const lost: Error[] = []
    for (let connection = 0; connection < 50; connection += 1) {
      const { proof } = await check(certificate)
      proof!.watch(why => lost.push(why))
    }
    const { signatures } = counts
    world.nowMs += 2 * hourMs
    await policy.review()
    assert.equal(lost.length, 0)
    assert.equal(counts.signatures, 2 * signatures)
  })

  test('are lost when newer collateral tells against them', async () => {
    const source = { collateral: tee.evidence({ nowMs: startMs }).collateral }
    const { show, check, advance } = genuineStage(() => Promise.resolve(source.collateral))
    const { proof } = await check(await show())
    const lost: Error[] = []
    proof!.watch(why => lost.push(why))
    await advance(11 * minuteMs)
    assert.equal(lost.length, 0)
    source.collateral = tee.evidence({ nowMs: startMs, tcb: { platform: 'OutOfDate' } }).collateral
    await advance(11 * minuteMs)
    assert.equal(lost.length, 1)
    assert.match(lost[0]?.message ?? '', /tcb-status/)
  })

  test('are kept through an outage of the service, as long as their proofs hold', async () => {
    let isDown = false
    const { world, check, advance } = genuineStage(() =>
      isDown
        ? Promise.reject(new Error('down'))
        : Promise.resolve(tee.evidence({ nowMs: startMs - 28.2 * dayMs }).collateral),
    )
    const certificate = await certificateOf({
      world,
      evidence: async publicKey => ({ quote: (await simulatedEvidence(tee, world)(publicKey)).quote }),
    })
    const { proof } = await check(certificate)
    const lost: Error[] = []
    proof!.watch(why => lost.push(why))
    isDown = true
    await advance(11 * hourMs)
    assert.equal(lost.length, 0)
    await advance(2 * hourMs)
    assert.equal(lost.length, 1)
  })
})
