// Stands in for NVIDIA's tool in tests: replays recorded evidence, or misbehaves as its first argument says.

import { readFileSync } from 'node:fs'

const [mode, ...given] = process.argv.slice(2)
const recorded: unknown = JSON.parse(
  readFileSync(new URL('../../../../vectors/nvidia/hopper_evidence.json', import.meta.url), 'utf8'),
)
const [{ nonce }] = recorded as [{ nonce: string }]
const due = ['collect-evidence', '--device', 'gpu', '--nonce', nonce, '--format', 'json']

if (mode === 'good' && given.join(' ') !== due.join(' ')) process.exitCode = 64
else if (mode === 'good') console.log(JSON.stringify({ result_code: 0, evidences: recorded }))
else if (mode === 'stale') console.log(JSON.stringify(staleEvidence()))
else if (mode === 'silent') process.exitCode = 1
else if (mode === 'odd') console.log('no JSON')
else if (mode === 'endless') writeForever()
else if (mode === 'hanging') setInterval(() => undefined, 1000)
else {
  console.error('\nno GPU \u001b[31mfound')
  process.exitCode = 2
}

/** Evidence whose report answers another nonce than it is filed under. */
function staleEvidence(): unknown {
  const [device] = recorded as [{ evidence: string }]
  const report = Buffer.from(device.evidence, 'base64')
  report[4] = report[4]! ^ 1
  return [{ ...device, evidence: report.toString('base64') }]
}

function writeForever(): void {
  const line = 'x'.repeat(65_536)
  while (process.stdout.write(line));
  process.stdout.once('drain', writeForever)
}
