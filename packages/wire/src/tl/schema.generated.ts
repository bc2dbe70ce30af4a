// Generated from schema/cocoon.tl by packages/wire/generate/main.ts (npm run generate). Do not edit.

import type { BoxedCodec, Codec, FunctionCodec } from './codec.ts'
import { readVector } from './reader.ts'
import type { CombinatorInfo } from './reflection.ts'
import { bytesSize, stringSize, vectorSize, writeVector } from './writer.ts'

/** `tcp.ping id:long = tcp.Packet` */
export interface TcpPing {
  _: 'tcp.ping'
  id: bigint
}

/** `tcp.pong id:long = tcp.Packet` */
export interface TcpPong {
  _: 'tcp.pong'
  id: bigint
}

/** `tcp.packet data:bytes = tcp.Packet` */
export interface TcpPacket {
  _: 'tcp.packet'
  data: Uint8Array
}

/** `tcp.queryAnswer id:long data:bytes = tcp.Packet` */
export interface TcpQueryAnswer {
  _: 'tcp.queryAnswer'
  id: bigint
  data: Uint8Array
}

/** `tcp.queryError id:long code:int message:string = tcp.Packet` */
export interface TcpQueryError {
  _: 'tcp.queryError'
  id: bigint
  code: number
  message: string
}

/** `tcp.query id:long data:bytes = tcp.Packet` */
export interface TcpQuery {
  _: 'tcp.query'
  id: bigint
  data: Uint8Array
}

/** `tcp.connected id:long = tcp.Packet` */
export interface TcpConnected {
  _: 'tcp.connected'
  id: bigint
}

/** `tcp.connect id:long = tcp.Packet` */
export interface TcpConnect {
  _: 'tcp.connect'
  id: bigint
}

/** `ton.blockIdExt workchain:int shard:long seqno:int root_hash:bytes file_hash:bytes = ton.BlockIdExt` */
export interface TonBlockIdExt {
  _: 'ton.blockIdExt'
  workchain: number
  shard: bigint
  seqno: number
  rootHash: Uint8Array
  fileHash: Uint8Array
}

/** `test.answer id:long = test.Answer` */
export interface TestAnswer {
  _: 'test.answer'
  id: bigint
}

/** `proxyRunner.config is_test:Bool is_testnet:Bool workers_rpc_port:int client_rpc_port:int http_port:int owner_address:string root_contract_address:string machine_specific_private_key:int256 node_wallet_key:int256 ton_config_filename:string db_path:string check_worker_hashes:Bool image_hash:int256 http_access_hash:string = proxyRunner.Config` */
export interface ProxyRunnerConfig {
  _: 'proxyRunner.config'
  isTest: boolean
  isTestnet: boolean
  workersRpcPort: number
  clientRpcPort: number
  httpPort: number
  ownerAddress: string
  rootContractAddress: string
  machineSpecificPrivateKey: Uint8Array
  nodeWalletKey: Uint8Array
  tonConfigFilename: string
  dbPath: string
  checkWorkerHashes: boolean
  imageHash: Uint8Array
  httpAccessHash: string
}

/** `workerRunner.config is_test:Bool is_testnet:Bool http_port:int owner_address:string proxy_connections:int connect_to_proxy_via:string model_name:string coefficient:int root_contract_address:string node_wallet_key:int256 forward_requests_to:string ton_config_filename:string check_proxy_hashes:Bool max_active_requests:int image_hash:int256 http_access_hash:string = workerRunner.Config` */
export interface WorkerRunnerConfig {
  _: 'workerRunner.config'
  isTest: boolean
  isTestnet: boolean
  httpPort: number
  ownerAddress: string
  proxyConnections: number
  connectToProxyVia: string
  modelName: string
  coefficient: number
  rootContractAddress: string
  nodeWalletKey: Uint8Array
  forwardRequestsTo: string
  tonConfigFilename: string
  checkProxyHashes: boolean
  maxActiveRequests: number
  imageHash: Uint8Array
  httpAccessHash: string
}

/** `clientRunner.config is_test:Bool is_testnet:Bool http_port:int owner_address:string proxy_connections:int connect_to_proxy_via:string root_contract_address:string node_wallet_key:int256 check_proxy_hashes:Bool secret_string:string ton_config_filename:string http_access_hash:string = clientRunner.Config` */
export interface ClientRunnerConfig {
  _: 'clientRunner.config'
  isTest: boolean
  isTestnet: boolean
  httpPort: number
  ownerAddress: string
  proxyConnections: number
  connectToProxyVia: string
  rootContractAddress: string
  nodeWalletKey: Uint8Array
  checkProxyHashes: boolean
  secretString: string
  tonConfigFilename: string
  httpAccessHash: string
}

/** `keyStorageRunner.config is_test:Bool is_testnet:Bool rpc_port:int http_port:int root_contract_address:string machine_specific_private_key:int256 ton_config_filename:string db_path:string check_hashes:Bool image_hash:int256 http_access_hash:string = keyStorageRunner.Config` */
export interface KeyStorageRunnerConfig {
  _: 'keyStorageRunner.config'
  isTest: boolean
  isTestnet: boolean
  rpcPort: number
  httpPort: number
  rootContractAddress: string
  machineSpecificPrivateKey: Uint8Array
  tonConfigFilename: string
  dbPath: string
  checkHashes: boolean
  imageHash: Uint8Array
  httpAccessHash: string
}

/** `rootConfig.registeredProxy seqno:int address:string = rootConfig.RegisteredProxy` */
export interface RootConfigRegisteredProxy {
  _: 'rootConfig.registeredProxy'
  seqno: number
  address: string
}

/** `rootConfig.pseudo proxy_hashes:vector int256 worker_hashes:vector int256 model_hashes:vector int256 model_types:vector string registered_proxies:vector rootConfig.registeredProxy price_per_token:int worker_fee_per_token:int last_proxy_seqno:int version:int params_version:int proxy_sc_code:string worker_sc_code:string client_sc_code:string root_owner_address:string = rootConfig.Config` */
export interface RootConfigPseudo {
  _: 'rootConfig.pseudo'
  proxyHashes: Uint8Array[]
  workerHashes: Uint8Array[]
  modelHashes: Uint8Array[]
  modelTypes: string[]
  registeredProxies: RootConfigRegisteredProxy[]
  pricePerToken: number
  workerFeePerToken: number
  lastProxySeqno: number
  version: number
  paramsVersion: number
  proxyScCode: string
  workerScCode: string
  clientScCode: string
  rootOwnerAddress: string
}

/** `rootConfig.configV5 root_owner_address:string proxy_hashes:vector int256 registered_proxies:vector rootConfig.registeredProxy last_proxy_seqno:int worker_hashes:vector int256 model_hashes:vector int256 version:int struct_version:int params_version:int unique_id:int is_test:int price_per_token:long worker_fee_per_token:long prompt_tokens_price_multiplier:int cached_tokens_price_multiplier:int completion_tokens_price_multiplier:int reasoning_tokens_price_multiplier:int proxy_delay_before_close:int client_delay_before_close:int min_proxy_stake:long min_client_stake:long proxy_sc_code:string worker_sc_code:string client_sc_code:string = rootConfig.Config` */
export interface RootConfigConfigV5 {
  _: 'rootConfig.configV5'
  rootOwnerAddress: string
  proxyHashes: Uint8Array[]
  registeredProxies: RootConfigRegisteredProxy[]
  lastProxySeqno: number
  workerHashes: Uint8Array[]
  modelHashes: Uint8Array[]
  version: number
  structVersion: number
  paramsVersion: number
  uniqueId: number
  isTest: number
  pricePerToken: bigint
  workerFeePerToken: bigint
  promptTokensPriceMultiplier: number
  cachedTokensPriceMultiplier: number
  completionTokensPriceMultiplier: number
  reasoningTokensPriceMultiplier: number
  proxyDelayBeforeClose: number
  clientDelayBeforeClose: number
  minProxyStake: bigint
  minClientStake: bigint
  proxyScCode: string
  workerScCode: string
  clientScCode: string
}

/** `proxyDb.clientInfo owner_address:string sc_address:string status:int balance:long sc_tokens_used:long tokens_used:long secret_hash:int256 last_request_at:int = proxyDb.ClientInfo` */
export interface ProxyDbClientInfo {
  _: 'proxyDb.clientInfo'
  ownerAddress: string
  scAddress: string
  status: number
  balance: bigint
  scTokensUsed: bigint
  tokensUsed: bigint
  secretHash: Uint8Array
  lastRequestAt: number
}

/** `proxyDb.clientInfoV2 owner_address:string sc_address:string status:int balance:long stake:long sc_tokens_used:long tokens_used:long secret_hash:int256 last_request_at:int = proxyDb.ClientInfo` */
export interface ProxyDbClientInfoV2 {
  _: 'proxyDb.clientInfoV2'
  ownerAddress: string
  scAddress: string
  status: number
  balance: bigint
  stake: bigint
  scTokensUsed: bigint
  tokensUsed: bigint
  secretHash: Uint8Array
  lastRequestAt: number
}

/** `proxyDb.workerInfo owner_address:string sc_address:string sc_tokens:long tokens:long last_request_at:int = proxyDb.WorkerInfo` */
export interface ProxyDbWorkerInfo {
  _: 'proxyDb.workerInfo'
  ownerAddress: string
  scAddress: string
  scTokens: bigint
  tokens: bigint
  lastRequestAt: number
}

/** `proxyDb.pendingBlockchainSeqnoCommit seqno:int session_hash:int256 = proxyDb.PendingBlockchainSeqnoCommit` */
export interface ProxyDbPendingBlockchainSeqnoCommit {
  _: 'proxyDb.pendingBlockchainSeqnoCommit'
  seqno: number
  sessionHash: Uint8Array
}

/** `proxyDb.configEmpty = proxyDb.Config` */
export interface ProxyDbConfigEmpty {
  _: 'proxyDb.configEmpty'
}

/** `proxyDb.configV4 root_contract_address:string is_testnet:int root_contract_state:rootConfig.Config root_contract_state_block_ts:int sc_block_id:ton.blockIdExt last_seqno_committed_to_blockchain:int pending_blockchain_seqno_commits:vector proxyDb.pendingBlockchainSeqnoCommit = proxyDb.Config` */
export interface ProxyDbConfigV4 {
  _: 'proxyDb.configV4'
  rootContractAddress: string
  isTestnet: number
  rootContractState: RootConfigConfigAny
  rootContractStateBlockTs: number
  scBlockId: TonBlockIdExt
  lastSeqnoCommittedToBlockchain: number
  pendingBlockchainSeqnoCommits: ProxyDbPendingBlockchainSeqnoCommit[]
}

/** `proxyDb.configV4Disabled root_contract_address:string is_testnet:int root_contract_state:rootConfig.Config root_contract_state_block_ts:int disabled_until_version:long = proxyDb.Config` */
export interface ProxyDbConfigV4Disabled {
  _: 'proxyDb.configV4Disabled'
  rootContractAddress: string
  isTestnet: number
  rootContractState: RootConfigConfigAny
  rootContractStateBlockTs: number
  disabledUntilVersion: bigint
}

/** `proxyDb.oldClient owner_address:string tokens:long next_client:string = proxyDb.OldClient` */
export interface ProxyDbOldClient {
  _: 'proxyDb.oldClient'
  ownerAddress: string
  tokens: bigint
  nextClient: string
}

/** `proxyDb.oldWorker owner_address:string tokens:long next_worker:string = proxyDb.OldWorker` */
export interface ProxyDbOldWorker {
  _: 'proxyDb.oldWorker'
  ownerAddress: string
  tokens: bigint
  nextWorker: string
}

/** `proxyDb.oldInstance contract_address:string closing_state:int close_at:int next_client:string next_worker:string root_contract_state:rootConfig.Config = proxyDb.OldInstance` */
export interface ProxyDbOldInstance {
  _: 'proxyDb.oldInstance'
  contractAddress: string
  closingState: number
  closeAt: number
  nextClient: string
  nextWorker: string
  rootContractState: RootConfigConfigAny
}

/** `keyManagerDb.configEmpty = keyManagerDb.Config` */
export interface KeyManagerDbConfigEmpty {
  _: 'keyManagerDb.configEmpty'
}

/** `keyManagerDb.configV1 root_contract_version:int = keyManagerDb.Config` */
export interface KeyManagerDbConfigV1 {
  _: 'keyManagerDb.configV1'
  rootContractVersion: number
}

/** `keyManagerDb.key private_key:int256 for_proxies:Bool for_workers:Bool valid_since_config_version:int valid_since_utime:int valid_until_utime:int = keyManagerDb.Key` */
export interface KeyManagerDbKey {
  _: 'keyManagerDb.key'
  privateKey: Uint8Array
  forProxies: boolean
  forWorkers: boolean
  validSinceConfigVersion: number
  validSinceUtime: number
  validUntilUtime: number
}

/** `tokensUsed prompt_tokens_used:long cached_tokens_used:long completion_tokens_used:long reasoning_tokens_used:long total_tokens_used:long = TokensUsed` */
export interface TokensUsed {
  _: 'tokensUsed'
  promptTokensUsed: bigint
  cachedTokensUsed: bigint
  completionTokensUsed: bigint
  reasoningTokensUsed: bigint
  totalTokensUsed: bigint
}

/** `worker.params#869c73ed flags:# worker_owner_address:string model:string coefficient:int is_test:flags.0?Bool proxy_cnt:flags.0?int max_active_requests:flags.0?int min_proto_version:flags.1?int max_proto_version:flags.1?int = worker.Params` */
export interface WorkerParams {
  _: 'worker.params'
  flags: number
  workerOwnerAddress: string
  model: string
  coefficient: number
  isTest?: boolean | undefined
  proxyCnt?: number | undefined
  maxActiveRequests?: number | undefined
  minProtoVersion?: number | undefined
  maxProtoVersion?: number | undefined
}

/** `proxy.params#d5c5609f flags:# proxy_public_key:int256 proxy_owner_address:string proxy_sc_address:string is_test:flags.0?Bool proto_version:flags.1?int = proxy.Params` */
export interface ProxyParams {
  _: 'proxy.params'
  flags: number
  proxyPublicKey: Uint8Array
  proxyOwnerAddress: string
  proxyScAddress: string
  isTest?: boolean | undefined
  protoVersion?: number | undefined
}

/** `client.params#40fdca64 flags:# client_owner_address:string is_test:flags.0?Bool min_proto_version:flags.1?int max_proto_version:flags.1?int = client.Params` */
export interface ClientParams {
  _: 'client.params'
  flags: number
  clientOwnerAddress: string
  isTest?: boolean | undefined
  minProtoVersion?: number | undefined
  maxProtoVersion?: number | undefined
}

/** `proxy.signedPayment data:bytes = proxy.SignedPayment` */
export interface ProxySignedPayment {
  _: 'proxy.signedPayment'
  data: Uint8Array
}

/** `proxy.signedPaymentEmpty = proxy.SignedPayment` */
export interface ProxySignedPaymentEmpty {
  _: 'proxy.signedPaymentEmpty'
}

/** `client.proxyConnectionAuthShort secret_hash:int256 nonce:long = client.ProxyConnectionAuth` */
export interface ClientProxyConnectionAuthShort {
  _: 'client.proxyConnectionAuthShort'
  secretHash: Uint8Array
  nonce: bigint
}

/** `client.proxyConnectionAuthLong nonce:long = client.ProxyConnectionAuth` */
export interface ClientProxyConnectionAuthLong {
  _: 'client.proxyConnectionAuthLong'
  nonce: bigint
}

/** `client.authorizationWithProxySuccess signed_payment:proxy.SignedPayment tokens_committed_to_db:long max_tokens:long = client.AuthorizationWithProxy` */
export interface ClientAuthorizationWithProxySuccess {
  _: 'client.authorizationWithProxySuccess'
  signedPayment: ProxySignedPaymentAny
  tokensCommittedToDb: bigint
  maxTokens: bigint
}

/** `client.authorizationWithProxyFailed error_code:int error:string = client.AuthorizationWithProxy` */
export interface ClientAuthorizationWithProxyFailed {
  _: 'client.authorizationWithProxyFailed'
  errorCode: number
  error: string
}

/** `client.connectedToProxy params:proxy.params client_sc_address:string auth:client.ProxyConnectionAuth signed_payment:proxy.SignedPayment = client.ConnectedToProxy` */
export interface ClientConnectedToProxy {
  _: 'client.connectedToProxy'
  params: ProxyParams
  clientScAddress: string
  auth: ClientProxyConnectionAuthAny
  signedPayment: ProxySignedPaymentAny
}

/** `client.queryAnswer answer:bytes is_completed:Bool request_id:int256 request_tokens_used:tokensUsed = client.QueryAnswer` */
export interface ClientQueryAnswer {
  _: 'client.queryAnswer'
  answer: Uint8Array
  isCompleted: boolean
  requestId: Uint8Array
  requestTokensUsed: TokensUsed
}

/** `client.queryAnswerError error_code:int error:string request_id:int256 request_tokens_used:tokensUsed = client.QueryAnswer` */
export interface ClientQueryAnswerError {
  _: 'client.queryAnswerError'
  errorCode: number
  error: string
  requestId: Uint8Array
  requestTokensUsed: TokensUsed
}

/** `client.queryAnswerPart answer:bytes is_completed:Bool request_id:int256 request_tokens_used:tokensUsed = client.QueryAnswerPart` */
export interface ClientQueryAnswerPart {
  _: 'client.queryAnswerPart'
  answer: Uint8Array
  isCompleted: boolean
  requestId: Uint8Array
  requestTokensUsed: TokensUsed
}

/** `client.queryAnswerPartError error_code:int error:string request_id:int256 request_tokens_used:tokensUsed = client.QueryAnswerPart` */
export interface ClientQueryAnswerPartError {
  _: 'client.queryAnswerPartError'
  errorCode: number
  error: string
  requestId: Uint8Array
  requestTokensUsed: TokensUsed
}

/** `client.queryFinalInfo flags:# tokens_used:tokensUsed worker_debug:flags.0?string proxy_debug:flags.0?string proxy_start_time:flags.1?double proxy_end_time:flags.1?double worker_start_time:flags.1?double worker_end_time:flags.1?double = client.QueryFinalInfo` */
export interface ClientQueryFinalInfo {
  _: 'client.queryFinalInfo'
  flags: number
  tokensUsed: TokensUsed
  workerDebug?: string | undefined
  proxyDebug?: string | undefined
  proxyStartTime?: number | undefined
  proxyEndTime?: number | undefined
  workerStartTime?: number | undefined
  workerEndTime?: number | undefined
}

/** `client.queryAnswerEx request_id:int256 answer:bytes flags:# final_info:flags.0?client.queryFinalInfo = client.QueryAnswerEx` */
export interface ClientQueryAnswerEx {
  _: 'client.queryAnswerEx'
  requestId: Uint8Array
  answer: Uint8Array
  flags: number
  finalInfo?: ClientQueryFinalInfo | undefined
}

/** `client.queryAnswerErrorEx request_id:int256 error_code:int error:string flags:# final_info:flags.0?client.queryFinalInfo = client.QueryAnswerEx` */
export interface ClientQueryAnswerErrorEx {
  _: 'client.queryAnswerErrorEx'
  requestId: Uint8Array
  errorCode: number
  error: string
  flags: number
  finalInfo?: ClientQueryFinalInfo | undefined
}

/** `client.queryAnswerPartEx request_id:int256 answer:bytes flags:# final_info:flags.0?client.queryFinalInfo = client.QueryAnswerEx` */
export interface ClientQueryAnswerPartEx {
  _: 'client.queryAnswerPartEx'
  requestId: Uint8Array
  answer: Uint8Array
  flags: number
  finalInfo?: ClientQueryFinalInfo | undefined
}

/** `client.refund data:bytes = client.Refund` */
export interface ClientRefund {
  _: 'client.refund'
  data: Uint8Array
}

/** `client.refundRejected active_queries:long = client.Refund` */
export interface ClientRefundRejected {
  _: 'client.refundRejected'
  activeQueries: bigint
}

/** `client.workerType name:string active_workers:int coefficient_min:int coefficient_bucket50:int coefficient_max:int = client.WorkerType` */
export interface ClientWorkerType {
  _: 'client.workerType'
  name: string
  activeWorkers: number
  coefficientMin: number
  coefficientBucket50: number
  coefficientMax: number
}

/** `client.workerTypes types:vector client.workerType = client.WorkerTypes` */
export interface ClientWorkerTypes {
  _: 'client.workerTypes'
  types: ClientWorkerType[]
}

/** `client.workerInstanceV2#3ea93d00 flags:# coefficient:int active_requests:int max_active_requests:int = client.WorkerInstanceV2` */
export interface ClientWorkerInstanceV2 {
  _: 'client.workerInstanceV2'
  flags: number
  coefficient: number
  activeRequests: number
  maxActiveRequests: number
}

/** `client.workerTypeV2 name:string workers:vector client.workerInstanceV2 = client.WorkerTypeV2` */
export interface ClientWorkerTypeV2 {
  _: 'client.workerTypeV2'
  name: string
  workers: ClientWorkerInstanceV2[]
}

/** `client.workerTypesV2 types:vector client.workerTypeV2 = client.WorkerTypesV2` */
export interface ClientWorkerTypesV2 {
  _: 'client.workerTypesV2'
  types: ClientWorkerTypeV2[]
}

/** `client.paymentStatus signed_payment:proxy.SignedPayment db_tokens:long max_tokens:long = client.PaymentStatus` */
export interface ClientPaymentStatus {
  _: 'client.paymentStatus'
  signedPayment: ProxySignedPaymentAny
  dbTokens: bigint
  maxTokens: bigint
}

/** `proxy.clientRequestPayment request_id:int256 signed_payment:proxy.SignedPayment db_tokens:long max_tokens:long request_tokens:long = proxy.WorkerRequestPayment` */
export interface ProxyClientRequestPayment {
  _: 'proxy.clientRequestPayment'
  requestId: Uint8Array
  signedPayment: ProxySignedPaymentAny
  dbTokens: bigint
  maxTokens: bigint
  requestTokens: bigint
}

/** `proxy.queryAnswer answer:bytes is_completed:Bool request_id:int256 tokens_used:tokensUsed = proxy.QueryAnswer` */
export interface ProxyQueryAnswer {
  _: 'proxy.queryAnswer'
  answer: Uint8Array
  isCompleted: boolean
  requestId: Uint8Array
  tokensUsed: TokensUsed
}

/** `proxy.queryAnswerError error_code:int error:string request_id:int256 tokens_used:tokensUsed = proxy.QueryAnswer` */
export interface ProxyQueryAnswerError {
  _: 'proxy.queryAnswerError'
  errorCode: number
  error: string
  requestId: Uint8Array
  tokensUsed: TokensUsed
}

/** `proxy.queryAnswerPart answer:bytes is_completed:Bool request_id:int256 tokens_used:tokensUsed = proxy.QueryAnswerPart` */
export interface ProxyQueryAnswerPart {
  _: 'proxy.queryAnswerPart'
  answer: Uint8Array
  isCompleted: boolean
  requestId: Uint8Array
  tokensUsed: TokensUsed
}

/** `proxy.queryAnswerPartError error_code:int error:string request_id:int256 tokens_used:tokensUsed = proxy.QueryAnswerPart` */
export interface ProxyQueryAnswerPartError {
  _: 'proxy.queryAnswerPartError'
  errorCode: number
  error: string
  requestId: Uint8Array
  tokensUsed: TokensUsed
}

/** `proxy.queryFinalInfo flags:# tokens_used:tokensUsed worker_debug:flags.0?string worker_start_time:flags.1?double worker_end_time:flags.1?double = proxy.QueryFinalInfo` */
export interface ProxyQueryFinalInfo {
  _: 'proxy.queryFinalInfo'
  flags: number
  tokensUsed: TokensUsed
  workerDebug?: string | undefined
  workerStartTime?: number | undefined
  workerEndTime?: number | undefined
}

/** `proxy.queryAnswerEx request_id:int256 answer:bytes flags:# final_info:flags.0?proxy.queryFinalInfo = proxy.QueryAnswerEx` */
export interface ProxyQueryAnswerEx {
  _: 'proxy.queryAnswerEx'
  requestId: Uint8Array
  answer: Uint8Array
  flags: number
  finalInfo?: ProxyQueryFinalInfo | undefined
}

/** `proxy.queryAnswerErrorEx request_id:int256 error_code:int error:string flags:# final_info:flags.0?proxy.queryFinalInfo = proxy.QueryAnswerEx` */
export interface ProxyQueryAnswerErrorEx {
  _: 'proxy.queryAnswerErrorEx'
  requestId: Uint8Array
  errorCode: number
  error: string
  flags: number
  finalInfo?: ProxyQueryFinalInfo | undefined
}

/** `proxy.queryAnswerPartEx request_id:int256 answer:bytes flags:# final_info:flags.0?proxy.queryFinalInfo = proxy.QueryAnswerEx` */
export interface ProxyQueryAnswerPartEx {
  _: 'proxy.queryAnswerPartEx'
  requestId: Uint8Array
  answer: Uint8Array
  flags: number
  finalInfo?: ProxyQueryFinalInfo | undefined
}

/** `proxy.workerRequestPayment request_id:int256 signed_payment:proxy.SignedPayment db_tokens:long max_tokens:long request_tokens:long request_client_owner:string = proxy.WorkerRequestPayment` */
export interface ProxyWorkerRequestPayment {
  _: 'proxy.workerRequestPayment'
  requestId: Uint8Array
  signedPayment: ProxySignedPaymentAny
  dbTokens: bigint
  maxTokens: bigint
  requestTokens: bigint
  requestClientOwner: string
}

/** `worker.enabledDisabled disabled:int = worker.EnabledDisabled` */
export interface WorkerEnabledDisabled {
  _: 'worker.enabledDisabled'
  disabled: number
}

/** `worker.newCoefficient new_coefficient:int = worker.NewCoefficient` */
export interface WorkerNewCoefficient {
  _: 'worker.newCoefficient'
  newCoefficient: number
}

/** `worker.connectedToProxy params:proxy.params worker_sc_address:string = worker.ConnectedToProxy` */
export interface WorkerConnectedToProxy {
  _: 'worker.connectedToProxy'
  params: ProxyParams
  workerScAddress: string
}

/** `worker.compareBalanceWithProxyResult signed_payment:proxy.SignedPayment tokens_committed_to_db:long max_tokens:long error_code:int = worker.CompareBalanceWithProxyResult` */
export interface WorkerCompareBalanceWithProxyResult {
  _: 'worker.compareBalanceWithProxyResult'
  signedPayment: ProxySignedPaymentAny
  tokensCommittedToDb: bigint
  maxTokens: bigint
  errorCode: number
}

/** `worker.extendedCompareBalanceWithProxyResult error_code:int = worker.ExtendedCompareBalanceWithProxyResult` */
export interface WorkerExtendedCompareBalanceWithProxyResult {
  _: 'worker.extendedCompareBalanceWithProxyResult'
  errorCode: number
}

/** `worker.proxyHandshakeCompleted = worker.HandshakeCompleted` */
export interface WorkerProxyHandshakeCompleted {
  _: 'worker.proxyHandshakeCompleted'
}

/** `worker.paymentStatus signed_payment:proxy.SignedPayment db_tokens:long max_tokens:long = worker.PaymentStatus` */
export interface WorkerPaymentStatus {
  _: 'worker.paymentStatus'
  signedPayment: ProxySignedPaymentAny
  dbTokens: bigint
  maxTokens: bigint
}

/** `keyManager.privateKey valid_until_utime:int private_key:int256 = keyManager.PrivateKey` */
export interface KeyManagerPrivateKey {
  _: 'keyManager.privateKey'
  validUntilUtime: number
  privateKey: Uint8Array
}

/** `keyManager.privateKeys keys:vector keyManager.privateKey = keyManager.PrivateKeys` */
export interface KeyManagerPrivateKeys {
  _: 'keyManager.privateKeys'
  keys: KeyManagerPrivateKey[]
}

/** `http.header name:string value:string = http.Header` */
export interface HttpHeader {
  _: 'http.header'
  name: string
  value: string
}

/** `http.response http_version:string status_code:int reason:string headers:vector http.header payload:bytes = http.Response` */
export interface HttpResponse {
  _: 'http.response'
  httpVersion: string
  statusCode: number
  reason: string
  headers: HttpHeader[]
  payload: Uint8Array
}

/** `test.query id:long = test.Answer` */
export interface TestQuery {
  _: 'test.query'
  id: bigint
}

/** `client.connectToProxy params:client.params min_config_version:int = client.ConnectedToProxy` */
export interface ClientConnectToProxy {
  _: 'client.connectToProxy'
  params: ClientParams
  minConfigVersion: number
}

/** `client.authorizeWithProxyShort data:bytes = client.AuthorizationWithProxy` */
export interface ClientAuthorizeWithProxyShort {
  _: 'client.authorizeWithProxyShort'
  data: Uint8Array
}

/** `client.authorizeWithProxyLong = client.AuthorizationWithProxy` */
export interface ClientAuthorizeWithProxyLong {
  _: 'client.authorizeWithProxyLong'
}

/** `client.runQuery model_name:string query:bytes max_coefficient:int max_tokens:int timeout:double request_id:int256 min_config_version:int = client.QueryAnswer` */
export interface ClientRunQuery {
  _: 'client.runQuery'
  modelName: string
  query: Uint8Array
  maxCoefficient: number
  maxTokens: number
  timeout: number
  requestId: Uint8Array
  minConfigVersion: number
}

/** `client.runQueryEx model_name:string query:bytes max_coefficient:int max_tokens:int timeout:double request_id:int256 min_config_version:int flags:# enable_debug:flags.0?Bool = client.QueryAnswerEx` */
export interface ClientRunQueryEx {
  _: 'client.runQueryEx'
  modelName: string
  query: Uint8Array
  maxCoefficient: number
  maxTokens: number
  timeout: number
  requestId: Uint8Array
  minConfigVersion: number
  flags: number
  enableDebug?: boolean | undefined
}

/** `client.requestRefund = client.Refund` */
export interface ClientRequestRefund {
  _: 'client.requestRefund'
}

/** `client.updatePaymentStatus = client.PaymentStatus` */
export interface ClientUpdatePaymentStatus {
  _: 'client.updatePaymentStatus'
}

/** `client.getWorkerTypes = client.WorkerTypes` */
export interface ClientGetWorkerTypes {
  _: 'client.getWorkerTypes'
}

/** `client.getWorkerTypesV2 = client.WorkerTypesV2` */
export interface ClientGetWorkerTypesV2 {
  _: 'client.getWorkerTypesV2'
}

/** `proxy.runQuery query:bytes signed_payment:proxy.SignedPayment coefficient:long timeout:double request_id:int256 = proxy.QueryAnswer` */
export interface ProxyRunQuery {
  _: 'proxy.runQuery'
  query: Uint8Array
  signedPayment: ProxySignedPaymentAny
  coefficient: bigint
  timeout: number
  requestId: Uint8Array
}

/** `proxy.runQueryEx query:bytes signed_payment:proxy.SignedPayment coefficient:long timeout:double request_id:int256 flags:# enable_debug:flags.0?Bool = proxy.QueryAnswer` */
export interface ProxyRunQueryEx {
  _: 'proxy.runQueryEx'
  query: Uint8Array
  signedPayment: ProxySignedPaymentAny
  coefficient: bigint
  timeout: number
  requestId: Uint8Array
  flags: number
  enableDebug?: boolean | undefined
}

/** `worker.connectToProxy params:worker.params = worker.ConnectedToProxy` */
export interface WorkerConnectToProxy {
  _: 'worker.connectToProxy'
  params: WorkerParams
}

/** `worker.compareBalanceWithProxy tokens_committed_to_blockchain:long tokens_committed_to_db:long max_tokens:long = worker.CompareBalanceWithProxyResult` */
export interface WorkerCompareBalanceWithProxy {
  _: 'worker.compareBalanceWithProxy'
  tokensCommittedToBlockchain: bigint
  tokensCommittedToDb: bigint
  maxTokens: bigint
}

/** `worker.extendedCompareBalanceWithProxy tokens_committed_to_db:long other:bytes = worker.ExtendedCompareBalanceWithProxyResult` */
export interface WorkerExtendedCompareBalanceWithProxy {
  _: 'worker.extendedCompareBalanceWithProxy'
  tokensCommittedToDb: bigint
  other: Uint8Array
}

/** `worker.proxyHandshakeComplete is_disabled:Bool = worker.HandshakeCompleted` */
export interface WorkerProxyHandshakeComplete {
  _: 'worker.proxyHandshakeComplete'
  isDisabled: boolean
}

/** `worker.updatePaymentStatus = worker.PaymentStatus` */
export interface WorkerUpdatePaymentStatus {
  _: 'worker.updatePaymentStatus'
}

/** `keyManager.getWorkerPrivateKeys min_config_version:int = keyManager.PrivateKeys` */
export interface KeyManagerGetWorkerPrivateKeys {
  _: 'keyManager.getWorkerPrivateKeys'
  minConfigVersion: number
}

/** `keyManager.getProxyPrivateKeys min_config_version:int = keyManager.PrivateKeys` */
export interface KeyManagerGetProxyPrivateKeys {
  _: 'keyManager.getProxyPrivateKeys'
  minConfigVersion: number
}

/** `http.request method:string url:string http_version:string headers:vector http.header payload:bytes = http.Response` */
export interface HttpRequest {
  _: 'http.request'
  method: string
  url: string
  httpVersion: string
  headers: HttpHeader[]
  payload: Uint8Array
}

/** `client.cancelQuery request_id:int256 = client.CancelQuery` */
export interface ClientCancelQuery {
  _: 'client.cancelQuery'
  requestId: Uint8Array
}

/** `proxy.cancelQuery request_id:int256 = proxy.CancelQuery` */
export interface ProxyCancelQuery {
  _: 'proxy.cancelQuery'
  requestId: Uint8Array
}

/** `sealed.workerIdentity signing_key:int256 seal_key:bytes model:string gpu_digest:int256 block_seqno:int block_hash:int256 issued_at:long expires_at:long = sealed.WorkerIdentity` */
export interface SealedWorkerIdentity {
  _: 'sealed.workerIdentity'
  signingKey: Uint8Array
  sealKey: Uint8Array
  model: string
  gpuDigest: Uint8Array
  blockSeqno: number
  blockHash: Uint8Array
  issuedAt: bigint
  expiresAt: bigint
}

/** `sealed.workerEvidence document:bytes quote:bytes collateral:bytes gpu:bytes = sealed.WorkerEvidence` */
export interface SealedWorkerEvidence {
  _: 'sealed.workerEvidence'
  document: Uint8Array
  quote: Uint8Array
  collateral: Uint8Array
  gpu: Uint8Array
}

/** `sealed.header request_id:int256 model:string max_coefficient:int max_tokens:int expires_at:long recipients:vector int256 = sealed.Header` */
export interface SealedHeader {
  _: 'sealed.header'
  requestId: Uint8Array
  model: string
  maxCoefficient: number
  maxTokens: number
  expiresAt: bigint
  recipients: Uint8Array[]
}

/** `sealed.key session:int256 counter:int flags:# encapsulation:flags.0?bytes wrapped:flags.1?bytes = sealed.Key` */
export interface SealedKey {
  _: 'sealed.key'
  session: Uint8Array
  counter: number
  flags: number
  encapsulation?: Uint8Array | undefined
  wrapped?: Uint8Array | undefined
}

/** `sealed.query header:bytes keys:vector sealed.key body:bytes = sealed.Query` */
export interface SealedQuery {
  _: 'sealed.query'
  header: Uint8Array
  keys: SealedKey[]
  body: Uint8Array
}

/** `sealed.request path:string body:bytes request_salt:int256 answer_salt:int256 chunk_bytes:int cadence_ms:int = sealed.Request` */
export interface SealedRequest {
  _: 'sealed.request'
  path: string
  body: Uint8Array
  requestSalt: Uint8Array
  answerSalt: Uint8Array
  chunkBytes: number
  cadenceMs: number
}

/** `sealed.receipt proxy_key:int256 identity:int256 request_id:int256 model:string request_commitment:int256 answer_commitment:int256 outcome:int status:int coefficient:int prompt_tokens:long cached_tokens:long completion_tokens:long reasoning_tokens:long charged_tokens:long price_per_token:long params_version:int started_at:long finished_at:long = sealed.Receipt` */
export interface SealedReceipt {
  _: 'sealed.receipt'
  proxyKey: Uint8Array
  identity: Uint8Array
  requestId: Uint8Array
  model: string
  requestCommitment: Uint8Array
  answerCommitment: Uint8Array
  outcome: number
  status: number
  coefficient: number
  promptTokens: bigint
  cachedTokens: bigint
  completionTokens: bigint
  reasoningTokens: bigint
  chargedTokens: bigint
  pricePerToken: bigint
  paramsVersion: number
  startedAt: bigint
  finishedAt: bigint
}

/** `sealed.signedReceipt receipt:bytes signature:bytes = sealed.SignedReceipt` */
export interface SealedSignedReceipt {
  _: 'sealed.signedReceipt'
  receipt: Uint8Array
  signature: Uint8Array
}

/** `worker.identity evidence:sealed.workerEvidence tls_key:int256 signature:bytes = worker.Identity` */
export interface WorkerIdentity {
  _: 'worker.identity'
  evidence: SealedWorkerEvidence
  tlsKey: Uint8Array
  signature: Uint8Array
}

/** `proxy.sealedAnswer request_id:int256 status:int nonce:long chunk:bytes flags:# receipt:flags.0?sealed.signedReceipt = proxy.SealedAnswer` */
export interface ProxySealedAnswer {
  _: 'proxy.sealedAnswer'
  requestId: Uint8Array
  status: number
  nonce: bigint
  chunk: Uint8Array
  flags: number
  receipt?: SealedSignedReceipt | undefined
}

/** `proxy.sealedAnswerPart request_id:int256 chunk:bytes flags:# receipt:flags.0?sealed.signedReceipt = proxy.SealedAnswerPart` */
export interface ProxySealedAnswerPart {
  _: 'proxy.sealedAnswerPart'
  requestId: Uint8Array
  chunk: Uint8Array
  flags: number
  receipt?: SealedSignedReceipt | undefined
}

/** `proxy.sealedFailure request_id:int256 error_code:int flags:# receipt:flags.0?sealed.signedReceipt = proxy.SealedFailure` */
export interface ProxySealedFailure {
  _: 'proxy.sealedFailure'
  requestId: Uint8Array
  errorCode: number
  flags: number
  receipt?: SealedSignedReceipt | undefined
}

/** `client.sealedEnd receipt:sealed.signedReceipt charged_tokens:long proxy_start_time:double proxy_end_time:double = client.SealedEnd` */
export interface ClientSealedEnd {
  _: 'client.sealedEnd'
  receipt: SealedSignedReceipt
  chargedTokens: bigint
  proxyStartTime: number
  proxyEndTime: number
}

/** `client.sealedAnswer request_id:int256 identity:int256 nonce:long chunk:bytes flags:# end:flags.0?client.sealedEnd = client.SealedAnswer` */
export interface ClientSealedAnswer {
  _: 'client.sealedAnswer'
  requestId: Uint8Array
  identity: Uint8Array
  nonce: bigint
  chunk: Uint8Array
  flags: number
  end?: ClientSealedEnd | undefined
}

/** `client.sealedAnswerPart request_id:int256 chunk:bytes flags:# end:flags.0?client.sealedEnd = client.SealedAnswerPart` */
export interface ClientSealedAnswerPart {
  _: 'client.sealedAnswerPart'
  requestId: Uint8Array
  chunk: Uint8Array
  flags: number
  end?: ClientSealedEnd | undefined
}

/** `client.sealedFailure request_id:int256 identity:int256 error_code:int error:string flags:# end:flags.0?client.sealedEnd = client.SealedFailure` */
export interface ClientSealedFailure {
  _: 'client.sealedFailure'
  requestId: Uint8Array
  identity: Uint8Array
  errorCode: number
  error: string
  flags: number
  end?: ClientSealedEnd | undefined
}

/** `client.offer identity:int256 coefficient:int active_requests:int max_active_requests:int latency_ms:int = client.Offer` */
export interface ClientOffer {
  _: 'client.offer'
  identity: Uint8Array
  coefficient: number
  activeRequests: number
  maxActiveRequests: number
  latencyMs: number
}

/** `client.offers offers:vector client.offer = client.Offers` */
export interface ClientOffers {
  _: 'client.offers'
  offers: ClientOffer[]
}

/** `log.entry receipt:int256 identity:int256 model:string coefficient:int charged_tokens:long = log.Entry` */
export interface LogEntry {
  _: 'log.entry'
  receipt: Uint8Array
  identity: Uint8Array
  model: string
  coefficient: number
  chargedTokens: bigint
}

/** `log.anchor seqno:int nonce:int256 size:long root:int256 transaction:int256 lt:long time:int proof:vector int256 = log.Anchor` */
export interface LogAnchor {
  _: 'log.anchor'
  seqno: number
  nonce: Uint8Array
  size: bigint
  root: Uint8Array
  transaction: Uint8Array
  lt: bigint
  time: number
  proof: Uint8Array[]
}

/** `client.inclusion index:long entry:bytes proof:vector int256 checkpoint:bytes flags:# anchor:flags.0?log.anchor = client.Inclusion` */
export interface ClientInclusion {
  _: 'client.inclusion'
  index: bigint
  entry: Uint8Array
  proof: Uint8Array[]
  checkpoint: Uint8Array
  flags: number
  anchor?: LogAnchor | undefined
}

/** `client.consistency proof:vector int256 = client.Consistency` */
export interface ClientConsistency {
  _: 'client.consistency'
  proof: Uint8Array[]
}

/** `witness.offer name:string public_key:int256 = witness.Offer` */
export interface WitnessOffer {
  _: 'witness.offer'
  name: string
  publicKey: Uint8Array
}

/** `witness.answer status:int body:string = witness.Answer` */
export interface WitnessAnswer {
  _: 'witness.answer'
  status: number
  body: string
}

/** `client.disputeReceipt request_id:int256 reason:int = client.DisputeReceipt` */
export interface ClientDisputeReceipt {
  _: 'client.disputeReceipt'
  requestId: Uint8Array
  reason: number
}

/** `client.getOffers model:string = client.Offers` */
export interface ClientGetOffers {
  _: 'client.getOffers'
  model: string
}

/** `client.getEvidence identity:int256 = sealed.WorkerEvidence` */
export interface ClientGetEvidence {
  _: 'client.getEvidence'
  identity: Uint8Array
}

/** `client.getInclusion leaf:int256 = client.Inclusion` */
export interface ClientGetInclusion {
  _: 'client.getInclusion'
  leaf: Uint8Array
}

/** `client.getConsistency old_size:long new_size:long = client.Consistency` */
export interface ClientGetConsistency {
  _: 'client.getConsistency'
  oldSize: bigint
  newSize: bigint
}

/** `witness.addCheckpoint body:string = witness.Answer` */
export interface WitnessAddCheckpoint {
  _: 'witness.addCheckpoint'
  body: string
}

/** `client.runSealedQuery query:sealed.query timeout:double min_config_version:int = client.SealedAnswer` */
export interface ClientRunSealedQuery {
  _: 'client.runSealedQuery'
  query: SealedQuery
  timeout: number
  minConfigVersion: number
}

/** `proxy.runSealedQuery identity:int256 header:bytes key:sealed.key body:bytes signed_payment:proxy.SignedPayment coefficient:int timeout:double request_id:int256 = proxy.SealedAnswer` */
export interface ProxyRunSealedQuery {
  _: 'proxy.runSealedQuery'
  identity: Uint8Array
  header: Uint8Array
  key: SealedKey
  body: Uint8Array
  signedPayment: ProxySignedPaymentAny
  coefficient: number
  timeout: number
  requestId: Uint8Array
}

/** Boxed `tcp.Packet`. */
export type TcpPacketAny = TcpPing | TcpPong | TcpPacket | TcpQueryAnswer | TcpQueryError | TcpQuery | TcpConnected | TcpConnect

/** Boxed `ton.BlockIdExt`. */
export type TonBlockIdExtAny = TonBlockIdExt

/** Boxed `test.Answer`. */
export type TestAnswerAny = TestAnswer

/** Boxed `proxyRunner.Config`. */
export type ProxyRunnerConfigAny = ProxyRunnerConfig

/** Boxed `workerRunner.Config`. */
export type WorkerRunnerConfigAny = WorkerRunnerConfig

/** Boxed `clientRunner.Config`. */
export type ClientRunnerConfigAny = ClientRunnerConfig

/** Boxed `keyStorageRunner.Config`. */
export type KeyStorageRunnerConfigAny = KeyStorageRunnerConfig

/** Boxed `rootConfig.RegisteredProxy`. */
export type RootConfigRegisteredProxyAny = RootConfigRegisteredProxy

/** Boxed `rootConfig.Config`. */
export type RootConfigConfigAny = RootConfigPseudo | RootConfigConfigV5

/** Boxed `proxyDb.ClientInfo`. */
export type ProxyDbClientInfoAny = ProxyDbClientInfo | ProxyDbClientInfoV2

/** Boxed `proxyDb.WorkerInfo`. */
export type ProxyDbWorkerInfoAny = ProxyDbWorkerInfo

/** Boxed `proxyDb.PendingBlockchainSeqnoCommit`. */
export type ProxyDbPendingBlockchainSeqnoCommitAny = ProxyDbPendingBlockchainSeqnoCommit

/** Boxed `proxyDb.Config`. */
export type ProxyDbConfigAny = ProxyDbConfigEmpty | ProxyDbConfigV4 | ProxyDbConfigV4Disabled

/** Boxed `proxyDb.OldClient`. */
export type ProxyDbOldClientAny = ProxyDbOldClient

/** Boxed `proxyDb.OldWorker`. */
export type ProxyDbOldWorkerAny = ProxyDbOldWorker

/** Boxed `proxyDb.OldInstance`. */
export type ProxyDbOldInstanceAny = ProxyDbOldInstance

/** Boxed `keyManagerDb.Config`. */
export type KeyManagerDbConfigAny = KeyManagerDbConfigEmpty | KeyManagerDbConfigV1

/** Boxed `keyManagerDb.Key`. */
export type KeyManagerDbKeyAny = KeyManagerDbKey

/** Boxed `TokensUsed`. */
export type TokensUsedAny = TokensUsed

/** Boxed `worker.Params`. */
export type WorkerParamsAny = WorkerParams

/** Boxed `proxy.Params`. */
export type ProxyParamsAny = ProxyParams

/** Boxed `client.Params`. */
export type ClientParamsAny = ClientParams

/** Boxed `proxy.SignedPayment`. */
export type ProxySignedPaymentAny = ProxySignedPayment | ProxySignedPaymentEmpty

/** Boxed `client.ProxyConnectionAuth`. */
export type ClientProxyConnectionAuthAny = ClientProxyConnectionAuthShort | ClientProxyConnectionAuthLong

/** Boxed `client.AuthorizationWithProxy`. */
export type ClientAuthorizationWithProxyAny = ClientAuthorizationWithProxySuccess | ClientAuthorizationWithProxyFailed

/** Boxed `client.ConnectedToProxy`. */
export type ClientConnectedToProxyAny = ClientConnectedToProxy

/** Boxed `client.QueryAnswer`. */
export type ClientQueryAnswerAny = ClientQueryAnswer | ClientQueryAnswerError

/** Boxed `client.QueryAnswerPart`. */
export type ClientQueryAnswerPartAny = ClientQueryAnswerPart | ClientQueryAnswerPartError

/** Boxed `client.QueryFinalInfo`. */
export type ClientQueryFinalInfoAny = ClientQueryFinalInfo

/** Boxed `client.QueryAnswerEx`. */
export type ClientQueryAnswerExAny = ClientQueryAnswerEx | ClientQueryAnswerErrorEx | ClientQueryAnswerPartEx

/** Boxed `client.Refund`. */
export type ClientRefundAny = ClientRefund | ClientRefundRejected

/** Boxed `client.WorkerType`. */
export type ClientWorkerTypeAny = ClientWorkerType

/** Boxed `client.WorkerTypes`. */
export type ClientWorkerTypesAny = ClientWorkerTypes

/** Boxed `client.WorkerInstanceV2`. */
export type ClientWorkerInstanceV2Any = ClientWorkerInstanceV2

/** Boxed `client.WorkerTypeV2`. */
export type ClientWorkerTypeV2Any = ClientWorkerTypeV2

/** Boxed `client.WorkerTypesV2`. */
export type ClientWorkerTypesV2Any = ClientWorkerTypesV2

/** Boxed `client.PaymentStatus`. */
export type ClientPaymentStatusAny = ClientPaymentStatus

/** Boxed `proxy.WorkerRequestPayment`. */
export type ProxyWorkerRequestPaymentAny = ProxyClientRequestPayment | ProxyWorkerRequestPayment

/** Boxed `proxy.QueryAnswer`. */
export type ProxyQueryAnswerAny = ProxyQueryAnswer | ProxyQueryAnswerError

/** Boxed `proxy.QueryAnswerPart`. */
export type ProxyQueryAnswerPartAny = ProxyQueryAnswerPart | ProxyQueryAnswerPartError

/** Boxed `proxy.QueryFinalInfo`. */
export type ProxyQueryFinalInfoAny = ProxyQueryFinalInfo

/** Boxed `proxy.QueryAnswerEx`. */
export type ProxyQueryAnswerExAny = ProxyQueryAnswerEx | ProxyQueryAnswerErrorEx | ProxyQueryAnswerPartEx

/** Boxed `worker.EnabledDisabled`. */
export type WorkerEnabledDisabledAny = WorkerEnabledDisabled

/** Boxed `worker.NewCoefficient`. */
export type WorkerNewCoefficientAny = WorkerNewCoefficient

/** Boxed `worker.ConnectedToProxy`. */
export type WorkerConnectedToProxyAny = WorkerConnectedToProxy

/** Boxed `worker.CompareBalanceWithProxyResult`. */
export type WorkerCompareBalanceWithProxyResultAny = WorkerCompareBalanceWithProxyResult

/** Boxed `worker.ExtendedCompareBalanceWithProxyResult`. */
export type WorkerExtendedCompareBalanceWithProxyResultAny = WorkerExtendedCompareBalanceWithProxyResult

/** Boxed `worker.HandshakeCompleted`. */
export type WorkerHandshakeCompletedAny = WorkerProxyHandshakeCompleted

/** Boxed `worker.PaymentStatus`. */
export type WorkerPaymentStatusAny = WorkerPaymentStatus

/** Boxed `keyManager.PrivateKey`. */
export type KeyManagerPrivateKeyAny = KeyManagerPrivateKey

/** Boxed `keyManager.PrivateKeys`. */
export type KeyManagerPrivateKeysAny = KeyManagerPrivateKeys

/** Boxed `http.Header`. */
export type HttpHeaderAny = HttpHeader

/** Boxed `http.Response`. */
export type HttpResponseAny = HttpResponse

/** Boxed `client.CancelQuery`. */
export type ClientCancelQueryAny = ClientCancelQuery

/** Boxed `proxy.CancelQuery`. */
export type ProxyCancelQueryAny = ProxyCancelQuery

/** Boxed `sealed.WorkerIdentity`. */
export type SealedWorkerIdentityAny = SealedWorkerIdentity

/** Boxed `sealed.WorkerEvidence`. */
export type SealedWorkerEvidenceAny = SealedWorkerEvidence

/** Boxed `sealed.Header`. */
export type SealedHeaderAny = SealedHeader

/** Boxed `sealed.Key`. */
export type SealedKeyAny = SealedKey

/** Boxed `sealed.Query`. */
export type SealedQueryAny = SealedQuery

/** Boxed `sealed.Request`. */
export type SealedRequestAny = SealedRequest

/** Boxed `sealed.Receipt`. */
export type SealedReceiptAny = SealedReceipt

/** Boxed `sealed.SignedReceipt`. */
export type SealedSignedReceiptAny = SealedSignedReceipt

/** Boxed `worker.Identity`. */
export type WorkerIdentityAny = WorkerIdentity

/** Boxed `proxy.SealedAnswer`. */
export type ProxySealedAnswerAny = ProxySealedAnswer

/** Boxed `proxy.SealedAnswerPart`. */
export type ProxySealedAnswerPartAny = ProxySealedAnswerPart

/** Boxed `proxy.SealedFailure`. */
export type ProxySealedFailureAny = ProxySealedFailure

/** Boxed `client.SealedEnd`. */
export type ClientSealedEndAny = ClientSealedEnd

/** Boxed `client.SealedAnswer`. */
export type ClientSealedAnswerAny = ClientSealedAnswer

/** Boxed `client.SealedAnswerPart`. */
export type ClientSealedAnswerPartAny = ClientSealedAnswerPart

/** Boxed `client.SealedFailure`. */
export type ClientSealedFailureAny = ClientSealedFailure

/** Boxed `client.Offer`. */
export type ClientOfferAny = ClientOffer

/** Boxed `client.Offers`. */
export type ClientOffersAny = ClientOffers

/** Boxed `log.Entry`. */
export type LogEntryAny = LogEntry

/** Boxed `log.Anchor`. */
export type LogAnchorAny = LogAnchor

/** Boxed `client.Inclusion`. */
export type ClientInclusionAny = ClientInclusion

/** Boxed `client.Consistency`. */
export type ClientConsistencyAny = ClientConsistency

/** Boxed `witness.Offer`. */
export type WitnessOfferAny = WitnessOffer

/** Boxed `witness.Answer`. */
export type WitnessAnswerAny = WitnessAnswer

/** Boxed `client.DisputeReceipt`. */
export type ClientDisputeReceiptAny = ClientDisputeReceipt

const zeroClientQueryFinalInfo: ClientQueryFinalInfo = { _: 'client.queryFinalInfo', flags: 0, tokensUsed: { _: 'tokensUsed', promptTokensUsed: 0n, cachedTokensUsed: 0n, completionTokensUsed: 0n, reasoningTokensUsed: 0n, totalTokensUsed: 0n } }
const zeroProxyQueryFinalInfo: ProxyQueryFinalInfo = { _: 'proxy.queryFinalInfo', flags: 0, tokensUsed: { _: 'tokensUsed', promptTokensUsed: 0n, cachedTokensUsed: 0n, completionTokensUsed: 0n, reasoningTokensUsed: 0n, totalTokensUsed: 0n } }
const zeroSealedSignedReceipt: SealedSignedReceipt = { _: 'sealed.signedReceipt', receipt: new Uint8Array(0), signature: new Uint8Array(0) }
const zeroClientSealedEnd: ClientSealedEnd = { _: 'client.sealedEnd', receipt: { _: 'sealed.signedReceipt', receipt: new Uint8Array(0), signature: new Uint8Array(0) }, chargedTokens: 0n, proxyStartTime: 0, proxyEndTime: 0 }
const zeroLogAnchor: LogAnchor = { _: 'log.anchor', seqno: 0, nonce: new Uint8Array(32), size: 0n, root: new Uint8Array(32), transaction: new Uint8Array(32), lt: 0n, time: 0, proof: [] }

export const tcpPing: Codec<TcpPing> = {
  name: 'tcp.ping',
  id: 0xbbe9627c,
  size() {
    return 8
  },
  write(writer, value) {
    writer.long(value.id)
  },
  read(reader) {
    return {
      _: 'tcp.ping',
      id: reader.long(),
    }
  },
}

export const tcpPong: Codec<TcpPong> = {
  name: 'tcp.pong',
  id: 0x0bd4302c,
  size() {
    return 8
  },
  write(writer, value) {
    writer.long(value.id)
  },
  read(reader) {
    return {
      _: 'tcp.pong',
      id: reader.long(),
    }
  },
}

export const tcpPacket: Codec<TcpPacket> = {
  name: 'tcp.packet',
  id: 0x9c17baf8,
  size(value) {
    return bytesSize(value.data)
  },
  write(writer, value) {
    writer.bytes(value.data)
  },
  read(reader) {
    return {
      _: 'tcp.packet',
      data: reader.bytes(),
    }
  },
}

export const tcpQueryAnswer: Codec<TcpQueryAnswer> = {
  name: 'tcp.queryAnswer',
  id: 0xc048c311,
  size(value) {
    return (
      8 +
      bytesSize(value.data)
    )
  },
  write(writer, value) {
    writer.long(value.id)
    writer.bytes(value.data)
  },
  read(reader) {
    return {
      _: 'tcp.queryAnswer',
      id: reader.long(),
      data: reader.bytes(),
    }
  },
}

export const tcpQueryError: Codec<TcpQueryError> = {
  name: 'tcp.queryError',
  id: 0x4cd2f602,
  size(value) {
    return (
      12 +
      stringSize(value.message)
    )
  },
  write(writer, value) {
    writer.long(value.id)
    writer.int(value.code)
    writer.string(value.message)
  },
  read(reader) {
    return {
      _: 'tcp.queryError',
      id: reader.long(),
      code: reader.int(),
      message: reader.string(),
    }
  },
}

export const tcpQuery: Codec<TcpQuery> = {
  name: 'tcp.query',
  id: 0x3af51908,
  size(value) {
    return (
      8 +
      bytesSize(value.data)
    )
  },
  write(writer, value) {
    writer.long(value.id)
    writer.bytes(value.data)
  },
  read(reader) {
    return {
      _: 'tcp.query',
      id: reader.long(),
      data: reader.bytes(),
    }
  },
}

export const tcpConnected: Codec<TcpConnected> = {
  name: 'tcp.connected',
  id: 0x636d41d6,
  size() {
    return 8
  },
  write(writer, value) {
    writer.long(value.id)
  },
  read(reader) {
    return {
      _: 'tcp.connected',
      id: reader.long(),
    }
  },
}

export const tcpConnect: Codec<TcpConnect> = {
  name: 'tcp.connect',
  id: 0xa57c4261,
  size() {
    return 8
  },
  write(writer, value) {
    writer.long(value.id)
  },
  read(reader) {
    return {
      _: 'tcp.connect',
      id: reader.long(),
    }
  },
}

export const tonBlockIdExt: Codec<TonBlockIdExt> = {
  name: 'ton.blockIdExt',
  id: 0xbc3f6da5,
  size(value) {
    return (
      16 +
      bytesSize(value.rootHash) +
      bytesSize(value.fileHash)
    )
  },
  write(writer, value) {
    writer.int(value.workchain)
    writer.long(value.shard)
    writer.int(value.seqno)
    writer.bytes(value.rootHash)
    writer.bytes(value.fileHash)
  },
  read(reader) {
    return {
      _: 'ton.blockIdExt',
      workchain: reader.int(),
      shard: reader.long(),
      seqno: reader.int(),
      rootHash: reader.bytes(),
      fileHash: reader.bytes(),
    }
  },
}

export const testAnswer: Codec<TestAnswer> = {
  name: 'test.answer',
  id: 0x0d4fcdb6,
  size() {
    return 8
  },
  write(writer, value) {
    writer.long(value.id)
  },
  read(reader) {
    return {
      _: 'test.answer',
      id: reader.long(),
    }
  },
}

export const proxyRunnerConfig: Codec<ProxyRunnerConfig> = {
  name: 'proxyRunner.config',
  id: 0x5bf5e272,
  size(value) {
    return (
      120 +
      stringSize(value.ownerAddress) +
      stringSize(value.rootContractAddress) +
      stringSize(value.tonConfigFilename) +
      stringSize(value.dbPath) +
      stringSize(value.httpAccessHash)
    )
  },
  write(writer, value) {
    writer.bool(value.isTest)
    writer.bool(value.isTestnet)
    writer.int(value.workersRpcPort)
    writer.int(value.clientRpcPort)
    writer.int(value.httpPort)
    writer.string(value.ownerAddress)
    writer.string(value.rootContractAddress)
    writer.int256(value.machineSpecificPrivateKey)
    writer.int256(value.nodeWalletKey)
    writer.string(value.tonConfigFilename)
    writer.string(value.dbPath)
    writer.bool(value.checkWorkerHashes)
    writer.int256(value.imageHash)
    writer.string(value.httpAccessHash)
  },
  read(reader) {
    return {
      _: 'proxyRunner.config',
      isTest: reader.bool(),
      isTestnet: reader.bool(),
      workersRpcPort: reader.int(),
      clientRpcPort: reader.int(),
      httpPort: reader.int(),
      ownerAddress: reader.string(),
      rootContractAddress: reader.string(),
      machineSpecificPrivateKey: reader.int256(),
      nodeWalletKey: reader.int256(),
      tonConfigFilename: reader.string(),
      dbPath: reader.string(),
      checkWorkerHashes: reader.bool(),
      imageHash: reader.int256(),
      httpAccessHash: reader.string(),
    }
  },
}

export const workerRunnerConfig: Codec<WorkerRunnerConfig> = {
  name: 'workerRunner.config',
  id: 0x870db56d,
  size(value) {
    return (
      92 +
      stringSize(value.ownerAddress) +
      stringSize(value.connectToProxyVia) +
      stringSize(value.modelName) +
      stringSize(value.rootContractAddress) +
      stringSize(value.forwardRequestsTo) +
      stringSize(value.tonConfigFilename) +
      stringSize(value.httpAccessHash)
    )
  },
  write(writer, value) {
    writer.bool(value.isTest)
    writer.bool(value.isTestnet)
    writer.int(value.httpPort)
    writer.string(value.ownerAddress)
    writer.int(value.proxyConnections)
    writer.string(value.connectToProxyVia)
    writer.string(value.modelName)
    writer.int(value.coefficient)
    writer.string(value.rootContractAddress)
    writer.int256(value.nodeWalletKey)
    writer.string(value.forwardRequestsTo)
    writer.string(value.tonConfigFilename)
    writer.bool(value.checkProxyHashes)
    writer.int(value.maxActiveRequests)
    writer.int256(value.imageHash)
    writer.string(value.httpAccessHash)
  },
  read(reader) {
    return {
      _: 'workerRunner.config',
      isTest: reader.bool(),
      isTestnet: reader.bool(),
      httpPort: reader.int(),
      ownerAddress: reader.string(),
      proxyConnections: reader.int(),
      connectToProxyVia: reader.string(),
      modelName: reader.string(),
      coefficient: reader.int(),
      rootContractAddress: reader.string(),
      nodeWalletKey: reader.int256(),
      forwardRequestsTo: reader.string(),
      tonConfigFilename: reader.string(),
      checkProxyHashes: reader.bool(),
      maxActiveRequests: reader.int(),
      imageHash: reader.int256(),
      httpAccessHash: reader.string(),
    }
  },
}

export const clientRunnerConfig: Codec<ClientRunnerConfig> = {
  name: 'clientRunner.config',
  id: 0xaf0bd51f,
  size(value) {
    return (
      52 +
      stringSize(value.ownerAddress) +
      stringSize(value.connectToProxyVia) +
      stringSize(value.rootContractAddress) +
      stringSize(value.secretString) +
      stringSize(value.tonConfigFilename) +
      stringSize(value.httpAccessHash)
    )
  },
  write(writer, value) {
    writer.bool(value.isTest)
    writer.bool(value.isTestnet)
    writer.int(value.httpPort)
    writer.string(value.ownerAddress)
    writer.int(value.proxyConnections)
    writer.string(value.connectToProxyVia)
    writer.string(value.rootContractAddress)
    writer.int256(value.nodeWalletKey)
    writer.bool(value.checkProxyHashes)
    writer.string(value.secretString)
    writer.string(value.tonConfigFilename)
    writer.string(value.httpAccessHash)
  },
  read(reader) {
    return {
      _: 'clientRunner.config',
      isTest: reader.bool(),
      isTestnet: reader.bool(),
      httpPort: reader.int(),
      ownerAddress: reader.string(),
      proxyConnections: reader.int(),
      connectToProxyVia: reader.string(),
      rootContractAddress: reader.string(),
      nodeWalletKey: reader.int256(),
      checkProxyHashes: reader.bool(),
      secretString: reader.string(),
      tonConfigFilename: reader.string(),
      httpAccessHash: reader.string(),
    }
  },
}

export const keyStorageRunnerConfig: Codec<KeyStorageRunnerConfig> = {
  name: 'keyStorageRunner.config',
  id: 0xd7874e40,
  size(value) {
    return (
      84 +
      stringSize(value.rootContractAddress) +
      stringSize(value.tonConfigFilename) +
      stringSize(value.dbPath) +
      stringSize(value.httpAccessHash)
    )
  },
  write(writer, value) {
    writer.bool(value.isTest)
    writer.bool(value.isTestnet)
    writer.int(value.rpcPort)
    writer.int(value.httpPort)
    writer.string(value.rootContractAddress)
    writer.int256(value.machineSpecificPrivateKey)
    writer.string(value.tonConfigFilename)
    writer.string(value.dbPath)
    writer.bool(value.checkHashes)
    writer.int256(value.imageHash)
    writer.string(value.httpAccessHash)
  },
  read(reader) {
    return {
      _: 'keyStorageRunner.config',
      isTest: reader.bool(),
      isTestnet: reader.bool(),
      rpcPort: reader.int(),
      httpPort: reader.int(),
      rootContractAddress: reader.string(),
      machineSpecificPrivateKey: reader.int256(),
      tonConfigFilename: reader.string(),
      dbPath: reader.string(),
      checkHashes: reader.bool(),
      imageHash: reader.int256(),
      httpAccessHash: reader.string(),
    }
  },
}

export const rootConfigRegisteredProxy: Codec<RootConfigRegisteredProxy> = {
  name: 'rootConfig.registeredProxy',
  id: 0x9f4e446a,
  size(value) {
    return (
      4 +
      stringSize(value.address)
    )
  },
  write(writer, value) {
    writer.int(value.seqno)
    writer.string(value.address)
  },
  read(reader) {
    return {
      _: 'rootConfig.registeredProxy',
      seqno: reader.int(),
      address: reader.string(),
    }
  },
}

export const rootConfigPseudo: Codec<RootConfigPseudo> = {
  name: 'rootConfig.pseudo',
  id: 0x87a976cc,
  size(value) {
    return (
      20 +
      vectorSize(value.proxyHashes, () => 32) +
      vectorSize(value.workerHashes, () => 32) +
      vectorSize(value.modelHashes, () => 32) +
      vectorSize(value.modelTypes, element => stringSize(element)) +
      vectorSize(value.registeredProxies, element => rootConfigRegisteredProxy.size(element)) +
      stringSize(value.proxyScCode) +
      stringSize(value.workerScCode) +
      stringSize(value.clientScCode) +
      stringSize(value.rootOwnerAddress)
    )
  },
  write(writer, value) {
    writeVector(writer, value.proxyHashes, (writer, element) => writer.int256(element))
    writeVector(writer, value.workerHashes, (writer, element) => writer.int256(element))
    writeVector(writer, value.modelHashes, (writer, element) => writer.int256(element))
    writeVector(writer, value.modelTypes, (writer, element) => writer.string(element))
    writeVector(writer, value.registeredProxies, (writer, element) => rootConfigRegisteredProxy.write(writer, element))
    writer.int(value.pricePerToken)
    writer.int(value.workerFeePerToken)
    writer.int(value.lastProxySeqno)
    writer.int(value.version)
    writer.int(value.paramsVersion)
    writer.string(value.proxyScCode)
    writer.string(value.workerScCode)
    writer.string(value.clientScCode)
    writer.string(value.rootOwnerAddress)
  },
  read(reader) {
    return {
      _: 'rootConfig.pseudo',
      proxyHashes: readVector(reader, 32, reader => reader.int256()),
      workerHashes: readVector(reader, 32, reader => reader.int256()),
      modelHashes: readVector(reader, 32, reader => reader.int256()),
      modelTypes: readVector(reader, 4, reader => reader.string()),
      registeredProxies: readVector(reader, 8, reader => rootConfigRegisteredProxy.read(reader)),
      pricePerToken: reader.int(),
      workerFeePerToken: reader.int(),
      lastProxySeqno: reader.int(),
      version: reader.int(),
      paramsVersion: reader.int(),
      proxyScCode: reader.string(),
      workerScCode: reader.string(),
      clientScCode: reader.string(),
      rootOwnerAddress: reader.string(),
    }
  },
}

export const rootConfigConfigV5: Codec<RootConfigConfigV5> = {
  name: 'rootConfig.configV5',
  id: 0x5e84869b,
  size(value) {
    return (
      80 +
      stringSize(value.rootOwnerAddress) +
      vectorSize(value.proxyHashes, () => 32) +
      vectorSize(value.registeredProxies, element => rootConfigRegisteredProxy.size(element)) +
      vectorSize(value.workerHashes, () => 32) +
      vectorSize(value.modelHashes, () => 32) +
      stringSize(value.proxyScCode) +
      stringSize(value.workerScCode) +
      stringSize(value.clientScCode)
    )
  },
  write(writer, value) {
    writer.string(value.rootOwnerAddress)
    writeVector(writer, value.proxyHashes, (writer, element) => writer.int256(element))
    writeVector(writer, value.registeredProxies, (writer, element) => rootConfigRegisteredProxy.write(writer, element))
    writer.int(value.lastProxySeqno)
    writeVector(writer, value.workerHashes, (writer, element) => writer.int256(element))
    writeVector(writer, value.modelHashes, (writer, element) => writer.int256(element))
    writer.int(value.version)
    writer.int(value.structVersion)
    writer.int(value.paramsVersion)
    writer.int(value.uniqueId)
    writer.int(value.isTest)
    writer.long(value.pricePerToken)
    writer.long(value.workerFeePerToken)
    writer.int(value.promptTokensPriceMultiplier)
    writer.int(value.cachedTokensPriceMultiplier)
    writer.int(value.completionTokensPriceMultiplier)
    writer.int(value.reasoningTokensPriceMultiplier)
    writer.int(value.proxyDelayBeforeClose)
    writer.int(value.clientDelayBeforeClose)
    writer.long(value.minProxyStake)
    writer.long(value.minClientStake)
    writer.string(value.proxyScCode)
    writer.string(value.workerScCode)
    writer.string(value.clientScCode)
  },
  read(reader) {
    return {
      _: 'rootConfig.configV5',
      rootOwnerAddress: reader.string(),
      proxyHashes: readVector(reader, 32, reader => reader.int256()),
      registeredProxies: readVector(reader, 8, reader => rootConfigRegisteredProxy.read(reader)),
      lastProxySeqno: reader.int(),
      workerHashes: readVector(reader, 32, reader => reader.int256()),
      modelHashes: readVector(reader, 32, reader => reader.int256()),
      version: reader.int(),
      structVersion: reader.int(),
      paramsVersion: reader.int(),
      uniqueId: reader.int(),
      isTest: reader.int(),
      pricePerToken: reader.long(),
      workerFeePerToken: reader.long(),
      promptTokensPriceMultiplier: reader.int(),
      cachedTokensPriceMultiplier: reader.int(),
      completionTokensPriceMultiplier: reader.int(),
      reasoningTokensPriceMultiplier: reader.int(),
      proxyDelayBeforeClose: reader.int(),
      clientDelayBeforeClose: reader.int(),
      minProxyStake: reader.long(),
      minClientStake: reader.long(),
      proxyScCode: reader.string(),
      workerScCode: reader.string(),
      clientScCode: reader.string(),
    }
  },
}

export const proxyDbClientInfo: Codec<ProxyDbClientInfo> = {
  name: 'proxyDb.clientInfo',
  id: 0x6cfeaa21,
  size(value) {
    return (
      64 +
      stringSize(value.ownerAddress) +
      stringSize(value.scAddress)
    )
  },
  write(writer, value) {
    writer.string(value.ownerAddress)
    writer.string(value.scAddress)
    writer.int(value.status)
    writer.long(value.balance)
    writer.long(value.scTokensUsed)
    writer.long(value.tokensUsed)
    writer.int256(value.secretHash)
    writer.int(value.lastRequestAt)
  },
  read(reader) {
    return {
      _: 'proxyDb.clientInfo',
      ownerAddress: reader.string(),
      scAddress: reader.string(),
      status: reader.int(),
      balance: reader.long(),
      scTokensUsed: reader.long(),
      tokensUsed: reader.long(),
      secretHash: reader.int256(),
      lastRequestAt: reader.int(),
    }
  },
}

export const proxyDbClientInfoV2: Codec<ProxyDbClientInfoV2> = {
  name: 'proxyDb.clientInfoV2',
  id: 0x3078c9bf,
  size(value) {
    return (
      72 +
      stringSize(value.ownerAddress) +
      stringSize(value.scAddress)
    )
  },
  write(writer, value) {
    writer.string(value.ownerAddress)
    writer.string(value.scAddress)
    writer.int(value.status)
    writer.long(value.balance)
    writer.long(value.stake)
    writer.long(value.scTokensUsed)
    writer.long(value.tokensUsed)
    writer.int256(value.secretHash)
    writer.int(value.lastRequestAt)
  },
  read(reader) {
    return {
      _: 'proxyDb.clientInfoV2',
      ownerAddress: reader.string(),
      scAddress: reader.string(),
      status: reader.int(),
      balance: reader.long(),
      stake: reader.long(),
      scTokensUsed: reader.long(),
      tokensUsed: reader.long(),
      secretHash: reader.int256(),
      lastRequestAt: reader.int(),
    }
  },
}

export const proxyDbWorkerInfo: Codec<ProxyDbWorkerInfo> = {
  name: 'proxyDb.workerInfo',
  id: 0x2517b38f,
  size(value) {
    return (
      20 +
      stringSize(value.ownerAddress) +
      stringSize(value.scAddress)
    )
  },
  write(writer, value) {
    writer.string(value.ownerAddress)
    writer.string(value.scAddress)
    writer.long(value.scTokens)
    writer.long(value.tokens)
    writer.int(value.lastRequestAt)
  },
  read(reader) {
    return {
      _: 'proxyDb.workerInfo',
      ownerAddress: reader.string(),
      scAddress: reader.string(),
      scTokens: reader.long(),
      tokens: reader.long(),
      lastRequestAt: reader.int(),
    }
  },
}

export const proxyDbPendingBlockchainSeqnoCommit: Codec<ProxyDbPendingBlockchainSeqnoCommit> = {
  name: 'proxyDb.pendingBlockchainSeqnoCommit',
  id: 0x525b14a9,
  size() {
    return 36
  },
  write(writer, value) {
    writer.int(value.seqno)
    writer.int256(value.sessionHash)
  },
  read(reader) {
    return {
      _: 'proxyDb.pendingBlockchainSeqnoCommit',
      seqno: reader.int(),
      sessionHash: reader.int256(),
    }
  },
}

export const proxyDbConfigEmpty: Codec<ProxyDbConfigEmpty> = {
  name: 'proxyDb.configEmpty',
  id: 0x43dc40b4,
  size() {
    return 0
  },
  write() {},
  read() {
    return {
      _: 'proxyDb.configEmpty',
    }
  },
}

export const proxyDbConfigV4: Codec<ProxyDbConfigV4> = {
  name: 'proxyDb.configV4',
  id: 0xbde43703,
  size(value) {
    return (
      12 +
      stringSize(value.rootContractAddress) +
      rootConfigConfigAny.size(value.rootContractState) +
      tonBlockIdExt.size(value.scBlockId) +
      vectorSize(value.pendingBlockchainSeqnoCommits, () => 36)
    )
  },
  write(writer, value) {
    writer.string(value.rootContractAddress)
    writer.int(value.isTestnet)
    rootConfigConfigAny.write(writer, value.rootContractState)
    writer.int(value.rootContractStateBlockTs)
    tonBlockIdExt.write(writer, value.scBlockId)
    writer.int(value.lastSeqnoCommittedToBlockchain)
    writeVector(writer, value.pendingBlockchainSeqnoCommits, (writer, element) => proxyDbPendingBlockchainSeqnoCommit.write(writer, element))
  },
  read(reader) {
    return {
      _: 'proxyDb.configV4',
      rootContractAddress: reader.string(),
      isTestnet: reader.int(),
      rootContractState: rootConfigConfigAny.read(reader),
      rootContractStateBlockTs: reader.int(),
      scBlockId: tonBlockIdExt.read(reader),
      lastSeqnoCommittedToBlockchain: reader.int(),
      pendingBlockchainSeqnoCommits: readVector(reader, 36, reader => proxyDbPendingBlockchainSeqnoCommit.read(reader)),
    }
  },
}

export const proxyDbConfigV4Disabled: Codec<ProxyDbConfigV4Disabled> = {
  name: 'proxyDb.configV4Disabled',
  id: 0xad2cfb4a,
  size(value) {
    return (
      16 +
      stringSize(value.rootContractAddress) +
      rootConfigConfigAny.size(value.rootContractState)
    )
  },
  write(writer, value) {
    writer.string(value.rootContractAddress)
    writer.int(value.isTestnet)
    rootConfigConfigAny.write(writer, value.rootContractState)
    writer.int(value.rootContractStateBlockTs)
    writer.long(value.disabledUntilVersion)
  },
  read(reader) {
    return {
      _: 'proxyDb.configV4Disabled',
      rootContractAddress: reader.string(),
      isTestnet: reader.int(),
      rootContractState: rootConfigConfigAny.read(reader),
      rootContractStateBlockTs: reader.int(),
      disabledUntilVersion: reader.long(),
    }
  },
}

export const proxyDbOldClient: Codec<ProxyDbOldClient> = {
  name: 'proxyDb.oldClient',
  id: 0x2fae7b42,
  size(value) {
    return (
      8 +
      stringSize(value.ownerAddress) +
      stringSize(value.nextClient)
    )
  },
  write(writer, value) {
    writer.string(value.ownerAddress)
    writer.long(value.tokens)
    writer.string(value.nextClient)
  },
  read(reader) {
    return {
      _: 'proxyDb.oldClient',
      ownerAddress: reader.string(),
      tokens: reader.long(),
      nextClient: reader.string(),
    }
  },
}

export const proxyDbOldWorker: Codec<ProxyDbOldWorker> = {
  name: 'proxyDb.oldWorker',
  id: 0xf04156a0,
  size(value) {
    return (
      8 +
      stringSize(value.ownerAddress) +
      stringSize(value.nextWorker)
    )
  },
  write(writer, value) {
    writer.string(value.ownerAddress)
    writer.long(value.tokens)
    writer.string(value.nextWorker)
  },
  read(reader) {
    return {
      _: 'proxyDb.oldWorker',
      ownerAddress: reader.string(),
      tokens: reader.long(),
      nextWorker: reader.string(),
    }
  },
}

export const proxyDbOldInstance: Codec<ProxyDbOldInstance> = {
  name: 'proxyDb.oldInstance',
  id: 0xa8c9e178,
  size(value) {
    return (
      8 +
      stringSize(value.contractAddress) +
      stringSize(value.nextClient) +
      stringSize(value.nextWorker) +
      rootConfigConfigAny.size(value.rootContractState)
    )
  },
  write(writer, value) {
    writer.string(value.contractAddress)
    writer.int(value.closingState)
    writer.int(value.closeAt)
    writer.string(value.nextClient)
    writer.string(value.nextWorker)
    rootConfigConfigAny.write(writer, value.rootContractState)
  },
  read(reader) {
    return {
      _: 'proxyDb.oldInstance',
      contractAddress: reader.string(),
      closingState: reader.int(),
      closeAt: reader.int(),
      nextClient: reader.string(),
      nextWorker: reader.string(),
      rootContractState: rootConfigConfigAny.read(reader),
    }
  },
}

export const keyManagerDbConfigEmpty: Codec<KeyManagerDbConfigEmpty> = {
  name: 'keyManagerDb.configEmpty',
  id: 0xd3fc2385,
  size() {
    return 0
  },
  write() {},
  read() {
    return {
      _: 'keyManagerDb.configEmpty',
    }
  },
}

export const keyManagerDbConfigV1: Codec<KeyManagerDbConfigV1> = {
  name: 'keyManagerDb.configV1',
  id: 0x6d2817ac,
  size() {
    return 4
  },
  write(writer, value) {
    writer.int(value.rootContractVersion)
  },
  read(reader) {
    return {
      _: 'keyManagerDb.configV1',
      rootContractVersion: reader.int(),
    }
  },
}

export const keyManagerDbKey: Codec<KeyManagerDbKey> = {
  name: 'keyManagerDb.key',
  id: 0x4d0a1e17,
  size() {
    return 52
  },
  write(writer, value) {
    writer.int256(value.privateKey)
    writer.bool(value.forProxies)
    writer.bool(value.forWorkers)
    writer.int(value.validSinceConfigVersion)
    writer.int(value.validSinceUtime)
    writer.int(value.validUntilUtime)
  },
  read(reader) {
    return {
      _: 'keyManagerDb.key',
      privateKey: reader.int256(),
      forProxies: reader.bool(),
      forWorkers: reader.bool(),
      validSinceConfigVersion: reader.int(),
      validSinceUtime: reader.int(),
      validUntilUtime: reader.int(),
    }
  },
}

export const tokensUsed: Codec<TokensUsed> = {
  name: 'tokensUsed',
  id: 0x70c5b15c,
  size() {
    return 40
  },
  write(writer, value) {
    writer.long(value.promptTokensUsed)
    writer.long(value.cachedTokensUsed)
    writer.long(value.completionTokensUsed)
    writer.long(value.reasoningTokensUsed)
    writer.long(value.totalTokensUsed)
  },
  read(reader) {
    return {
      _: 'tokensUsed',
      promptTokensUsed: reader.long(),
      cachedTokensUsed: reader.long(),
      completionTokensUsed: reader.long(),
      reasoningTokensUsed: reader.long(),
      totalTokensUsed: reader.long(),
    }
  },
}

export const workerParams: Codec<WorkerParams> = {
  name: 'worker.params',
  id: 0x869c73ed,
  size(value) {
    return (
      8 +
      stringSize(value.workerOwnerAddress) +
      stringSize(value.model) +
      ((value.flags & 1) !== 0 ? 4 : 0) +
      ((value.flags & 1) !== 0 ? 4 : 0) +
      ((value.flags & 1) !== 0 ? 4 : 0) +
      ((value.flags & 2) !== 0 ? 4 : 0) +
      ((value.flags & 2) !== 0 ? 4 : 0)
    )
  },
  write(writer, value) {
    writer.flags(value.flags)
    writer.string(value.workerOwnerAddress)
    writer.string(value.model)
    writer.int(value.coefficient)
    if ((value.flags & 1) !== 0) writer.bool(value.isTest ?? false)
    if ((value.flags & 1) !== 0) writer.int(value.proxyCnt ?? 0)
    if ((value.flags & 1) !== 0) writer.int(value.maxActiveRequests ?? 0)
    if ((value.flags & 2) !== 0) writer.int(value.minProtoVersion ?? 0)
    if ((value.flags & 2) !== 0) writer.int(value.maxProtoVersion ?? 0)
  },
  read(reader) {
    const value: WorkerParams = {
      _: 'worker.params',
      flags: reader.flags(),
      workerOwnerAddress: reader.string(),
      model: reader.string(),
      coefficient: reader.int(),
    }
    if ((value.flags & 1) !== 0) value.isTest = reader.bool()
    if ((value.flags & 1) !== 0) value.proxyCnt = reader.int()
    if ((value.flags & 1) !== 0) value.maxActiveRequests = reader.int()
    if ((value.flags & 2) !== 0) value.minProtoVersion = reader.int()
    if ((value.flags & 2) !== 0) value.maxProtoVersion = reader.int()
    return value
  },
}

export const proxyParams: Codec<ProxyParams> = {
  name: 'proxy.params',
  id: 0xd5c5609f,
  size(value) {
    return (
      36 +
      stringSize(value.proxyOwnerAddress) +
      stringSize(value.proxyScAddress) +
      ((value.flags & 1) !== 0 ? 4 : 0) +
      ((value.flags & 2) !== 0 ? 4 : 0)
    )
  },
  write(writer, value) {
    writer.flags(value.flags)
    writer.int256(value.proxyPublicKey)
    writer.string(value.proxyOwnerAddress)
    writer.string(value.proxyScAddress)
    if ((value.flags & 1) !== 0) writer.bool(value.isTest ?? false)
    if ((value.flags & 2) !== 0) writer.int(value.protoVersion ?? 0)
  },
  read(reader) {
    const value: ProxyParams = {
      _: 'proxy.params',
      flags: reader.flags(),
      proxyPublicKey: reader.int256(),
      proxyOwnerAddress: reader.string(),
      proxyScAddress: reader.string(),
    }
    if ((value.flags & 1) !== 0) value.isTest = reader.bool()
    if ((value.flags & 2) !== 0) value.protoVersion = reader.int()
    return value
  },
}

export const clientParams: Codec<ClientParams> = {
  name: 'client.params',
  id: 0x40fdca64,
  size(value) {
    return (
      4 +
      stringSize(value.clientOwnerAddress) +
      ((value.flags & 1) !== 0 ? 4 : 0) +
      ((value.flags & 2) !== 0 ? 4 : 0) +
      ((value.flags & 2) !== 0 ? 4 : 0)
    )
  },
  write(writer, value) {
    writer.flags(value.flags)
    writer.string(value.clientOwnerAddress)
    if ((value.flags & 1) !== 0) writer.bool(value.isTest ?? false)
    if ((value.flags & 2) !== 0) writer.int(value.minProtoVersion ?? 0)
    if ((value.flags & 2) !== 0) writer.int(value.maxProtoVersion ?? 0)
  },
  read(reader) {
    const value: ClientParams = {
      _: 'client.params',
      flags: reader.flags(),
      clientOwnerAddress: reader.string(),
    }
    if ((value.flags & 1) !== 0) value.isTest = reader.bool()
    if ((value.flags & 2) !== 0) value.minProtoVersion = reader.int()
    if ((value.flags & 2) !== 0) value.maxProtoVersion = reader.int()
    return value
  },
}

export const proxySignedPayment: Codec<ProxySignedPayment> = {
  name: 'proxy.signedPayment',
  id: 0x02998182,
  size(value) {
    return bytesSize(value.data)
  },
  write(writer, value) {
    writer.bytes(value.data)
  },
  read(reader) {
    return {
      _: 'proxy.signedPayment',
      data: reader.bytes(),
    }
  },
}

export const proxySignedPaymentEmpty: Codec<ProxySignedPaymentEmpty> = {
  name: 'proxy.signedPaymentEmpty',
  id: 0xb347ce64,
  size() {
    return 0
  },
  write() {},
  read() {
    return {
      _: 'proxy.signedPaymentEmpty',
    }
  },
}

export const clientProxyConnectionAuthShort: Codec<ClientProxyConnectionAuthShort> = {
  name: 'client.proxyConnectionAuthShort',
  id: 0xd6ffc5af,
  size() {
    return 40
  },
  write(writer, value) {
    writer.int256(value.secretHash)
    writer.long(value.nonce)
  },
  read(reader) {
    return {
      _: 'client.proxyConnectionAuthShort',
      secretHash: reader.int256(),
      nonce: reader.long(),
    }
  },
}

export const clientProxyConnectionAuthLong: Codec<ClientProxyConnectionAuthLong> = {
  name: 'client.proxyConnectionAuthLong',
  id: 0x417bf016,
  size() {
    return 8
  },
  write(writer, value) {
    writer.long(value.nonce)
  },
  read(reader) {
    return {
      _: 'client.proxyConnectionAuthLong',
      nonce: reader.long(),
    }
  },
}

export const clientAuthorizationWithProxySuccess: Codec<ClientAuthorizationWithProxySuccess> = {
  name: 'client.authorizationWithProxySuccess',
  id: 0x75d5ac34,
  size(value) {
    return (
      16 +
      proxySignedPaymentAny.size(value.signedPayment)
    )
  },
  write(writer, value) {
    proxySignedPaymentAny.write(writer, value.signedPayment)
    writer.long(value.tokensCommittedToDb)
    writer.long(value.maxTokens)
  },
  read(reader) {
    return {
      _: 'client.authorizationWithProxySuccess',
      signedPayment: proxySignedPaymentAny.read(reader),
      tokensCommittedToDb: reader.long(),
      maxTokens: reader.long(),
    }
  },
}

export const clientAuthorizationWithProxyFailed: Codec<ClientAuthorizationWithProxyFailed> = {
  name: 'client.authorizationWithProxyFailed',
  id: 0x60551c96,
  size(value) {
    return (
      4 +
      stringSize(value.error)
    )
  },
  write(writer, value) {
    writer.int(value.errorCode)
    writer.string(value.error)
  },
  read(reader) {
    return {
      _: 'client.authorizationWithProxyFailed',
      errorCode: reader.int(),
      error: reader.string(),
    }
  },
}

export const clientConnectedToProxy: Codec<ClientConnectedToProxy> = {
  name: 'client.connectedToProxy',
  id: 0x95317ad1,
  size(value) {
    return (
      proxyParams.size(value.params) +
      stringSize(value.clientScAddress) +
      clientProxyConnectionAuthAny.size(value.auth) +
      proxySignedPaymentAny.size(value.signedPayment)
    )
  },
  write(writer, value) {
    proxyParams.write(writer, value.params)
    writer.string(value.clientScAddress)
    clientProxyConnectionAuthAny.write(writer, value.auth)
    proxySignedPaymentAny.write(writer, value.signedPayment)
  },
  read(reader) {
    return {
      _: 'client.connectedToProxy',
      params: proxyParams.read(reader),
      clientScAddress: reader.string(),
      auth: clientProxyConnectionAuthAny.read(reader),
      signedPayment: proxySignedPaymentAny.read(reader),
    }
  },
}

export const clientQueryAnswer: Codec<ClientQueryAnswer> = {
  name: 'client.queryAnswer',
  id: 0x9b943922,
  size(value) {
    return (
      76 +
      bytesSize(value.answer)
    )
  },
  write(writer, value) {
    writer.bytes(value.answer)
    writer.bool(value.isCompleted)
    writer.int256(value.requestId)
    tokensUsed.write(writer, value.requestTokensUsed)
  },
  read(reader) {
    return {
      _: 'client.queryAnswer',
      answer: reader.bytes(),
      isCompleted: reader.bool(),
      requestId: reader.int256(),
      requestTokensUsed: tokensUsed.read(reader),
    }
  },
}

export const clientQueryAnswerError: Codec<ClientQueryAnswerError> = {
  name: 'client.queryAnswerError',
  id: 0x6d60569a,
  size(value) {
    return (
      76 +
      stringSize(value.error)
    )
  },
  write(writer, value) {
    writer.int(value.errorCode)
    writer.string(value.error)
    writer.int256(value.requestId)
    tokensUsed.write(writer, value.requestTokensUsed)
  },
  read(reader) {
    return {
      _: 'client.queryAnswerError',
      errorCode: reader.int(),
      error: reader.string(),
      requestId: reader.int256(),
      requestTokensUsed: tokensUsed.read(reader),
    }
  },
}

export const clientQueryAnswerPart: Codec<ClientQueryAnswerPart> = {
  name: 'client.queryAnswerPart',
  id: 0xb765de4c,
  size(value) {
    return (
      76 +
      bytesSize(value.answer)
    )
  },
  write(writer, value) {
    writer.bytes(value.answer)
    writer.bool(value.isCompleted)
    writer.int256(value.requestId)
    tokensUsed.write(writer, value.requestTokensUsed)
  },
  read(reader) {
    return {
      _: 'client.queryAnswerPart',
      answer: reader.bytes(),
      isCompleted: reader.bool(),
      requestId: reader.int256(),
      requestTokensUsed: tokensUsed.read(reader),
    }
  },
}

export const clientQueryAnswerPartError: Codec<ClientQueryAnswerPartError> = {
  name: 'client.queryAnswerPartError',
  id: 0xd790a022,
  size(value) {
    return (
      76 +
      stringSize(value.error)
    )
  },
  write(writer, value) {
    writer.int(value.errorCode)
    writer.string(value.error)
    writer.int256(value.requestId)
    tokensUsed.write(writer, value.requestTokensUsed)
  },
  read(reader) {
    return {
      _: 'client.queryAnswerPartError',
      errorCode: reader.int(),
      error: reader.string(),
      requestId: reader.int256(),
      requestTokensUsed: tokensUsed.read(reader),
    }
  },
}

export const clientQueryFinalInfo: Codec<ClientQueryFinalInfo> = {
  name: 'client.queryFinalInfo',
  id: 0x69a452f0,
  size(value) {
    return (
      44 +
      ((value.flags & 1) !== 0 ? stringSize(value.workerDebug ?? '') : 0) +
      ((value.flags & 1) !== 0 ? stringSize(value.proxyDebug ?? '') : 0) +
      ((value.flags & 2) !== 0 ? 8 : 0) +
      ((value.flags & 2) !== 0 ? 8 : 0) +
      ((value.flags & 2) !== 0 ? 8 : 0) +
      ((value.flags & 2) !== 0 ? 8 : 0)
    )
  },
  write(writer, value) {
    writer.flags(value.flags)
    tokensUsed.write(writer, value.tokensUsed)
    if ((value.flags & 1) !== 0) writer.string(value.workerDebug ?? '')
    if ((value.flags & 1) !== 0) writer.string(value.proxyDebug ?? '')
    if ((value.flags & 2) !== 0) writer.double(value.proxyStartTime ?? 0)
    if ((value.flags & 2) !== 0) writer.double(value.proxyEndTime ?? 0)
    if ((value.flags & 2) !== 0) writer.double(value.workerStartTime ?? 0)
    if ((value.flags & 2) !== 0) writer.double(value.workerEndTime ?? 0)
  },
  read(reader) {
    const value: ClientQueryFinalInfo = {
      _: 'client.queryFinalInfo',
      flags: reader.flags(),
      tokensUsed: tokensUsed.read(reader),
    }
    if ((value.flags & 1) !== 0) value.workerDebug = reader.string()
    if ((value.flags & 1) !== 0) value.proxyDebug = reader.string()
    if ((value.flags & 2) !== 0) value.proxyStartTime = reader.double()
    if ((value.flags & 2) !== 0) value.proxyEndTime = reader.double()
    if ((value.flags & 2) !== 0) value.workerStartTime = reader.double()
    if ((value.flags & 2) !== 0) value.workerEndTime = reader.double()
    return value
  },
}

export const clientQueryAnswerEx: Codec<ClientQueryAnswerEx> = {
  name: 'client.queryAnswerEx',
  id: 0xcd524720,
  size(value) {
    return (
      36 +
      bytesSize(value.answer) +
      ((value.flags & 1) !== 0 ? clientQueryFinalInfo.size(value.finalInfo ?? zeroClientQueryFinalInfo) : 0)
    )
  },
  write(writer, value) {
    writer.int256(value.requestId)
    writer.bytes(value.answer)
    writer.flags(value.flags)
    if ((value.flags & 1) !== 0) clientQueryFinalInfo.write(writer, value.finalInfo ?? zeroClientQueryFinalInfo)
  },
  read(reader) {
    const value: ClientQueryAnswerEx = {
      _: 'client.queryAnswerEx',
      requestId: reader.int256(),
      answer: reader.bytes(),
      flags: reader.flags(),
    }
    if ((value.flags & 1) !== 0) value.finalInfo = clientQueryFinalInfo.read(reader)
    return value
  },
}

export const clientQueryAnswerErrorEx: Codec<ClientQueryAnswerErrorEx> = {
  name: 'client.queryAnswerErrorEx',
  id: 0x072562a8,
  size(value) {
    return (
      40 +
      stringSize(value.error) +
      ((value.flags & 1) !== 0 ? clientQueryFinalInfo.size(value.finalInfo ?? zeroClientQueryFinalInfo) : 0)
    )
  },
  write(writer, value) {
    writer.int256(value.requestId)
    writer.int(value.errorCode)
    writer.string(value.error)
    writer.flags(value.flags)
    if ((value.flags & 1) !== 0) clientQueryFinalInfo.write(writer, value.finalInfo ?? zeroClientQueryFinalInfo)
  },
  read(reader) {
    const value: ClientQueryAnswerErrorEx = {
      _: 'client.queryAnswerErrorEx',
      requestId: reader.int256(),
      errorCode: reader.int(),
      error: reader.string(),
      flags: reader.flags(),
    }
    if ((value.flags & 1) !== 0) value.finalInfo = clientQueryFinalInfo.read(reader)
    return value
  },
}

export const clientQueryAnswerPartEx: Codec<ClientQueryAnswerPartEx> = {
  name: 'client.queryAnswerPartEx',
  id: 0xc07bfaec,
  size(value) {
    return (
      36 +
      bytesSize(value.answer) +
      ((value.flags & 1) !== 0 ? clientQueryFinalInfo.size(value.finalInfo ?? zeroClientQueryFinalInfo) : 0)
    )
  },
  write(writer, value) {
    writer.int256(value.requestId)
    writer.bytes(value.answer)
    writer.flags(value.flags)
    if ((value.flags & 1) !== 0) clientQueryFinalInfo.write(writer, value.finalInfo ?? zeroClientQueryFinalInfo)
  },
  read(reader) {
    const value: ClientQueryAnswerPartEx = {
      _: 'client.queryAnswerPartEx',
      requestId: reader.int256(),
      answer: reader.bytes(),
      flags: reader.flags(),
    }
    if ((value.flags & 1) !== 0) value.finalInfo = clientQueryFinalInfo.read(reader)
    return value
  },
}

export const clientRefund: Codec<ClientRefund> = {
  name: 'client.refund',
  id: 0x83aabead,
  size(value) {
    return bytesSize(value.data)
  },
  write(writer, value) {
    writer.bytes(value.data)
  },
  read(reader) {
    return {
      _: 'client.refund',
      data: reader.bytes(),
    }
  },
}

export const clientRefundRejected: Codec<ClientRefundRejected> = {
  name: 'client.refundRejected',
  id: 0xcf9d9957,
  size() {
    return 8
  },
  write(writer, value) {
    writer.long(value.activeQueries)
  },
  read(reader) {
    return {
      _: 'client.refundRejected',
      activeQueries: reader.long(),
    }
  },
}

export const clientWorkerType: Codec<ClientWorkerType> = {
  name: 'client.workerType',
  id: 0x8210e21c,
  size(value) {
    return (
      16 +
      stringSize(value.name)
    )
  },
  write(writer, value) {
    writer.string(value.name)
    writer.int(value.activeWorkers)
    writer.int(value.coefficientMin)
    writer.int(value.coefficientBucket50)
    writer.int(value.coefficientMax)
  },
  read(reader) {
    return {
      _: 'client.workerType',
      name: reader.string(),
      activeWorkers: reader.int(),
      coefficientMin: reader.int(),
      coefficientBucket50: reader.int(),
      coefficientMax: reader.int(),
    }
  },
}

export const clientWorkerTypes: Codec<ClientWorkerTypes> = {
  name: 'client.workerTypes',
  id: 0xf64e0e01,
  size(value) {
    return vectorSize(value.types, element => clientWorkerType.size(element))
  },
  write(writer, value) {
    writeVector(writer, value.types, (writer, element) => clientWorkerType.write(writer, element))
  },
  read(reader) {
    return {
      _: 'client.workerTypes',
      types: readVector(reader, 20, reader => clientWorkerType.read(reader)),
    }
  },
}

export const clientWorkerInstanceV2: Codec<ClientWorkerInstanceV2> = {
  name: 'client.workerInstanceV2',
  id: 0x3ea93d00,
  size() {
    return 16
  },
  write(writer, value) {
    writer.flags(value.flags)
    writer.int(value.coefficient)
    writer.int(value.activeRequests)
    writer.int(value.maxActiveRequests)
  },
  read(reader) {
    return {
      _: 'client.workerInstanceV2',
      flags: reader.flags(),
      coefficient: reader.int(),
      activeRequests: reader.int(),
      maxActiveRequests: reader.int(),
    }
  },
}

export const clientWorkerTypeV2: Codec<ClientWorkerTypeV2> = {
  name: 'client.workerTypeV2',
  id: 0xb27d8197,
  size(value) {
    return (
      stringSize(value.name) +
      vectorSize(value.workers, () => 16)
    )
  },
  write(writer, value) {
    writer.string(value.name)
    writeVector(writer, value.workers, (writer, element) => clientWorkerInstanceV2.write(writer, element))
  },
  read(reader) {
    return {
      _: 'client.workerTypeV2',
      name: reader.string(),
      workers: readVector(reader, 16, reader => clientWorkerInstanceV2.read(reader)),
    }
  },
}

export const clientWorkerTypesV2: Codec<ClientWorkerTypesV2> = {
  name: 'client.workerTypesV2',
  id: 0x0cf0dc67,
  size(value) {
    return vectorSize(value.types, element => clientWorkerTypeV2.size(element))
  },
  write(writer, value) {
    writeVector(writer, value.types, (writer, element) => clientWorkerTypeV2.write(writer, element))
  },
  read(reader) {
    return {
      _: 'client.workerTypesV2',
      types: readVector(reader, 8, reader => clientWorkerTypeV2.read(reader)),
    }
  },
}

export const clientPaymentStatus: Codec<ClientPaymentStatus> = {
  name: 'client.paymentStatus',
  id: 0xaa8a0ecc,
  size(value) {
    return (
      16 +
      proxySignedPaymentAny.size(value.signedPayment)
    )
  },
  write(writer, value) {
    proxySignedPaymentAny.write(writer, value.signedPayment)
    writer.long(value.dbTokens)
    writer.long(value.maxTokens)
  },
  read(reader) {
    return {
      _: 'client.paymentStatus',
      signedPayment: proxySignedPaymentAny.read(reader),
      dbTokens: reader.long(),
      maxTokens: reader.long(),
    }
  },
}

export const proxyClientRequestPayment: Codec<ProxyClientRequestPayment> = {
  name: 'proxy.clientRequestPayment',
  id: 0xc6bcf127,
  size(value) {
    return (
      56 +
      proxySignedPaymentAny.size(value.signedPayment)
    )
  },
  write(writer, value) {
    writer.int256(value.requestId)
    proxySignedPaymentAny.write(writer, value.signedPayment)
    writer.long(value.dbTokens)
    writer.long(value.maxTokens)
    writer.long(value.requestTokens)
  },
  read(reader) {
    return {
      _: 'proxy.clientRequestPayment',
      requestId: reader.int256(),
      signedPayment: proxySignedPaymentAny.read(reader),
      dbTokens: reader.long(),
      maxTokens: reader.long(),
      requestTokens: reader.long(),
    }
  },
}

export const proxyQueryAnswer: Codec<ProxyQueryAnswer> = {
  name: 'proxy.queryAnswer',
  id: 0x37e5f725,
  size(value) {
    return (
      76 +
      bytesSize(value.answer)
    )
  },
  write(writer, value) {
    writer.bytes(value.answer)
    writer.bool(value.isCompleted)
    writer.int256(value.requestId)
    tokensUsed.write(writer, value.tokensUsed)
  },
  read(reader) {
    return {
      _: 'proxy.queryAnswer',
      answer: reader.bytes(),
      isCompleted: reader.bool(),
      requestId: reader.int256(),
      tokensUsed: tokensUsed.read(reader),
    }
  },
}

export const proxyQueryAnswerError: Codec<ProxyQueryAnswerError> = {
  name: 'proxy.queryAnswerError',
  id: 0x669d014e,
  size(value) {
    return (
      76 +
      stringSize(value.error)
    )
  },
  write(writer, value) {
    writer.int(value.errorCode)
    writer.string(value.error)
    writer.int256(value.requestId)
    tokensUsed.write(writer, value.tokensUsed)
  },
  read(reader) {
    return {
      _: 'proxy.queryAnswerError',
      errorCode: reader.int(),
      error: reader.string(),
      requestId: reader.int256(),
      tokensUsed: tokensUsed.read(reader),
    }
  },
}

export const proxyQueryAnswerPart: Codec<ProxyQueryAnswerPart> = {
  name: 'proxy.queryAnswerPart',
  id: 0x72eb00ee,
  size(value) {
    return (
      76 +
      bytesSize(value.answer)
    )
  },
  write(writer, value) {
    writer.bytes(value.answer)
    writer.bool(value.isCompleted)
    writer.int256(value.requestId)
    tokensUsed.write(writer, value.tokensUsed)
  },
  read(reader) {
    return {
      _: 'proxy.queryAnswerPart',
      answer: reader.bytes(),
      isCompleted: reader.bool(),
      requestId: reader.int256(),
      tokensUsed: tokensUsed.read(reader),
    }
  },
}

export const proxyQueryAnswerPartError: Codec<ProxyQueryAnswerPartError> = {
  name: 'proxy.queryAnswerPartError',
  id: 0x940e1168,
  size(value) {
    return (
      76 +
      stringSize(value.error)
    )
  },
  write(writer, value) {
    writer.int(value.errorCode)
    writer.string(value.error)
    writer.int256(value.requestId)
    tokensUsed.write(writer, value.tokensUsed)
  },
  read(reader) {
    return {
      _: 'proxy.queryAnswerPartError',
      errorCode: reader.int(),
      error: reader.string(),
      requestId: reader.int256(),
      tokensUsed: tokensUsed.read(reader),
    }
  },
}

export const proxyQueryFinalInfo: Codec<ProxyQueryFinalInfo> = {
  name: 'proxy.queryFinalInfo',
  id: 0xe794e6fc,
  size(value) {
    return (
      44 +
      ((value.flags & 1) !== 0 ? stringSize(value.workerDebug ?? '') : 0) +
      ((value.flags & 2) !== 0 ? 8 : 0) +
      ((value.flags & 2) !== 0 ? 8 : 0)
    )
  },
  write(writer, value) {
    writer.flags(value.flags)
    tokensUsed.write(writer, value.tokensUsed)
    if ((value.flags & 1) !== 0) writer.string(value.workerDebug ?? '')
    if ((value.flags & 2) !== 0) writer.double(value.workerStartTime ?? 0)
    if ((value.flags & 2) !== 0) writer.double(value.workerEndTime ?? 0)
  },
  read(reader) {
    const value: ProxyQueryFinalInfo = {
      _: 'proxy.queryFinalInfo',
      flags: reader.flags(),
      tokensUsed: tokensUsed.read(reader),
    }
    if ((value.flags & 1) !== 0) value.workerDebug = reader.string()
    if ((value.flags & 2) !== 0) value.workerStartTime = reader.double()
    if ((value.flags & 2) !== 0) value.workerEndTime = reader.double()
    return value
  },
}

export const proxyQueryAnswerEx: Codec<ProxyQueryAnswerEx> = {
  name: 'proxy.queryAnswerEx',
  id: 0x1ce574e8,
  size(value) {
    return (
      36 +
      bytesSize(value.answer) +
      ((value.flags & 1) !== 0 ? proxyQueryFinalInfo.size(value.finalInfo ?? zeroProxyQueryFinalInfo) : 0)
    )
  },
  write(writer, value) {
    writer.int256(value.requestId)
    writer.bytes(value.answer)
    writer.flags(value.flags)
    if ((value.flags & 1) !== 0) proxyQueryFinalInfo.write(writer, value.finalInfo ?? zeroProxyQueryFinalInfo)
  },
  read(reader) {
    const value: ProxyQueryAnswerEx = {
      _: 'proxy.queryAnswerEx',
      requestId: reader.int256(),
      answer: reader.bytes(),
      flags: reader.flags(),
    }
    if ((value.flags & 1) !== 0) value.finalInfo = proxyQueryFinalInfo.read(reader)
    return value
  },
}

export const proxyQueryAnswerErrorEx: Codec<ProxyQueryAnswerErrorEx> = {
  name: 'proxy.queryAnswerErrorEx',
  id: 0x8f7fb0a7,
  size(value) {
    return (
      40 +
      stringSize(value.error) +
      ((value.flags & 1) !== 0 ? proxyQueryFinalInfo.size(value.finalInfo ?? zeroProxyQueryFinalInfo) : 0)
    )
  },
  write(writer, value) {
    writer.int256(value.requestId)
    writer.int(value.errorCode)
    writer.string(value.error)
    writer.flags(value.flags)
    if ((value.flags & 1) !== 0) proxyQueryFinalInfo.write(writer, value.finalInfo ?? zeroProxyQueryFinalInfo)
  },
  read(reader) {
    const value: ProxyQueryAnswerErrorEx = {
      _: 'proxy.queryAnswerErrorEx',
      requestId: reader.int256(),
      errorCode: reader.int(),
      error: reader.string(),
      flags: reader.flags(),
    }
    if ((value.flags & 1) !== 0) value.finalInfo = proxyQueryFinalInfo.read(reader)
    return value
  },
}

export const proxyQueryAnswerPartEx: Codec<ProxyQueryAnswerPartEx> = {
  name: 'proxy.queryAnswerPartEx',
  id: 0x6d85b50f,
  size(value) {
    return (
      36 +
      bytesSize(value.answer) +
      ((value.flags & 1) !== 0 ? proxyQueryFinalInfo.size(value.finalInfo ?? zeroProxyQueryFinalInfo) : 0)
    )
  },
  write(writer, value) {
    writer.int256(value.requestId)
    writer.bytes(value.answer)
    writer.flags(value.flags)
    if ((value.flags & 1) !== 0) proxyQueryFinalInfo.write(writer, value.finalInfo ?? zeroProxyQueryFinalInfo)
  },
  read(reader) {
    const value: ProxyQueryAnswerPartEx = {
      _: 'proxy.queryAnswerPartEx',
      requestId: reader.int256(),
      answer: reader.bytes(),
      flags: reader.flags(),
    }
    if ((value.flags & 1) !== 0) value.finalInfo = proxyQueryFinalInfo.read(reader)
    return value
  },
}

export const proxyWorkerRequestPayment: Codec<ProxyWorkerRequestPayment> = {
  name: 'proxy.workerRequestPayment',
  id: 0x1436c0d5,
  size(value) {
    return (
      56 +
      proxySignedPaymentAny.size(value.signedPayment) +
      stringSize(value.requestClientOwner)
    )
  },
  write(writer, value) {
    writer.int256(value.requestId)
    proxySignedPaymentAny.write(writer, value.signedPayment)
    writer.long(value.dbTokens)
    writer.long(value.maxTokens)
    writer.long(value.requestTokens)
    writer.string(value.requestClientOwner)
  },
  read(reader) {
    return {
      _: 'proxy.workerRequestPayment',
      requestId: reader.int256(),
      signedPayment: proxySignedPaymentAny.read(reader),
      dbTokens: reader.long(),
      maxTokens: reader.long(),
      requestTokens: reader.long(),
      requestClientOwner: reader.string(),
    }
  },
}

export const workerEnabledDisabled: Codec<WorkerEnabledDisabled> = {
  name: 'worker.enabledDisabled',
  id: 0xb3b71039,
  size() {
    return 4
  },
  write(writer, value) {
    writer.int(value.disabled)
  },
  read(reader) {
    return {
      _: 'worker.enabledDisabled',
      disabled: reader.int(),
    }
  },
}

export const workerNewCoefficient: Codec<WorkerNewCoefficient> = {
  name: 'worker.newCoefficient',
  id: 0x6af092b0,
  size() {
    return 4
  },
  write(writer, value) {
    writer.int(value.newCoefficient)
  },
  read(reader) {
    return {
      _: 'worker.newCoefficient',
      newCoefficient: reader.int(),
    }
  },
}

export const workerConnectedToProxy: Codec<WorkerConnectedToProxy> = {
  name: 'worker.connectedToProxy',
  id: 0x66bc82ee,
  size(value) {
    return (
      proxyParams.size(value.params) +
      stringSize(value.workerScAddress)
    )
  },
  write(writer, value) {
    proxyParams.write(writer, value.params)
    writer.string(value.workerScAddress)
  },
  read(reader) {
    return {
      _: 'worker.connectedToProxy',
      params: proxyParams.read(reader),
      workerScAddress: reader.string(),
    }
  },
}

export const workerCompareBalanceWithProxyResult: Codec<WorkerCompareBalanceWithProxyResult> = {
  name: 'worker.compareBalanceWithProxyResult',
  id: 0x9054c411,
  size(value) {
    return (
      20 +
      proxySignedPaymentAny.size(value.signedPayment)
    )
  },
  write(writer, value) {
    proxySignedPaymentAny.write(writer, value.signedPayment)
    writer.long(value.tokensCommittedToDb)
    writer.long(value.maxTokens)
    writer.int(value.errorCode)
  },
  read(reader) {
    return {
      _: 'worker.compareBalanceWithProxyResult',
      signedPayment: proxySignedPaymentAny.read(reader),
      tokensCommittedToDb: reader.long(),
      maxTokens: reader.long(),
      errorCode: reader.int(),
    }
  },
}

export const workerExtendedCompareBalanceWithProxyResult: Codec<WorkerExtendedCompareBalanceWithProxyResult> = {
  name: 'worker.extendedCompareBalanceWithProxyResult',
  id: 0x0c10973e,
  size() {
    return 4
  },
  write(writer, value) {
    writer.int(value.errorCode)
  },
  read(reader) {
    return {
      _: 'worker.extendedCompareBalanceWithProxyResult',
      errorCode: reader.int(),
    }
  },
}

export const workerProxyHandshakeCompleted: Codec<WorkerProxyHandshakeCompleted> = {
  name: 'worker.proxyHandshakeCompleted',
  id: 0x3ad9b886,
  size() {
    return 0
  },
  write() {},
  read() {
    return {
      _: 'worker.proxyHandshakeCompleted',
    }
  },
}

export const workerPaymentStatus: Codec<WorkerPaymentStatus> = {
  name: 'worker.paymentStatus',
  id: 0xa88bd701,
  size(value) {
    return (
      16 +
      proxySignedPaymentAny.size(value.signedPayment)
    )
  },
  write(writer, value) {
    proxySignedPaymentAny.write(writer, value.signedPayment)
    writer.long(value.dbTokens)
    writer.long(value.maxTokens)
  },
  read(reader) {
    return {
      _: 'worker.paymentStatus',
      signedPayment: proxySignedPaymentAny.read(reader),
      dbTokens: reader.long(),
      maxTokens: reader.long(),
    }
  },
}

export const keyManagerPrivateKey: Codec<KeyManagerPrivateKey> = {
  name: 'keyManager.privateKey',
  id: 0x60f4f8e7,
  size() {
    return 36
  },
  write(writer, value) {
    writer.int(value.validUntilUtime)
    writer.int256(value.privateKey)
  },
  read(reader) {
    return {
      _: 'keyManager.privateKey',
      validUntilUtime: reader.int(),
      privateKey: reader.int256(),
    }
  },
}

export const keyManagerPrivateKeys: Codec<KeyManagerPrivateKeys> = {
  name: 'keyManager.privateKeys',
  id: 0x0ed66ce5,
  size(value) {
    return vectorSize(value.keys, () => 36)
  },
  write(writer, value) {
    writeVector(writer, value.keys, (writer, element) => keyManagerPrivateKey.write(writer, element))
  },
  read(reader) {
    return {
      _: 'keyManager.privateKeys',
      keys: readVector(reader, 36, reader => keyManagerPrivateKey.read(reader)),
    }
  },
}

export const httpHeader: Codec<HttpHeader> = {
  name: 'http.header',
  id: 0x8e9be511,
  size(value) {
    return (
      stringSize(value.name) +
      stringSize(value.value)
    )
  },
  write(writer, value) {
    writer.string(value.name)
    writer.string(value.value)
  },
  read(reader) {
    return {
      _: 'http.header',
      name: reader.string(),
      value: reader.string(),
    }
  },
}

export const httpResponse: Codec<HttpResponse> = {
  name: 'http.response',
  id: 0x1cd0c42b,
  size(value) {
    return (
      4 +
      stringSize(value.httpVersion) +
      stringSize(value.reason) +
      vectorSize(value.headers, element => httpHeader.size(element)) +
      bytesSize(value.payload)
    )
  },
  write(writer, value) {
    writer.string(value.httpVersion)
    writer.int(value.statusCode)
    writer.string(value.reason)
    writeVector(writer, value.headers, (writer, element) => httpHeader.write(writer, element))
    writer.bytes(value.payload)
  },
  read(reader) {
    return {
      _: 'http.response',
      httpVersion: reader.string(),
      statusCode: reader.int(),
      reason: reader.string(),
      headers: readVector(reader, 8, reader => httpHeader.read(reader)),
      payload: reader.bytes(),
    }
  },
}

export const clientCancelQuery: Codec<ClientCancelQuery> = {
  name: 'client.cancelQuery',
  id: 0x3265a5f8,
  size() {
    return 32
  },
  write(writer, value) {
    writer.int256(value.requestId)
  },
  read(reader) {
    return {
      _: 'client.cancelQuery',
      requestId: reader.int256(),
    }
  },
}

export const proxyCancelQuery: Codec<ProxyCancelQuery> = {
  name: 'proxy.cancelQuery',
  id: 0x8cd7e668,
  size() {
    return 32
  },
  write(writer, value) {
    writer.int256(value.requestId)
  },
  read(reader) {
    return {
      _: 'proxy.cancelQuery',
      requestId: reader.int256(),
    }
  },
}

export const sealedWorkerIdentity: Codec<SealedWorkerIdentity> = {
  name: 'sealed.workerIdentity',
  id: 0x7038ea2a,
  size(value) {
    return (
      116 +
      bytesSize(value.sealKey) +
      stringSize(value.model)
    )
  },
  write(writer, value) {
    writer.int256(value.signingKey)
    writer.bytes(value.sealKey)
    writer.string(value.model)
    writer.int256(value.gpuDigest)
    writer.int(value.blockSeqno)
    writer.int256(value.blockHash)
    writer.long(value.issuedAt)
    writer.long(value.expiresAt)
  },
  read(reader) {
    return {
      _: 'sealed.workerIdentity',
      signingKey: reader.int256(),
      sealKey: reader.bytes(),
      model: reader.string(),
      gpuDigest: reader.int256(),
      blockSeqno: reader.int(),
      blockHash: reader.int256(),
      issuedAt: reader.long(),
      expiresAt: reader.long(),
    }
  },
}

export const sealedWorkerEvidence: Codec<SealedWorkerEvidence> = {
  name: 'sealed.workerEvidence',
  id: 0x8dbdbbe9,
  size(value) {
    return (
      bytesSize(value.document) +
      bytesSize(value.quote) +
      bytesSize(value.collateral) +
      bytesSize(value.gpu)
    )
  },
  write(writer, value) {
    writer.bytes(value.document)
    writer.bytes(value.quote)
    writer.bytes(value.collateral)
    writer.bytes(value.gpu)
  },
  read(reader) {
    return {
      _: 'sealed.workerEvidence',
      document: reader.bytes(),
      quote: reader.bytes(),
      collateral: reader.bytes(),
      gpu: reader.bytes(),
    }
  },
}

export const sealedHeader: Codec<SealedHeader> = {
  name: 'sealed.header',
  id: 0xd16b3f8e,
  size(value) {
    return (
      48 +
      stringSize(value.model) +
      vectorSize(value.recipients, () => 32)
    )
  },
  write(writer, value) {
    writer.int256(value.requestId)
    writer.string(value.model)
    writer.int(value.maxCoefficient)
    writer.int(value.maxTokens)
    writer.long(value.expiresAt)
    writeVector(writer, value.recipients, (writer, element) => writer.int256(element))
  },
  read(reader) {
    return {
      _: 'sealed.header',
      requestId: reader.int256(),
      model: reader.string(),
      maxCoefficient: reader.int(),
      maxTokens: reader.int(),
      expiresAt: reader.long(),
      recipients: readVector(reader, 32, reader => reader.int256()),
    }
  },
}

export const sealedKey: Codec<SealedKey> = {
  name: 'sealed.key',
  id: 0x1ed54a7a,
  size(value) {
    return (
      40 +
      ((value.flags & 1) !== 0 ? bytesSize(value.encapsulation ?? new Uint8Array(0)) : 0) +
      ((value.flags & 2) !== 0 ? bytesSize(value.wrapped ?? new Uint8Array(0)) : 0)
    )
  },
  write(writer, value) {
    writer.int256(value.session)
    writer.int(value.counter)
    writer.flags(value.flags)
    if ((value.flags & 1) !== 0) writer.bytes(value.encapsulation ?? new Uint8Array(0))
    if ((value.flags & 2) !== 0) writer.bytes(value.wrapped ?? new Uint8Array(0))
  },
  read(reader) {
    const value: SealedKey = {
      _: 'sealed.key',
      session: reader.int256(),
      counter: reader.int(),
      flags: reader.flags(),
    }
    if ((value.flags & 1) !== 0) value.encapsulation = reader.bytes()
    if ((value.flags & 2) !== 0) value.wrapped = reader.bytes()
    return value
  },
}

export const sealedQuery: Codec<SealedQuery> = {
  name: 'sealed.query',
  id: 0xbb0704f5,
  size(value) {
    return (
      bytesSize(value.header) +
      vectorSize(value.keys, element => sealedKey.size(element)) +
      bytesSize(value.body)
    )
  },
  write(writer, value) {
    writer.bytes(value.header)
    writeVector(writer, value.keys, (writer, element) => sealedKey.write(writer, element))
    writer.bytes(value.body)
  },
  read(reader) {
    return {
      _: 'sealed.query',
      header: reader.bytes(),
      keys: readVector(reader, 40, reader => sealedKey.read(reader)),
      body: reader.bytes(),
    }
  },
}

export const sealedRequest: Codec<SealedRequest> = {
  name: 'sealed.request',
  id: 0xc3d5652e,
  size(value) {
    return (
      72 +
      stringSize(value.path) +
      bytesSize(value.body)
    )
  },
  write(writer, value) {
    writer.string(value.path)
    writer.bytes(value.body)
    writer.int256(value.requestSalt)
    writer.int256(value.answerSalt)
    writer.int(value.chunkBytes)
    writer.int(value.cadenceMs)
  },
  read(reader) {
    return {
      _: 'sealed.request',
      path: reader.string(),
      body: reader.bytes(),
      requestSalt: reader.int256(),
      answerSalt: reader.int256(),
      chunkBytes: reader.int(),
      cadenceMs: reader.int(),
    }
  },
}

export const sealedReceipt: Codec<SealedReceipt> = {
  name: 'sealed.receipt',
  id: 0xd98ae644,
  size(value) {
    return (
      240 +
      stringSize(value.model)
    )
  },
  write(writer, value) {
    writer.int256(value.proxyKey)
    writer.int256(value.identity)
    writer.int256(value.requestId)
    writer.string(value.model)
    writer.int256(value.requestCommitment)
    writer.int256(value.answerCommitment)
    writer.int(value.outcome)
    writer.int(value.status)
    writer.int(value.coefficient)
    writer.long(value.promptTokens)
    writer.long(value.cachedTokens)
    writer.long(value.completionTokens)
    writer.long(value.reasoningTokens)
    writer.long(value.chargedTokens)
    writer.long(value.pricePerToken)
    writer.int(value.paramsVersion)
    writer.long(value.startedAt)
    writer.long(value.finishedAt)
  },
  read(reader) {
    return {
      _: 'sealed.receipt',
      proxyKey: reader.int256(),
      identity: reader.int256(),
      requestId: reader.int256(),
      model: reader.string(),
      requestCommitment: reader.int256(),
      answerCommitment: reader.int256(),
      outcome: reader.int(),
      status: reader.int(),
      coefficient: reader.int(),
      promptTokens: reader.long(),
      cachedTokens: reader.long(),
      completionTokens: reader.long(),
      reasoningTokens: reader.long(),
      chargedTokens: reader.long(),
      pricePerToken: reader.long(),
      paramsVersion: reader.int(),
      startedAt: reader.long(),
      finishedAt: reader.long(),
    }
  },
}

export const sealedSignedReceipt: Codec<SealedSignedReceipt> = {
  name: 'sealed.signedReceipt',
  id: 0xf779f375,
  size(value) {
    return (
      bytesSize(value.receipt) +
      bytesSize(value.signature)
    )
  },
  write(writer, value) {
    writer.bytes(value.receipt)
    writer.bytes(value.signature)
  },
  read(reader) {
    return {
      _: 'sealed.signedReceipt',
      receipt: reader.bytes(),
      signature: reader.bytes(),
    }
  },
}

export const workerIdentity: Codec<WorkerIdentity> = {
  name: 'worker.identity',
  id: 0x954cac19,
  size(value) {
    return (
      32 +
      sealedWorkerEvidence.size(value.evidence) +
      bytesSize(value.signature)
    )
  },
  write(writer, value) {
    sealedWorkerEvidence.write(writer, value.evidence)
    writer.int256(value.tlsKey)
    writer.bytes(value.signature)
  },
  read(reader) {
    return {
      _: 'worker.identity',
      evidence: sealedWorkerEvidence.read(reader),
      tlsKey: reader.int256(),
      signature: reader.bytes(),
    }
  },
}

export const proxySealedAnswer: Codec<ProxySealedAnswer> = {
  name: 'proxy.sealedAnswer',
  id: 0x77b19d0c,
  size(value) {
    return (
      48 +
      bytesSize(value.chunk) +
      ((value.flags & 1) !== 0 ? sealedSignedReceipt.size(value.receipt ?? zeroSealedSignedReceipt) : 0)
    )
  },
  write(writer, value) {
    writer.int256(value.requestId)
    writer.int(value.status)
    writer.long(value.nonce)
    writer.bytes(value.chunk)
    writer.flags(value.flags)
    if ((value.flags & 1) !== 0) sealedSignedReceipt.write(writer, value.receipt ?? zeroSealedSignedReceipt)
  },
  read(reader) {
    const value: ProxySealedAnswer = {
      _: 'proxy.sealedAnswer',
      requestId: reader.int256(),
      status: reader.int(),
      nonce: reader.long(),
      chunk: reader.bytes(),
      flags: reader.flags(),
    }
    if ((value.flags & 1) !== 0) value.receipt = sealedSignedReceipt.read(reader)
    return value
  },
}

export const proxySealedAnswerPart: Codec<ProxySealedAnswerPart> = {
  name: 'proxy.sealedAnswerPart',
  id: 0xdc216533,
  size(value) {
    return (
      36 +
      bytesSize(value.chunk) +
      ((value.flags & 1) !== 0 ? sealedSignedReceipt.size(value.receipt ?? zeroSealedSignedReceipt) : 0)
    )
  },
  write(writer, value) {
    writer.int256(value.requestId)
    writer.bytes(value.chunk)
    writer.flags(value.flags)
    if ((value.flags & 1) !== 0) sealedSignedReceipt.write(writer, value.receipt ?? zeroSealedSignedReceipt)
  },
  read(reader) {
    const value: ProxySealedAnswerPart = {
      _: 'proxy.sealedAnswerPart',
      requestId: reader.int256(),
      chunk: reader.bytes(),
      flags: reader.flags(),
    }
    if ((value.flags & 1) !== 0) value.receipt = sealedSignedReceipt.read(reader)
    return value
  },
}

export const proxySealedFailure: Codec<ProxySealedFailure> = {
  name: 'proxy.sealedFailure',
  id: 0xda695f46,
  size(value) {
    return (
      40 +
      ((value.flags & 1) !== 0 ? sealedSignedReceipt.size(value.receipt ?? zeroSealedSignedReceipt) : 0)
    )
  },
  write(writer, value) {
    writer.int256(value.requestId)
    writer.int(value.errorCode)
    writer.flags(value.flags)
    if ((value.flags & 1) !== 0) sealedSignedReceipt.write(writer, value.receipt ?? zeroSealedSignedReceipt)
  },
  read(reader) {
    const value: ProxySealedFailure = {
      _: 'proxy.sealedFailure',
      requestId: reader.int256(),
      errorCode: reader.int(),
      flags: reader.flags(),
    }
    if ((value.flags & 1) !== 0) value.receipt = sealedSignedReceipt.read(reader)
    return value
  },
}

export const clientSealedEnd: Codec<ClientSealedEnd> = {
  name: 'client.sealedEnd',
  id: 0x0649a4c0,
  size(value) {
    return (
      24 +
      sealedSignedReceipt.size(value.receipt)
    )
  },
  write(writer, value) {
    sealedSignedReceipt.write(writer, value.receipt)
    writer.long(value.chargedTokens)
    writer.double(value.proxyStartTime)
    writer.double(value.proxyEndTime)
  },
  read(reader) {
    return {
      _: 'client.sealedEnd',
      receipt: sealedSignedReceipt.read(reader),
      chargedTokens: reader.long(),
      proxyStartTime: reader.double(),
      proxyEndTime: reader.double(),
    }
  },
}

export const clientSealedAnswer: Codec<ClientSealedAnswer> = {
  name: 'client.sealedAnswer',
  id: 0x48a18e1c,
  size(value) {
    return (
      76 +
      bytesSize(value.chunk) +
      ((value.flags & 1) !== 0 ? clientSealedEnd.size(value.end ?? zeroClientSealedEnd) : 0)
    )
  },
  write(writer, value) {
    writer.int256(value.requestId)
    writer.int256(value.identity)
    writer.long(value.nonce)
    writer.bytes(value.chunk)
    writer.flags(value.flags)
    if ((value.flags & 1) !== 0) clientSealedEnd.write(writer, value.end ?? zeroClientSealedEnd)
  },
  read(reader) {
    const value: ClientSealedAnswer = {
      _: 'client.sealedAnswer',
      requestId: reader.int256(),
      identity: reader.int256(),
      nonce: reader.long(),
      chunk: reader.bytes(),
      flags: reader.flags(),
    }
    if ((value.flags & 1) !== 0) value.end = clientSealedEnd.read(reader)
    return value
  },
}

export const clientSealedAnswerPart: Codec<ClientSealedAnswerPart> = {
  name: 'client.sealedAnswerPart',
  id: 0x09ad693e,
  size(value) {
    return (
      36 +
      bytesSize(value.chunk) +
      ((value.flags & 1) !== 0 ? clientSealedEnd.size(value.end ?? zeroClientSealedEnd) : 0)
    )
  },
  write(writer, value) {
    writer.int256(value.requestId)
    writer.bytes(value.chunk)
    writer.flags(value.flags)
    if ((value.flags & 1) !== 0) clientSealedEnd.write(writer, value.end ?? zeroClientSealedEnd)
  },
  read(reader) {
    const value: ClientSealedAnswerPart = {
      _: 'client.sealedAnswerPart',
      requestId: reader.int256(),
      chunk: reader.bytes(),
      flags: reader.flags(),
    }
    if ((value.flags & 1) !== 0) value.end = clientSealedEnd.read(reader)
    return value
  },
}

export const clientSealedFailure: Codec<ClientSealedFailure> = {
  name: 'client.sealedFailure',
  id: 0x97a59f8d,
  size(value) {
    return (
      72 +
      stringSize(value.error) +
      ((value.flags & 1) !== 0 ? clientSealedEnd.size(value.end ?? zeroClientSealedEnd) : 0)
    )
  },
  write(writer, value) {
    writer.int256(value.requestId)
    writer.int256(value.identity)
    writer.int(value.errorCode)
    writer.string(value.error)
    writer.flags(value.flags)
    if ((value.flags & 1) !== 0) clientSealedEnd.write(writer, value.end ?? zeroClientSealedEnd)
  },
  read(reader) {
    const value: ClientSealedFailure = {
      _: 'client.sealedFailure',
      requestId: reader.int256(),
      identity: reader.int256(),
      errorCode: reader.int(),
      error: reader.string(),
      flags: reader.flags(),
    }
    if ((value.flags & 1) !== 0) value.end = clientSealedEnd.read(reader)
    return value
  },
}

export const clientOffer: Codec<ClientOffer> = {
  name: 'client.offer',
  id: 0xad297abd,
  size() {
    return 48
  },
  write(writer, value) {
    writer.int256(value.identity)
    writer.int(value.coefficient)
    writer.int(value.activeRequests)
    writer.int(value.maxActiveRequests)
    writer.int(value.latencyMs)
  },
  read(reader) {
    return {
      _: 'client.offer',
      identity: reader.int256(),
      coefficient: reader.int(),
      activeRequests: reader.int(),
      maxActiveRequests: reader.int(),
      latencyMs: reader.int(),
    }
  },
}

export const clientOffers: Codec<ClientOffers> = {
  name: 'client.offers',
  id: 0x10efd8c2,
  size(value) {
    return vectorSize(value.offers, () => 48)
  },
  write(writer, value) {
    writeVector(writer, value.offers, (writer, element) => clientOffer.write(writer, element))
  },
  read(reader) {
    return {
      _: 'client.offers',
      offers: readVector(reader, 48, reader => clientOffer.read(reader)),
    }
  },
}

export const logEntry: Codec<LogEntry> = {
  name: 'log.entry',
  id: 0x0b8bb719,
  size(value) {
    return (
      76 +
      stringSize(value.model)
    )
  },
  write(writer, value) {
    writer.int256(value.receipt)
    writer.int256(value.identity)
    writer.string(value.model)
    writer.int(value.coefficient)
    writer.long(value.chargedTokens)
  },
  read(reader) {
    return {
      _: 'log.entry',
      receipt: reader.int256(),
      identity: reader.int256(),
      model: reader.string(),
      coefficient: reader.int(),
      chargedTokens: reader.long(),
    }
  },
}

export const logAnchor: Codec<LogAnchor> = {
  name: 'log.anchor',
  id: 0x3fbcb86f,
  size(value) {
    return (
      120 +
      vectorSize(value.proof, () => 32)
    )
  },
  write(writer, value) {
    writer.int(value.seqno)
    writer.int256(value.nonce)
    writer.long(value.size)
    writer.int256(value.root)
    writer.int256(value.transaction)
    writer.long(value.lt)
    writer.int(value.time)
    writeVector(writer, value.proof, (writer, element) => writer.int256(element))
  },
  read(reader) {
    return {
      _: 'log.anchor',
      seqno: reader.int(),
      nonce: reader.int256(),
      size: reader.long(),
      root: reader.int256(),
      transaction: reader.int256(),
      lt: reader.long(),
      time: reader.int(),
      proof: readVector(reader, 32, reader => reader.int256()),
    }
  },
}

export const clientInclusion: Codec<ClientInclusion> = {
  name: 'client.inclusion',
  id: 0xcfed4635,
  size(value) {
    return (
      12 +
      bytesSize(value.entry) +
      vectorSize(value.proof, () => 32) +
      bytesSize(value.checkpoint) +
      ((value.flags & 1) !== 0 ? logAnchor.size(value.anchor ?? zeroLogAnchor) : 0)
    )
  },
  write(writer, value) {
    writer.long(value.index)
    writer.bytes(value.entry)
    writeVector(writer, value.proof, (writer, element) => writer.int256(element))
    writer.bytes(value.checkpoint)
    writer.flags(value.flags)
    if ((value.flags & 1) !== 0) logAnchor.write(writer, value.anchor ?? zeroLogAnchor)
  },
  read(reader) {
    const value: ClientInclusion = {
      _: 'client.inclusion',
      index: reader.long(),
      entry: reader.bytes(),
      proof: readVector(reader, 32, reader => reader.int256()),
      checkpoint: reader.bytes(),
      flags: reader.flags(),
    }
    if ((value.flags & 1) !== 0) value.anchor = logAnchor.read(reader)
    return value
  },
}

export const clientConsistency: Codec<ClientConsistency> = {
  name: 'client.consistency',
  id: 0xe4d162f1,
  size(value) {
    return vectorSize(value.proof, () => 32)
  },
  write(writer, value) {
    writeVector(writer, value.proof, (writer, element) => writer.int256(element))
  },
  read(reader) {
    return {
      _: 'client.consistency',
      proof: readVector(reader, 32, reader => reader.int256()),
    }
  },
}

export const witnessOffer: Codec<WitnessOffer> = {
  name: 'witness.offer',
  id: 0xeb69b354,
  size(value) {
    return (
      32 +
      stringSize(value.name)
    )
  },
  write(writer, value) {
    writer.string(value.name)
    writer.int256(value.publicKey)
  },
  read(reader) {
    return {
      _: 'witness.offer',
      name: reader.string(),
      publicKey: reader.int256(),
    }
  },
}

export const witnessAnswer: Codec<WitnessAnswer> = {
  name: 'witness.answer',
  id: 0x92a08e12,
  size(value) {
    return (
      4 +
      stringSize(value.body)
    )
  },
  write(writer, value) {
    writer.int(value.status)
    writer.string(value.body)
  },
  read(reader) {
    return {
      _: 'witness.answer',
      status: reader.int(),
      body: reader.string(),
    }
  },
}

export const clientDisputeReceipt: Codec<ClientDisputeReceipt> = {
  name: 'client.disputeReceipt',
  id: 0x4f58b105,
  size() {
    return 36
  },
  write(writer, value) {
    writer.int256(value.requestId)
    writer.int(value.reason)
  },
  read(reader) {
    return {
      _: 'client.disputeReceipt',
      requestId: reader.int256(),
      reason: reader.int(),
    }
  },
}

export const tcpPacketAny: BoxedCodec<TcpPacketAny> = {
  name: 'tcp.Packet',
  size(value) {
    switch (value._) {
      case 'tcp.ping':
        return 4 + tcpPing.size(value)
      case 'tcp.pong':
        return 4 + tcpPong.size(value)
      case 'tcp.packet':
        return 4 + tcpPacket.size(value)
      case 'tcp.queryAnswer':
        return 4 + tcpQueryAnswer.size(value)
      case 'tcp.queryError':
        return 4 + tcpQueryError.size(value)
      case 'tcp.query':
        return 4 + tcpQuery.size(value)
      case 'tcp.connected':
        return 4 + tcpConnected.size(value)
      case 'tcp.connect':
        return 4 + tcpConnect.size(value)
    }
  },
  write(writer, value) {
    switch (value._) {
      case 'tcp.ping':
        writer.id(0xbbe9627c)
        return tcpPing.write(writer, value)
      case 'tcp.pong':
        writer.id(0x0bd4302c)
        return tcpPong.write(writer, value)
      case 'tcp.packet':
        writer.id(0x9c17baf8)
        return tcpPacket.write(writer, value)
      case 'tcp.queryAnswer':
        writer.id(0xc048c311)
        return tcpQueryAnswer.write(writer, value)
      case 'tcp.queryError':
        writer.id(0x4cd2f602)
        return tcpQueryError.write(writer, value)
      case 'tcp.query':
        writer.id(0x3af51908)
        return tcpQuery.write(writer, value)
      case 'tcp.connected':
        writer.id(0x636d41d6)
        return tcpConnected.write(writer, value)
      case 'tcp.connect':
        writer.id(0xa57c4261)
        return tcpConnect.write(writer, value)
    }
  },
  read(reader) {
    const id = reader.id()
    switch (id) {
      case 0xbbe9627c:
        return tcpPing.read(reader)
      case 0x0bd4302c:
        return tcpPong.read(reader)
      case 0x9c17baf8:
        return tcpPacket.read(reader)
      case 0xc048c311:
        return tcpQueryAnswer.read(reader)
      case 0x4cd2f602:
        return tcpQueryError.read(reader)
      case 0x3af51908:
        return tcpQuery.read(reader)
      case 0x636d41d6:
        return tcpConnected.read(reader)
      case 0xa57c4261:
        return tcpConnect.read(reader)
      default:
        throw reader.unexpectedId('tcp.Packet', id)
    }
  },
}

export const tonBlockIdExtAny: BoxedCodec<TonBlockIdExtAny> = {
  name: 'ton.BlockIdExt',
  size(value) {
    switch (value._) {
      case 'ton.blockIdExt':
        return 4 + tonBlockIdExt.size(value)
    }
  },
  write(writer, value) {
    switch (value._) {
      case 'ton.blockIdExt':
        writer.id(0xbc3f6da5)
        return tonBlockIdExt.write(writer, value)
    }
  },
  read(reader) {
    const id = reader.id()
    switch (id) {
      case 0xbc3f6da5:
        return tonBlockIdExt.read(reader)
      default:
        throw reader.unexpectedId('ton.BlockIdExt', id)
    }
  },
}

export const testAnswerAny: BoxedCodec<TestAnswerAny> = {
  name: 'test.Answer',
  size(value) {
    switch (value._) {
      case 'test.answer':
        return 4 + testAnswer.size(value)
    }
  },
  write(writer, value) {
    switch (value._) {
      case 'test.answer':
        writer.id(0x0d4fcdb6)
        return testAnswer.write(writer, value)
    }
  },
  read(reader) {
    const id = reader.id()
    switch (id) {
      case 0x0d4fcdb6:
        return testAnswer.read(reader)
      default:
        throw reader.unexpectedId('test.Answer', id)
    }
  },
}

export const proxyRunnerConfigAny: BoxedCodec<ProxyRunnerConfigAny> = {
  name: 'proxyRunner.Config',
  size(value) {
    switch (value._) {
      case 'proxyRunner.config':
        return 4 + proxyRunnerConfig.size(value)
    }
  },
  write(writer, value) {
    switch (value._) {
      case 'proxyRunner.config':
        writer.id(0x5bf5e272)
        return proxyRunnerConfig.write(writer, value)
    }
  },
  read(reader) {
    const id = reader.id()
    switch (id) {
      case 0x5bf5e272:
        return proxyRunnerConfig.read(reader)
      default:
        throw reader.unexpectedId('proxyRunner.Config', id)
    }
  },
}

export const workerRunnerConfigAny: BoxedCodec<WorkerRunnerConfigAny> = {
  name: 'workerRunner.Config',
  size(value) {
    switch (value._) {
      case 'workerRunner.config':
        return 4 + workerRunnerConfig.size(value)
    }
  },
  write(writer, value) {
    switch (value._) {
      case 'workerRunner.config':
        writer.id(0x870db56d)
        return workerRunnerConfig.write(writer, value)
    }
  },
  read(reader) {
    const id = reader.id()
    switch (id) {
      case 0x870db56d:
        return workerRunnerConfig.read(reader)
      default:
        throw reader.unexpectedId('workerRunner.Config', id)
    }
  },
}

export const clientRunnerConfigAny: BoxedCodec<ClientRunnerConfigAny> = {
  name: 'clientRunner.Config',
  size(value) {
    switch (value._) {
      case 'clientRunner.config':
        return 4 + clientRunnerConfig.size(value)
    }
  },
  write(writer, value) {
    switch (value._) {
      case 'clientRunner.config':
        writer.id(0xaf0bd51f)
        return clientRunnerConfig.write(writer, value)
    }
  },
  read(reader) {
    const id = reader.id()
    switch (id) {
      case 0xaf0bd51f:
        return clientRunnerConfig.read(reader)
      default:
        throw reader.unexpectedId('clientRunner.Config', id)
    }
  },
}

export const keyStorageRunnerConfigAny: BoxedCodec<KeyStorageRunnerConfigAny> = {
  name: 'keyStorageRunner.Config',
  size(value) {
    switch (value._) {
      case 'keyStorageRunner.config':
        return 4 + keyStorageRunnerConfig.size(value)
    }
  },
  write(writer, value) {
    switch (value._) {
      case 'keyStorageRunner.config':
        writer.id(0xd7874e40)
        return keyStorageRunnerConfig.write(writer, value)
    }
  },
  read(reader) {
    const id = reader.id()
    switch (id) {
      case 0xd7874e40:
        return keyStorageRunnerConfig.read(reader)
      default:
        throw reader.unexpectedId('keyStorageRunner.Config', id)
    }
  },
}

export const rootConfigRegisteredProxyAny: BoxedCodec<RootConfigRegisteredProxyAny> = {
  name: 'rootConfig.RegisteredProxy',
  size(value) {
    switch (value._) {
      case 'rootConfig.registeredProxy':
        return 4 + rootConfigRegisteredProxy.size(value)
    }
  },
  write(writer, value) {
    switch (value._) {
      case 'rootConfig.registeredProxy':
        writer.id(0x9f4e446a)
        return rootConfigRegisteredProxy.write(writer, value)
    }
  },
  read(reader) {
    const id = reader.id()
    switch (id) {
      case 0x9f4e446a:
        return rootConfigRegisteredProxy.read(reader)
      default:
        throw reader.unexpectedId('rootConfig.RegisteredProxy', id)
    }
  },
}

export const rootConfigConfigAny: BoxedCodec<RootConfigConfigAny> = {
  name: 'rootConfig.Config',
  size(value) {
    switch (value._) {
      case 'rootConfig.pseudo':
        return 4 + rootConfigPseudo.size(value)
      case 'rootConfig.configV5':
        return 4 + rootConfigConfigV5.size(value)
    }
  },
  write(writer, value) {
    switch (value._) {
      case 'rootConfig.pseudo':
        writer.id(0x87a976cc)
        return rootConfigPseudo.write(writer, value)
      case 'rootConfig.configV5':
        writer.id(0x5e84869b)
        return rootConfigConfigV5.write(writer, value)
    }
  },
  read(reader) {
    const id = reader.id()
    switch (id) {
      case 0x87a976cc:
        return rootConfigPseudo.read(reader)
      case 0x5e84869b:
        return rootConfigConfigV5.read(reader)
      default:
        throw reader.unexpectedId('rootConfig.Config', id)
    }
  },
}

export const proxyDbClientInfoAny: BoxedCodec<ProxyDbClientInfoAny> = {
  name: 'proxyDb.ClientInfo',
  size(value) {
    switch (value._) {
      case 'proxyDb.clientInfo':
        return 4 + proxyDbClientInfo.size(value)
      case 'proxyDb.clientInfoV2':
        return 4 + proxyDbClientInfoV2.size(value)
    }
  },
  write(writer, value) {
    switch (value._) {
      case 'proxyDb.clientInfo':
        writer.id(0x6cfeaa21)
        return proxyDbClientInfo.write(writer, value)
      case 'proxyDb.clientInfoV2':
        writer.id(0x3078c9bf)
        return proxyDbClientInfoV2.write(writer, value)
    }
  },
  read(reader) {
    const id = reader.id()
    switch (id) {
      case 0x6cfeaa21:
        return proxyDbClientInfo.read(reader)
      case 0x3078c9bf:
        return proxyDbClientInfoV2.read(reader)
      default:
        throw reader.unexpectedId('proxyDb.ClientInfo', id)
    }
  },
}

export const proxyDbWorkerInfoAny: BoxedCodec<ProxyDbWorkerInfoAny> = {
  name: 'proxyDb.WorkerInfo',
  size(value) {
    switch (value._) {
      case 'proxyDb.workerInfo':
        return 4 + proxyDbWorkerInfo.size(value)
    }
  },
  write(writer, value) {
    switch (value._) {
      case 'proxyDb.workerInfo':
        writer.id(0x2517b38f)
        return proxyDbWorkerInfo.write(writer, value)
    }
  },
  read(reader) {
    const id = reader.id()
    switch (id) {
      case 0x2517b38f:
        return proxyDbWorkerInfo.read(reader)
      default:
        throw reader.unexpectedId('proxyDb.WorkerInfo', id)
    }
  },
}

export const proxyDbPendingBlockchainSeqnoCommitAny: BoxedCodec<ProxyDbPendingBlockchainSeqnoCommitAny> = {
  name: 'proxyDb.PendingBlockchainSeqnoCommit',
  size(value) {
    switch (value._) {
      case 'proxyDb.pendingBlockchainSeqnoCommit':
        return 4 + proxyDbPendingBlockchainSeqnoCommit.size(value)
    }
  },
  write(writer, value) {
    switch (value._) {
      case 'proxyDb.pendingBlockchainSeqnoCommit':
        writer.id(0x525b14a9)
        return proxyDbPendingBlockchainSeqnoCommit.write(writer, value)
    }
  },
  read(reader) {
    const id = reader.id()
    switch (id) {
      case 0x525b14a9:
        return proxyDbPendingBlockchainSeqnoCommit.read(reader)
      default:
        throw reader.unexpectedId('proxyDb.PendingBlockchainSeqnoCommit', id)
    }
  },
}

export const proxyDbConfigAny: BoxedCodec<ProxyDbConfigAny> = {
  name: 'proxyDb.Config',
  size(value) {
    switch (value._) {
      case 'proxyDb.configEmpty':
        return 4 + proxyDbConfigEmpty.size(value)
      case 'proxyDb.configV4':
        return 4 + proxyDbConfigV4.size(value)
      case 'proxyDb.configV4Disabled':
        return 4 + proxyDbConfigV4Disabled.size(value)
    }
  },
  write(writer, value) {
    switch (value._) {
      case 'proxyDb.configEmpty':
        writer.id(0x43dc40b4)
        return proxyDbConfigEmpty.write(writer, value)
      case 'proxyDb.configV4':
        writer.id(0xbde43703)
        return proxyDbConfigV4.write(writer, value)
      case 'proxyDb.configV4Disabled':
        writer.id(0xad2cfb4a)
        return proxyDbConfigV4Disabled.write(writer, value)
    }
  },
  read(reader) {
    const id = reader.id()
    switch (id) {
      case 0x43dc40b4:
        return proxyDbConfigEmpty.read(reader)
      case 0xbde43703:
        return proxyDbConfigV4.read(reader)
      case 0xad2cfb4a:
        return proxyDbConfigV4Disabled.read(reader)
      default:
        throw reader.unexpectedId('proxyDb.Config', id)
    }
  },
}

export const proxyDbOldClientAny: BoxedCodec<ProxyDbOldClientAny> = {
  name: 'proxyDb.OldClient',
  size(value) {
    switch (value._) {
      case 'proxyDb.oldClient':
        return 4 + proxyDbOldClient.size(value)
    }
  },
  write(writer, value) {
    switch (value._) {
      case 'proxyDb.oldClient':
        writer.id(0x2fae7b42)
        return proxyDbOldClient.write(writer, value)
    }
  },
  read(reader) {
    const id = reader.id()
    switch (id) {
      case 0x2fae7b42:
        return proxyDbOldClient.read(reader)
      default:
        throw reader.unexpectedId('proxyDb.OldClient', id)
    }
  },
}

export const proxyDbOldWorkerAny: BoxedCodec<ProxyDbOldWorkerAny> = {
  name: 'proxyDb.OldWorker',
  size(value) {
    switch (value._) {
      case 'proxyDb.oldWorker':
        return 4 + proxyDbOldWorker.size(value)
    }
  },
  write(writer, value) {
    switch (value._) {
      case 'proxyDb.oldWorker':
        writer.id(0xf04156a0)
        return proxyDbOldWorker.write(writer, value)
    }
  },
  read(reader) {
    const id = reader.id()
    switch (id) {
      case 0xf04156a0:
        return proxyDbOldWorker.read(reader)
      default:
        throw reader.unexpectedId('proxyDb.OldWorker', id)
    }
  },
}

export const proxyDbOldInstanceAny: BoxedCodec<ProxyDbOldInstanceAny> = {
  name: 'proxyDb.OldInstance',
  size(value) {
    switch (value._) {
      case 'proxyDb.oldInstance':
        return 4 + proxyDbOldInstance.size(value)
    }
  },
  write(writer, value) {
    switch (value._) {
      case 'proxyDb.oldInstance':
        writer.id(0xa8c9e178)
        return proxyDbOldInstance.write(writer, value)
    }
  },
  read(reader) {
    const id = reader.id()
    switch (id) {
      case 0xa8c9e178:
        return proxyDbOldInstance.read(reader)
      default:
        throw reader.unexpectedId('proxyDb.OldInstance', id)
    }
  },
}

export const keyManagerDbConfigAny: BoxedCodec<KeyManagerDbConfigAny> = {
  name: 'keyManagerDb.Config',
  size(value) {
    switch (value._) {
      case 'keyManagerDb.configEmpty':
        return 4 + keyManagerDbConfigEmpty.size(value)
      case 'keyManagerDb.configV1':
        return 4 + keyManagerDbConfigV1.size(value)
    }
  },
  write(writer, value) {
    switch (value._) {
      case 'keyManagerDb.configEmpty':
        writer.id(0xd3fc2385)
        return keyManagerDbConfigEmpty.write(writer, value)
      case 'keyManagerDb.configV1':
        writer.id(0x6d2817ac)
        return keyManagerDbConfigV1.write(writer, value)
    }
  },
  read(reader) {
    const id = reader.id()
    switch (id) {
      case 0xd3fc2385:
        return keyManagerDbConfigEmpty.read(reader)
      case 0x6d2817ac:
        return keyManagerDbConfigV1.read(reader)
      default:
        throw reader.unexpectedId('keyManagerDb.Config', id)
    }
  },
}

export const keyManagerDbKeyAny: BoxedCodec<KeyManagerDbKeyAny> = {
  name: 'keyManagerDb.Key',
  size(value) {
    switch (value._) {
      case 'keyManagerDb.key':
        return 4 + keyManagerDbKey.size(value)
    }
  },
  write(writer, value) {
    switch (value._) {
      case 'keyManagerDb.key':
        writer.id(0x4d0a1e17)
        return keyManagerDbKey.write(writer, value)
    }
  },
  read(reader) {
    const id = reader.id()
    switch (id) {
      case 0x4d0a1e17:
        return keyManagerDbKey.read(reader)
      default:
        throw reader.unexpectedId('keyManagerDb.Key', id)
    }
  },
}

export const TokensUsedAny: BoxedCodec<TokensUsedAny> = {
  name: 'TokensUsed',
  size(value) {
    switch (value._) {
      case 'tokensUsed':
        return 4 + tokensUsed.size(value)
    }
  },
  write(writer, value) {
    switch (value._) {
      case 'tokensUsed':
        writer.id(0x70c5b15c)
        return tokensUsed.write(writer, value)
    }
  },
  read(reader) {
    const id = reader.id()
    switch (id) {
      case 0x70c5b15c:
        return tokensUsed.read(reader)
      default:
        throw reader.unexpectedId('TokensUsed', id)
    }
  },
}

export const workerParamsAny: BoxedCodec<WorkerParamsAny> = {
  name: 'worker.Params',
  size(value) {
    switch (value._) {
      case 'worker.params':
        return 4 + workerParams.size(value)
    }
  },
  write(writer, value) {
    switch (value._) {
      case 'worker.params':
        writer.id(0x869c73ed)
        return workerParams.write(writer, value)
    }
  },
  read(reader) {
    const id = reader.id()
    switch (id) {
      case 0x869c73ed:
        return workerParams.read(reader)
      default:
        throw reader.unexpectedId('worker.Params', id)
    }
  },
}

export const proxyParamsAny: BoxedCodec<ProxyParamsAny> = {
  name: 'proxy.Params',
  size(value) {
    switch (value._) {
      case 'proxy.params':
        return 4 + proxyParams.size(value)
    }
  },
  write(writer, value) {
    switch (value._) {
      case 'proxy.params':
        writer.id(0xd5c5609f)
        return proxyParams.write(writer, value)
    }
  },
  read(reader) {
    const id = reader.id()
    switch (id) {
      case 0xd5c5609f:
        return proxyParams.read(reader)
      default:
        throw reader.unexpectedId('proxy.Params', id)
    }
  },
}

export const clientParamsAny: BoxedCodec<ClientParamsAny> = {
  name: 'client.Params',
  size(value) {
    switch (value._) {
      case 'client.params':
        return 4 + clientParams.size(value)
    }
  },
  write(writer, value) {
    switch (value._) {
      case 'client.params':
        writer.id(0x40fdca64)
        return clientParams.write(writer, value)
    }
  },
  read(reader) {
    const id = reader.id()
    switch (id) {
      case 0x40fdca64:
        return clientParams.read(reader)
      default:
        throw reader.unexpectedId('client.Params', id)
    }
  },
}

export const proxySignedPaymentAny: BoxedCodec<ProxySignedPaymentAny> = {
  name: 'proxy.SignedPayment',
  size(value) {
    switch (value._) {
      case 'proxy.signedPayment':
        return 4 + proxySignedPayment.size(value)
      case 'proxy.signedPaymentEmpty':
        return 4 + proxySignedPaymentEmpty.size(value)
    }
  },
  write(writer, value) {
    switch (value._) {
      case 'proxy.signedPayment':
        writer.id(0x02998182)
        return proxySignedPayment.write(writer, value)
      case 'proxy.signedPaymentEmpty':
        writer.id(0xb347ce64)
        return proxySignedPaymentEmpty.write(writer, value)
    }
  },
  read(reader) {
    const id = reader.id()
    switch (id) {
      case 0x02998182:
        return proxySignedPayment.read(reader)
      case 0xb347ce64:
        return proxySignedPaymentEmpty.read(reader)
      default:
        throw reader.unexpectedId('proxy.SignedPayment', id)
    }
  },
}

export const clientProxyConnectionAuthAny: BoxedCodec<ClientProxyConnectionAuthAny> = {
  name: 'client.ProxyConnectionAuth',
  size(value) {
    switch (value._) {
      case 'client.proxyConnectionAuthShort':
        return 4 + clientProxyConnectionAuthShort.size(value)
      case 'client.proxyConnectionAuthLong':
        return 4 + clientProxyConnectionAuthLong.size(value)
    }
  },
  write(writer, value) {
    switch (value._) {
      case 'client.proxyConnectionAuthShort':
        writer.id(0xd6ffc5af)
        return clientProxyConnectionAuthShort.write(writer, value)
      case 'client.proxyConnectionAuthLong':
        writer.id(0x417bf016)
        return clientProxyConnectionAuthLong.write(writer, value)
    }
  },
  read(reader) {
    const id = reader.id()
    switch (id) {
      case 0xd6ffc5af:
        return clientProxyConnectionAuthShort.read(reader)
      case 0x417bf016:
        return clientProxyConnectionAuthLong.read(reader)
      default:
        throw reader.unexpectedId('client.ProxyConnectionAuth', id)
    }
  },
}

export const clientAuthorizationWithProxyAny: BoxedCodec<ClientAuthorizationWithProxyAny> = {
  name: 'client.AuthorizationWithProxy',
  size(value) {
    switch (value._) {
      case 'client.authorizationWithProxySuccess':
        return 4 + clientAuthorizationWithProxySuccess.size(value)
      case 'client.authorizationWithProxyFailed':
        return 4 + clientAuthorizationWithProxyFailed.size(value)
    }
  },
  write(writer, value) {
    switch (value._) {
      case 'client.authorizationWithProxySuccess':
        writer.id(0x75d5ac34)
        return clientAuthorizationWithProxySuccess.write(writer, value)
      case 'client.authorizationWithProxyFailed':
        writer.id(0x60551c96)
        return clientAuthorizationWithProxyFailed.write(writer, value)
    }
  },
  read(reader) {
    const id = reader.id()
    switch (id) {
      case 0x75d5ac34:
        return clientAuthorizationWithProxySuccess.read(reader)
      case 0x60551c96:
        return clientAuthorizationWithProxyFailed.read(reader)
      default:
        throw reader.unexpectedId('client.AuthorizationWithProxy', id)
    }
  },
}

export const clientConnectedToProxyAny: BoxedCodec<ClientConnectedToProxyAny> = {
  name: 'client.ConnectedToProxy',
  size(value) {
    switch (value._) {
      case 'client.connectedToProxy':
        return 4 + clientConnectedToProxy.size(value)
    }
  },
  write(writer, value) {
    switch (value._) {
      case 'client.connectedToProxy':
        writer.id(0x95317ad1)
        return clientConnectedToProxy.write(writer, value)
    }
  },
  read(reader) {
    const id = reader.id()
    switch (id) {
      case 0x95317ad1:
        return clientConnectedToProxy.read(reader)
      default:
        throw reader.unexpectedId('client.ConnectedToProxy', id)
    }
  },
}

export const clientQueryAnswerAny: BoxedCodec<ClientQueryAnswerAny> = {
  name: 'client.QueryAnswer',
  size(value) {
    switch (value._) {
      case 'client.queryAnswer':
        return 4 + clientQueryAnswer.size(value)
      case 'client.queryAnswerError':
        return 4 + clientQueryAnswerError.size(value)
    }
  },
  write(writer, value) {
    switch (value._) {
      case 'client.queryAnswer':
        writer.id(0x9b943922)
        return clientQueryAnswer.write(writer, value)
      case 'client.queryAnswerError':
        writer.id(0x6d60569a)
        return clientQueryAnswerError.write(writer, value)
    }
  },
  read(reader) {
    const id = reader.id()
    switch (id) {
      case 0x9b943922:
        return clientQueryAnswer.read(reader)
      case 0x6d60569a:
        return clientQueryAnswerError.read(reader)
      default:
        throw reader.unexpectedId('client.QueryAnswer', id)
    }
  },
}

export const clientQueryAnswerPartAny: BoxedCodec<ClientQueryAnswerPartAny> = {
  name: 'client.QueryAnswerPart',
  size(value) {
    switch (value._) {
      case 'client.queryAnswerPart':
        return 4 + clientQueryAnswerPart.size(value)
      case 'client.queryAnswerPartError':
        return 4 + clientQueryAnswerPartError.size(value)
    }
  },
  write(writer, value) {
    switch (value._) {
      case 'client.queryAnswerPart':
        writer.id(0xb765de4c)
        return clientQueryAnswerPart.write(writer, value)
      case 'client.queryAnswerPartError':
        writer.id(0xd790a022)
        return clientQueryAnswerPartError.write(writer, value)
    }
  },
  read(reader) {
    const id = reader.id()
    switch (id) {
      case 0xb765de4c:
        return clientQueryAnswerPart.read(reader)
      case 0xd790a022:
        return clientQueryAnswerPartError.read(reader)
      default:
        throw reader.unexpectedId('client.QueryAnswerPart', id)
    }
  },
}

export const clientQueryFinalInfoAny: BoxedCodec<ClientQueryFinalInfoAny> = {
  name: 'client.QueryFinalInfo',
  size(value) {
    switch (value._) {
      case 'client.queryFinalInfo':
        return 4 + clientQueryFinalInfo.size(value)
    }
  },
  write(writer, value) {
    switch (value._) {
      case 'client.queryFinalInfo':
        writer.id(0x69a452f0)
        return clientQueryFinalInfo.write(writer, value)
    }
  },
  read(reader) {
    const id = reader.id()
    switch (id) {
      case 0x69a452f0:
        return clientQueryFinalInfo.read(reader)
      default:
        throw reader.unexpectedId('client.QueryFinalInfo', id)
    }
  },
}

export const clientQueryAnswerExAny: BoxedCodec<ClientQueryAnswerExAny> = {
  name: 'client.QueryAnswerEx',
  size(value) {
    switch (value._) {
      case 'client.queryAnswerEx':
        return 4 + clientQueryAnswerEx.size(value)
      case 'client.queryAnswerErrorEx':
        return 4 + clientQueryAnswerErrorEx.size(value)
      case 'client.queryAnswerPartEx':
        return 4 + clientQueryAnswerPartEx.size(value)
    }
  },
  write(writer, value) {
    switch (value._) {
      case 'client.queryAnswerEx':
        writer.id(0xcd524720)
        return clientQueryAnswerEx.write(writer, value)
      case 'client.queryAnswerErrorEx':
        writer.id(0x072562a8)
        return clientQueryAnswerErrorEx.write(writer, value)
      case 'client.queryAnswerPartEx':
        writer.id(0xc07bfaec)
        return clientQueryAnswerPartEx.write(writer, value)
    }
  },
  read(reader) {
    const id = reader.id()
    switch (id) {
      case 0xcd524720:
        return clientQueryAnswerEx.read(reader)
      case 0x072562a8:
        return clientQueryAnswerErrorEx.read(reader)
      case 0xc07bfaec:
        return clientQueryAnswerPartEx.read(reader)
      default:
        throw reader.unexpectedId('client.QueryAnswerEx', id)
    }
  },
}

export const clientRefundAny: BoxedCodec<ClientRefundAny> = {
  name: 'client.Refund',
  size(value) {
    switch (value._) {
      case 'client.refund':
        return 4 + clientRefund.size(value)
      case 'client.refundRejected':
        return 4 + clientRefundRejected.size(value)
    }
  },
  write(writer, value) {
    switch (value._) {
      case 'client.refund':
        writer.id(0x83aabead)
        return clientRefund.write(writer, value)
      case 'client.refundRejected':
        writer.id(0xcf9d9957)
        return clientRefundRejected.write(writer, value)
    }
  },
  read(reader) {
    const id = reader.id()
    switch (id) {
      case 0x83aabead:
        return clientRefund.read(reader)
      case 0xcf9d9957:
        return clientRefundRejected.read(reader)
      default:
        throw reader.unexpectedId('client.Refund', id)
    }
  },
}

export const clientWorkerTypeAny: BoxedCodec<ClientWorkerTypeAny> = {
  name: 'client.WorkerType',
  size(value) {
    switch (value._) {
      case 'client.workerType':
        return 4 + clientWorkerType.size(value)
    }
  },
  write(writer, value) {
    switch (value._) {
      case 'client.workerType':
        writer.id(0x8210e21c)
        return clientWorkerType.write(writer, value)
    }
  },
  read(reader) {
    const id = reader.id()
    switch (id) {
      case 0x8210e21c:
        return clientWorkerType.read(reader)
      default:
        throw reader.unexpectedId('client.WorkerType', id)
    }
  },
}

export const clientWorkerTypesAny: BoxedCodec<ClientWorkerTypesAny> = {
  name: 'client.WorkerTypes',
  size(value) {
    switch (value._) {
      case 'client.workerTypes':
        return 4 + clientWorkerTypes.size(value)
    }
  },
  write(writer, value) {
    switch (value._) {
      case 'client.workerTypes':
        writer.id(0xf64e0e01)
        return clientWorkerTypes.write(writer, value)
    }
  },
  read(reader) {
    const id = reader.id()
    switch (id) {
      case 0xf64e0e01:
        return clientWorkerTypes.read(reader)
      default:
        throw reader.unexpectedId('client.WorkerTypes', id)
    }
  },
}

export const clientWorkerInstanceV2Any: BoxedCodec<ClientWorkerInstanceV2Any> = {
  name: 'client.WorkerInstanceV2',
  size(value) {
    switch (value._) {
      case 'client.workerInstanceV2':
        return 4 + clientWorkerInstanceV2.size(value)
    }
  },
  write(writer, value) {
    switch (value._) {
      case 'client.workerInstanceV2':
        writer.id(0x3ea93d00)
        return clientWorkerInstanceV2.write(writer, value)
    }
  },
  read(reader) {
    const id = reader.id()
    switch (id) {
      case 0x3ea93d00:
        return clientWorkerInstanceV2.read(reader)
      default:
        throw reader.unexpectedId('client.WorkerInstanceV2', id)
    }
  },
}

export const clientWorkerTypeV2Any: BoxedCodec<ClientWorkerTypeV2Any> = {
  name: 'client.WorkerTypeV2',
  size(value) {
    switch (value._) {
      case 'client.workerTypeV2':
        return 4 + clientWorkerTypeV2.size(value)
    }
  },
  write(writer, value) {
    switch (value._) {
      case 'client.workerTypeV2':
        writer.id(0xb27d8197)
        return clientWorkerTypeV2.write(writer, value)
    }
  },
  read(reader) {
    const id = reader.id()
    switch (id) {
      case 0xb27d8197:
        return clientWorkerTypeV2.read(reader)
      default:
        throw reader.unexpectedId('client.WorkerTypeV2', id)
    }
  },
}

export const clientWorkerTypesV2Any: BoxedCodec<ClientWorkerTypesV2Any> = {
  name: 'client.WorkerTypesV2',
  size(value) {
    switch (value._) {
      case 'client.workerTypesV2':
        return 4 + clientWorkerTypesV2.size(value)
    }
  },
  write(writer, value) {
    switch (value._) {
      case 'client.workerTypesV2':
        writer.id(0x0cf0dc67)
        return clientWorkerTypesV2.write(writer, value)
    }
  },
  read(reader) {
    const id = reader.id()
    switch (id) {
      case 0x0cf0dc67:
        return clientWorkerTypesV2.read(reader)
      default:
        throw reader.unexpectedId('client.WorkerTypesV2', id)
    }
  },
}

export const clientPaymentStatusAny: BoxedCodec<ClientPaymentStatusAny> = {
  name: 'client.PaymentStatus',
  size(value) {
    switch (value._) {
      case 'client.paymentStatus':
        return 4 + clientPaymentStatus.size(value)
    }
  },
  write(writer, value) {
    switch (value._) {
      case 'client.paymentStatus':
        writer.id(0xaa8a0ecc)
        return clientPaymentStatus.write(writer, value)
    }
  },
  read(reader) {
    const id = reader.id()
    switch (id) {
      case 0xaa8a0ecc:
        return clientPaymentStatus.read(reader)
      default:
        throw reader.unexpectedId('client.PaymentStatus', id)
    }
  },
}

export const proxyWorkerRequestPaymentAny: BoxedCodec<ProxyWorkerRequestPaymentAny> = {
  name: 'proxy.WorkerRequestPayment',
  size(value) {
    switch (value._) {
      case 'proxy.clientRequestPayment':
        return 4 + proxyClientRequestPayment.size(value)
      case 'proxy.workerRequestPayment':
        return 4 + proxyWorkerRequestPayment.size(value)
    }
  },
  write(writer, value) {
    switch (value._) {
      case 'proxy.clientRequestPayment':
        writer.id(0xc6bcf127)
        return proxyClientRequestPayment.write(writer, value)
      case 'proxy.workerRequestPayment':
        writer.id(0x1436c0d5)
        return proxyWorkerRequestPayment.write(writer, value)
    }
  },
  read(reader) {
    const id = reader.id()
    switch (id) {
      case 0xc6bcf127:
        return proxyClientRequestPayment.read(reader)
      case 0x1436c0d5:
        return proxyWorkerRequestPayment.read(reader)
      default:
        throw reader.unexpectedId('proxy.WorkerRequestPayment', id)
    }
  },
}

export const proxyQueryAnswerAny: BoxedCodec<ProxyQueryAnswerAny> = {
  name: 'proxy.QueryAnswer',
  size(value) {
    switch (value._) {
      case 'proxy.queryAnswer':
        return 4 + proxyQueryAnswer.size(value)
      case 'proxy.queryAnswerError':
        return 4 + proxyQueryAnswerError.size(value)
    }
  },
  write(writer, value) {
    switch (value._) {
      case 'proxy.queryAnswer':
        writer.id(0x37e5f725)
        return proxyQueryAnswer.write(writer, value)
      case 'proxy.queryAnswerError':
        writer.id(0x669d014e)
        return proxyQueryAnswerError.write(writer, value)
    }
  },
  read(reader) {
    const id = reader.id()
    switch (id) {
      case 0x37e5f725:
        return proxyQueryAnswer.read(reader)
      case 0x669d014e:
        return proxyQueryAnswerError.read(reader)
      default:
        throw reader.unexpectedId('proxy.QueryAnswer', id)
    }
  },
}

export const proxyQueryAnswerPartAny: BoxedCodec<ProxyQueryAnswerPartAny> = {
  name: 'proxy.QueryAnswerPart',
  size(value) {
    switch (value._) {
      case 'proxy.queryAnswerPart':
        return 4 + proxyQueryAnswerPart.size(value)
      case 'proxy.queryAnswerPartError':
        return 4 + proxyQueryAnswerPartError.size(value)
    }
  },
  write(writer, value) {
    switch (value._) {
      case 'proxy.queryAnswerPart':
        writer.id(0x72eb00ee)
        return proxyQueryAnswerPart.write(writer, value)
      case 'proxy.queryAnswerPartError':
        writer.id(0x940e1168)
        return proxyQueryAnswerPartError.write(writer, value)
    }
  },
  read(reader) {
    const id = reader.id()
    switch (id) {
      case 0x72eb00ee:
        return proxyQueryAnswerPart.read(reader)
      case 0x940e1168:
        return proxyQueryAnswerPartError.read(reader)
      default:
        throw reader.unexpectedId('proxy.QueryAnswerPart', id)
    }
  },
}

export const proxyQueryFinalInfoAny: BoxedCodec<ProxyQueryFinalInfoAny> = {
  name: 'proxy.QueryFinalInfo',
  size(value) {
    switch (value._) {
      case 'proxy.queryFinalInfo':
        return 4 + proxyQueryFinalInfo.size(value)
    }
  },
  write(writer, value) {
    switch (value._) {
      case 'proxy.queryFinalInfo':
        writer.id(0xe794e6fc)
        return proxyQueryFinalInfo.write(writer, value)
    }
  },
  read(reader) {
    const id = reader.id()
    switch (id) {
      case 0xe794e6fc:
        return proxyQueryFinalInfo.read(reader)
      default:
        throw reader.unexpectedId('proxy.QueryFinalInfo', id)
    }
  },
}

export const proxyQueryAnswerExAny: BoxedCodec<ProxyQueryAnswerExAny> = {
  name: 'proxy.QueryAnswerEx',
  size(value) {
    switch (value._) {
      case 'proxy.queryAnswerEx':
        return 4 + proxyQueryAnswerEx.size(value)
      case 'proxy.queryAnswerErrorEx':
        return 4 + proxyQueryAnswerErrorEx.size(value)
      case 'proxy.queryAnswerPartEx':
        return 4 + proxyQueryAnswerPartEx.size(value)
    }
  },
  write(writer, value) {
    switch (value._) {
      case 'proxy.queryAnswerEx':
        writer.id(0x1ce574e8)
        return proxyQueryAnswerEx.write(writer, value)
      case 'proxy.queryAnswerErrorEx':
        writer.id(0x8f7fb0a7)
        return proxyQueryAnswerErrorEx.write(writer, value)
      case 'proxy.queryAnswerPartEx':
        writer.id(0x6d85b50f)
        return proxyQueryAnswerPartEx.write(writer, value)
    }
  },
  read(reader) {
    const id = reader.id()
    switch (id) {
      case 0x1ce574e8:
        return proxyQueryAnswerEx.read(reader)
      case 0x8f7fb0a7:
        return proxyQueryAnswerErrorEx.read(reader)
      case 0x6d85b50f:
        return proxyQueryAnswerPartEx.read(reader)
      default:
        throw reader.unexpectedId('proxy.QueryAnswerEx', id)
    }
  },
}

export const workerEnabledDisabledAny: BoxedCodec<WorkerEnabledDisabledAny> = {
  name: 'worker.EnabledDisabled',
  size(value) {
    switch (value._) {
      case 'worker.enabledDisabled':
        return 4 + workerEnabledDisabled.size(value)
    }
  },
  write(writer, value) {
    switch (value._) {
      case 'worker.enabledDisabled':
        writer.id(0xb3b71039)
        return workerEnabledDisabled.write(writer, value)
    }
  },
  read(reader) {
    const id = reader.id()
    switch (id) {
      case 0xb3b71039:
        return workerEnabledDisabled.read(reader)
      default:
        throw reader.unexpectedId('worker.EnabledDisabled', id)
    }
  },
}

export const workerNewCoefficientAny: BoxedCodec<WorkerNewCoefficientAny> = {
  name: 'worker.NewCoefficient',
  size(value) {
    switch (value._) {
      case 'worker.newCoefficient':
        return 4 + workerNewCoefficient.size(value)
    }
  },
  write(writer, value) {
    switch (value._) {
      case 'worker.newCoefficient':
        writer.id(0x6af092b0)
        return workerNewCoefficient.write(writer, value)
    }
  },
  read(reader) {
    const id = reader.id()
    switch (id) {
      case 0x6af092b0:
        return workerNewCoefficient.read(reader)
      default:
        throw reader.unexpectedId('worker.NewCoefficient', id)
    }
  },
}

export const workerConnectedToProxyAny: BoxedCodec<WorkerConnectedToProxyAny> = {
  name: 'worker.ConnectedToProxy',
  size(value) {
    switch (value._) {
      case 'worker.connectedToProxy':
        return 4 + workerConnectedToProxy.size(value)
    }
  },
  write(writer, value) {
    switch (value._) {
      case 'worker.connectedToProxy':
        writer.id(0x66bc82ee)
        return workerConnectedToProxy.write(writer, value)
    }
  },
  read(reader) {
    const id = reader.id()
    switch (id) {
      case 0x66bc82ee:
        return workerConnectedToProxy.read(reader)
      default:
        throw reader.unexpectedId('worker.ConnectedToProxy', id)
    }
  },
}

export const workerCompareBalanceWithProxyResultAny: BoxedCodec<WorkerCompareBalanceWithProxyResultAny> = {
  name: 'worker.CompareBalanceWithProxyResult',
  size(value) {
    switch (value._) {
      case 'worker.compareBalanceWithProxyResult':
        return 4 + workerCompareBalanceWithProxyResult.size(value)
    }
  },
  write(writer, value) {
    switch (value._) {
      case 'worker.compareBalanceWithProxyResult':
        writer.id(0x9054c411)
        return workerCompareBalanceWithProxyResult.write(writer, value)
    }
  },
  read(reader) {
    const id = reader.id()
    switch (id) {
      case 0x9054c411:
        return workerCompareBalanceWithProxyResult.read(reader)
      default:
        throw reader.unexpectedId('worker.CompareBalanceWithProxyResult', id)
    }
  },
}

export const workerExtendedCompareBalanceWithProxyResultAny: BoxedCodec<WorkerExtendedCompareBalanceWithProxyResultAny> = {
  name: 'worker.ExtendedCompareBalanceWithProxyResult',
  size(value) {
    switch (value._) {
      case 'worker.extendedCompareBalanceWithProxyResult':
        return 4 + workerExtendedCompareBalanceWithProxyResult.size(value)
    }
  },
  write(writer, value) {
    switch (value._) {
      case 'worker.extendedCompareBalanceWithProxyResult':
        writer.id(0x0c10973e)
        return workerExtendedCompareBalanceWithProxyResult.write(writer, value)
    }
  },
  read(reader) {
    const id = reader.id()
    switch (id) {
      case 0x0c10973e:
        return workerExtendedCompareBalanceWithProxyResult.read(reader)
      default:
        throw reader.unexpectedId('worker.ExtendedCompareBalanceWithProxyResult', id)
    }
  },
}

export const workerHandshakeCompletedAny: BoxedCodec<WorkerHandshakeCompletedAny> = {
  name: 'worker.HandshakeCompleted',
  size(value) {
    switch (value._) {
      case 'worker.proxyHandshakeCompleted':
        return 4 + workerProxyHandshakeCompleted.size(value)
    }
  },
  write(writer, value) {
    switch (value._) {
      case 'worker.proxyHandshakeCompleted':
        writer.id(0x3ad9b886)
        return workerProxyHandshakeCompleted.write(writer, value)
    }
  },
  read(reader) {
    const id = reader.id()
    switch (id) {
      case 0x3ad9b886:
        return workerProxyHandshakeCompleted.read(reader)
      default:
        throw reader.unexpectedId('worker.HandshakeCompleted', id)
    }
  },
}

export const workerPaymentStatusAny: BoxedCodec<WorkerPaymentStatusAny> = {
  name: 'worker.PaymentStatus',
  size(value) {
    switch (value._) {
      case 'worker.paymentStatus':
        return 4 + workerPaymentStatus.size(value)
    }
  },
  write(writer, value) {
    switch (value._) {
      case 'worker.paymentStatus':
        writer.id(0xa88bd701)
        return workerPaymentStatus.write(writer, value)
    }
  },
  read(reader) {
    const id = reader.id()
    switch (id) {
      case 0xa88bd701:
        return workerPaymentStatus.read(reader)
      default:
        throw reader.unexpectedId('worker.PaymentStatus', id)
    }
  },
}

export const keyManagerPrivateKeyAny: BoxedCodec<KeyManagerPrivateKeyAny> = {
  name: 'keyManager.PrivateKey',
  size(value) {
    switch (value._) {
      case 'keyManager.privateKey':
        return 4 + keyManagerPrivateKey.size(value)
    }
  },
  write(writer, value) {
    switch (value._) {
      case 'keyManager.privateKey':
        writer.id(0x60f4f8e7)
        return keyManagerPrivateKey.write(writer, value)
    }
  },
  read(reader) {
    const id = reader.id()
    switch (id) {
      case 0x60f4f8e7:
        return keyManagerPrivateKey.read(reader)
      default:
        throw reader.unexpectedId('keyManager.PrivateKey', id)
    }
  },
}

export const keyManagerPrivateKeysAny: BoxedCodec<KeyManagerPrivateKeysAny> = {
  name: 'keyManager.PrivateKeys',
  size(value) {
    switch (value._) {
      case 'keyManager.privateKeys':
        return 4 + keyManagerPrivateKeys.size(value)
    }
  },
  write(writer, value) {
    switch (value._) {
      case 'keyManager.privateKeys':
        writer.id(0x0ed66ce5)
        return keyManagerPrivateKeys.write(writer, value)
    }
  },
  read(reader) {
    const id = reader.id()
    switch (id) {
      case 0x0ed66ce5:
        return keyManagerPrivateKeys.read(reader)
      default:
        throw reader.unexpectedId('keyManager.PrivateKeys', id)
    }
  },
}

export const httpHeaderAny: BoxedCodec<HttpHeaderAny> = {
  name: 'http.Header',
  size(value) {
    switch (value._) {
      case 'http.header':
        return 4 + httpHeader.size(value)
    }
  },
  write(writer, value) {
    switch (value._) {
      case 'http.header':
        writer.id(0x8e9be511)
        return httpHeader.write(writer, value)
    }
  },
  read(reader) {
    const id = reader.id()
    switch (id) {
      case 0x8e9be511:
        return httpHeader.read(reader)
      default:
        throw reader.unexpectedId('http.Header', id)
    }
  },
}

export const httpResponseAny: BoxedCodec<HttpResponseAny> = {
  name: 'http.Response',
  size(value) {
    switch (value._) {
      case 'http.response':
        return 4 + httpResponse.size(value)
    }
  },
  write(writer, value) {
    switch (value._) {
      case 'http.response':
        writer.id(0x1cd0c42b)
        return httpResponse.write(writer, value)
    }
  },
  read(reader) {
    const id = reader.id()
    switch (id) {
      case 0x1cd0c42b:
        return httpResponse.read(reader)
      default:
        throw reader.unexpectedId('http.Response', id)
    }
  },
}

export const clientCancelQueryAny: BoxedCodec<ClientCancelQueryAny> = {
  name: 'client.CancelQuery',
  size(value) {
    switch (value._) {
      case 'client.cancelQuery':
        return 4 + clientCancelQuery.size(value)
    }
  },
  write(writer, value) {
    switch (value._) {
      case 'client.cancelQuery':
        writer.id(0x3265a5f8)
        return clientCancelQuery.write(writer, value)
    }
  },
  read(reader) {
    const id = reader.id()
    switch (id) {
      case 0x3265a5f8:
        return clientCancelQuery.read(reader)
      default:
        throw reader.unexpectedId('client.CancelQuery', id)
    }
  },
}

export const proxyCancelQueryAny: BoxedCodec<ProxyCancelQueryAny> = {
  name: 'proxy.CancelQuery',
  size(value) {
    switch (value._) {
      case 'proxy.cancelQuery':
        return 4 + proxyCancelQuery.size(value)
    }
  },
  write(writer, value) {
    switch (value._) {
      case 'proxy.cancelQuery':
        writer.id(0x8cd7e668)
        return proxyCancelQuery.write(writer, value)
    }
  },
  read(reader) {
    const id = reader.id()
    switch (id) {
      case 0x8cd7e668:
        return proxyCancelQuery.read(reader)
      default:
        throw reader.unexpectedId('proxy.CancelQuery', id)
    }
  },
}

export const sealedWorkerIdentityAny: BoxedCodec<SealedWorkerIdentityAny> = {
  name: 'sealed.WorkerIdentity',
  size(value) {
    switch (value._) {
      case 'sealed.workerIdentity':
        return 4 + sealedWorkerIdentity.size(value)
    }
  },
  write(writer, value) {
    switch (value._) {
      case 'sealed.workerIdentity':
        writer.id(0x7038ea2a)
        return sealedWorkerIdentity.write(writer, value)
    }
  },
  read(reader) {
    const id = reader.id()
    switch (id) {
      case 0x7038ea2a:
        return sealedWorkerIdentity.read(reader)
      default:
        throw reader.unexpectedId('sealed.WorkerIdentity', id)
    }
  },
}

export const sealedWorkerEvidenceAny: BoxedCodec<SealedWorkerEvidenceAny> = {
  name: 'sealed.WorkerEvidence',
  size(value) {
    switch (value._) {
      case 'sealed.workerEvidence':
        return 4 + sealedWorkerEvidence.size(value)
    }
  },
  write(writer, value) {
    switch (value._) {
      case 'sealed.workerEvidence':
        writer.id(0x8dbdbbe9)
        return sealedWorkerEvidence.write(writer, value)
    }
  },
  read(reader) {
    const id = reader.id()
    switch (id) {
      case 0x8dbdbbe9:
        return sealedWorkerEvidence.read(reader)
      default:
        throw reader.unexpectedId('sealed.WorkerEvidence', id)
    }
  },
}

export const sealedHeaderAny: BoxedCodec<SealedHeaderAny> = {
  name: 'sealed.Header',
  size(value) {
    switch (value._) {
      case 'sealed.header':
        return 4 + sealedHeader.size(value)
    }
  },
  write(writer, value) {
    switch (value._) {
      case 'sealed.header':
        writer.id(0xd16b3f8e)
        return sealedHeader.write(writer, value)
    }
  },
  read(reader) {
    const id = reader.id()
    switch (id) {
      case 0xd16b3f8e:
        return sealedHeader.read(reader)
      default:
        throw reader.unexpectedId('sealed.Header', id)
    }
  },
}

export const sealedKeyAny: BoxedCodec<SealedKeyAny> = {
  name: 'sealed.Key',
  size(value) {
    switch (value._) {
      case 'sealed.key':
        return 4 + sealedKey.size(value)
    }
  },
  write(writer, value) {
    switch (value._) {
      case 'sealed.key':
        writer.id(0x1ed54a7a)
        return sealedKey.write(writer, value)
    }
  },
  read(reader) {
    const id = reader.id()
    switch (id) {
      case 0x1ed54a7a:
        return sealedKey.read(reader)
      default:
        throw reader.unexpectedId('sealed.Key', id)
    }
  },
}

export const sealedQueryAny: BoxedCodec<SealedQueryAny> = {
  name: 'sealed.Query',
  size(value) {
    switch (value._) {
      case 'sealed.query':
        return 4 + sealedQuery.size(value)
    }
  },
  write(writer, value) {
    switch (value._) {
      case 'sealed.query':
        writer.id(0xbb0704f5)
        return sealedQuery.write(writer, value)
    }
  },
  read(reader) {
    const id = reader.id()
    switch (id) {
      case 0xbb0704f5:
        return sealedQuery.read(reader)
      default:
        throw reader.unexpectedId('sealed.Query', id)
    }
  },
}

export const sealedRequestAny: BoxedCodec<SealedRequestAny> = {
  name: 'sealed.Request',
  size(value) {
    switch (value._) {
      case 'sealed.request':
        return 4 + sealedRequest.size(value)
    }
  },
  write(writer, value) {
    switch (value._) {
      case 'sealed.request':
        writer.id(0xc3d5652e)
        return sealedRequest.write(writer, value)
    }
  },
  read(reader) {
    const id = reader.id()
    switch (id) {
      case 0xc3d5652e:
        return sealedRequest.read(reader)
      default:
        throw reader.unexpectedId('sealed.Request', id)
    }
  },
}

export const sealedReceiptAny: BoxedCodec<SealedReceiptAny> = {
  name: 'sealed.Receipt',
  size(value) {
    switch (value._) {
      case 'sealed.receipt':
        return 4 + sealedReceipt.size(value)
    }
  },
  write(writer, value) {
    switch (value._) {
      case 'sealed.receipt':
        writer.id(0xd98ae644)
        return sealedReceipt.write(writer, value)
    }
  },
  read(reader) {
    const id = reader.id()
    switch (id) {
      case 0xd98ae644:
        return sealedReceipt.read(reader)
      default:
        throw reader.unexpectedId('sealed.Receipt', id)
    }
  },
}

export const sealedSignedReceiptAny: BoxedCodec<SealedSignedReceiptAny> = {
  name: 'sealed.SignedReceipt',
  size(value) {
    switch (value._) {
      case 'sealed.signedReceipt':
        return 4 + sealedSignedReceipt.size(value)
    }
  },
  write(writer, value) {
    switch (value._) {
      case 'sealed.signedReceipt':
        writer.id(0xf779f375)
        return sealedSignedReceipt.write(writer, value)
    }
  },
  read(reader) {
    const id = reader.id()
    switch (id) {
      case 0xf779f375:
        return sealedSignedReceipt.read(reader)
      default:
        throw reader.unexpectedId('sealed.SignedReceipt', id)
    }
  },
}

export const workerIdentityAny: BoxedCodec<WorkerIdentityAny> = {
  name: 'worker.Identity',
  size(value) {
    switch (value._) {
      case 'worker.identity':
        return 4 + workerIdentity.size(value)
    }
  },
  write(writer, value) {
    switch (value._) {
      case 'worker.identity':
        writer.id(0x954cac19)
        return workerIdentity.write(writer, value)
    }
  },
  read(reader) {
    const id = reader.id()
    switch (id) {
      case 0x954cac19:
        return workerIdentity.read(reader)
      default:
        throw reader.unexpectedId('worker.Identity', id)
    }
  },
}

export const proxySealedAnswerAny: BoxedCodec<ProxySealedAnswerAny> = {
  name: 'proxy.SealedAnswer',
  size(value) {
    switch (value._) {
      case 'proxy.sealedAnswer':
        return 4 + proxySealedAnswer.size(value)
    }
  },
  write(writer, value) {
    switch (value._) {
      case 'proxy.sealedAnswer':
        writer.id(0x77b19d0c)
        return proxySealedAnswer.write(writer, value)
    }
  },
  read(reader) {
    const id = reader.id()
    switch (id) {
      case 0x77b19d0c:
        return proxySealedAnswer.read(reader)
      default:
        throw reader.unexpectedId('proxy.SealedAnswer', id)
    }
  },
}

export const proxySealedAnswerPartAny: BoxedCodec<ProxySealedAnswerPartAny> = {
  name: 'proxy.SealedAnswerPart',
  size(value) {
    switch (value._) {
      case 'proxy.sealedAnswerPart':
        return 4 + proxySealedAnswerPart.size(value)
    }
  },
  write(writer, value) {
    switch (value._) {
      case 'proxy.sealedAnswerPart':
        writer.id(0xdc216533)
        return proxySealedAnswerPart.write(writer, value)
    }
  },
  read(reader) {
    const id = reader.id()
    switch (id) {
      case 0xdc216533:
        return proxySealedAnswerPart.read(reader)
      default:
        throw reader.unexpectedId('proxy.SealedAnswerPart', id)
    }
  },
}

export const proxySealedFailureAny: BoxedCodec<ProxySealedFailureAny> = {
  name: 'proxy.SealedFailure',
  size(value) {
    switch (value._) {
      case 'proxy.sealedFailure':
        return 4 + proxySealedFailure.size(value)
    }
  },
  write(writer, value) {
    switch (value._) {
      case 'proxy.sealedFailure':
        writer.id(0xda695f46)
        return proxySealedFailure.write(writer, value)
    }
  },
  read(reader) {
    const id = reader.id()
    switch (id) {
      case 0xda695f46:
        return proxySealedFailure.read(reader)
      default:
        throw reader.unexpectedId('proxy.SealedFailure', id)
    }
  },
}

export const clientSealedEndAny: BoxedCodec<ClientSealedEndAny> = {
  name: 'client.SealedEnd',
  size(value) {
    switch (value._) {
      case 'client.sealedEnd':
        return 4 + clientSealedEnd.size(value)
    }
  },
  write(writer, value) {
    switch (value._) {
      case 'client.sealedEnd':
        writer.id(0x0649a4c0)
        return clientSealedEnd.write(writer, value)
    }
  },
  read(reader) {
    const id = reader.id()
    switch (id) {
      case 0x0649a4c0:
        return clientSealedEnd.read(reader)
      default:
        throw reader.unexpectedId('client.SealedEnd', id)
    }
  },
}

export const clientSealedAnswerAny: BoxedCodec<ClientSealedAnswerAny> = {
  name: 'client.SealedAnswer',
  size(value) {
    switch (value._) {
      case 'client.sealedAnswer':
        return 4 + clientSealedAnswer.size(value)
    }
  },
  write(writer, value) {
    switch (value._) {
      case 'client.sealedAnswer':
        writer.id(0x48a18e1c)
        return clientSealedAnswer.write(writer, value)
    }
  },
  read(reader) {
    const id = reader.id()
    switch (id) {
      case 0x48a18e1c:
        return clientSealedAnswer.read(reader)
      default:
        throw reader.unexpectedId('client.SealedAnswer', id)
    }
  },
}

export const clientSealedAnswerPartAny: BoxedCodec<ClientSealedAnswerPartAny> = {
  name: 'client.SealedAnswerPart',
  size(value) {
    switch (value._) {
      case 'client.sealedAnswerPart':
        return 4 + clientSealedAnswerPart.size(value)
    }
  },
  write(writer, value) {
    switch (value._) {
      case 'client.sealedAnswerPart':
        writer.id(0x09ad693e)
        return clientSealedAnswerPart.write(writer, value)
    }
  },
  read(reader) {
    const id = reader.id()
    switch (id) {
      case 0x09ad693e:
        return clientSealedAnswerPart.read(reader)
      default:
        throw reader.unexpectedId('client.SealedAnswerPart', id)
    }
  },
}

export const clientSealedFailureAny: BoxedCodec<ClientSealedFailureAny> = {
  name: 'client.SealedFailure',
  size(value) {
    switch (value._) {
      case 'client.sealedFailure':
        return 4 + clientSealedFailure.size(value)
    }
  },
  write(writer, value) {
    switch (value._) {
      case 'client.sealedFailure':
        writer.id(0x97a59f8d)
        return clientSealedFailure.write(writer, value)
    }
  },
  read(reader) {
    const id = reader.id()
    switch (id) {
      case 0x97a59f8d:
        return clientSealedFailure.read(reader)
      default:
        throw reader.unexpectedId('client.SealedFailure', id)
    }
  },
}

export const clientOfferAny: BoxedCodec<ClientOfferAny> = {
  name: 'client.Offer',
  size(value) {
    switch (value._) {
      case 'client.offer':
        return 4 + clientOffer.size(value)
    }
  },
  write(writer, value) {
    switch (value._) {
      case 'client.offer':
        writer.id(0xad297abd)
        return clientOffer.write(writer, value)
    }
  },
  read(reader) {
    const id = reader.id()
    switch (id) {
      case 0xad297abd:
        return clientOffer.read(reader)
      default:
        throw reader.unexpectedId('client.Offer', id)
    }
  },
}

export const clientOffersAny: BoxedCodec<ClientOffersAny> = {
  name: 'client.Offers',
  size(value) {
    switch (value._) {
      case 'client.offers':
        return 4 + clientOffers.size(value)
    }
  },
  write(writer, value) {
    switch (value._) {
      case 'client.offers':
        writer.id(0x10efd8c2)
        return clientOffers.write(writer, value)
    }
  },
  read(reader) {
    const id = reader.id()
    switch (id) {
      case 0x10efd8c2:
        return clientOffers.read(reader)
      default:
        throw reader.unexpectedId('client.Offers', id)
    }
  },
}

export const logEntryAny: BoxedCodec<LogEntryAny> = {
  name: 'log.Entry',
  size(value) {
    switch (value._) {
      case 'log.entry':
        return 4 + logEntry.size(value)
    }
  },
  write(writer, value) {
    switch (value._) {
      case 'log.entry':
        writer.id(0x0b8bb719)
        return logEntry.write(writer, value)
    }
  },
  read(reader) {
    const id = reader.id()
    switch (id) {
      case 0x0b8bb719:
        return logEntry.read(reader)
      default:
        throw reader.unexpectedId('log.Entry', id)
    }
  },
}

export const logAnchorAny: BoxedCodec<LogAnchorAny> = {
  name: 'log.Anchor',
  size(value) {
    switch (value._) {
      case 'log.anchor':
        return 4 + logAnchor.size(value)
    }
  },
  write(writer, value) {
    switch (value._) {
      case 'log.anchor':
        writer.id(0x3fbcb86f)
        return logAnchor.write(writer, value)
    }
  },
  read(reader) {
    const id = reader.id()
    switch (id) {
      case 0x3fbcb86f:
        return logAnchor.read(reader)
      default:
        throw reader.unexpectedId('log.Anchor', id)
    }
  },
}

export const clientInclusionAny: BoxedCodec<ClientInclusionAny> = {
  name: 'client.Inclusion',
  size(value) {
    switch (value._) {
      case 'client.inclusion':
        return 4 + clientInclusion.size(value)
    }
  },
  write(writer, value) {
    switch (value._) {
      case 'client.inclusion':
        writer.id(0xcfed4635)
        return clientInclusion.write(writer, value)
    }
  },
  read(reader) {
    const id = reader.id()
    switch (id) {
      case 0xcfed4635:
        return clientInclusion.read(reader)
      default:
        throw reader.unexpectedId('client.Inclusion', id)
    }
  },
}

export const clientConsistencyAny: BoxedCodec<ClientConsistencyAny> = {
  name: 'client.Consistency',
  size(value) {
    switch (value._) {
      case 'client.consistency':
        return 4 + clientConsistency.size(value)
    }
  },
  write(writer, value) {
    switch (value._) {
      case 'client.consistency':
        writer.id(0xe4d162f1)
        return clientConsistency.write(writer, value)
    }
  },
  read(reader) {
    const id = reader.id()
    switch (id) {
      case 0xe4d162f1:
        return clientConsistency.read(reader)
      default:
        throw reader.unexpectedId('client.Consistency', id)
    }
  },
}

export const witnessOfferAny: BoxedCodec<WitnessOfferAny> = {
  name: 'witness.Offer',
  size(value) {
    switch (value._) {
      case 'witness.offer':
        return 4 + witnessOffer.size(value)
    }
  },
  write(writer, value) {
    switch (value._) {
      case 'witness.offer':
        writer.id(0xeb69b354)
        return witnessOffer.write(writer, value)
    }
  },
  read(reader) {
    const id = reader.id()
    switch (id) {
      case 0xeb69b354:
        return witnessOffer.read(reader)
      default:
        throw reader.unexpectedId('witness.Offer', id)
    }
  },
}

export const witnessAnswerAny: BoxedCodec<WitnessAnswerAny> = {
  name: 'witness.Answer',
  size(value) {
    switch (value._) {
      case 'witness.answer':
        return 4 + witnessAnswer.size(value)
    }
  },
  write(writer, value) {
    switch (value._) {
      case 'witness.answer':
        writer.id(0x92a08e12)
        return witnessAnswer.write(writer, value)
    }
  },
  read(reader) {
    const id = reader.id()
    switch (id) {
      case 0x92a08e12:
        return witnessAnswer.read(reader)
      default:
        throw reader.unexpectedId('witness.Answer', id)
    }
  },
}

export const clientDisputeReceiptAny: BoxedCodec<ClientDisputeReceiptAny> = {
  name: 'client.DisputeReceipt',
  size(value) {
    switch (value._) {
      case 'client.disputeReceipt':
        return 4 + clientDisputeReceipt.size(value)
    }
  },
  write(writer, value) {
    switch (value._) {
      case 'client.disputeReceipt':
        writer.id(0x4f58b105)
        return clientDisputeReceipt.write(writer, value)
    }
  },
  read(reader) {
    const id = reader.id()
    switch (id) {
      case 0x4f58b105:
        return clientDisputeReceipt.read(reader)
      default:
        throw reader.unexpectedId('client.DisputeReceipt', id)
    }
  },
}

export const testQuery: FunctionCodec<TestQuery, TestAnswerAny> = {
  name: 'test.query',
  id: 0x394e9143,
  result: testAnswerAny,
  size() {
    return 8
  },
  write(writer, value) {
    writer.long(value.id)
  },
  read(reader) {
    return {
      _: 'test.query',
      id: reader.long(),
    }
  },
}

export const clientConnectToProxy: FunctionCodec<ClientConnectToProxy, ClientConnectedToProxyAny> = {
  name: 'client.connectToProxy',
  id: 0xff5fa0f4,
  result: clientConnectedToProxyAny,
  size(value) {
    return (
      4 +
      clientParams.size(value.params)
    )
  },
  write(writer, value) {
    clientParams.write(writer, value.params)
    writer.int(value.minConfigVersion)
  },
  read(reader) {
    return {
      _: 'client.connectToProxy',
      params: clientParams.read(reader),
      minConfigVersion: reader.int(),
    }
  },
}

export const clientAuthorizeWithProxyShort: FunctionCodec<ClientAuthorizeWithProxyShort, ClientAuthorizationWithProxyAny> = {
  name: 'client.authorizeWithProxyShort',
  id: 0x6c276723,
  result: clientAuthorizationWithProxyAny,
  size(value) {
    return bytesSize(value.data)
  },
  write(writer, value) {
    writer.bytes(value.data)
  },
  read(reader) {
    return {
      _: 'client.authorizeWithProxyShort',
      data: reader.bytes(),
    }
  },
}

export const clientAuthorizeWithProxyLong: FunctionCodec<ClientAuthorizeWithProxyLong, ClientAuthorizationWithProxyAny> = {
  name: 'client.authorizeWithProxyLong',
  id: 0xd3474303,
  result: clientAuthorizationWithProxyAny,
  size() {
    return 0
  },
  write() {},
  read() {
    return {
      _: 'client.authorizeWithProxyLong',
    }
  },
}

export const clientRunQuery: FunctionCodec<ClientRunQuery, ClientQueryAnswerAny> = {
  name: 'client.runQuery',
  id: 0xbc748f32,
  result: clientQueryAnswerAny,
  size(value) {
    return (
      52 +
      stringSize(value.modelName) +
      bytesSize(value.query)
    )
  },
  write(writer, value) {
    writer.string(value.modelName)
    writer.bytes(value.query)
    writer.int(value.maxCoefficient)
    writer.int(value.maxTokens)
    writer.double(value.timeout)
    writer.int256(value.requestId)
    writer.int(value.minConfigVersion)
  },
  read(reader) {
    return {
      _: 'client.runQuery',
      modelName: reader.string(),
      query: reader.bytes(),
      maxCoefficient: reader.int(),
      maxTokens: reader.int(),
      timeout: reader.double(),
      requestId: reader.int256(),
      minConfigVersion: reader.int(),
    }
  },
}

export const clientRunQueryEx: FunctionCodec<ClientRunQueryEx, ClientQueryAnswerExAny> = {
  name: 'client.runQueryEx',
  id: 0xf54cb74b,
  result: clientQueryAnswerExAny,
  size(value) {
    return (
      56 +
      stringSize(value.modelName) +
      bytesSize(value.query) +
      ((value.flags & 1) !== 0 ? 4 : 0)
    )
  },
  write(writer, value) {
    writer.string(value.modelName)
    writer.bytes(value.query)
    writer.int(value.maxCoefficient)
    writer.int(value.maxTokens)
    writer.double(value.timeout)
    writer.int256(value.requestId)
    writer.int(value.minConfigVersion)
    writer.flags(value.flags)
    if ((value.flags & 1) !== 0) writer.bool(value.enableDebug ?? false)
  },
  read(reader) {
    const value: ClientRunQueryEx = {
      _: 'client.runQueryEx',
      modelName: reader.string(),
      query: reader.bytes(),
      maxCoefficient: reader.int(),
      maxTokens: reader.int(),
      timeout: reader.double(),
      requestId: reader.int256(),
      minConfigVersion: reader.int(),
      flags: reader.flags(),
    }
    if ((value.flags & 1) !== 0) value.enableDebug = reader.bool()
    return value
  },
}

export const clientRequestRefund: FunctionCodec<ClientRequestRefund, ClientRefundAny> = {
  name: 'client.requestRefund',
  id: 0x238d863d,
  result: clientRefundAny,
  size() {
    return 0
  },
  write() {},
  read() {
    return {
      _: 'client.requestRefund',
    }
  },
}

export const clientUpdatePaymentStatus: FunctionCodec<ClientUpdatePaymentStatus, ClientPaymentStatusAny> = {
  name: 'client.updatePaymentStatus',
  id: 0x9ed1c697,
  result: clientPaymentStatusAny,
  size() {
    return 0
  },
  write() {},
  read() {
    return {
      _: 'client.updatePaymentStatus',
    }
  },
}

export const clientGetWorkerTypes: FunctionCodec<ClientGetWorkerTypes, ClientWorkerTypesAny> = {
  name: 'client.getWorkerTypes',
  id: 0x7f062bdb,
  result: clientWorkerTypesAny,
  size() {
    return 0
  },
  write() {},
  read() {
    return {
      _: 'client.getWorkerTypes',
    }
  },
}

export const clientGetWorkerTypesV2: FunctionCodec<ClientGetWorkerTypesV2, ClientWorkerTypesV2Any> = {
  name: 'client.getWorkerTypesV2',
  id: 0xb2133d72,
  result: clientWorkerTypesV2Any,
  size() {
    return 0
  },
  write() {},
  read() {
    return {
      _: 'client.getWorkerTypesV2',
    }
  },
}

export const proxyRunQuery: FunctionCodec<ProxyRunQuery, ProxyQueryAnswerAny> = {
  name: 'proxy.runQuery',
  id: 0x47182416,
  result: proxyQueryAnswerAny,
  size(value) {
    return (
      48 +
      bytesSize(value.query) +
      proxySignedPaymentAny.size(value.signedPayment)
    )
  },
  write(writer, value) {
    writer.bytes(value.query)
    proxySignedPaymentAny.write(writer, value.signedPayment)
    writer.long(value.coefficient)
    writer.double(value.timeout)
    writer.int256(value.requestId)
  },
  read(reader) {
    return {
      _: 'proxy.runQuery',
      query: reader.bytes(),
      signedPayment: proxySignedPaymentAny.read(reader),
      coefficient: reader.long(),
      timeout: reader.double(),
      requestId: reader.int256(),
    }
  },
}

export const proxyRunQueryEx: FunctionCodec<ProxyRunQueryEx, ProxyQueryAnswerAny> = {
  name: 'proxy.runQueryEx',
  id: 0xc805e7e2,
  result: proxyQueryAnswerAny,
  size(value) {
    return (
      52 +
      bytesSize(value.query) +
      proxySignedPaymentAny.size(value.signedPayment) +
      ((value.flags & 1) !== 0 ? 4 : 0)
    )
  },
  write(writer, value) {
    writer.bytes(value.query)
    proxySignedPaymentAny.write(writer, value.signedPayment)
    writer.long(value.coefficient)
    writer.double(value.timeout)
    writer.int256(value.requestId)
    writer.flags(value.flags)
    if ((value.flags & 1) !== 0) writer.bool(value.enableDebug ?? false)
  },
  read(reader) {
    const value: ProxyRunQueryEx = {
      _: 'proxy.runQueryEx',
      query: reader.bytes(),
      signedPayment: proxySignedPaymentAny.read(reader),
      coefficient: reader.long(),
      timeout: reader.double(),
      requestId: reader.int256(),
      flags: reader.flags(),
    }
    if ((value.flags & 1) !== 0) value.enableDebug = reader.bool()
    return value
  },
}

export const workerConnectToProxy: FunctionCodec<WorkerConnectToProxy, WorkerConnectedToProxyAny> = {
  name: 'worker.connectToProxy',
  id: 0xcc484c5d,
  result: workerConnectedToProxyAny,
  size(value) {
    return workerParams.size(value.params)
  },
  write(writer, value) {
    workerParams.write(writer, value.params)
  },
  read(reader) {
    return {
      _: 'worker.connectToProxy',
      params: workerParams.read(reader),
    }
  },
}

export const workerCompareBalanceWithProxy: FunctionCodec<WorkerCompareBalanceWithProxy, WorkerCompareBalanceWithProxyResultAny> = {
  name: 'worker.compareBalanceWithProxy',
  id: 0xdb386501,
  result: workerCompareBalanceWithProxyResultAny,
  size() {
    return 24
  },
  write(writer, value) {
    writer.long(value.tokensCommittedToBlockchain)
    writer.long(value.tokensCommittedToDb)
    writer.long(value.maxTokens)
  },
  read(reader) {
    return {
      _: 'worker.compareBalanceWithProxy',
      tokensCommittedToBlockchain: reader.long(),
      tokensCommittedToDb: reader.long(),
      maxTokens: reader.long(),
    }
  },
}

export const workerExtendedCompareBalanceWithProxy: FunctionCodec<WorkerExtendedCompareBalanceWithProxy, WorkerExtendedCompareBalanceWithProxyResultAny> = {
  name: 'worker.extendedCompareBalanceWithProxy',
  id: 0xf8dd9914,
  result: workerExtendedCompareBalanceWithProxyResultAny,
  size(value) {
    return (
      8 +
      bytesSize(value.other)
    )
  },
  write(writer, value) {
    writer.long(value.tokensCommittedToDb)
    writer.bytes(value.other)
  },
  read(reader) {
    return {
      _: 'worker.extendedCompareBalanceWithProxy',
      tokensCommittedToDb: reader.long(),
      other: reader.bytes(),
    }
  },
}

export const workerProxyHandshakeComplete: FunctionCodec<WorkerProxyHandshakeComplete, WorkerHandshakeCompletedAny> = {
  name: 'worker.proxyHandshakeComplete',
  id: 0xf843b066,
  result: workerHandshakeCompletedAny,
  size() {
    return 4
  },
  write(writer, value) {
    writer.bool(value.isDisabled)
  },
  read(reader) {
    return {
      _: 'worker.proxyHandshakeComplete',
      isDisabled: reader.bool(),
    }
  },
}

export const workerUpdatePaymentStatus: FunctionCodec<WorkerUpdatePaymentStatus, WorkerPaymentStatusAny> = {
  name: 'worker.updatePaymentStatus',
  id: 0xdc70a524,
  result: workerPaymentStatusAny,
  size() {
    return 0
  },
  write() {},
  read() {
    return {
      _: 'worker.updatePaymentStatus',
    }
  },
}

export const keyManagerGetWorkerPrivateKeys: FunctionCodec<KeyManagerGetWorkerPrivateKeys, KeyManagerPrivateKeysAny> = {
  name: 'keyManager.getWorkerPrivateKeys',
  id: 0x2a26eff5,
  result: keyManagerPrivateKeysAny,
  size() {
    return 4
  },
  write(writer, value) {
    writer.int(value.minConfigVersion)
  },
  read(reader) {
    return {
      _: 'keyManager.getWorkerPrivateKeys',
      minConfigVersion: reader.int(),
    }
  },
}

export const keyManagerGetProxyPrivateKeys: FunctionCodec<KeyManagerGetProxyPrivateKeys, KeyManagerPrivateKeysAny> = {
  name: 'keyManager.getProxyPrivateKeys',
  id: 0x47a9c2de,
  result: keyManagerPrivateKeysAny,
  size() {
    return 4
  },
  write(writer, value) {
    writer.int(value.minConfigVersion)
  },
  read(reader) {
    return {
      _: 'keyManager.getProxyPrivateKeys',
      minConfigVersion: reader.int(),
    }
  },
}

export const httpRequest: FunctionCodec<HttpRequest, HttpResponseAny> = {
  name: 'http.request',
  id: 0x47492de5,
  result: httpResponseAny,
  size(value) {
    return (
      stringSize(value.method) +
      stringSize(value.url) +
      stringSize(value.httpVersion) +
      vectorSize(value.headers, element => httpHeader.size(element)) +
      bytesSize(value.payload)
    )
  },
  write(writer, value) {
    writer.string(value.method)
    writer.string(value.url)
    writer.string(value.httpVersion)
    writeVector(writer, value.headers, (writer, element) => httpHeader.write(writer, element))
    writer.bytes(value.payload)
  },
  read(reader) {
    return {
      _: 'http.request',
      method: reader.string(),
      url: reader.string(),
      httpVersion: reader.string(),
      headers: readVector(reader, 8, reader => httpHeader.read(reader)),
      payload: reader.bytes(),
    }
  },
}

export const clientGetOffers: FunctionCodec<ClientGetOffers, ClientOffersAny> = {
  name: 'client.getOffers',
  id: 0x16d5467e,
  result: clientOffersAny,
  size(value) {
    return stringSize(value.model)
  },
  write(writer, value) {
    writer.string(value.model)
  },
  read(reader) {
    return {
      _: 'client.getOffers',
      model: reader.string(),
    }
  },
}

export const clientGetEvidence: FunctionCodec<ClientGetEvidence, SealedWorkerEvidenceAny> = {
  name: 'client.getEvidence',
  id: 0x0d371088,
  result: sealedWorkerEvidenceAny,
  size() {
    return 32
  },
  write(writer, value) {
    writer.int256(value.identity)
  },
  read(reader) {
    return {
      _: 'client.getEvidence',
      identity: reader.int256(),
    }
  },
}

export const clientGetInclusion: FunctionCodec<ClientGetInclusion, ClientInclusionAny> = {
  name: 'client.getInclusion',
  id: 0xd0fe89f2,
  result: clientInclusionAny,
  size() {
    return 32
  },
  write(writer, value) {
    writer.int256(value.leaf)
  },
  read(reader) {
    return {
      _: 'client.getInclusion',
      leaf: reader.int256(),
    }
  },
}

export const clientGetConsistency: FunctionCodec<ClientGetConsistency, ClientConsistencyAny> = {
  name: 'client.getConsistency',
  id: 0xdbfac59e,
  result: clientConsistencyAny,
  size() {
    return 16
  },
  write(writer, value) {
    writer.long(value.oldSize)
    writer.long(value.newSize)
  },
  read(reader) {
    return {
      _: 'client.getConsistency',
      oldSize: reader.long(),
      newSize: reader.long(),
    }
  },
}

export const witnessAddCheckpoint: FunctionCodec<WitnessAddCheckpoint, WitnessAnswerAny> = {
  name: 'witness.addCheckpoint',
  id: 0x9e2a115d,
  result: witnessAnswerAny,
  size(value) {
    return stringSize(value.body)
  },
  write(writer, value) {
    writer.string(value.body)
  },
  read(reader) {
    return {
      _: 'witness.addCheckpoint',
      body: reader.string(),
    }
  },
}

export const clientRunSealedQuery: FunctionCodec<ClientRunSealedQuery, ClientSealedAnswerAny> = {
  name: 'client.runSealedQuery',
  id: 0x297c2217,
  result: clientSealedAnswerAny,
  size(value) {
    return (
      12 +
      sealedQuery.size(value.query)
    )
  },
  write(writer, value) {
    sealedQuery.write(writer, value.query)
    writer.double(value.timeout)
    writer.int(value.minConfigVersion)
  },
  read(reader) {
    return {
      _: 'client.runSealedQuery',
      query: sealedQuery.read(reader),
      timeout: reader.double(),
      minConfigVersion: reader.int(),
    }
  },
}

export const proxyRunSealedQuery: FunctionCodec<ProxyRunSealedQuery, ProxySealedAnswerAny> = {
  name: 'proxy.runSealedQuery',
  id: 0xb0277e56,
  result: proxySealedAnswerAny,
  size(value) {
    return (
      76 +
      bytesSize(value.header) +
      sealedKey.size(value.key) +
      bytesSize(value.body) +
      proxySignedPaymentAny.size(value.signedPayment)
    )
  },
  write(writer, value) {
    writer.int256(value.identity)
    writer.bytes(value.header)
    sealedKey.write(writer, value.key)
    writer.bytes(value.body)
    proxySignedPaymentAny.write(writer, value.signedPayment)
    writer.int(value.coefficient)
    writer.double(value.timeout)
    writer.int256(value.requestId)
  },
  read(reader) {
    return {
      _: 'proxy.runSealedQuery',
      identity: reader.int256(),
      header: reader.bytes(),
      key: sealedKey.read(reader),
      body: reader.bytes(),
      signedPayment: proxySignedPaymentAny.read(reader),
      coefficient: reader.int(),
      timeout: reader.double(),
      requestId: reader.int256(),
    }
  },
}

/** Every combinator's value by its name in the schema. */
export interface CombinatorTypes {
  'tcp.ping': TcpPing
  'tcp.pong': TcpPong
  'tcp.packet': TcpPacket
  'tcp.queryAnswer': TcpQueryAnswer
  'tcp.queryError': TcpQueryError
  'tcp.query': TcpQuery
  'tcp.connected': TcpConnected
  'tcp.connect': TcpConnect
  'ton.blockIdExt': TonBlockIdExt
  'test.answer': TestAnswer
  'proxyRunner.config': ProxyRunnerConfig
  'workerRunner.config': WorkerRunnerConfig
  'clientRunner.config': ClientRunnerConfig
  'keyStorageRunner.config': KeyStorageRunnerConfig
  'rootConfig.registeredProxy': RootConfigRegisteredProxy
  'rootConfig.pseudo': RootConfigPseudo
  'rootConfig.configV5': RootConfigConfigV5
  'proxyDb.clientInfo': ProxyDbClientInfo
  'proxyDb.clientInfoV2': ProxyDbClientInfoV2
  'proxyDb.workerInfo': ProxyDbWorkerInfo
  'proxyDb.pendingBlockchainSeqnoCommit': ProxyDbPendingBlockchainSeqnoCommit
  'proxyDb.configEmpty': ProxyDbConfigEmpty
  'proxyDb.configV4': ProxyDbConfigV4
  'proxyDb.configV4Disabled': ProxyDbConfigV4Disabled
  'proxyDb.oldClient': ProxyDbOldClient
  'proxyDb.oldWorker': ProxyDbOldWorker
  'proxyDb.oldInstance': ProxyDbOldInstance
  'keyManagerDb.configEmpty': KeyManagerDbConfigEmpty
  'keyManagerDb.configV1': KeyManagerDbConfigV1
  'keyManagerDb.key': KeyManagerDbKey
  'tokensUsed': TokensUsed
  'worker.params': WorkerParams
  'proxy.params': ProxyParams
  'client.params': ClientParams
  'proxy.signedPayment': ProxySignedPayment
  'proxy.signedPaymentEmpty': ProxySignedPaymentEmpty
  'client.proxyConnectionAuthShort': ClientProxyConnectionAuthShort
  'client.proxyConnectionAuthLong': ClientProxyConnectionAuthLong
  'client.authorizationWithProxySuccess': ClientAuthorizationWithProxySuccess
  'client.authorizationWithProxyFailed': ClientAuthorizationWithProxyFailed
  'client.connectedToProxy': ClientConnectedToProxy
  'client.queryAnswer': ClientQueryAnswer
  'client.queryAnswerError': ClientQueryAnswerError
  'client.queryAnswerPart': ClientQueryAnswerPart
  'client.queryAnswerPartError': ClientQueryAnswerPartError
  'client.queryFinalInfo': ClientQueryFinalInfo
  'client.queryAnswerEx': ClientQueryAnswerEx
  'client.queryAnswerErrorEx': ClientQueryAnswerErrorEx
  'client.queryAnswerPartEx': ClientQueryAnswerPartEx
  'client.refund': ClientRefund
  'client.refundRejected': ClientRefundRejected
  'client.workerType': ClientWorkerType
  'client.workerTypes': ClientWorkerTypes
  'client.workerInstanceV2': ClientWorkerInstanceV2
  'client.workerTypeV2': ClientWorkerTypeV2
  'client.workerTypesV2': ClientWorkerTypesV2
  'client.paymentStatus': ClientPaymentStatus
  'proxy.clientRequestPayment': ProxyClientRequestPayment
  'proxy.queryAnswer': ProxyQueryAnswer
  'proxy.queryAnswerError': ProxyQueryAnswerError
  'proxy.queryAnswerPart': ProxyQueryAnswerPart
  'proxy.queryAnswerPartError': ProxyQueryAnswerPartError
  'proxy.queryFinalInfo': ProxyQueryFinalInfo
  'proxy.queryAnswerEx': ProxyQueryAnswerEx
  'proxy.queryAnswerErrorEx': ProxyQueryAnswerErrorEx
  'proxy.queryAnswerPartEx': ProxyQueryAnswerPartEx
  'proxy.workerRequestPayment': ProxyWorkerRequestPayment
  'worker.enabledDisabled': WorkerEnabledDisabled
  'worker.newCoefficient': WorkerNewCoefficient
  'worker.connectedToProxy': WorkerConnectedToProxy
  'worker.compareBalanceWithProxyResult': WorkerCompareBalanceWithProxyResult
  'worker.extendedCompareBalanceWithProxyResult': WorkerExtendedCompareBalanceWithProxyResult
  'worker.proxyHandshakeCompleted': WorkerProxyHandshakeCompleted
  'worker.paymentStatus': WorkerPaymentStatus
  'keyManager.privateKey': KeyManagerPrivateKey
  'keyManager.privateKeys': KeyManagerPrivateKeys
  'http.header': HttpHeader
  'http.response': HttpResponse
  'test.query': TestQuery
  'client.connectToProxy': ClientConnectToProxy
  'client.authorizeWithProxyShort': ClientAuthorizeWithProxyShort
  'client.authorizeWithProxyLong': ClientAuthorizeWithProxyLong
  'client.runQuery': ClientRunQuery
  'client.runQueryEx': ClientRunQueryEx
  'client.requestRefund': ClientRequestRefund
  'client.updatePaymentStatus': ClientUpdatePaymentStatus
  'client.getWorkerTypes': ClientGetWorkerTypes
  'client.getWorkerTypesV2': ClientGetWorkerTypesV2
  'proxy.runQuery': ProxyRunQuery
  'proxy.runQueryEx': ProxyRunQueryEx
  'worker.connectToProxy': WorkerConnectToProxy
  'worker.compareBalanceWithProxy': WorkerCompareBalanceWithProxy
  'worker.extendedCompareBalanceWithProxy': WorkerExtendedCompareBalanceWithProxy
  'worker.proxyHandshakeComplete': WorkerProxyHandshakeComplete
  'worker.updatePaymentStatus': WorkerUpdatePaymentStatus
  'keyManager.getWorkerPrivateKeys': KeyManagerGetWorkerPrivateKeys
  'keyManager.getProxyPrivateKeys': KeyManagerGetProxyPrivateKeys
  'http.request': HttpRequest
  'client.cancelQuery': ClientCancelQuery
  'proxy.cancelQuery': ProxyCancelQuery
  'sealed.workerIdentity': SealedWorkerIdentity
  'sealed.workerEvidence': SealedWorkerEvidence
  'sealed.header': SealedHeader
  'sealed.key': SealedKey
  'sealed.query': SealedQuery
  'sealed.request': SealedRequest
  'sealed.receipt': SealedReceipt
  'sealed.signedReceipt': SealedSignedReceipt
  'worker.identity': WorkerIdentity
  'proxy.sealedAnswer': ProxySealedAnswer
  'proxy.sealedAnswerPart': ProxySealedAnswerPart
  'proxy.sealedFailure': ProxySealedFailure
  'client.sealedEnd': ClientSealedEnd
  'client.sealedAnswer': ClientSealedAnswer
  'client.sealedAnswerPart': ClientSealedAnswerPart
  'client.sealedFailure': ClientSealedFailure
  'client.offer': ClientOffer
  'client.offers': ClientOffers
  'log.entry': LogEntry
  'log.anchor': LogAnchor
  'client.inclusion': ClientInclusion
  'client.consistency': ClientConsistency
  'witness.offer': WitnessOffer
  'witness.answer': WitnessAnswer
  'client.disputeReceipt': ClientDisputeReceipt
  'client.getOffers': ClientGetOffers
  'client.getEvidence': ClientGetEvidence
  'client.getInclusion': ClientGetInclusion
  'client.getConsistency': ClientGetConsistency
  'witness.addCheckpoint': WitnessAddCheckpoint
  'client.runSealedQuery': ClientRunSealedQuery
  'proxy.runSealedQuery': ProxyRunSealedQuery
}

export const codecs: { readonly [Name in keyof CombinatorTypes]: Codec<CombinatorTypes[Name]> } = {
  'tcp.ping': tcpPing,
  'tcp.pong': tcpPong,
  'tcp.packet': tcpPacket,
  'tcp.queryAnswer': tcpQueryAnswer,
  'tcp.queryError': tcpQueryError,
  'tcp.query': tcpQuery,
  'tcp.connected': tcpConnected,
  'tcp.connect': tcpConnect,
  'ton.blockIdExt': tonBlockIdExt,
  'test.answer': testAnswer,
  'proxyRunner.config': proxyRunnerConfig,
  'workerRunner.config': workerRunnerConfig,
  'clientRunner.config': clientRunnerConfig,
  'keyStorageRunner.config': keyStorageRunnerConfig,
  'rootConfig.registeredProxy': rootConfigRegisteredProxy,
  'rootConfig.pseudo': rootConfigPseudo,
  'rootConfig.configV5': rootConfigConfigV5,
  'proxyDb.clientInfo': proxyDbClientInfo,
  'proxyDb.clientInfoV2': proxyDbClientInfoV2,
  'proxyDb.workerInfo': proxyDbWorkerInfo,
  'proxyDb.pendingBlockchainSeqnoCommit': proxyDbPendingBlockchainSeqnoCommit,
  'proxyDb.configEmpty': proxyDbConfigEmpty,
  'proxyDb.configV4': proxyDbConfigV4,
  'proxyDb.configV4Disabled': proxyDbConfigV4Disabled,
  'proxyDb.oldClient': proxyDbOldClient,
  'proxyDb.oldWorker': proxyDbOldWorker,
  'proxyDb.oldInstance': proxyDbOldInstance,
  'keyManagerDb.configEmpty': keyManagerDbConfigEmpty,
  'keyManagerDb.configV1': keyManagerDbConfigV1,
  'keyManagerDb.key': keyManagerDbKey,
  'tokensUsed': tokensUsed,
  'worker.params': workerParams,
  'proxy.params': proxyParams,
  'client.params': clientParams,
  'proxy.signedPayment': proxySignedPayment,
  'proxy.signedPaymentEmpty': proxySignedPaymentEmpty,
  'client.proxyConnectionAuthShort': clientProxyConnectionAuthShort,
  'client.proxyConnectionAuthLong': clientProxyConnectionAuthLong,
  'client.authorizationWithProxySuccess': clientAuthorizationWithProxySuccess,
  'client.authorizationWithProxyFailed': clientAuthorizationWithProxyFailed,
  'client.connectedToProxy': clientConnectedToProxy,
  'client.queryAnswer': clientQueryAnswer,
  'client.queryAnswerError': clientQueryAnswerError,
  'client.queryAnswerPart': clientQueryAnswerPart,
  'client.queryAnswerPartError': clientQueryAnswerPartError,
  'client.queryFinalInfo': clientQueryFinalInfo,
  'client.queryAnswerEx': clientQueryAnswerEx,
  'client.queryAnswerErrorEx': clientQueryAnswerErrorEx,
  'client.queryAnswerPartEx': clientQueryAnswerPartEx,
  'client.refund': clientRefund,
  'client.refundRejected': clientRefundRejected,
  'client.workerType': clientWorkerType,
  'client.workerTypes': clientWorkerTypes,
  'client.workerInstanceV2': clientWorkerInstanceV2,
  'client.workerTypeV2': clientWorkerTypeV2,
  'client.workerTypesV2': clientWorkerTypesV2,
  'client.paymentStatus': clientPaymentStatus,
  'proxy.clientRequestPayment': proxyClientRequestPayment,
  'proxy.queryAnswer': proxyQueryAnswer,
  'proxy.queryAnswerError': proxyQueryAnswerError,
  'proxy.queryAnswerPart': proxyQueryAnswerPart,
  'proxy.queryAnswerPartError': proxyQueryAnswerPartError,
  'proxy.queryFinalInfo': proxyQueryFinalInfo,
  'proxy.queryAnswerEx': proxyQueryAnswerEx,
  'proxy.queryAnswerErrorEx': proxyQueryAnswerErrorEx,
  'proxy.queryAnswerPartEx': proxyQueryAnswerPartEx,
  'proxy.workerRequestPayment': proxyWorkerRequestPayment,
  'worker.enabledDisabled': workerEnabledDisabled,
  'worker.newCoefficient': workerNewCoefficient,
  'worker.connectedToProxy': workerConnectedToProxy,
  'worker.compareBalanceWithProxyResult': workerCompareBalanceWithProxyResult,
  'worker.extendedCompareBalanceWithProxyResult': workerExtendedCompareBalanceWithProxyResult,
  'worker.proxyHandshakeCompleted': workerProxyHandshakeCompleted,
  'worker.paymentStatus': workerPaymentStatus,
  'keyManager.privateKey': keyManagerPrivateKey,
  'keyManager.privateKeys': keyManagerPrivateKeys,
  'http.header': httpHeader,
  'http.response': httpResponse,
  'test.query': testQuery,
  'client.connectToProxy': clientConnectToProxy,
  'client.authorizeWithProxyShort': clientAuthorizeWithProxyShort,
  'client.authorizeWithProxyLong': clientAuthorizeWithProxyLong,
  'client.runQuery': clientRunQuery,
  'client.runQueryEx': clientRunQueryEx,
  'client.requestRefund': clientRequestRefund,
  'client.updatePaymentStatus': clientUpdatePaymentStatus,
  'client.getWorkerTypes': clientGetWorkerTypes,
  'client.getWorkerTypesV2': clientGetWorkerTypesV2,
  'proxy.runQuery': proxyRunQuery,
  'proxy.runQueryEx': proxyRunQueryEx,
  'worker.connectToProxy': workerConnectToProxy,
  'worker.compareBalanceWithProxy': workerCompareBalanceWithProxy,
  'worker.extendedCompareBalanceWithProxy': workerExtendedCompareBalanceWithProxy,
  'worker.proxyHandshakeComplete': workerProxyHandshakeComplete,
  'worker.updatePaymentStatus': workerUpdatePaymentStatus,
  'keyManager.getWorkerPrivateKeys': keyManagerGetWorkerPrivateKeys,
  'keyManager.getProxyPrivateKeys': keyManagerGetProxyPrivateKeys,
  'http.request': httpRequest,
  'client.cancelQuery': clientCancelQuery,
  'proxy.cancelQuery': proxyCancelQuery,
  'sealed.workerIdentity': sealedWorkerIdentity,
  'sealed.workerEvidence': sealedWorkerEvidence,
  'sealed.header': sealedHeader,
  'sealed.key': sealedKey,
  'sealed.query': sealedQuery,
  'sealed.request': sealedRequest,
  'sealed.receipt': sealedReceipt,
  'sealed.signedReceipt': sealedSignedReceipt,
  'worker.identity': workerIdentity,
  'proxy.sealedAnswer': proxySealedAnswer,
  'proxy.sealedAnswerPart': proxySealedAnswerPart,
  'proxy.sealedFailure': proxySealedFailure,
  'client.sealedEnd': clientSealedEnd,
  'client.sealedAnswer': clientSealedAnswer,
  'client.sealedAnswerPart': clientSealedAnswerPart,
  'client.sealedFailure': clientSealedFailure,
  'client.offer': clientOffer,
  'client.offers': clientOffers,
  'log.entry': logEntry,
  'log.anchor': logAnchor,
  'client.inclusion': clientInclusion,
  'client.consistency': clientConsistency,
  'witness.offer': witnessOffer,
  'witness.answer': witnessAnswer,
  'client.disputeReceipt': clientDisputeReceipt,
  'client.getOffers': clientGetOffers,
  'client.getEvidence': clientGetEvidence,
  'client.getInclusion': clientGetInclusion,
  'client.getConsistency': clientGetConsistency,
  'witness.addCheckpoint': witnessAddCheckpoint,
  'client.runSealedQuery': clientRunSealedQuery,
  'proxy.runSealedQuery': proxyRunSealedQuery,
}

/** The schema as data. */
export const combinators: { readonly [Name in keyof CombinatorTypes]: CombinatorInfo } = {
  'tcp.ping': { id: 0xbbe9627c, kind: 'type', result: 'tcp.Packet', fields: [
    { name: 'id', property: 'id', type: 'long' },
  ] },
  'tcp.pong': { id: 0x0bd4302c, kind: 'type', result: 'tcp.Packet', fields: [
    { name: 'id', property: 'id', type: 'long' },
  ] },
  'tcp.packet': { id: 0x9c17baf8, kind: 'type', result: 'tcp.Packet', fields: [
    { name: 'data', property: 'data', type: 'bytes' },
  ] },
  'tcp.queryAnswer': { id: 0xc048c311, kind: 'type', result: 'tcp.Packet', fields: [
    { name: 'id', property: 'id', type: 'long' },
    { name: 'data', property: 'data', type: 'bytes' },
  ] },
  'tcp.queryError': { id: 0x4cd2f602, kind: 'type', result: 'tcp.Packet', fields: [
    { name: 'id', property: 'id', type: 'long' },
    { name: 'code', property: 'code', type: 'int' },
    { name: 'message', property: 'message', type: 'string' },
  ] },
  'tcp.query': { id: 0x3af51908, kind: 'type', result: 'tcp.Packet', fields: [
    { name: 'id', property: 'id', type: 'long' },
    { name: 'data', property: 'data', type: 'bytes' },
  ] },
  'tcp.connected': { id: 0x636d41d6, kind: 'type', result: 'tcp.Packet', fields: [
    { name: 'id', property: 'id', type: 'long' },
  ] },
  'tcp.connect': { id: 0xa57c4261, kind: 'type', result: 'tcp.Packet', fields: [
    { name: 'id', property: 'id', type: 'long' },
  ] },
  'ton.blockIdExt': { id: 0xbc3f6da5, kind: 'type', result: 'ton.BlockIdExt', fields: [
    { name: 'workchain', property: 'workchain', type: 'int' },
    { name: 'shard', property: 'shard', type: 'long' },
    { name: 'seqno', property: 'seqno', type: 'int' },
    { name: 'root_hash', property: 'rootHash', type: 'bytes' },
    { name: 'file_hash', property: 'fileHash', type: 'bytes' },
  ] },
  'test.answer': { id: 0x0d4fcdb6, kind: 'type', result: 'test.Answer', fields: [
    { name: 'id', property: 'id', type: 'long' },
  ] },
  'proxyRunner.config': { id: 0x5bf5e272, kind: 'type', result: 'proxyRunner.Config', fields: [
    { name: 'is_test', property: 'isTest', type: 'Bool' },
    { name: 'is_testnet', property: 'isTestnet', type: 'Bool' },
    { name: 'workers_rpc_port', property: 'workersRpcPort', type: 'int' },
    { name: 'client_rpc_port', property: 'clientRpcPort', type: 'int' },
    { name: 'http_port', property: 'httpPort', type: 'int' },
    { name: 'owner_address', property: 'ownerAddress', type: 'string' },
    { name: 'root_contract_address', property: 'rootContractAddress', type: 'string' },
    { name: 'machine_specific_private_key', property: 'machineSpecificPrivateKey', type: 'int256' },
    { name: 'node_wallet_key', property: 'nodeWalletKey', type: 'int256' },
    { name: 'ton_config_filename', property: 'tonConfigFilename', type: 'string' },
    { name: 'db_path', property: 'dbPath', type: 'string' },
    { name: 'check_worker_hashes', property: 'checkWorkerHashes', type: 'Bool' },
    { name: 'image_hash', property: 'imageHash', type: 'int256' },
    { name: 'http_access_hash', property: 'httpAccessHash', type: 'string' },
  ] },
  'workerRunner.config': { id: 0x870db56d, kind: 'type', result: 'workerRunner.Config', fields: [
    { name: 'is_test', property: 'isTest', type: 'Bool' },
    { name: 'is_testnet', property: 'isTestnet', type: 'Bool' },
    { name: 'http_port', property: 'httpPort', type: 'int' },
    { name: 'owner_address', property: 'ownerAddress', type: 'string' },
    { name: 'proxy_connections', property: 'proxyConnections', type: 'int' },
    { name: 'connect_to_proxy_via', property: 'connectToProxyVia', type: 'string' },
    { name: 'model_name', property: 'modelName', type: 'string' },
    { name: 'coefficient', property: 'coefficient', type: 'int' },
    { name: 'root_contract_address', property: 'rootContractAddress', type: 'string' },
    { name: 'node_wallet_key', property: 'nodeWalletKey', type: 'int256' },
    { name: 'forward_requests_to', property: 'forwardRequestsTo', type: 'string' },
    { name: 'ton_config_filename', property: 'tonConfigFilename', type: 'string' },
    { name: 'check_proxy_hashes', property: 'checkProxyHashes', type: 'Bool' },
    { name: 'max_active_requests', property: 'maxActiveRequests', type: 'int' },
    { name: 'image_hash', property: 'imageHash', type: 'int256' },
    { name: 'http_access_hash', property: 'httpAccessHash', type: 'string' },
  ] },
  'clientRunner.config': { id: 0xaf0bd51f, kind: 'type', result: 'clientRunner.Config', fields: [
    { name: 'is_test', property: 'isTest', type: 'Bool' },
    { name: 'is_testnet', property: 'isTestnet', type: 'Bool' },
    { name: 'http_port', property: 'httpPort', type: 'int' },
    { name: 'owner_address', property: 'ownerAddress', type: 'string' },
    { name: 'proxy_connections', property: 'proxyConnections', type: 'int' },
    { name: 'connect_to_proxy_via', property: 'connectToProxyVia', type: 'string' },
    { name: 'root_contract_address', property: 'rootContractAddress', type: 'string' },
    { name: 'node_wallet_key', property: 'nodeWalletKey', type: 'int256' },
    { name: 'check_proxy_hashes', property: 'checkProxyHashes', type: 'Bool' },
    { name: 'secret_string', property: 'secretString', type: 'string' },
    { name: 'ton_config_filename', property: 'tonConfigFilename', type: 'string' },
    { name: 'http_access_hash', property: 'httpAccessHash', type: 'string' },
  ] },
  'keyStorageRunner.config': { id: 0xd7874e40, kind: 'type', result: 'keyStorageRunner.Config', fields: [
    { name: 'is_test', property: 'isTest', type: 'Bool' },
    { name: 'is_testnet', property: 'isTestnet', type: 'Bool' },
    { name: 'rpc_port', property: 'rpcPort', type: 'int' },
    { name: 'http_port', property: 'httpPort', type: 'int' },
    { name: 'root_contract_address', property: 'rootContractAddress', type: 'string' },
    { name: 'machine_specific_private_key', property: 'machineSpecificPrivateKey', type: 'int256' },
    { name: 'ton_config_filename', property: 'tonConfigFilename', type: 'string' },
    { name: 'db_path', property: 'dbPath', type: 'string' },
    { name: 'check_hashes', property: 'checkHashes', type: 'Bool' },
    { name: 'image_hash', property: 'imageHash', type: 'int256' },
    { name: 'http_access_hash', property: 'httpAccessHash', type: 'string' },
  ] },
  'rootConfig.registeredProxy': { id: 0x9f4e446a, kind: 'type', result: 'rootConfig.RegisteredProxy', fields: [
    { name: 'seqno', property: 'seqno', type: 'int' },
    { name: 'address', property: 'address', type: 'string' },
  ] },
  'rootConfig.pseudo': { id: 0x87a976cc, kind: 'type', result: 'rootConfig.Config', fields: [
    { name: 'proxy_hashes', property: 'proxyHashes', type: 'int256', vector: true },
    { name: 'worker_hashes', property: 'workerHashes', type: 'int256', vector: true },
    { name: 'model_hashes', property: 'modelHashes', type: 'int256', vector: true },
    { name: 'model_types', property: 'modelTypes', type: 'string', vector: true },
    { name: 'registered_proxies', property: 'registeredProxies', type: 'rootConfig.registeredProxy', vector: true },
    { name: 'price_per_token', property: 'pricePerToken', type: 'int' },
    { name: 'worker_fee_per_token', property: 'workerFeePerToken', type: 'int' },
    { name: 'last_proxy_seqno', property: 'lastProxySeqno', type: 'int' },
    { name: 'version', property: 'version', type: 'int' },
    { name: 'params_version', property: 'paramsVersion', type: 'int' },
    { name: 'proxy_sc_code', property: 'proxyScCode', type: 'string' },
    { name: 'worker_sc_code', property: 'workerScCode', type: 'string' },
    { name: 'client_sc_code', property: 'clientScCode', type: 'string' },
    { name: 'root_owner_address', property: 'rootOwnerAddress', type: 'string' },
  ] },
  'rootConfig.configV5': { id: 0x5e84869b, kind: 'type', result: 'rootConfig.Config', fields: [
    { name: 'root_owner_address', property: 'rootOwnerAddress', type: 'string' },
    { name: 'proxy_hashes', property: 'proxyHashes', type: 'int256', vector: true },
    { name: 'registered_proxies', property: 'registeredProxies', type: 'rootConfig.registeredProxy', vector: true },
    { name: 'last_proxy_seqno', property: 'lastProxySeqno', type: 'int' },
    { name: 'worker_hashes', property: 'workerHashes', type: 'int256', vector: true },
    { name: 'model_hashes', property: 'modelHashes', type: 'int256', vector: true },
    { name: 'version', property: 'version', type: 'int' },
    { name: 'struct_version', property: 'structVersion', type: 'int' },
    { name: 'params_version', property: 'paramsVersion', type: 'int' },
    { name: 'unique_id', property: 'uniqueId', type: 'int' },
    { name: 'is_test', property: 'isTest', type: 'int' },
    { name: 'price_per_token', property: 'pricePerToken', type: 'long' },
    { name: 'worker_fee_per_token', property: 'workerFeePerToken', type: 'long' },
    { name: 'prompt_tokens_price_multiplier', property: 'promptTokensPriceMultiplier', type: 'int' },
    { name: 'cached_tokens_price_multiplier', property: 'cachedTokensPriceMultiplier', type: 'int' },
    { name: 'completion_tokens_price_multiplier', property: 'completionTokensPriceMultiplier', type: 'int' },
    { name: 'reasoning_tokens_price_multiplier', property: 'reasoningTokensPriceMultiplier', type: 'int' },
    { name: 'proxy_delay_before_close', property: 'proxyDelayBeforeClose', type: 'int' },
    { name: 'client_delay_before_close', property: 'clientDelayBeforeClose', type: 'int' },
    { name: 'min_proxy_stake', property: 'minProxyStake', type: 'long' },
    { name: 'min_client_stake', property: 'minClientStake', type: 'long' },
    { name: 'proxy_sc_code', property: 'proxyScCode', type: 'string' },
    { name: 'worker_sc_code', property: 'workerScCode', type: 'string' },
    { name: 'client_sc_code', property: 'clientScCode', type: 'string' },
  ] },
  'proxyDb.clientInfo': { id: 0x6cfeaa21, kind: 'type', result: 'proxyDb.ClientInfo', fields: [
    { name: 'owner_address', property: 'ownerAddress', type: 'string' },
    { name: 'sc_address', property: 'scAddress', type: 'string' },
    { name: 'status', property: 'status', type: 'int' },
    { name: 'balance', property: 'balance', type: 'long' },
    { name: 'sc_tokens_used', property: 'scTokensUsed', type: 'long' },
    { name: 'tokens_used', property: 'tokensUsed', type: 'long' },
    { name: 'secret_hash', property: 'secretHash', type: 'int256' },
    { name: 'last_request_at', property: 'lastRequestAt', type: 'int' },
  ] },
  'proxyDb.clientInfoV2': { id: 0x3078c9bf, kind: 'type', result: 'proxyDb.ClientInfo', fields: [
    { name: 'owner_address', property: 'ownerAddress', type: 'string' },
    { name: 'sc_address', property: 'scAddress', type: 'string' },
    { name: 'status', property: 'status', type: 'int' },
    { name: 'balance', property: 'balance', type: 'long' },
    { name: 'stake', property: 'stake', type: 'long' },
    { name: 'sc_tokens_used', property: 'scTokensUsed', type: 'long' },
    { name: 'tokens_used', property: 'tokensUsed', type: 'long' },
    { name: 'secret_hash', property: 'secretHash', type: 'int256' },
    { name: 'last_request_at', property: 'lastRequestAt', type: 'int' },
  ] },
  'proxyDb.workerInfo': { id: 0x2517b38f, kind: 'type', result: 'proxyDb.WorkerInfo', fields: [
    { name: 'owner_address', property: 'ownerAddress', type: 'string' },
    { name: 'sc_address', property: 'scAddress', type: 'string' },
    { name: 'sc_tokens', property: 'scTokens', type: 'long' },
    { name: 'tokens', property: 'tokens', type: 'long' },
    { name: 'last_request_at', property: 'lastRequestAt', type: 'int' },
  ] },
  'proxyDb.pendingBlockchainSeqnoCommit': { id: 0x525b14a9, kind: 'type', result: 'proxyDb.PendingBlockchainSeqnoCommit', fields: [
    { name: 'seqno', property: 'seqno', type: 'int' },
    { name: 'session_hash', property: 'sessionHash', type: 'int256' },
  ] },
  'proxyDb.configEmpty': { id: 0x43dc40b4, kind: 'type', result: 'proxyDb.Config', fields: [] },
  'proxyDb.configV4': { id: 0xbde43703, kind: 'type', result: 'proxyDb.Config', fields: [
    { name: 'root_contract_address', property: 'rootContractAddress', type: 'string' },
    { name: 'is_testnet', property: 'isTestnet', type: 'int' },
    { name: 'root_contract_state', property: 'rootContractState', type: 'rootConfig.Config' },
    { name: 'root_contract_state_block_ts', property: 'rootContractStateBlockTs', type: 'int' },
    { name: 'sc_block_id', property: 'scBlockId', type: 'ton.blockIdExt' },
    { name: 'last_seqno_committed_to_blockchain', property: 'lastSeqnoCommittedToBlockchain', type: 'int' },
    { name: 'pending_blockchain_seqno_commits', property: 'pendingBlockchainSeqnoCommits', type: 'proxyDb.pendingBlockchainSeqnoCommit', vector: true },
  ] },
  'proxyDb.configV4Disabled': { id: 0xad2cfb4a, kind: 'type', result: 'proxyDb.Config', fields: [
    { name: 'root_contract_address', property: 'rootContractAddress', type: 'string' },
    { name: 'is_testnet', property: 'isTestnet', type: 'int' },
    { name: 'root_contract_state', property: 'rootContractState', type: 'rootConfig.Config' },
    { name: 'root_contract_state_block_ts', property: 'rootContractStateBlockTs', type: 'int' },
    { name: 'disabled_until_version', property: 'disabledUntilVersion', type: 'long' },
  ] },
  'proxyDb.oldClient': { id: 0x2fae7b42, kind: 'type', result: 'proxyDb.OldClient', fields: [
    { name: 'owner_address', property: 'ownerAddress', type: 'string' },
    { name: 'tokens', property: 'tokens', type: 'long' },
    { name: 'next_client', property: 'nextClient', type: 'string' },
  ] },
  'proxyDb.oldWorker': { id: 0xf04156a0, kind: 'type', result: 'proxyDb.OldWorker', fields: [
    { name: 'owner_address', property: 'ownerAddress', type: 'string' },
    { name: 'tokens', property: 'tokens', type: 'long' },
    { name: 'next_worker', property: 'nextWorker', type: 'string' },
  ] },
  'proxyDb.oldInstance': { id: 0xa8c9e178, kind: 'type', result: 'proxyDb.OldInstance', fields: [
    { name: 'contract_address', property: 'contractAddress', type: 'string' },
    { name: 'closing_state', property: 'closingState', type: 'int' },
    { name: 'close_at', property: 'closeAt', type: 'int' },
    { name: 'next_client', property: 'nextClient', type: 'string' },
    { name: 'next_worker', property: 'nextWorker', type: 'string' },
    { name: 'root_contract_state', property: 'rootContractState', type: 'rootConfig.Config' },
  ] },
  'keyManagerDb.configEmpty': { id: 0xd3fc2385, kind: 'type', result: 'keyManagerDb.Config', fields: [] },
  'keyManagerDb.configV1': { id: 0x6d2817ac, kind: 'type', result: 'keyManagerDb.Config', fields: [
    { name: 'root_contract_version', property: 'rootContractVersion', type: 'int' },
  ] },
  'keyManagerDb.key': { id: 0x4d0a1e17, kind: 'type', result: 'keyManagerDb.Key', fields: [
    { name: 'private_key', property: 'privateKey', type: 'int256' },
    { name: 'for_proxies', property: 'forProxies', type: 'Bool' },
    { name: 'for_workers', property: 'forWorkers', type: 'Bool' },
    { name: 'valid_since_config_version', property: 'validSinceConfigVersion', type: 'int' },
    { name: 'valid_since_utime', property: 'validSinceUtime', type: 'int' },
    { name: 'valid_until_utime', property: 'validUntilUtime', type: 'int' },
  ] },
  'tokensUsed': { id: 0x70c5b15c, kind: 'type', result: 'TokensUsed', fields: [
    { name: 'prompt_tokens_used', property: 'promptTokensUsed', type: 'long' },
    { name: 'cached_tokens_used', property: 'cachedTokensUsed', type: 'long' },
    { name: 'completion_tokens_used', property: 'completionTokensUsed', type: 'long' },
    { name: 'reasoning_tokens_used', property: 'reasoningTokensUsed', type: 'long' },
    { name: 'total_tokens_used', property: 'totalTokensUsed', type: 'long' },
  ] },
  'worker.params': { id: 0x869c73ed, kind: 'type', result: 'worker.Params', fields: [
    { name: 'flags', property: 'flags', type: '#' },
    { name: 'worker_owner_address', property: 'workerOwnerAddress', type: 'string' },
    { name: 'model', property: 'model', type: 'string' },
    { name: 'coefficient', property: 'coefficient', type: 'int' },
    { name: 'is_test', property: 'isTest', type: 'Bool', condition: { flags: 'flags', bit: 0 } },
    { name: 'proxy_cnt', property: 'proxyCnt', type: 'int', condition: { flags: 'flags', bit: 0 } },
    { name: 'max_active_requests', property: 'maxActiveRequests', type: 'int', condition: { flags: 'flags', bit: 0 } },
    { name: 'min_proto_version', property: 'minProtoVersion', type: 'int', condition: { flags: 'flags', bit: 1 } },
    { name: 'max_proto_version', property: 'maxProtoVersion', type: 'int', condition: { flags: 'flags', bit: 1 } },
  ] },
  'proxy.params': { id: 0xd5c5609f, kind: 'type', result: 'proxy.Params', fields: [
    { name: 'flags', property: 'flags', type: '#' },
    { name: 'proxy_public_key', property: 'proxyPublicKey', type: 'int256' },
    { name: 'proxy_owner_address', property: 'proxyOwnerAddress', type: 'string' },
    { name: 'proxy_sc_address', property: 'proxyScAddress', type: 'string' },
    { name: 'is_test', property: 'isTest', type: 'Bool', condition: { flags: 'flags', bit: 0 } },
    { name: 'proto_version', property: 'protoVersion', type: 'int', condition: { flags: 'flags', bit: 1 } },
  ] },
  'client.params': { id: 0x40fdca64, kind: 'type', result: 'client.Params', fields: [
    { name: 'flags', property: 'flags', type: '#' },
    { name: 'client_owner_address', property: 'clientOwnerAddress', type: 'string' },
    { name: 'is_test', property: 'isTest', type: 'Bool', condition: { flags: 'flags', bit: 0 } },
    { name: 'min_proto_version', property: 'minProtoVersion', type: 'int', condition: { flags: 'flags', bit: 1 } },
    { name: 'max_proto_version', property: 'maxProtoVersion', type: 'int', condition: { flags: 'flags', bit: 1 } },
  ] },
  'proxy.signedPayment': { id: 0x02998182, kind: 'type', result: 'proxy.SignedPayment', fields: [
    { name: 'data', property: 'data', type: 'bytes' },
  ] },
  'proxy.signedPaymentEmpty': { id: 0xb347ce64, kind: 'type', result: 'proxy.SignedPayment', fields: [] },
  'client.proxyConnectionAuthShort': { id: 0xd6ffc5af, kind: 'type', result: 'client.ProxyConnectionAuth', fields: [
    { name: 'secret_hash', property: 'secretHash', type: 'int256' },
    { name: 'nonce', property: 'nonce', type: 'long' },
  ] },
  'client.proxyConnectionAuthLong': { id: 0x417bf016, kind: 'type', result: 'client.ProxyConnectionAuth', fields: [
    { name: 'nonce', property: 'nonce', type: 'long' },
  ] },
  'client.authorizationWithProxySuccess': { id: 0x75d5ac34, kind: 'type', result: 'client.AuthorizationWithProxy', fields: [
    { name: 'signed_payment', property: 'signedPayment', type: 'proxy.SignedPayment' },
    { name: 'tokens_committed_to_db', property: 'tokensCommittedToDb', type: 'long' },
    { name: 'max_tokens', property: 'maxTokens', type: 'long' },
  ] },
  'client.authorizationWithProxyFailed': { id: 0x60551c96, kind: 'type', result: 'client.AuthorizationWithProxy', fields: [
    { name: 'error_code', property: 'errorCode', type: 'int' },
    { name: 'error', property: 'error', type: 'string' },
  ] },
  'client.connectedToProxy': { id: 0x95317ad1, kind: 'type', result: 'client.ConnectedToProxy', fields: [
    { name: 'params', property: 'params', type: 'proxy.params' },
    { name: 'client_sc_address', property: 'clientScAddress', type: 'string' },
    { name: 'auth', property: 'auth', type: 'client.ProxyConnectionAuth' },
    { name: 'signed_payment', property: 'signedPayment', type: 'proxy.SignedPayment' },
  ] },
  'client.queryAnswer': { id: 0x9b943922, kind: 'type', result: 'client.QueryAnswer', fields: [
    { name: 'answer', property: 'answer', type: 'bytes' },
    { name: 'is_completed', property: 'isCompleted', type: 'Bool' },
    { name: 'request_id', property: 'requestId', type: 'int256' },
    { name: 'request_tokens_used', property: 'requestTokensUsed', type: 'tokensUsed' },
  ] },
  'client.queryAnswerError': { id: 0x6d60569a, kind: 'type', result: 'client.QueryAnswer', fields: [
    { name: 'error_code', property: 'errorCode', type: 'int' },
    { name: 'error', property: 'error', type: 'string' },
    { name: 'request_id', property: 'requestId', type: 'int256' },
    { name: 'request_tokens_used', property: 'requestTokensUsed', type: 'tokensUsed' },
  ] },
  'client.queryAnswerPart': { id: 0xb765de4c, kind: 'type', result: 'client.QueryAnswerPart', fields: [
    { name: 'answer', property: 'answer', type: 'bytes' },
    { name: 'is_completed', property: 'isCompleted', type: 'Bool' },
    { name: 'request_id', property: 'requestId', type: 'int256' },
    { name: 'request_tokens_used', property: 'requestTokensUsed', type: 'tokensUsed' },
  ] },
  'client.queryAnswerPartError': { id: 0xd790a022, kind: 'type', result: 'client.QueryAnswerPart', fields: [
    { name: 'error_code', property: 'errorCode', type: 'int' },
    { name: 'error', property: 'error', type: 'string' },
    { name: 'request_id', property: 'requestId', type: 'int256' },
    { name: 'request_tokens_used', property: 'requestTokensUsed', type: 'tokensUsed' },
  ] },
  'client.queryFinalInfo': { id: 0x69a452f0, kind: 'type', result: 'client.QueryFinalInfo', fields: [
    { name: 'flags', property: 'flags', type: '#' },
    { name: 'tokens_used', property: 'tokensUsed', type: 'tokensUsed' },
    { name: 'worker_debug', property: 'workerDebug', type: 'string', condition: { flags: 'flags', bit: 0 } },
    { name: 'proxy_debug', property: 'proxyDebug', type: 'string', condition: { flags: 'flags', bit: 0 } },
    { name: 'proxy_start_time', property: 'proxyStartTime', type: 'double', condition: { flags: 'flags', bit: 1 } },
    { name: 'proxy_end_time', property: 'proxyEndTime', type: 'double', condition: { flags: 'flags', bit: 1 } },
    { name: 'worker_start_time', property: 'workerStartTime', type: 'double', condition: { flags: 'flags', bit: 1 } },
    { name: 'worker_end_time', property: 'workerEndTime', type: 'double', condition: { flags: 'flags', bit: 1 } },
  ] },
  'client.queryAnswerEx': { id: 0xcd524720, kind: 'type', result: 'client.QueryAnswerEx', fields: [
    { name: 'request_id', property: 'requestId', type: 'int256' },
    { name: 'answer', property: 'answer', type: 'bytes' },
    { name: 'flags', property: 'flags', type: '#' },
    { name: 'final_info', property: 'finalInfo', type: 'client.queryFinalInfo', condition: { flags: 'flags', bit: 0 } },
  ] },
  'client.queryAnswerErrorEx': { id: 0x072562a8, kind: 'type', result: 'client.QueryAnswerEx', fields: [
    { name: 'request_id', property: 'requestId', type: 'int256' },
    { name: 'error_code', property: 'errorCode', type: 'int' },
    { name: 'error', property: 'error', type: 'string' },
    { name: 'flags', property: 'flags', type: '#' },
    { name: 'final_info', property: 'finalInfo', type: 'client.queryFinalInfo', condition: { flags: 'flags', bit: 0 } },
  ] },
  'client.queryAnswerPartEx': { id: 0xc07bfaec, kind: 'type', result: 'client.QueryAnswerEx', fields: [
    { name: 'request_id', property: 'requestId', type: 'int256' },
    { name: 'answer', property: 'answer', type: 'bytes' },
    { name: 'flags', property: 'flags', type: '#' },
    { name: 'final_info', property: 'finalInfo', type: 'client.queryFinalInfo', condition: { flags: 'flags', bit: 0 } },
  ] },
  'client.refund': { id: 0x83aabead, kind: 'type', result: 'client.Refund', fields: [
    { name: 'data', property: 'data', type: 'bytes' },
  ] },
  'client.refundRejected': { id: 0xcf9d9957, kind: 'type', result: 'client.Refund', fields: [
    { name: 'active_queries', property: 'activeQueries', type: 'long' },
  ] },
  'client.workerType': { id: 0x8210e21c, kind: 'type', result: 'client.WorkerType', fields: [
    { name: 'name', property: 'name', type: 'string' },
    { name: 'active_workers', property: 'activeWorkers', type: 'int' },
    { name: 'coefficient_min', property: 'coefficientMin', type: 'int' },
    { name: 'coefficient_bucket50', property: 'coefficientBucket50', type: 'int' },
    { name: 'coefficient_max', property: 'coefficientMax', type: 'int' },
  ] },
  'client.workerTypes': { id: 0xf64e0e01, kind: 'type', result: 'client.WorkerTypes', fields: [
    { name: 'types', property: 'types', type: 'client.workerType', vector: true },
  ] },
  'client.workerInstanceV2': { id: 0x3ea93d00, kind: 'type', result: 'client.WorkerInstanceV2', fields: [
    { name: 'flags', property: 'flags', type: '#' },
    { name: 'coefficient', property: 'coefficient', type: 'int' },
    { name: 'active_requests', property: 'activeRequests', type: 'int' },
    { name: 'max_active_requests', property: 'maxActiveRequests', type: 'int' },
  ] },
  'client.workerTypeV2': { id: 0xb27d8197, kind: 'type', result: 'client.WorkerTypeV2', fields: [
    { name: 'name', property: 'name', type: 'string' },
    { name: 'workers', property: 'workers', type: 'client.workerInstanceV2', vector: true },
  ] },
  'client.workerTypesV2': { id: 0x0cf0dc67, kind: 'type', result: 'client.WorkerTypesV2', fields: [
    { name: 'types', property: 'types', type: 'client.workerTypeV2', vector: true },
  ] },
  'client.paymentStatus': { id: 0xaa8a0ecc, kind: 'type', result: 'client.PaymentStatus', fields: [
    { name: 'signed_payment', property: 'signedPayment', type: 'proxy.SignedPayment' },
    { name: 'db_tokens', property: 'dbTokens', type: 'long' },
    { name: 'max_tokens', property: 'maxTokens', type: 'long' },
  ] },
  'proxy.clientRequestPayment': { id: 0xc6bcf127, kind: 'type', result: 'proxy.WorkerRequestPayment', fields: [
    { name: 'request_id', property: 'requestId', type: 'int256' },
    { name: 'signed_payment', property: 'signedPayment', type: 'proxy.SignedPayment' },
    { name: 'db_tokens', property: 'dbTokens', type: 'long' },
    { name: 'max_tokens', property: 'maxTokens', type: 'long' },
    { name: 'request_tokens', property: 'requestTokens', type: 'long' },
  ] },
  'proxy.queryAnswer': { id: 0x37e5f725, kind: 'type', result: 'proxy.QueryAnswer', fields: [
    { name: 'answer', property: 'answer', type: 'bytes' },
    { name: 'is_completed', property: 'isCompleted', type: 'Bool' },
    { name: 'request_id', property: 'requestId', type: 'int256' },
    { name: 'tokens_used', property: 'tokensUsed', type: 'tokensUsed' },
  ] },
  'proxy.queryAnswerError': { id: 0x669d014e, kind: 'type', result: 'proxy.QueryAnswer', fields: [
    { name: 'error_code', property: 'errorCode', type: 'int' },
    { name: 'error', property: 'error', type: 'string' },
    { name: 'request_id', property: 'requestId', type: 'int256' },
    { name: 'tokens_used', property: 'tokensUsed', type: 'tokensUsed' },
  ] },
  'proxy.queryAnswerPart': { id: 0x72eb00ee, kind: 'type', result: 'proxy.QueryAnswerPart', fields: [
    { name: 'answer', property: 'answer', type: 'bytes' },
    { name: 'is_completed', property: 'isCompleted', type: 'Bool' },
    { name: 'request_id', property: 'requestId', type: 'int256' },
    { name: 'tokens_used', property: 'tokensUsed', type: 'tokensUsed' },
  ] },
  'proxy.queryAnswerPartError': { id: 0x940e1168, kind: 'type', result: 'proxy.QueryAnswerPart', fields: [
    { name: 'error_code', property: 'errorCode', type: 'int' },
    { name: 'error', property: 'error', type: 'string' },
    { name: 'request_id', property: 'requestId', type: 'int256' },
    { name: 'tokens_used', property: 'tokensUsed', type: 'tokensUsed' },
  ] },
  'proxy.queryFinalInfo': { id: 0xe794e6fc, kind: 'type', result: 'proxy.QueryFinalInfo', fields: [
    { name: 'flags', property: 'flags', type: '#' },
    { name: 'tokens_used', property: 'tokensUsed', type: 'tokensUsed' },
    { name: 'worker_debug', property: 'workerDebug', type: 'string', condition: { flags: 'flags', bit: 0 } },
    { name: 'worker_start_time', property: 'workerStartTime', type: 'double', condition: { flags: 'flags', bit: 1 } },
    { name: 'worker_end_time', property: 'workerEndTime', type: 'double', condition: { flags: 'flags', bit: 1 } },
  ] },
  'proxy.queryAnswerEx': { id: 0x1ce574e8, kind: 'type', result: 'proxy.QueryAnswerEx', fields: [
    { name: 'request_id', property: 'requestId', type: 'int256' },
    { name: 'answer', property: 'answer', type: 'bytes' },
    { name: 'flags', property: 'flags', type: '#' },
    { name: 'final_info', property: 'finalInfo', type: 'proxy.queryFinalInfo', condition: { flags: 'flags', bit: 0 } },
  ] },
  'proxy.queryAnswerErrorEx': { id: 0x8f7fb0a7, kind: 'type', result: 'proxy.QueryAnswerEx', fields: [
    { name: 'request_id', property: 'requestId', type: 'int256' },
    { name: 'error_code', property: 'errorCode', type: 'int' },
    { name: 'error', property: 'error', type: 'string' },
    { name: 'flags', property: 'flags', type: '#' },
    { name: 'final_info', property: 'finalInfo', type: 'proxy.queryFinalInfo', condition: { flags: 'flags', bit: 0 } },
  ] },
  'proxy.queryAnswerPartEx': { id: 0x6d85b50f, kind: 'type', result: 'proxy.QueryAnswerEx', fields: [
    { name: 'request_id', property: 'requestId', type: 'int256' },
    { name: 'answer', property: 'answer', type: 'bytes' },
    { name: 'flags', property: 'flags', type: '#' },
    { name: 'final_info', property: 'finalInfo', type: 'proxy.queryFinalInfo', condition: { flags: 'flags', bit: 0 } },
  ] },
  'proxy.workerRequestPayment': { id: 0x1436c0d5, kind: 'type', result: 'proxy.WorkerRequestPayment', fields: [
    { name: 'request_id', property: 'requestId', type: 'int256' },
    { name: 'signed_payment', property: 'signedPayment', type: 'proxy.SignedPayment' },
    { name: 'db_tokens', property: 'dbTokens', type: 'long' },
    { name: 'max_tokens', property: 'maxTokens', type: 'long' },
    { name: 'request_tokens', property: 'requestTokens', type: 'long' },
    { name: 'request_client_owner', property: 'requestClientOwner', type: 'string' },
  ] },
  'worker.enabledDisabled': { id: 0xb3b71039, kind: 'type', result: 'worker.EnabledDisabled', fields: [
    { name: 'disabled', property: 'disabled', type: 'int' },
  ] },
  'worker.newCoefficient': { id: 0x6af092b0, kind: 'type', result: 'worker.NewCoefficient', fields: [
    { name: 'new_coefficient', property: 'newCoefficient', type: 'int' },
  ] },
  'worker.connectedToProxy': { id: 0x66bc82ee, kind: 'type', result: 'worker.ConnectedToProxy', fields: [
    { name: 'params', property: 'params', type: 'proxy.params' },
    { name: 'worker_sc_address', property: 'workerScAddress', type: 'string' },
  ] },
  'worker.compareBalanceWithProxyResult': { id: 0x9054c411, kind: 'type', result: 'worker.CompareBalanceWithProxyResult', fields: [
    { name: 'signed_payment', property: 'signedPayment', type: 'proxy.SignedPayment' },
    { name: 'tokens_committed_to_db', property: 'tokensCommittedToDb', type: 'long' },
    { name: 'max_tokens', property: 'maxTokens', type: 'long' },
    { name: 'error_code', property: 'errorCode', type: 'int' },
  ] },
  'worker.extendedCompareBalanceWithProxyResult': { id: 0x0c10973e, kind: 'type', result: 'worker.ExtendedCompareBalanceWithProxyResult', fields: [
    { name: 'error_code', property: 'errorCode', type: 'int' },
  ] },
  'worker.proxyHandshakeCompleted': { id: 0x3ad9b886, kind: 'type', result: 'worker.HandshakeCompleted', fields: [] },
  'worker.paymentStatus': { id: 0xa88bd701, kind: 'type', result: 'worker.PaymentStatus', fields: [
    { name: 'signed_payment', property: 'signedPayment', type: 'proxy.SignedPayment' },
    { name: 'db_tokens', property: 'dbTokens', type: 'long' },
    { name: 'max_tokens', property: 'maxTokens', type: 'long' },
  ] },
  'keyManager.privateKey': { id: 0x60f4f8e7, kind: 'type', result: 'keyManager.PrivateKey', fields: [
    { name: 'valid_until_utime', property: 'validUntilUtime', type: 'int' },
    { name: 'private_key', property: 'privateKey', type: 'int256' },
  ] },
  'keyManager.privateKeys': { id: 0x0ed66ce5, kind: 'type', result: 'keyManager.PrivateKeys', fields: [
    { name: 'keys', property: 'keys', type: 'keyManager.privateKey', vector: true },
  ] },
  'http.header': { id: 0x8e9be511, kind: 'type', result: 'http.Header', fields: [
    { name: 'name', property: 'name', type: 'string' },
    { name: 'value', property: 'value', type: 'string' },
  ] },
  'http.response': { id: 0x1cd0c42b, kind: 'type', result: 'http.Response', fields: [
    { name: 'http_version', property: 'httpVersion', type: 'string' },
    { name: 'status_code', property: 'statusCode', type: 'int' },
    { name: 'reason', property: 'reason', type: 'string' },
    { name: 'headers', property: 'headers', type: 'http.header', vector: true },
    { name: 'payload', property: 'payload', type: 'bytes' },
  ] },
  'test.query': { id: 0x394e9143, kind: 'function', result: 'test.Answer', fields: [
    { name: 'id', property: 'id', type: 'long' },
  ] },
  'client.connectToProxy': { id: 0xff5fa0f4, kind: 'function', result: 'client.ConnectedToProxy', fields: [
    { name: 'params', property: 'params', type: 'client.params' },
    { name: 'min_config_version', property: 'minConfigVersion', type: 'int' },
  ] },
  'client.authorizeWithProxyShort': { id: 0x6c276723, kind: 'function', result: 'client.AuthorizationWithProxy', fields: [
    { name: 'data', property: 'data', type: 'bytes' },
  ] },
  'client.authorizeWithProxyLong': { id: 0xd3474303, kind: 'function', result: 'client.AuthorizationWithProxy', fields: [] },
  'client.runQuery': { id: 0xbc748f32, kind: 'function', result: 'client.QueryAnswer', fields: [
    { name: 'model_name', property: 'modelName', type: 'string' },
    { name: 'query', property: 'query', type: 'bytes' },
    { name: 'max_coefficient', property: 'maxCoefficient', type: 'int' },
    { name: 'max_tokens', property: 'maxTokens', type: 'int' },
    { name: 'timeout', property: 'timeout', type: 'double' },
    { name: 'request_id', property: 'requestId', type: 'int256' },
    { name: 'min_config_version', property: 'minConfigVersion', type: 'int' },
  ] },
  'client.runQueryEx': { id: 0xf54cb74b, kind: 'function', result: 'client.QueryAnswerEx', fields: [
    { name: 'model_name', property: 'modelName', type: 'string' },
    { name: 'query', property: 'query', type: 'bytes' },
    { name: 'max_coefficient', property: 'maxCoefficient', type: 'int' },
    { name: 'max_tokens', property: 'maxTokens', type: 'int' },
    { name: 'timeout', property: 'timeout', type: 'double' },
    { name: 'request_id', property: 'requestId', type: 'int256' },
    { name: 'min_config_version', property: 'minConfigVersion', type: 'int' },
    { name: 'flags', property: 'flags', type: '#' },
    { name: 'enable_debug', property: 'enableDebug', type: 'Bool', condition: { flags: 'flags', bit: 0 } },
  ] },
  'client.requestRefund': { id: 0x238d863d, kind: 'function', result: 'client.Refund', fields: [] },
  'client.updatePaymentStatus': { id: 0x9ed1c697, kind: 'function', result: 'client.PaymentStatus', fields: [] },
  'client.getWorkerTypes': { id: 0x7f062bdb, kind: 'function', result: 'client.WorkerTypes', fields: [] },
  'client.getWorkerTypesV2': { id: 0xb2133d72, kind: 'function', result: 'client.WorkerTypesV2', fields: [] },
  'proxy.runQuery': { id: 0x47182416, kind: 'function', result: 'proxy.QueryAnswer', fields: [
    { name: 'query', property: 'query', type: 'bytes' },
    { name: 'signed_payment', property: 'signedPayment', type: 'proxy.SignedPayment' },
    { name: 'coefficient', property: 'coefficient', type: 'long' },
    { name: 'timeout', property: 'timeout', type: 'double' },
    { name: 'request_id', property: 'requestId', type: 'int256' },
  ] },
  'proxy.runQueryEx': { id: 0xc805e7e2, kind: 'function', result: 'proxy.QueryAnswer', fields: [
    { name: 'query', property: 'query', type: 'bytes' },
    { name: 'signed_payment', property: 'signedPayment', type: 'proxy.SignedPayment' },
    { name: 'coefficient', property: 'coefficient', type: 'long' },
    { name: 'timeout', property: 'timeout', type: 'double' },
    { name: 'request_id', property: 'requestId', type: 'int256' },
    { name: 'flags', property: 'flags', type: '#' },
    { name: 'enable_debug', property: 'enableDebug', type: 'Bool', condition: { flags: 'flags', bit: 0 } },
  ] },
  'worker.connectToProxy': { id: 0xcc484c5d, kind: 'function', result: 'worker.ConnectedToProxy', fields: [
    { name: 'params', property: 'params', type: 'worker.params' },
  ] },
  'worker.compareBalanceWithProxy': { id: 0xdb386501, kind: 'function', result: 'worker.CompareBalanceWithProxyResult', fields: [
    { name: 'tokens_committed_to_blockchain', property: 'tokensCommittedToBlockchain', type: 'long' },
    { name: 'tokens_committed_to_db', property: 'tokensCommittedToDb', type: 'long' },
    { name: 'max_tokens', property: 'maxTokens', type: 'long' },
  ] },
  'worker.extendedCompareBalanceWithProxy': { id: 0xf8dd9914, kind: 'function', result: 'worker.ExtendedCompareBalanceWithProxyResult', fields: [
    { name: 'tokens_committed_to_db', property: 'tokensCommittedToDb', type: 'long' },
    { name: 'other', property: 'other', type: 'bytes' },
  ] },
  'worker.proxyHandshakeComplete': { id: 0xf843b066, kind: 'function', result: 'worker.HandshakeCompleted', fields: [
    { name: 'is_disabled', property: 'isDisabled', type: 'Bool' },
  ] },
  'worker.updatePaymentStatus': { id: 0xdc70a524, kind: 'function', result: 'worker.PaymentStatus', fields: [] },
  'keyManager.getWorkerPrivateKeys': { id: 0x2a26eff5, kind: 'function', result: 'keyManager.PrivateKeys', fields: [
    { name: 'min_config_version', property: 'minConfigVersion', type: 'int' },
  ] },
  'keyManager.getProxyPrivateKeys': { id: 0x47a9c2de, kind: 'function', result: 'keyManager.PrivateKeys', fields: [
    { name: 'min_config_version', property: 'minConfigVersion', type: 'int' },
  ] },
  'http.request': { id: 0x47492de5, kind: 'function', result: 'http.Response', fields: [
    { name: 'method', property: 'method', type: 'string' },
    { name: 'url', property: 'url', type: 'string' },
    { name: 'http_version', property: 'httpVersion', type: 'string' },
    { name: 'headers', property: 'headers', type: 'http.header', vector: true },
    { name: 'payload', property: 'payload', type: 'bytes' },
  ] },
  'client.cancelQuery': { id: 0x3265a5f8, kind: 'type', result: 'client.CancelQuery', fields: [
    { name: 'request_id', property: 'requestId', type: 'int256' },
  ] },
  'proxy.cancelQuery': { id: 0x8cd7e668, kind: 'type', result: 'proxy.CancelQuery', fields: [
    { name: 'request_id', property: 'requestId', type: 'int256' },
  ] },
  'sealed.workerIdentity': { id: 0x7038ea2a, kind: 'type', result: 'sealed.WorkerIdentity', fields: [
    { name: 'signing_key', property: 'signingKey', type: 'int256' },
    { name: 'seal_key', property: 'sealKey', type: 'bytes' },
    { name: 'model', property: 'model', type: 'string' },
    { name: 'gpu_digest', property: 'gpuDigest', type: 'int256' },
    { name: 'block_seqno', property: 'blockSeqno', type: 'int' },
    { name: 'block_hash', property: 'blockHash', type: 'int256' },
    { name: 'issued_at', property: 'issuedAt', type: 'long' },
    { name: 'expires_at', property: 'expiresAt', type: 'long' },
  ] },
  'sealed.workerEvidence': { id: 0x8dbdbbe9, kind: 'type', result: 'sealed.WorkerEvidence', fields: [
    { name: 'document', property: 'document', type: 'bytes' },
    { name: 'quote', property: 'quote', type: 'bytes' },
    { name: 'collateral', property: 'collateral', type: 'bytes' },
    { name: 'gpu', property: 'gpu', type: 'bytes' },
  ] },
  'sealed.header': { id: 0xd16b3f8e, kind: 'type', result: 'sealed.Header', fields: [
    { name: 'request_id', property: 'requestId', type: 'int256' },
    { name: 'model', property: 'model', type: 'string' },
    { name: 'max_coefficient', property: 'maxCoefficient', type: 'int' },
    { name: 'max_tokens', property: 'maxTokens', type: 'int' },
    { name: 'expires_at', property: 'expiresAt', type: 'long' },
    { name: 'recipients', property: 'recipients', type: 'int256', vector: true },
  ] },
  'sealed.key': { id: 0x1ed54a7a, kind: 'type', result: 'sealed.Key', fields: [
    { name: 'session', property: 'session', type: 'int256' },
    { name: 'counter', property: 'counter', type: 'int' },
    { name: 'flags', property: 'flags', type: '#' },
    { name: 'encapsulation', property: 'encapsulation', type: 'bytes', condition: { flags: 'flags', bit: 0 } },
    { name: 'wrapped', property: 'wrapped', type: 'bytes', condition: { flags: 'flags', bit: 1 } },
  ] },
  'sealed.query': { id: 0xbb0704f5, kind: 'type', result: 'sealed.Query', fields: [
    { name: 'header', property: 'header', type: 'bytes' },
    { name: 'keys', property: 'keys', type: 'sealed.key', vector: true },
    { name: 'body', property: 'body', type: 'bytes' },
  ] },
  'sealed.request': { id: 0xc3d5652e, kind: 'type', result: 'sealed.Request', fields: [
    { name: 'path', property: 'path', type: 'string' },
    { name: 'body', property: 'body', type: 'bytes' },
    { name: 'request_salt', property: 'requestSalt', type: 'int256' },
    { name: 'answer_salt', property: 'answerSalt', type: 'int256' },
    { name: 'chunk_bytes', property: 'chunkBytes', type: 'int' },
    { name: 'cadence_ms', property: 'cadenceMs', type: 'int' },
  ] },
  'sealed.receipt': { id: 0xd98ae644, kind: 'type', result: 'sealed.Receipt', fields: [
    { name: 'proxy_key', property: 'proxyKey', type: 'int256' },
    { name: 'identity', property: 'identity', type: 'int256' },
    { name: 'request_id', property: 'requestId', type: 'int256' },
    { name: 'model', property: 'model', type: 'string' },
    { name: 'request_commitment', property: 'requestCommitment', type: 'int256' },
    { name: 'answer_commitment', property: 'answerCommitment', type: 'int256' },
    { name: 'outcome', property: 'outcome', type: 'int' },
    { name: 'status', property: 'status', type: 'int' },
    { name: 'coefficient', property: 'coefficient', type: 'int' },
    { name: 'prompt_tokens', property: 'promptTokens', type: 'long' },
    { name: 'cached_tokens', property: 'cachedTokens', type: 'long' },
    { name: 'completion_tokens', property: 'completionTokens', type: 'long' },
    { name: 'reasoning_tokens', property: 'reasoningTokens', type: 'long' },
    { name: 'charged_tokens', property: 'chargedTokens', type: 'long' },
    { name: 'price_per_token', property: 'pricePerToken', type: 'long' },
    { name: 'params_version', property: 'paramsVersion', type: 'int' },
    { name: 'started_at', property: 'startedAt', type: 'long' },
    { name: 'finished_at', property: 'finishedAt', type: 'long' },
  ] },
  'sealed.signedReceipt': { id: 0xf779f375, kind: 'type', result: 'sealed.SignedReceipt', fields: [
    { name: 'receipt', property: 'receipt', type: 'bytes' },
    { name: 'signature', property: 'signature', type: 'bytes' },
  ] },
  'worker.identity': { id: 0x954cac19, kind: 'type', result: 'worker.Identity', fields: [
    { name: 'evidence', property: 'evidence', type: 'sealed.workerEvidence' },
    { name: 'tls_key', property: 'tlsKey', type: 'int256' },
    { name: 'signature', property: 'signature', type: 'bytes' },
  ] },
  'proxy.sealedAnswer': { id: 0x77b19d0c, kind: 'type', result: 'proxy.SealedAnswer', fields: [
    { name: 'request_id', property: 'requestId', type: 'int256' },
    { name: 'status', property: 'status', type: 'int' },
    { name: 'nonce', property: 'nonce', type: 'long' },
    { name: 'chunk', property: 'chunk', type: 'bytes' },
    { name: 'flags', property: 'flags', type: '#' },
    { name: 'receipt', property: 'receipt', type: 'sealed.signedReceipt', condition: { flags: 'flags', bit: 0 } },
  ] },
  'proxy.sealedAnswerPart': { id: 0xdc216533, kind: 'type', result: 'proxy.SealedAnswerPart', fields: [
    { name: 'request_id', property: 'requestId', type: 'int256' },
    { name: 'chunk', property: 'chunk', type: 'bytes' },
    { name: 'flags', property: 'flags', type: '#' },
    { name: 'receipt', property: 'receipt', type: 'sealed.signedReceipt', condition: { flags: 'flags', bit: 0 } },
  ] },
  'proxy.sealedFailure': { id: 0xda695f46, kind: 'type', result: 'proxy.SealedFailure', fields: [
    { name: 'request_id', property: 'requestId', type: 'int256' },
    { name: 'error_code', property: 'errorCode', type: 'int' },
    { name: 'flags', property: 'flags', type: '#' },
    { name: 'receipt', property: 'receipt', type: 'sealed.signedReceipt', condition: { flags: 'flags', bit: 0 } },
  ] },
  'client.sealedEnd': { id: 0x0649a4c0, kind: 'type', result: 'client.SealedEnd', fields: [
    { name: 'receipt', property: 'receipt', type: 'sealed.signedReceipt' },
    { name: 'charged_tokens', property: 'chargedTokens', type: 'long' },
    { name: 'proxy_start_time', property: 'proxyStartTime', type: 'double' },
    { name: 'proxy_end_time', property: 'proxyEndTime', type: 'double' },
  ] },
  'client.sealedAnswer': { id: 0x48a18e1c, kind: 'type', result: 'client.SealedAnswer', fields: [
    { name: 'request_id', property: 'requestId', type: 'int256' },
    { name: 'identity', property: 'identity', type: 'int256' },
    { name: 'nonce', property: 'nonce', type: 'long' },
    { name: 'chunk', property: 'chunk', type: 'bytes' },
    { name: 'flags', property: 'flags', type: '#' },
    { name: 'end', property: 'end', type: 'client.sealedEnd', condition: { flags: 'flags', bit: 0 } },
  ] },
  'client.sealedAnswerPart': { id: 0x09ad693e, kind: 'type', result: 'client.SealedAnswerPart', fields: [
    { name: 'request_id', property: 'requestId', type: 'int256' },
    { name: 'chunk', property: 'chunk', type: 'bytes' },
    { name: 'flags', property: 'flags', type: '#' },
    { name: 'end', property: 'end', type: 'client.sealedEnd', condition: { flags: 'flags', bit: 0 } },
  ] },
  'client.sealedFailure': { id: 0x97a59f8d, kind: 'type', result: 'client.SealedFailure', fields: [
    { name: 'request_id', property: 'requestId', type: 'int256' },
    { name: 'identity', property: 'identity', type: 'int256' },
    { name: 'error_code', property: 'errorCode', type: 'int' },
    { name: 'error', property: 'error', type: 'string' },
    { name: 'flags', property: 'flags', type: '#' },
    { name: 'end', property: 'end', type: 'client.sealedEnd', condition: { flags: 'flags', bit: 0 } },
  ] },
  'client.offer': { id: 0xad297abd, kind: 'type', result: 'client.Offer', fields: [
    { name: 'identity', property: 'identity', type: 'int256' },
    { name: 'coefficient', property: 'coefficient', type: 'int' },
    { name: 'active_requests', property: 'activeRequests', type: 'int' },
    { name: 'max_active_requests', property: 'maxActiveRequests', type: 'int' },
    { name: 'latency_ms', property: 'latencyMs', type: 'int' },
  ] },
  'client.offers': { id: 0x10efd8c2, kind: 'type', result: 'client.Offers', fields: [
    { name: 'offers', property: 'offers', type: 'client.offer', vector: true },
  ] },
  'log.entry': { id: 0x0b8bb719, kind: 'type', result: 'log.Entry', fields: [
    { name: 'receipt', property: 'receipt', type: 'int256' },
    { name: 'identity', property: 'identity', type: 'int256' },
    { name: 'model', property: 'model', type: 'string' },
    { name: 'coefficient', property: 'coefficient', type: 'int' },
    { name: 'charged_tokens', property: 'chargedTokens', type: 'long' },
  ] },
  'log.anchor': { id: 0x3fbcb86f, kind: 'type', result: 'log.Anchor', fields: [
    { name: 'seqno', property: 'seqno', type: 'int' },
    { name: 'nonce', property: 'nonce', type: 'int256' },
    { name: 'size', property: 'size', type: 'long' },
    { name: 'root', property: 'root', type: 'int256' },
    { name: 'transaction', property: 'transaction', type: 'int256' },
    { name: 'lt', property: 'lt', type: 'long' },
    { name: 'time', property: 'time', type: 'int' },
    { name: 'proof', property: 'proof', type: 'int256', vector: true },
  ] },
  'client.inclusion': { id: 0xcfed4635, kind: 'type', result: 'client.Inclusion', fields: [
    { name: 'index', property: 'index', type: 'long' },
    { name: 'entry', property: 'entry', type: 'bytes' },
    { name: 'proof', property: 'proof', type: 'int256', vector: true },
    { name: 'checkpoint', property: 'checkpoint', type: 'bytes' },
    { name: 'flags', property: 'flags', type: '#' },
    { name: 'anchor', property: 'anchor', type: 'log.anchor', condition: { flags: 'flags', bit: 0 } },
  ] },
  'client.consistency': { id: 0xe4d162f1, kind: 'type', result: 'client.Consistency', fields: [
    { name: 'proof', property: 'proof', type: 'int256', vector: true },
  ] },
  'witness.offer': { id: 0xeb69b354, kind: 'type', result: 'witness.Offer', fields: [
    { name: 'name', property: 'name', type: 'string' },
    { name: 'public_key', property: 'publicKey', type: 'int256' },
  ] },
  'witness.answer': { id: 0x92a08e12, kind: 'type', result: 'witness.Answer', fields: [
    { name: 'status', property: 'status', type: 'int' },
    { name: 'body', property: 'body', type: 'string' },
  ] },
  'client.disputeReceipt': { id: 0x4f58b105, kind: 'type', result: 'client.DisputeReceipt', fields: [
    { name: 'request_id', property: 'requestId', type: 'int256' },
    { name: 'reason', property: 'reason', type: 'int' },
  ] },
  'client.getOffers': { id: 0x16d5467e, kind: 'function', result: 'client.Offers', fields: [
    { name: 'model', property: 'model', type: 'string' },
  ] },
  'client.getEvidence': { id: 0x0d371088, kind: 'function', result: 'sealed.WorkerEvidence', fields: [
    { name: 'identity', property: 'identity', type: 'int256' },
  ] },
  'client.getInclusion': { id: 0xd0fe89f2, kind: 'function', result: 'client.Inclusion', fields: [
    { name: 'leaf', property: 'leaf', type: 'int256' },
  ] },
  'client.getConsistency': { id: 0xdbfac59e, kind: 'function', result: 'client.Consistency', fields: [
    { name: 'old_size', property: 'oldSize', type: 'long' },
    { name: 'new_size', property: 'newSize', type: 'long' },
  ] },
  'witness.addCheckpoint': { id: 0x9e2a115d, kind: 'function', result: 'witness.Answer', fields: [
    { name: 'body', property: 'body', type: 'string' },
  ] },
  'client.runSealedQuery': { id: 0x297c2217, kind: 'function', result: 'client.SealedAnswer', fields: [
    { name: 'query', property: 'query', type: 'sealed.query' },
    { name: 'timeout', property: 'timeout', type: 'double' },
    { name: 'min_config_version', property: 'minConfigVersion', type: 'int' },
  ] },
  'proxy.runSealedQuery': { id: 0xb0277e56, kind: 'function', result: 'proxy.SealedAnswer', fields: [
    { name: 'identity', property: 'identity', type: 'int256' },
    { name: 'header', property: 'header', type: 'bytes' },
    { name: 'key', property: 'key', type: 'sealed.key' },
    { name: 'body', property: 'body', type: 'bytes' },
    { name: 'signed_payment', property: 'signedPayment', type: 'proxy.SignedPayment' },
    { name: 'coefficient', property: 'coefficient', type: 'int' },
    { name: 'timeout', property: 'timeout', type: 'double' },
    { name: 'request_id', property: 'requestId', type: 'int256' },
  ] },
}

/** The combinators that each boxed type can be. */
export const boxedTypes: { readonly [boxedType: string]: readonly (keyof CombinatorTypes)[] } = {
  'tcp.Packet': ['tcp.ping', 'tcp.pong', 'tcp.packet', 'tcp.queryAnswer', 'tcp.queryError', 'tcp.query', 'tcp.connected', 'tcp.connect'],
  'ton.BlockIdExt': ['ton.blockIdExt'],
  'test.Answer': ['test.answer'],
  'proxyRunner.Config': ['proxyRunner.config'],
  'workerRunner.Config': ['workerRunner.config'],
  'clientRunner.Config': ['clientRunner.config'],
  'keyStorageRunner.Config': ['keyStorageRunner.config'],
  'rootConfig.RegisteredProxy': ['rootConfig.registeredProxy'],
  'rootConfig.Config': ['rootConfig.pseudo', 'rootConfig.configV5'],
  'proxyDb.ClientInfo': ['proxyDb.clientInfo', 'proxyDb.clientInfoV2'],
  'proxyDb.WorkerInfo': ['proxyDb.workerInfo'],
  'proxyDb.PendingBlockchainSeqnoCommit': ['proxyDb.pendingBlockchainSeqnoCommit'],
  'proxyDb.Config': ['proxyDb.configEmpty', 'proxyDb.configV4', 'proxyDb.configV4Disabled'],
  'proxyDb.OldClient': ['proxyDb.oldClient'],
  'proxyDb.OldWorker': ['proxyDb.oldWorker'],
  'proxyDb.OldInstance': ['proxyDb.oldInstance'],
  'keyManagerDb.Config': ['keyManagerDb.configEmpty', 'keyManagerDb.configV1'],
  'keyManagerDb.Key': ['keyManagerDb.key'],
  'TokensUsed': ['tokensUsed'],
  'worker.Params': ['worker.params'],
  'proxy.Params': ['proxy.params'],
  'client.Params': ['client.params'],
  'proxy.SignedPayment': ['proxy.signedPayment', 'proxy.signedPaymentEmpty'],
  'client.ProxyConnectionAuth': ['client.proxyConnectionAuthShort', 'client.proxyConnectionAuthLong'],
  'client.AuthorizationWithProxy': ['client.authorizationWithProxySuccess', 'client.authorizationWithProxyFailed'],
  'client.ConnectedToProxy': ['client.connectedToProxy'],
  'client.QueryAnswer': ['client.queryAnswer', 'client.queryAnswerError'],
  'client.QueryAnswerPart': ['client.queryAnswerPart', 'client.queryAnswerPartError'],
  'client.QueryFinalInfo': ['client.queryFinalInfo'],
  'client.QueryAnswerEx': ['client.queryAnswerEx', 'client.queryAnswerErrorEx', 'client.queryAnswerPartEx'],
  'client.Refund': ['client.refund', 'client.refundRejected'],
  'client.WorkerType': ['client.workerType'],
  'client.WorkerTypes': ['client.workerTypes'],
  'client.WorkerInstanceV2': ['client.workerInstanceV2'],
  'client.WorkerTypeV2': ['client.workerTypeV2'],
  'client.WorkerTypesV2': ['client.workerTypesV2'],
  'client.PaymentStatus': ['client.paymentStatus'],
  'proxy.WorkerRequestPayment': ['proxy.clientRequestPayment', 'proxy.workerRequestPayment'],
  'proxy.QueryAnswer': ['proxy.queryAnswer', 'proxy.queryAnswerError'],
  'proxy.QueryAnswerPart': ['proxy.queryAnswerPart', 'proxy.queryAnswerPartError'],
  'proxy.QueryFinalInfo': ['proxy.queryFinalInfo'],
  'proxy.QueryAnswerEx': ['proxy.queryAnswerEx', 'proxy.queryAnswerErrorEx', 'proxy.queryAnswerPartEx'],
  'worker.EnabledDisabled': ['worker.enabledDisabled'],
  'worker.NewCoefficient': ['worker.newCoefficient'],
  'worker.ConnectedToProxy': ['worker.connectedToProxy'],
  'worker.CompareBalanceWithProxyResult': ['worker.compareBalanceWithProxyResult'],
  'worker.ExtendedCompareBalanceWithProxyResult': ['worker.extendedCompareBalanceWithProxyResult'],
  'worker.HandshakeCompleted': ['worker.proxyHandshakeCompleted'],
  'worker.PaymentStatus': ['worker.paymentStatus'],
  'keyManager.PrivateKey': ['keyManager.privateKey'],
  'keyManager.PrivateKeys': ['keyManager.privateKeys'],
  'http.Header': ['http.header'],
  'http.Response': ['http.response'],
  'client.CancelQuery': ['client.cancelQuery'],
  'proxy.CancelQuery': ['proxy.cancelQuery'],
  'sealed.WorkerIdentity': ['sealed.workerIdentity'],
  'sealed.WorkerEvidence': ['sealed.workerEvidence'],
  'sealed.Header': ['sealed.header'],
  'sealed.Key': ['sealed.key'],
  'sealed.Query': ['sealed.query'],
  'sealed.Request': ['sealed.request'],
  'sealed.Receipt': ['sealed.receipt'],
  'sealed.SignedReceipt': ['sealed.signedReceipt'],
  'worker.Identity': ['worker.identity'],
  'proxy.SealedAnswer': ['proxy.sealedAnswer'],
  'proxy.SealedAnswerPart': ['proxy.sealedAnswerPart'],
  'proxy.SealedFailure': ['proxy.sealedFailure'],
  'client.SealedEnd': ['client.sealedEnd'],
  'client.SealedAnswer': ['client.sealedAnswer'],
  'client.SealedAnswerPart': ['client.sealedAnswerPart'],
  'client.SealedFailure': ['client.sealedFailure'],
  'client.Offer': ['client.offer'],
  'client.Offers': ['client.offers'],
  'log.Entry': ['log.entry'],
  'log.Anchor': ['log.anchor'],
  'client.Inclusion': ['client.inclusion'],
  'client.Consistency': ['client.consistency'],
  'witness.Offer': ['witness.offer'],
  'witness.Answer': ['witness.answer'],
  'client.DisputeReceipt': ['client.disputeReceipt'],
}
