import { formatAddress, type RootConfig } from '@cocoon/money'
import type { Attestation } from '../roles/attestation.ts'
import { version } from '../version.ts'

/** The root configuration with the keys of the reference's `/jsonstats`. */
export function rootJson(root: RootConfig): Record<string, unknown> {
  const { multipliers, codes } = root
  return {
    owner_address: formatAddress(root.ownerAddress),
    proxy_hashes: [...root.proxyHashes],
    registered_proxies: root.proxies.map(({ seqno, clientEndpoint, workerEndpoint }) => ({
      seqno,
      address_for_clients: `${clientEndpoint.host}:${clientEndpoint.port}`,
      address_for_workers: `${workerEndpoint.host}:${workerEndpoint.port}`,
    })),
    last_proxy_seqno: root.lastProxySeqno,
    worker_hashes: [...root.workerHashes],
    model_hashes: [...root.modelHashes],
    version: root.version,
    struct_version: root.structVersion,
    params_version: root.paramsVersion,
    unique_id: root.uniqueId,
    is_test: root.isTest,
    price_per_token: root.pricePerTokenNano,
    worker_fee_per_token: root.workerFeePerTokenNano,
    prompt_tokens_price_multiplier: multipliers.prompt,
    cached_tokens_price_multiplier: multipliers.cached,
    completion_tokens_price_multiplier: multipliers.completion,
    reasoning_tokens_price_multiplier: multipliers.reasoning,
    proxy_delay_before_close: root.proxyDelayBeforeCloseS,
    client_delay_before_close: root.clientDelayBeforeCloseS,
    proxy_min_stake: root.minProxyStakeNano,
    client_min_stake: root.minClientStakeNano,
    proxy_code_hash: hex(codes.proxy.hash),
    worker_code_hash: hex(codes.worker.hash),
    client_code_hash: hex(codes.client.hash),
  }
}

/** What every role's `status` says besides its own. */
export function statusJson(attestation: Attestation): Record<string, unknown> {
  return {
    wallet_balance: 0,
    ton_last_synced_at: 0,
    git_commit: `cocoon-ts ${version}`,
    git_commit_data: '',
    simulated: attestation.isSimulated,
    evidence: attestation.shown,
    policy: attestation.asked,
    protection: attestation.protection,
  }
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex')
}
