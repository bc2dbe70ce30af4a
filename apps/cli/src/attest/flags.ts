import { type Command, InvalidArgumentError, Option } from 'commander'
import type { EvidenceChoice } from '../roles/attestation.ts'

/** What is shown to peers and asked of them, where a person says so. */
export interface AttestationFlags {
  policy?: string
  clientsPolicy?: string
  evidence?: EvidenceChoice
  collateral?: string
}

/** What every command takes that judges peers. */
export function withPolicy(command: Command, whom: string): Command {
  return command
    .option(
      '--policy <policy>',
      `what is asked of ${whom}: any, fake_tdx, tdx, or a policy file (default: tdx; any in test networks)`,
    )
    .option(
      '--collateral <source>',
      'what quotes are judged with: an address, a file, or stapled (default: the service of Intel)',
    )
}

/** What every command takes that runs a role. */
export function withAttestation(command: Command, whom: string): Command {
  return withPolicy(command, whom).addOption(
    new Option(
      '--evidence <kind>',
      'what is shown to peers: tsm, simulated, fake_tdx or none (default: tsm, where there is one; fake_tdx in ' +
        'test networks)',
    ).argParser(evidence),
  )
}

function evidence(text: string): EvidenceChoice {
  if (text === 'simulated' || text === 'fake_tdx' || text === 'none') return { kind: text }
  const [kind, ...rest] = text.split(':')
  const directory = rest.join(':')
  if (kind === 'tsm') return directory === '' ? { kind } : { kind, directory }
  throw new InvalidArgumentError('It must be tsm, simulated, fake_tdx or none; tsm:FOLDER for another place.')
}
