import { createHash } from 'node:crypto'
import { createServer, type AddressInfo, type Socket } from 'node:net'
import { Cell } from '@ton/core'
import { Codecs, Functions, type tonNode_blockIdExt } from 'ton-lite-client/dist/schema.js'
import { TLReadBuffer, TLWriteBuffer } from 'ton-tl'
import { addressKey, contractAddress, type ContractAddress } from '../../src/address.ts'
import { AdnlKey, adnlKeyId } from '../../src/chain/adnl-key.ts'
import { helloCipher, PacketReader, PacketWriter, sessionKeys } from '../../src/chain/adnl-packet.ts'
import type { Devnet } from '../../src/devnet/index.ts'
import { bagOf } from './bag-of.ts'
import { liteState, plainBlock, proofOf, type LiteState } from './lite-state.ts'

const wholeShard = '-9223372036854775808'
const helloBytes = 256

/** What a test changes of the answers. */
export interface LiteFaults {
  /** Sees each answer, with the constructor of its question, and may return another one. */
  answer?: (question: string, answer: Buffer) => Buffer | undefined
  /** Sees the state before anything is proven from it. */
  state?: (state: LiteState) => LiteState
  /** Sees what a packet holds before it is encrypted. */
  garble?: (packet: Buffer) => Buffer
  /** Nothing is answered. */
  isSilent?: boolean
}

/** A liteserver on loopback, for the chain of a devnet: it proves what it says, of the accounts that it knows. */
export class LiteServer implements AsyncDisposable {
  readonly faults: LiteFaults = {}
  readonly publicKey: Buffer
  readonly port: number
  readonly #devnet: Devnet
  readonly #accounts: readonly ContractAddress[]
  readonly #parameters: ReadonlyMap<number, Cell>
  readonly #key: AdnlKey
  readonly #sockets = new Set<Socket>()
  readonly #close: () => Promise<void>
  /** All masterchain blocks up to the newest state, by number. */
  readonly #blocks = new Map<number, Cell>()
  #state: LiteState | undefined

  private constructor(
    devnet: Devnet,
    accounts: readonly ContractAddress[],
    parameters: ReadonlyMap<number, Cell>,
    listening: {
      port: number
      accept: (serve: (socket: Socket) => void) => void
      close: () => Promise<void>
    },
  ) {
    this.#devnet = devnet
    this.#accounts = accounts
    this.#parameters = parameters
    this.#key = new AdnlKey(createHash('sha256').update('liteserver').digest())
    this.publicKey = this.#key.publicKey
    this.port = listening.port
    this.#close = listening.close
    listening.accept(socket => this.#serve(socket))
  }

  /** Serves the accounts that are named; of the others it proves that they are not there. */
  static async start(devnet: Devnet, accounts: readonly ContractAddress[]): Promise<LiteServer> {
    const server = createServer()
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
    const { port } = server.address() as AddressInfo
    const parameters = new Map<number, Cell>()
    for (const number of [18, 21, 25]) {
      const { config } = (await ask(devnet, 'getConfigParam', { config_id: number })) as {
        config: { bytes: string }
      }
      parameters.set(number, Cell.fromBase64(config.bytes))
    }
    return new LiteServer(devnet, accounts, parameters, {
      port,
      accept: serve => server.on('connection', serve),
      close: () => new Promise(resolve => server.close(() => resolve())),
    })
  }

  /** Hash of the block of that number: of the cells that this server made for it. */
  async rootHash(seqno: number): Promise<string | undefined> {
    await this.#current()
    return this.#blocks.get(seqno)?.hash().toString('hex')
  }

  /** Ends all connections, as a restart does. */
  dropConnections(): void {
    for (const socket of this.#sockets) socket.destroy()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.dropConnections()
    await this.#close()
  }

  #serve(socket: Socket): void {
    this.#sockets.add(socket)
    socket.on('close', () => this.#sockets.delete(socket))
    socket.on('error', () => {})
    let begun = Buffer.alloc(0)
    let session: { reader: PacketReader; writer: PacketWriter } | undefined
    socket.on('data', bytes => {
      let rest = bytes as Buffer
      if (session === undefined) {
        begun = Buffer.concat([begun, rest])
        if (begun.length < helloBytes) return
        session = this.#greet(begun)
        rest = begun.subarray(helloBytes)
        socket.write(session.writer.encode(Buffer.alloc(0), Buffer.alloc(32)))
      }
      for (const payload of session.reader.read(rest)) void this.#answer(payload, socket, session.writer)
    })
  }

  #greet(hello: Buffer): { reader: PacketReader; writer: PacketWriter } {
    if (!hello.subarray(0, 32).equals(adnlKeyId(this.publicKey))) throw new Error('a hello to somebody else')
    const hash = hello.subarray(64, 96)
    const session = helloCipher(this.#key.agree(hello.subarray(32, 64)), hash).update(
      hello.subarray(96, helloBytes),
    )
    if (!createHash('sha256').update(session).digest().equals(hash))
      throw new Error('a hello that cannot be read')
    const { inbound, outbound } = sessionKeys(session)
    return { reader: new PacketReader('the client', outbound), writer: new PacketWriter(inbound) }
  }

  async #answer(payload: Buffer, socket: Socket, writer: PacketWriter): Promise<void> {
    const message = Codecs.adnl_Message.decode(new TLReadBuffer(payload))
    if (message.kind !== 'adnl.message.query' || this.faults.isSilent === true) return
    const outer = new TLReadBuffer(message.query)
    outer.readInt32()
    const query = Codecs.liteServer_query.decode(outer).data
    const { question, answer } = await this.#respond(query)
    const changed = this.faults.answer?.(question, answer) ?? answer
    const out = new TLWriteBuffer()
    Codecs.adnl_Message.encode(
      { kind: 'adnl.message.answer', queryId: message.queryId, answer: changed },
      out,
    )
    const packet = writer.encode(out.build(), Buffer.alloc(32, 7))
    socket.write(this.faults.garble?.(packet) ?? packet)
  }

  async #respond(query: Buffer): Promise<{ question: string; answer: Buffer }> {
    const tag = query.readInt32LE()
    const handler = handlers.find(({ tag: known }) => known === tag)
    if (handler === undefined) return { question: 'unknown', answer: failure('unknown query') }
    const reader = new TLReadBuffer(query)
    reader.readInt32()
    const out = new TLWriteBuffer()
    try {
      await handler.run(
        { devnet: this.#devnet, state: await this.#current(), blocks: this.#blocks },
        reader,
        out,
      )
      return { question: handler.name, answer: out.build() }
    } catch (error) {
      return { question: handler.name, answer: failure((error as Error).message) }
    }
  }

  async #current(): Promise<LiteState> {
    const head = await this.#devnet.chain.head()
    if (this.#state?.head.seqno !== head.seqno) {
      const earlier = await this.#before(head.seqno)
      this.#state = await liteState(this.#devnet, this.#accounts, this.#parameters, earlier)
      this.#blocks.set(head.seqno, this.#state.masterBlock)
    }
    return this.faults.state?.(this.#state) ?? this.#state
  }

  async #before(seqno: number): Promise<ReadonlyMap<number, Cell>> {
    for (let number = 1; number < seqno; number++) {
      if (this.#blocks.has(number)) continue
      const { timeS } = await this.#devnet.chain.blockHash(number)
      this.#blocks.set(number, plainBlock({ seqno: number, timeS }))
    }
    return new Map([...this.#blocks].filter(([number]) => number < seqno))
  }
}

interface Context {
  readonly devnet: Devnet
  readonly state: LiteState
  readonly blocks: ReadonlyMap<number, Cell>
}

interface Handler {
  readonly name: string
  readonly tag: number
  run(context: Context, request: TLReadBuffer, out: TLWriteBuffer): Promise<void> | void
}

/** Constructor of a function, from what the schema writes for an empty request. */
const tagOf = (name: keyof typeof Functions, request: object): number => {
  const out = new TLWriteBuffer()
  Functions[name].encodeRequest({ kind: name.replace('_', '.'), ...request } as never, out)
  return out.build().readInt32LE()
}

export const someId: tonNode_blockIdExt = {
  kind: 'tonNode.blockIdExt',
  workchain: -1,
  shard: wholeShard,
  seqno: 0,
  rootHash: Buffer.alloc(32),
  fileHash: Buffer.alloc(32),
}
const someAccount = { kind: 'liteServer.accountId', workchain: 0, id: Buffer.alloc(32) } as const

const handlers: readonly Handler[] = [
  {
    name: 'getMasterchainInfo',
    tag: tagOf('liteServer_getMasterchainInfo', {}),
    run: ({ state }, _request, out) => {
      const init = {
        kind: 'tonNode.zeroStateIdExt',
        workchain: -1,
        rootHash: Buffer.alloc(32),
        fileHash: Buffer.alloc(32),
      } as const
      Codecs.liteServer_MasterchainInfo.encode(
        {
          kind: 'liteServer.masterchainInfo',
          last: masterId(state),
          stateRootHash: state.masterState.hash(),
          init,
        },
        out,
      )
    },
  },
  {
    name: 'getBlockHeader',
    tag: tagOf('liteServer_getBlockHeader', { id: someId, mode: 0 }),
    run: ({ state }, request, out) => {
      const { id, mode } = Codecs.liteServer_getBlockHeader.decode(request)
      known(state, id)
      const headerProof = proofOf(state.masterBlock).toBoc()
      Codecs.liteServer_BlockHeader.encode({ kind: 'liteServer.blockHeader', id, mode, headerProof }, out)
    },
  },
  {
    name: 'lookupBlock',
    tag: tagOf('liteServer_lookupBlock', {
      mode: 1,
      id: { kind: 'tonNode.blockId', workchain: -1, shard: wholeShard, seqno: 0 },
      lt: null,
      utime: null,
    }),
    run: ({ blocks }, request, out) => {
      const { id, mode } = Codecs.liteServer_lookupBlock.decode(request)
      const block = blocks.get(id.seqno)
      if (block === undefined || id.workchain !== -1) throw new Error('cannot find block: seqno not in db')
      const hashes = { rootHash: block.hash(), fileHash: block.hash() }
      Codecs.liteServer_BlockHeader.encode(
        {
          kind: 'liteServer.blockHeader',
          id: { ...someId, seqno: id.seqno, ...hashes },
          mode,
          headerProof: proofOf(block).toBoc(),
        },
        out,
      )
    },
  },
  {
    name: 'getBlockProof',
    tag: tagOf('liteServer_getBlockProof', { mode: 1, knownBlock: someId, targetBlock: someId }),
    run: ({ state, blocks }, request, out) => {
      const { knownBlock: from, targetBlock: to } = Codecs.liteServer_getBlockProof.decode(request)
      known(state, from)
      if (to === null) throw new Error('there is no block to prove')
      const link = {
        kind: 'liteServer.blockLinkBack',
        toKeyBlock: false,
        from,
        to,
        destProof: proofOf(blocks.get(to.seqno)!).toBoc(),
        proof: proofOf(state.masterBlock).toBoc(),
        stateProof: proofOf(state.masterState).toBoc(),
      } as const
      Codecs.liteServer_PartialBlockProof.encode(
        { kind: 'liteServer.partialBlockProof', complete: true, from, to, steps: [link] },
        out,
      )
    },
  },
  {
    name: 'getAccountState',
    tag: tagOf('liteServer_getAccountState', { id: someId, account: someAccount }),
    run: ({ state }, request, out) => {
      const { id, account } = Codecs.liteServer_getAccountState.decode(request)
      known(state, id)
      const cell = state.accounts.get(addressKey(contractAddress(account.workchain, account.id)))
      const hash = state.shardBlock.hash()
      Codecs.liteServer_AccountState.encode(
        {
          kind: 'liteServer.accountState',
          id,
          shardblk: { ...id, workchain: 0, rootHash: hash, fileHash: hash },
          shardProof: bagOf([proofOf(state.masterBlock), proofOf(state.masterState)]),
          proof: bagOf([proofOf(state.shardBlock), proofOf(state.shardState, cell)]),
          state: cell?.toBoc() ?? Buffer.alloc(0),
        },
        out,
      )
    },
  },
  {
    name: 'getTransactions',
    tag: tagOf('liteServer_getTransactions', {
      count: 1,
      account: someAccount,
      lt: '1',
      hash: Buffer.alloc(32),
    }),
    run: async ({ devnet, state }, request, out) => {
      const { account, lt, hash, count } = Codecs.liteServer_getTransactions.decode(request)
      const entries = (await ask(devnet, 'getTransactions', {
        address: addressKey(contractAddress(account.workchain, account.id)),
        lt,
        hash: hash.toString('base64'),
        limit: count,
      })) as Array<{ data: string }>
      const transactions = bagOf(entries.map(({ data }) => Cell.fromBase64(data)))
      const ids = entries.map(() => masterId(state))
      Codecs.liteServer_TransactionList.encode({ kind: 'liteServer.transactionList', ids, transactions }, out)
    },
  },
  {
    name: 'sendMessage',
    tag: tagOf('liteServer_sendMessage', { body: Buffer.alloc(1) }),
    run: async ({ devnet }, request, out) => {
      const { body } = Codecs.liteServer_sendMessage.decode(request)
      await devnet.chain.send(body).catch((error: Error) => {
        throw new Error(`cannot apply external message to current state : ${error.message}`)
      })
      Codecs.liteServer_SendMsgStatus.encode({ kind: 'liteServer.sendMsgStatus', status: 1 }, out)
    },
  },
  {
    name: 'getConfigParams',
    tag: tagOf('liteServer_getConfigParams', { mode: 0, id: someId, paramList: [] }),
    run: ({ state }, request, out) => {
      const { id, mode } = Codecs.liteServer_getConfigParams.decode(request)
      known(state, id)
      Codecs.liteServer_ConfigInfo.encode(
        {
          kind: 'liteServer.configInfo',
          mode,
          id,
          stateProof: proofOf(state.masterBlock).toBoc(),
          configProof: proofOf(state.masterState).toBoc(),
        },
        out,
      )
    },
  },
]

function masterId({ head, masterBlock }: LiteState): tonNode_blockIdExt {
  return { ...someId, seqno: head.seqno, rootHash: masterBlock.hash(), fileHash: masterBlock.hash() }
}

function known(state: LiteState, id: tonNode_blockIdExt): void {
  if (!masterId(state).rootHash.equals(id.rootHash)) throw new Error('block is not applied')
}

export function failure(message: string): Buffer {
  const out = new TLWriteBuffer()
  Codecs.liteServer_Error.encode({ kind: 'liteServer.error', code: 0, message }, out)
  return out.build()
}

async function ask(devnet: Devnet, method: string, params: object): Promise<unknown> {
  const response = await fetch(`${devnet.url}/api/v2/jsonRPC`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ id: 1, jsonrpc: '2.0', method, params }),
  })
  const { result, error } = (await response.json()) as { result?: unknown; error?: string }
  if (result === undefined) throw new Error(error ?? 'the devnet says nothing')
  return result
}
