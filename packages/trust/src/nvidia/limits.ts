/** How much of whatever a peer sends the verifier of GPU evidence reads. */
export const nvidiaLimits = {
  /** A list of evidence as JSON. */
  maxEvidenceBytes: 2_097_152,
  /** GPUs and switches of one machine. */
  maxDevices: 32,
  /** One SPDM request with its response. */
  maxReportBytes: 65_536,
  /** A certificate chain, root included. */
  maxChainLength: 8,
  /** One reference document. */
  maxReferenceBytes: 1_048_576,
  maxXmlDepth: 16,
  maxXmlNodes: 8_192,
  maxXmlAttributes: 96,
  /** Golden values of one index. */
  maxAlternatives: 64,
  /** One OCSP answer. */
  maxRevocationBytes: 32_768,
  maxRevocationAnswers: 64,
  /** Certificates that one OCSP answer is about. */
  maxStatuses: 64,
  /** A result of the remote attestation service. */
  maxTokenBytes: 262_144,
  maxSubmodules: 32,
  /** What a recording command writes. */
  maxRecordedBytes: 4_194_304,
  /** For a recording command. */
  recordTimeoutMs: 60_000,
} as const
