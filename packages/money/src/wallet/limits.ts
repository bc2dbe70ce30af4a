/** The hot wallet of a service. */
export const walletLimits = {
  /** Messages that are not settled yet. */
  maxOpen: 1000,
  /** The last messages whose outcome is remembered, and whose ids mean the same message. */
  remembered: 4096,
  /** Body and initial state of one message, as bags of cells. */
  messageBytes: 12 << 10,
  /** Of an id. */
  idCharacters: 200,
  /** From making an external message until the wallet refuses it. */
  validForS: 600,
  /** After its end a final block has to be so much later before an external message is taken for lost. */
  expiryMarginS: 60,
  /** External messages with one number that were given up and are still known. */
  lostExternals: 16,
  /** Between handing in the same external message twice. */
  resendMs: 30_000,
  /** From a wallet's transaction until nobody looks for what it caused any more. */
  followForS: 86_400,
} as const
