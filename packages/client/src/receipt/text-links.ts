import { priceUsage } from '@cocoon/money/pricing'
import { requestCommitment, startAnswerCommitment, verifyReceipt } from '@cocoon/trust/seal'
import { sameBytes, toHex } from '@cocoon/wire'
import { StatedUsage } from '../sealing/stated-usage.ts'
import { sealedAnswers, sealedRequests } from './callers-text.ts'
import { Findings, type Outcome } from './link.ts'
import { clockSlackMs, grouped, isoTime, notChecked, type Subject } from './subject.ts'
import { callerKnows } from './verdict.ts'

const paths = ['/v1/chat/completions', '/v1/completions', '/v1/embeddings'] as const
/** Tokens that a reader does not see; what a template adds to a prompt. */
const slackTokens = { completion: 64, prompt: 256 } as const

/** How the text got there: to which keys it was locked, and, with the texts at hand, that these are they. */
export function checkSeal(subject: Subject): Outcome {
  const { context, read, identity, routing, digest, machine } = subject
  const findings = new Findings()
  const isForIt = routing.recipients.some(recipient => sameBytes(recipient, digest))
  const count = routing.recipients.length
  findings.tell('key exchange', `X-Wing (X25519 and ML-KEM-768), cipher ChaCha20-Poly1305`)
  findings.require('recipients', isForIt, {
    found: routing.recipients.map(toHex).join(', '),
    expected: `${toHex(digest)} among them`,
    sentence: 'The query was not locked to the machine that answered.',
  })
  findings.require('seal key', context.sealCrypto.readSealKey(identity.sealKey) !== undefined, {
    found: `${identity.sealKey.length} bytes, named in the document that the quote is for`,
    sentence: 'The key that the machine shows is none that anything can be locked to.',
  })
  findings.compare(
    'request id',
    toHex(routing.requestId),
    toHex(read.signed.receipt.requestId),
    'The receipt is for another query.',
  )
  const { prompt, answer } = context.texts ?? {}
  if (prompt === undefined && answer === undefined) {
    const sentence =
      'The receipt says that the text was locked to this machine’s key. Only the caller can check that.'
    return findings.outcome('not-checked', sentence, callerKnows)
  }
  const { openings } = read
  if (openings === undefined) {
    const why = 'the file has no openings, and without them no text can be compared'
    return findings.hasFailed
      ? findings.outcome('failed', '')
      : notChecked(why, findings.outcome('checked', '').evidence)
  }
  if (prompt !== undefined) comparePrompt(subject, findings, prompt, openings.requestSalt)
  if (answer !== undefined) compareAnswer(subject, findings, answer, openings.answerSalt)
  if (findings.hasFailed) return findings.outcome('failed', '')
  if (prompt === undefined || answer === undefined) {
    const which = prompt === undefined ? 'answer' : 'request'
    const sentence = `The ${which} is the one of the receipt. The rest only the caller can check.`
    return findings.outcome('not-checked', sentence, callerKnows)
  }
  if (machine === 'unproved') {
    return notChecked('nothing proves whose key it was', findings.outcome('checked', '').evidence)
  }
  if (machine === 'simulated') {
    return findings.outcome('checked', 'The text was locked to this machine’s key. The machine is pretend.')
  }
  const others = count === 2 ? 'one other' : `${count - 1} others`
  return findings.outcome(
    'checked',
    count === 1
      ? 'The text was locked before it left, to keys that only checked machines have.'
      : `The text was locked before it left, to this machine and ${others}, which the caller’s client checked.`,
  )
}

/** What was charged: the sum, under the cap of the query, at prices of the network. */
export function checkPrice({ context, read, routing }: Subject): Outcome {
  const { receipt } = read.signed
  const findings = new Findings()
  const { coefficient, completionTokens, chargedTokens, pricePerTokenNano, paramsVersion } = receipt
  const tooMuch = 'More was charged than the query allowed.'
  findings.require('coefficient', coefficient <= routing.maxCoefficient, {
    found: thousandths(coefficient),
    expected: `at most ${thousandths(routing.maxCoefficient)}`,
    sentence: tooMuch,
  })
  findings.require('output tokens', completionTokens <= routing.maxTokens, {
    found: grouped(completionTokens),
    expected: `at most ${grouped(routing.maxTokens)}`,
    sentence: tooMuch,
  })
  if (receipt.status >= 400) {
    findings.require('refusal', chargedTokens === 0n, {
      found: `${grouped(chargedTokens)} units for status ${receipt.status}`,
      expected: '0 units',
      sentence: 'A refusal was charged, which costs nothing.',
    })
  }
  recount(context.texts ?? {}, receipt, findings)
  const nano = grouped(chargedTokens * pricePerTokenNano)
  findings.tell(
    'charged',
    `${grouped(chargedTokens)} units at ${grouped(pricePerTokenNano)} = ${nano} nanoTON`,
  )
  const known = context.prices?.find(prices => prices.paramsVersion === paramsVersion)
  if (findings.hasFailed) return findings.outcome('failed', '')
  if (known === undefined) {
    const why = `the prices of version ${paramsVersion} are not known here`
    return notChecked(why, findings.outcome('checked', '').evidence)
  }
  findings.require('price of a unit', pricePerTokenNano === known.pricePerTokenNano, {
    found: `${grouped(pricePerTokenNano)} nanoTON`,
    expected: `${grouped(known.pricePerTokenNano)} nanoTON, by ${known.source}`,
    sentence: 'The price of a token is not that of the network.',
  })
  const due = dueUnits(receipt, known)
  for (const [kind, line] of due?.lines ?? []) findings.tell(kind, line)
  findings.require('sum', due?.total === chargedTokens, {
    found: `${grouped(chargedTokens)} units`,
    expected: due === undefined ? 'counts that can be priced' : `${grouped(due.total)} units`,
    sentence: 'The sum is not what the counts cost.',
  })
  // The worker has signed the header with the request, and with the request alone that can be seen.
  const cap = context.texts?.prompt === undefined ? 'the cap that the file names' : 'the cap'
  return findings.outcome('checked', `Charged ${nano} nanoTON: what the worker asked, under ${cap}.`)
}

/** That the machine signed, for this query, at a time that can be. */
export function checkReceipt({ context, read, identity, digest, machine }: Subject): Outcome {
  const { signed } = read
  const { receipt } = signed
  const { startedAtMs, finishedAtMs } = receipt
  const findings = new Findings()
  const isSigned = verifyReceipt(context.sealCrypto, signed, identity.signingKey)
  const key = toHex(identity.signingKey)
  findings.require('signing key', isSigned, {
    found: isSigned ? key : 'another key, or over other bytes',
    expected: key,
    sentence: 'The receipt is not signed by the key in the hardware’s quote.',
  })
  findings.compare(
    'identity',
    toHex(receipt.identity),
    toHex(digest),
    'The receipt names another machine than the one that is shown.',
  )
  findings.require('times', startedAtMs <= finishedAtMs && finishedAtMs <= context.nowMs + clockSlackMs, {
    found: `${isoTime(startedAtMs)} to ${isoTime(finishedAtMs)}`,
    expected: `in order, and not after ${isoTime(context.nowMs)}`,
    sentence: 'The times of the receipt cannot be.',
  })
  findings.tell('outcome', `${receipt.outcome}, HTTP status ${receipt.status}`)
  findings.tell('request commitment', toHex(receipt.requestCommitment))
  findings.tell('answer commitment', toHex(receipt.answerCommitment))
  const { texts } = context
  findings.tell(
    'your copy',
    (texts?.prompt ?? texts?.answer) ? 'compared under Seal' : 'not compared: there is no text here',
  )
  if (findings.hasFailed) return findings.outcome('failed', '')
  if (machine === 'unproved') {
    const why = 'it is signed, and nothing here proves by whose key'
    return notChecked(why, findings.outcome('checked', '').evidence)
  }
  const cut = receipt.outcome === 'complete' ? '' : ` The answer was ${cutWords[receipt.outcome]}.`
  return findings.outcome('checked', `The machine signed for this answer with its own key.${cut}`)
}

const cutWords = { cancelled: 'cut off by the caller', failed: 'cut off by a failure' } as const

function comparePrompt(
  { context, read, routing }: Subject,
  findings: Findings,
  prompt: Uint8Array,
  requestSalt: Uint8Array,
): void {
  const { sealCrypto } = context
  const { header } = read
  const due = read.signed.receipt.requestCommitment
  const isIt = sealedRequests(prompt, routing.maxTokens).some(body =>
    paths.some(path => sameBytes(requestCommitment(sealCrypto, { requestSalt, header, path, body }), due)),
  )
  findings.require('your request', isIt, {
    found: isIt
      ? 'the one that the receipt commits to'
      : `${prompt.length} bytes that the receipt does not commit to`,
    expected: toHex(due),
    sentence: 'The request at hand is not the one that this receipt is for.',
  })
}

function compareAnswer(
  { context, read }: Subject,
  findings: Findings,
  answer: Uint8Array,
  answerSalt: Uint8Array,
): void {
  const { status, answerCommitment: due } = read.signed.receipt
  const isIt = sealedAnswers(answer).some(body => {
    const hash = startAnswerCommitment(context.sealCrypto, answerSalt, status)
    hash.update(body)
    return sameBytes(hash.digest(), due)
  })
  findings.require('your answer', isIt, {
    found: isIt
      ? 'the one that the receipt commits to'
      : `${answer.length} bytes that the receipt does not commit to`,
    expected: toHex(due),
    sentence: 'The answer at hand is not the one that this receipt is for.',
  })
}

/** With the texts at hand: no more tokens than they can have, and than the answer itself states. */
function recount(
  { prompt, answer }: { prompt?: Uint8Array | undefined; answer?: Uint8Array | undefined },
  receipt: Subject['read']['signed']['receipt'],
  findings: Findings,
): void {
  const sentence = 'More tokens were counted than the text has.'
  const most = (label: string, found: number, limit: number): void =>
    findings.require(label, found <= limit, {
      found: grouped(found),
      expected: `at most ${grouped(limit)}`,
      sentence,
    })
  if (prompt !== undefined) most('input, by length', receipt.promptTokens, prompt.length + slackTokens.prompt)
  if (answer === undefined) return
  const seen = receipt.completionTokens - receipt.reasoningTokens
  most('output, by length', seen, answer.length + slackTokens.completion)
  const usage = new StatedUsage()
  usage.push(answer)
  const { promptTokens, completionTokens } = usage.stated()
  if (promptTokens !== undefined) most('input, as the answer states', receipt.promptTokens, promptTokens)
  if (completionTokens !== undefined)
    most('output, as the answer states', receipt.completionTokens, completionTokens)
}

function dueUnits(
  receipt: Subject['read']['signed']['receipt'],
  prices: Parameters<typeof priceUsage>[2],
): { total: bigint; lines: Array<[kind: string, line: string]> } | undefined {
  try {
    const { adjusted } = priceUsage(receipt, receipt.coefficient, prices)
    const { promptTokens, cachedTokens, completionTokens, reasoningTokens } = receipt
    const line = (tokens: number, weight: number, units: bigint): string =>
      `${grouped(tokens)} × ${weight / 10_000} × ${thousandths(receipt.coefficient)} = ${grouped(units)} units`
    const { multipliers } = prices
    return {
      total: adjusted.total,
      lines: [
        ['input, new', line(promptTokens - cachedTokens, multipliers.prompt, adjusted.prompt)],
        ['input, cached', line(cachedTokens, multipliers.cached, adjusted.cached)],
        ['output', line(completionTokens - reasoningTokens, multipliers.completion, adjusted.completion)],
        ['output, reasoning', line(reasoningTokens, multipliers.reasoning, adjusted.reasoning)],
      ],
    }
  } catch {
    return undefined
  }
}

function thousandths(coefficient: number): string {
  return (coefficient / 1000).toFixed(3)
}
