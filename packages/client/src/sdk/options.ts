import type { CryptoBackend, QuotePolicy, TrustedRoot } from '@cocoon/trust'
import type { IdentityVerifierOptions, SealCrypto } from '@cocoon/trust/seal'
import { ClientError } from '../error.ts'
import type { LeastProtection } from '../network.ts'
import type { SealerOptions } from '../sealing/sealer.ts'
import type { SdkWorld } from './ambient-world.ts'

export type Fetch = (input: string | URL | Request, init?: RequestInit) => Promise<Response>

/**
 * Which machines may read a query. `images`: image hashes of workers. `models`: texts `name@commit:weights-hash`, or
 * their SHA-256. 64 hexadecimal digits each hash. Take them from a source of your own: the endpoint could lie.
 */
export interface AllowList {
  readonly images: Iterable<string>
  readonly models: Iterable<string>
}

export interface CocoonOptions {
  /** Of an endpoint of the client role, or of a server that hands on to one: `https://api.example/v1`. */
  readonly baseURL: string
  readonly apiKey?: string | undefined
  /** A function is asked for each query. */
  readonly allow: AllowList | (() => AllowList | Promise<AllowList>)
  /** The least that is accepted, `sealed` if absent. Below it a query that cannot be sealed goes openly to the endpoint. */
  readonly protection?: LeastProtection
  /** What is asked of a machine's processor, the strict policy if absent. */
  readonly policy?: QuotePolicy
  /** Counts beside Intel's where the policy allows simulated machines. Proves nothing. */
  readonly simulatedRoot?: TrustedRoot | undefined
  /** What else machines are verified with: rules for GPUs, a chain to ask for blocks, collateral of one's own. */
  readonly proofs?: Partial<Pick<IdentityVerifierOptions, 'gpu' | 'block' | 'needsBlock' | 'collateral'>>
  /** `query`: an encapsulation for each, so that the network cannot tell which queries are of one client. */
  readonly linkage?: SealerOptions['linkage']
  /** Answers in chunks of one size at one pace. */
  readonly shape?: SealerOptions['shape']
  readonly fetch?: Fetch
  readonly world?: SdkWorld
  /** Others than what this place has. */
  readonly crypto?: { readonly seal: SealCrypto; readonly proof: CryptoBackend }
}

/** An allow-list as sets of hashes. Throws `configuration` where it is none. */
export function readAllowList(
  { images, models }: AllowList,
  modelHash: (text: string) => string,
): { images: ReadonlySet<string>; models: ReadonlySet<string> } {
  return {
    images: new Set([...images].map(image => hashOf(image, 'allow.images'))),
    models: new Set(
      [...models].map(model => (model.includes('@') ? modelHash(model) : hashOf(model, 'allow.models'))),
    ),
  }
}

function hashOf(text: string, where: string): string {
  const hash = text.toLowerCase()
  if (/^[0-9a-f]{64}$/.test(hash)) return hash
  throw new ClientError('configuration', `${where} has to hold hashes of 64 hexadecimal digits.`)
}

/** Without a slash at its end, and with `/v1`. Throws `configuration`. */
export function readBaseUrl(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (url === undefined || !/^https?:$/.test(url.protocol)) {
    throw new ClientError('configuration', 'baseURL has to be an address that begins with https: or http:.')
  }
  const path = url.pathname.replace(/\/+$/, '')
  return `${url.origin}${path.endsWith('/v1') ? path : `${path}/v1`}`
}
