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
  /** From anybody: so many of the attached coins are for the client. */
  clientTopUp: 0xf172e6c2,
  /** From the owner: a new secret, and coins. */
  clientChangeSecretHashAndTopUp: 0x8473b408,
  /** From the owner: proves to the proxy's service that the nonce reached the client. */
  clientRegister: 0xc45f9f3b,
  /** From the owner: SHA-256 of the secret by which the client proves itself. */
  clientChangeSecretHash: 0xa9357034,
  /** From the owner: what has to stay until the contract closes. Greater than before. */
  clientIncreaseStake: 0x6a1f6a60,
  /** From the owner: pay out what is above the stake. */
  clientWithdraw: 0xda068e78,
  /** From the owner: begin to close, and after the delay take the rest from the guarantee of the proxy. */
  clientRequestRefund: 0xfafa6cc1,
  /** From the owner: tells the proxy's service of the worker. */
  workerRegister: 0x26ed7f65,
  /** Tells the service of the state of a worker; with a payload, asks the proxy to pay. */
  workerProxyRequest: 0x4d725d2c,
  /** What the worker's owner gets, and what stays for the owner of the proxy. */
  workerPayoutPayload: 0x08e7d036,
  /** Tells the service of the state of a client; with a payload, asks the proxy to take or to pay. */
  clientProxyRequest: 0x65448ff4,
  /** So many coins of this message are for the pool. */
  clientTopUpPayload: 0x5cfc6b87,
  /** The nonce of `ClientRegister`; for the service alone. */
  clientRegisterPayload: 0xa35cb580,
  /** Pay so much out of the pool to the client. */
  clientRefundGrantedPayload: 0xc68ebc7b,
  /** Pay so much out of the guarantee to the client; out of the pool once the proxy is closed. */
  clientRefundForcePayload: 0xf4c354c9,
  /** From anybody: pay the owner what is earned. */
  proxyPayoutRequest: 0x7610e6eb,
  /** From anybody: so many of the attached coins are the owner's guarantee. */
  proxyIncreaseStake: 0x9713f187,
  /** From the owner: begin to close. */
  proxyOwnerClose: 0xb51d5a01,
  /** Workers of this image may run. */
  rootAddWorkerType: 0xe34b1c60,
  /** Workers of this image may not run. */
  rootDeleteWorkerType: 0x8d94a79a,
  /** The model with this hash of its name may be served. */
  rootAddModelType: 0xc146134d,
  /** The model with this hash of its name may not be served. */
  rootDeleteModelType: 0x92b11c18,
  /** Proxies of this image may run. */
  rootAddProxyType: 0x71860e80,
  /** Proxies of this image may not run. */
  rootDeleteProxyType: 0x3c41d0b2,
  /** Lists a proxy under the next number. The endpoint follows: type:uint1(=0) length:uint7 text:length*bytes. */
  rootRegisterProxy: 0x927c7cb5,
  /** Takes a proxy off the list; its number is not used again. */
  rootUnregisterProxy: 0x6d49eaf2,
  /** A listed proxy has moved. The endpoint follows. */
  rootUpdateProxy: 0x9c7924ba,
  /** Price and fee of the contracts that are made from now on. */
  rootChangePrice: 0xc52ed8d4,
  /** Prices, delays and stakes of the contracts that are made from now on. */
  rootChangeParams: 0x022fa189,
  /** Codes of the contracts that are made from now on. */
  rootUpgradeContracts: 0xa2370f61,
  /** Code of the root. */
  rootUpgradeCode: 0x11aefd51,
  /** Data and code of the root. */
  rootUpgradeFull: 0x4f7c5789,
  /** Empties the lists. */
  rootReset: 0x563c1d96,
  /** Gives the root to another owner, who has to accept where changes wait. */
  rootChangeOwner: 0xc4a1ae54,
  /** Lists a public key until it expires. */
  rootAddPublicKey: 0x6e5a646a,
  /** From anybody: lists a public key that the key manager signed for. */
  rootAddPublicKeySigned: 0x9e0e1821,
  /** Who signs for public keys. The endpoint follows. */
  rootChangeKeyManager: 0xb01c0fe9,
  /** Takes a public key out before it expires. */
  rootRemovePublicKey: 0x4b8c1d73,
  /** How long what changes prices, parameters, codes, keys and the owner waits from now on. */
  rootChangeDelay: 0x2e96f0a5,
  /** Forgets what an operation left waiting. */
  rootCancelPending: 0x7d05b3c8,
  /** From the proposed owner, after the wait. */
  rootAcceptOwner: 0x1f6a92e4,
  /** From the owner: send this message in the wallet's name. */
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
