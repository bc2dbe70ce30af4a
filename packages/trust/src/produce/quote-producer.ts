import type { Bytes } from '../bytes.ts'

/** Where quotes come from: the machine's TEE, or something that stands for one. */
export interface QuoteProducer {
  /** As configuration and status call it. */
  readonly name: string
  /** What it makes proves nothing. Whoever shows evidence of it has to say so. */
  readonly simulated: boolean
  /** A quote whose report data are these 64 bytes. Throws `quote-unavailable`. */
  quote(reportData: Bytes): Promise<Bytes>
}
