import { readFileSync } from 'node:fs'
import { Cell } from '@ton/core'
import { codeFromHash, codeFromHex, parseAddress, type Code, type RootConfig } from '../src/index.ts'

/** `vectors/contracts/<name>` at the root of the repository. */
function read<T>(name: string): T {
  return JSON.parse(readFileSync(new URL(`../../../vectors/contracts/${name}`, import.meta.url), 'utf8')) as T
}

export interface CellVector {
  boc: string
  hash: string
}

interface AddressVector {
  raw: string
  eq: string
  uq: string
}

interface CodeVector {
  hash: string
  depth: number
}

interface SignedMessage {
  query_id: string
  new_tokens_used?: number
  new_tokens?: number
  expected_my_address: string
  send_excesses_to: string
  payload: CellVector
  signature_hex: string
  body: CellVector
}

interface ContractVector {
  data: CellVector
  state_init: CellVector
  address: AddressVector
}

type SignedMessages = Record<
  'charge' | 'grant_refund' | 'payout' | 'last_payout' | 'close' | 'close_complete',
  SignedMessage
>
type Parties<T> = Record<'proxy' | 'worker' | 'client', T>

export const vectors = read<{
  inputs: {
    proxy_key: { seed_hex: string; public_key_hex: string }
    node_wallet_key: { seed_hex: string; public_key_hex: string }
    addresses: Record<
      'root' | 'proxyOwner' | 'clientOwner' | 'workerOwner' | 'walletOwner' | 'excesses',
      AddressVector
    >
    synthetic_codes: Record<'root' | 'proxy' | 'worker' | 'client' | 'wallet', CodeVector & { boc: string }>
    key_manager_key: { seed_hex: string; public_key_hex: string }
  }
  params_cells: Array<CellVector & { struct_version: number; code_mask: number }>
  synthetic: Record<'struct_version_3' | 'struct_version_4', Parties<ContractVector>> & {
    wallet: ContractVector
  }
  root: Record<
    'v3_empty' | 'v3_full' | 'v4_empty' | 'v4_full' | 'v4_full_km' | 'key_manager_empty' | 'key_manager_full',
    CellVector
  > &
    Record<'v3_empty_address' | 'v4_empty_address', AddressVector>
  plain_bodies: Record<string, CellVector>
  inter_contract: Record<string, CellVector>
  wallet_external: {
    valid_until: number
    seqno: number
    messages: Array<{ mode: number }>
    unsigned: CellVector
    signature_hex: string
    signed_body: CellVector
  }
  signed_messages: SignedMessages
  signed_messages_v4: SignedMessages & { root_add_public_key_signed: SignedMessage }
  real_codes: Array<
    { struct_version: number; code_hashes: Parties<CodeVector> & { wallet: CodeVector } } & Parties<{
      address: AddressVector
    }> & { wallet: { address: AddressVector } }
  >
  mainnet_2026_04: {
    root: AddressVector
    proxy_owner: AddressVector
    proxy_public_key_hex: string
    params_mask6_hash: string
    params_mask7_hash: string
    code_cells: Parties<CodeVector>
    proxy: { address: AddressVector }
    params_mask0: CellVector
    clients: Array<{ client_owner: AddressVector; address: AddressVector; initial_data: CellVector }>
  }
}>('vectors.json')

export const session = read<{
  root: string
  owner: string
  pseudo_config: Record<string, unknown>
  codes: Parties<CodeVector>
  seeds_base64: Parties<string>
  proxy_public_key: string
  client_node_wallet: string
  proxy_contract: string
  client_contract: string
  worker_contract: string
  client_charge: { query_id: string; tokens: number; hex: string }
  worker_payout: { query_id: string; tokens: number; hex: string }
}>('recorded-session.json')

export const payments = read<{ public_key: string; 'client-charge': string; 'worker-payout': string }>(
  'payments.json',
)

/** The parameters of the vectors, which are those of mainnet in April 2026. */
export function vectorConfig(structVersion: number, codes: Parties<CodeVector>): RootConfig {
  return {
    version: 87,
    paramsVersion: 17,
    structVersion,
    uniqueId: 239,
    isTest: false,
    pricePerTokenNano: 20n,
    workerFeePerTokenNano: 19n,
    multipliers: { prompt: 10_000, cached: 1_000, completion: 80_000, reasoning: 80_000 },
    proxyDelayBeforeCloseS: 86_400,
    clientDelayBeforeCloseS: 43_200,
    minProxyStakeNano: 15_000_000_000n,
    minClientStakeNano: 15_000_000_000n,
    ownerAddress: parseAddress(vectors.inputs.addresses.proxyOwner.raw),
    lastProxySeqno: 3,
    proxies: [],
    proxyHashes: new Set(),
    workerHashes: new Set(),
    modelHashes: new Set(),
    codes: partyCodes(codes),
  }
}

/** A cell of the vectors, as its bag of cells in base64 has it. */
export function cell({ boc }: { boc: string }): Cell {
  return Cell.fromBase64(boc)
}

export function hashOf(cell: Cell): string {
  return cell.hash().toString('hex')
}

/** The same parameters with codes that are whole cells. */
export function deployableConfig(structVersion: number): RootConfig {
  const { synthetic_codes: codes } = vectors.inputs
  const code = (party: keyof typeof codes) =>
    codeFromHex(Buffer.from(codes[party].boc, 'base64').toString('hex'))
  return {
    ...vectorConfig(structVersion, codes),
    codes: { proxy: code('proxy'), worker: code('worker'), client: code('client') },
  }
}

export function partyCodes({ proxy, worker, client }: Parties<CodeVector>): Parties<Code> {
  const code = ({ hash, depth }: CodeVector) => codeFromHash(hash, depth)
  return { proxy: code(proxy), worker: code(worker), client: code(client) }
}

export function hex(text: string): Uint8Array {
  return new Uint8Array(Buffer.from(text, 'hex'))
}
