/** Bounds of what is read of a log, and of what is written into one. */
export const logLimits = {
  /** A signed note. C2SP signed-note asks for room for at least 16 signatures. */
  noteBytes: 128 * 1024,
  noteSignatures: 64,
  keyNameLength: 512,
  /** Lines of a checkpoint behind its root. */
  extensionLines: 16,
  /** What the length of an entry in a bundle can say. */
  entryBytes: 65_535,
  batchEntries: 10_000,
  batchBytes: 16 * 1024 * 1024,
  /** Ids of a batch. */
  idLength: 256,
  /** A writer that others keep overtaking. */
  commitAttempts: 16,
  /** An add-checkpoint request may hold 63 (C2SP tlog-witness), and no tree of 2^53 leaves needs more. */
  proofHashes: 63,
  /** An add-checkpoint request: a note and its proof. */
  requestBytes: 136 * 1024,
  /** What a witness answers. */
  answerBytes: 16 * 1024,
  /** Times that one checkpoint is brought to one witness. */
  witnessAttempts: 3,
  /** Tiles that a reader keeps, of 8 KiB each. */
  cachedTiles: 64,
} as const
