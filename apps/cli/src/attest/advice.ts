import type { NamedCheck } from '@cocoon/trust'

const advice: ReadonlyArray<readonly [names: RegExp, text: string]> = [
  [
    /^certificate-dates$/,
    'Compare the clocks; the peer renews its certificate every hour, and one that is old says that it could not.',
  ],
  [/^certificate-/, 'Do not connect: this is no certificate of the network, or somebody is in between.'],
  [/^evidence$/, 'Ask for less with --policy, or let the peer show what it runs on with --evidence.'],
  [/^collateral$/, 'Name a service or a file with --collateral.'],
  [/^quote-format$/, 'Record the quote again. Padding behind it is passed over with --ignore-trailing.'],
  [/-dates$/, 'Get newer collateral with `cocoon attest fetch-collateral`, and compare the clocks.'],
  [/^pck-chain-root$/, 'The evidence is of another maker. With --root you name a root of your own.'],
  [/-revocation$/, 'Do not trust this platform: its maker has withdrawn a certificate.'],
  [
    /^(?:root-crl|pck-crl|tcb-info|qe-identity)-/,
    'Get the collateral again: `cocoon attest fetch-collateral`.',
  ],
  [/^(?:fmspc|pce-id|tcb-info-tee|qe-identity-tee)$/, 'Get the collateral that belongs to this quote.'],
  [/^report-data$/, 'The quote belongs to another key: somebody shows the evidence of somebody else.'],
  [
    /-tcb$/,
    'The firmware of the machine is older than anything that Intel still lists: it has to be updated.',
  ],
  [/^tcb-status$/, 'The operator has to update the machine, or the policy has to allow the status.'],
  [/^advisories$/, 'The operator has to update the machine.'],
  [/^root$/, 'Simulated evidence is for tests. Nothing private belongs there.'],
  [/^debug$/, 'Somebody can look into this machine. Do not use it.'],
  [/^(?:pin-|image-hash|ppid|isv-)/, 'List the value in the policy if it is one that you know and trust.'],
  [/./, 'Do not trust this evidence: it was changed, or made by somebody else.'],
]

/** What a person can do about a check that failed. */
export function adviceFor({ name }: NamedCheck): string {
  return advice.find(([names]) => names.test(name))?.[1] ?? ''
}
