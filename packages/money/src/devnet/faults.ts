/** How the HTTP interface misbehaves, for tests. All of it can be changed while the devnet runs. */
export interface DevnetFaults {
  /** How long every answer waits. */
  delayMs: number
  /** Connections are closed without an answer. */
  isDown: boolean
  /** Every call is answered with 429. */
  isBusy: boolean
  /** Answers are of the chain as it was so many blocks ago. */
  staleBlocks: number
  /** What is added to the number of the newest block where that is asked for. */
  seqnoShift: number
  /** Messages are acknowledged and forgotten. */
  dropsMessages: boolean
  /** Messages are taken, and answered with an error. */
  failsAfterSending: boolean
  /** Answers are no JSON. */
  garbles: boolean
}

export function noFaults(): DevnetFaults {
  return {
    delayMs: 0,
    isDown: false,
    isBusy: false,
    staleBlocks: 0,
    seqnoShift: 0,
    dropsMessages: false,
    failsAfterSending: false,
    garbles: false,
  }
}
