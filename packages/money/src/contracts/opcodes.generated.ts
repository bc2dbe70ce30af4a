// Generated from contracts/*.tolk by `npm run contracts`. Do not edit.

/** Opcodes of the messages, 32 bits each. */
export const opcodes = {
  /** What is left of the attached value. */
  excesses: 0x2565934c,
  /** Coins that somebody earned or gets back. */
  payout: 0xc59a7cd3,
  /** A note to services: contracts read nothing behind the opcode. */
  doNotProcess: 0x9a1247c0,
  /** A note of the proxy service behind `DoNotProcess`; no contract knows it. */
  saveState: 0x53109c0f,
  /** To a client contract: so many tokens are used in all. */
  clientCharge: 0xbb63ff93,
  /** To a client contract: this is the final count, the rest goes back. */
  clientGrantRefund: 0xefd711e1,
  /** To a worker contract: so many tokens are earned in all. */
  workerPayout: 0xa040ad28,
  /** To a worker contract: this is the final count. */
  workerLastPayout: 0xf5f26a36,
  /** To a proxy contract: begin to close. */
  proxyClose: 0x636a4391,
  /** To a proxy contract: closed, after the wait. */
  proxyCloseComplete: 0xe511abc7,
  clientTopUp: 0xf172e6c2,
  clientChangeSecretHashAndTopUp: 0x8473b408,
  clientRegister: 0xc45f9f3b,
  clientChangeSecretHash: 0xa9357034,
  clientIncreaseStake: 0x6a1f6a60,
  clientWithdraw: 0xda068e78,
  clientRequestRefund: 0xfafa6cc1,
  workerRegister: 0x26ed7f65,
  workerProxyRequest: 0x4d725d2c,
  workerPayoutPayload: 0x08e7d036,
  clientProxyRequest: 0x65448ff4,
  clientTopUpPayload: 0x5cfc6b87,
  clientRegisterPayload: 0xa35cb580,
  clientRefundGrantedPayload: 0xc68ebc7b,
  clientRefundForcePayload: 0xf4c354c9,
  proxyPayoutRequest: 0x7610e6eb,
  proxyIncreaseStake: 0x9713f187,
  proxyOwnerClose: 0xb51d5a01,
  rootAddWorkerType: 0xe34b1c60,
  rootDeleteWorkerType: 0x8d94a79a,
  rootAddModelType: 0xc146134d,
  rootDeleteModelType: 0x92b11c18,
  rootAddProxyType: 0x71860e80,
  rootDeleteProxyType: 0x3c41d0b2,
  /** The endpoint follows: type:uint1(=0) length:uint7 text:length*bytes. */
  rootRegisterProxy: 0x927c7cb5,
  rootUnregisterProxy: 0x6d49eaf2,
  /** The endpoint follows. */
  rootUpdateProxy: 0x9c7924ba,
  rootChangePrice: 0xc52ed8d4,
  rootChangeParams: 0x022fa189,
  rootUpgradeContracts: 0xa2370f61,
  rootUpgradeCode: 0x11aefd51,
  rootUpgradeFull: 0x4f7c5789,
  rootReset: 0x563c1d96,
  rootChangeOwner: 0xc4a1ae54,
  rootAddPublicKey: 0x6e5a646a,
  /** Signed by the key manager. */
  rootAddPublicKeySigned: 0x9e0e1821,
  /** The endpoint follows. */
  rootChangeKeyManager: 0xb01c0fe9,
  /** Takes a public key out before it expires. */
  rootRemovePublicKey: 0x4b8c1d73,
  /** How long what changes prices, parameters, codes, keys and the owner waits from now on. */
  rootChangeDelay: 0x2e96f0a5,
  /** Forgets what an operation left waiting. */
  rootCancelPending: 0x7d05b3c8,
  /** From the proposed owner, after the wait. */
  rootAcceptOwner: 0x1f6a92e4,
  walletSend: 0x9c69f376,
} as const

/** What a contract says by an exit code of its own. */
export interface ExitCode {
  readonly name: string
  readonly meaning: string
}

/** Exit codes that the contracts throw themselves, by number. */
export const exitCodes: Readonly<Record<number, ExitCode>> = {
  1000: { name: 'oldMessage', meaning: 'The counter or the expiry in the signed cell is not newer than the one that is stored.' },
  1001: { name: 'lowBalance', meaning: 'The balance of the contract or of the account in it is too low.' },
  1003: { name: 'lowValue', meaning: 'Too little value is attached, or the new stake is not greater than the old one.' },
  1004: { name: 'malformedEndpoint', meaning: 'The endpoint of a proxy is malformed.' },
  1005: { name: 'envelopeMismatch', meaning: 'The signed cell is of another operation or query than the message that carries it.' },
  1006: { name: 'wrongState', meaning: 'The contract is closed, or not in the state that the operation needs.' },
  1007: { name: 'badSignature', meaning: 'The signature is not by the key that the contract trusts, or there is no such key.' },
  1008: { name: 'paramsVersion', meaning: 'The parameters are of a struct_version that the contract does not know.' },
  1009: { name: 'expectedClientOwner', meaning: 'Only the owner of the client contract may withdraw or ask for the refund.' },
  1010: { name: 'expectedOwner', meaning: 'Only the owner may do this.' },
  1011: { name: 'notUnlocked', meaning: 'The waiting time is not over yet.' },
  1012: { name: 'unknownOp', meaning: 'The contract has no such operation.' },
  1013: { name: 'unknownText', meaning: 'The contract has no such text command.' },
  1014: { name: 'unknownSender', meaning: 'The sender is not the client or worker contract that its message claims to be.' },
  1015: { name: 'otherAddress', meaning: 'The signed cell is for another contract.' },
  1016: { name: 'excessesAddress', meaning: 'Excesses can only be sent to workchains 0 and -1.' },
  1017: { name: 'stakeTooGreat', meaning: 'The stake is greater than any reader of the contract understands.' },
  1030: { name: 'walletExpired', meaning: 'The external message to the wallet has expired.' },
  1031: { name: 'walletBlocked', meaning: 'The owner has blocked the wallet.' },
  1032: { name: 'walletSeqno', meaning: 'The external message to the wallet has another sequence number than the next one.' },
  1033: { name: 'walletSubwallet', meaning: 'The external message is for another subwallet.' },
  1034: { name: 'walletSignature', meaning: 'The external message to the wallet is not signed by its key.' },
  1035: { name: 'walletBalance', meaning: 'The wallet has less than it keeps.' },
  1040: { name: 'walletExpectedOwner', meaning: 'Only the owner of the wallet may do this.' },
  1041: { name: 'walletUnknownOp', meaning: 'The wallet has no such operation or text command.' },
  2000: { name: 'unknownProxy', meaning: 'The root knows no proxy of this sequence number.' },
  2001: { name: 'weakKey', meaning: 'Everybody could sign for this public key.' },
  2002: { name: 'noGovernance', meaning: 'The root delays nothing, so there is nothing that could be accepted or counted.' },
  2003: { name: 'delayTooLong', meaning: 'Nothing may wait longer than thirty days.' },
}
