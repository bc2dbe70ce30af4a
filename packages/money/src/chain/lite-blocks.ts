import type { Cell } from '@ton/core'
import { Functions, type liteServer_BlockLink, type tonNode_blockIdExt } from 'ton-lite-client/dist/schema.js'
import { MoneyError } from '../error.ts'
import { readBag } from './bag.ts'
import type { BlockHash, ChainHead } from './chain.ts'
import { judgeBlock, unknownBlock } from './complaint.ts'
import type { Deadline } from './deadline.ts'
import type { HeadWatch } from './head-watch.ts'
import type { LiteCalls } from './lite-calls.ts'
import { findEarlierBlock, provenRoot, readBlock, readBlockInfo } from './lite-proof.ts'

/** Asks for a block's update of the state, with the proof of its header. */
const withState = 1
/** Looks a block up by its number. */
const byNumber = 1
/** Asks for a proof up to a block that is named. */
const toTarget = 1
/** The shard that is the whole masterchain. */
const wholeShard = '-9223372036854775808'

/** A masterchain block whose own cells have been read. */
export interface KnownBlock {
  readonly id: tonNode_blockIdExt
  readonly head: ChainHead
  readonly stateHash: string
}

/** Masterchain blocks by one liteserver: the newest by its word, all before it proven from that one's hash. */
export class LiteBlocks {
  readonly #source: string
  readonly #calls: LiteCalls
  readonly #watch: HeadWatch
  #known: KnownBlock | undefined

  constructor(source: string, calls: LiteCalls, watch: HeadWatch) {
    this.#source = source
    this.#calls = calls
    this.#watch = watch
  }

  /** The newest masterchain block, with what its cells say. */
  async newest(deadline: Deadline): Promise<KnownBlock> {
    const id = await this.#calls.call(
      Functions.liteServer_getMasterchainInfo,
      { kind: 'liteServer.getMasterchainInfo' },
      deadline,
      {
        read: ({ last }) => {
          const known = this.#known
          const isKnown = known !== undefined && known.id.rootHash.equals(last.rootHash)
          if (isKnown) this.#watch.check(known.head)
          return isKnown ? undefined : masterBlock(last)
        },
      },
    )
    if (id === undefined) return this.#known!
    const request = { kind: 'liteServer.getBlockHeader', id, mode: withState } as const
    const block = await this.#calls.call(Functions.liteServer_getBlockHeader, request, deadline, {
      read: ({ headerProof }) => {
        const block = knownBlock(id, readBag(headerProof)[0])
        this.#watch.check(block.head)
        return block
      },
    })
    this.#known = block
    return block
  }

  /** Rejects with `chain-history` for a block that is not there. */
  async hash(seqno: number, deadline: Deadline): Promise<BlockHash> {
    const newest = await this.newest(deadline)
    const { rootHash, timeS } = newest.head
    if (seqno === newest.head.seqno) return { rootHash, timeS }
    if (!(seqno >= 0 && seqno < newest.head.seqno)) {
      throw unknownBlock(this.#source, seqno, `its newest one is ${newest.head.seqno}`)
    }
    const found = await this.#lookUp(seqno, deadline)
    await this.#proveEarlier(found.id, newest, deadline)
    return { rootHash: found.id.rootHash.toString('hex'), timeS: found.timeS }
  }

  /** What a liteserver takes for the block of that number, and what the block says of itself. */
  #lookUp(seqno: number, deadline: Deadline): Promise<{ id: tonNode_blockIdExt; timeS: number }> {
    const block = { kind: 'tonNode.blockId', workchain: -1, shard: wholeShard, seqno } as const
    const request = {
      kind: 'liteServer.lookupBlock',
      mode: byNumber,
      id: block,
      lt: null,
      utime: null,
    } as const
    return this.#calls.call(Functions.liteServer_lookupBlock, request, deadline, {
      read: ({ id, headerProof }) => {
        const info = readBlockInfo(provenRoot(readBag(headerProof)[0], id.rootHash.toString('hex')))
        if (info.workchain !== -1 || info.seqno !== seqno || id.seqno !== seqno) throw anotherBlock()
        return { id: masterBlock(id), timeS: info.timeS }
      },
      judge: text => judgeBlock(this.#source, text, seqno),
    })
  }

  /** Rejects unless the state of the newest block has that block among those before it. */
  #proveEarlier(id: tonNode_blockIdExt, newest: KnownBlock, deadline: Deadline): Promise<void> {
    const request = {
      kind: 'liteServer.getBlockProof',
      mode: toTarget,
      knownBlock: newest.id,
      targetBlock: id,
    } as const
    return this.#calls.call(Functions.liteServer_getBlockProof, request, deadline, {
      read: ({ steps }) => {
        const state = provenRoot(readBag(stateProofOf(steps))[0], newest.stateHash)
        if (findEarlierBlock(state, id.seqno) !== id.rootHash.toString('hex')) {
          throw new MoneyError('chain-answer', `The newest block names another one as block ${id.seqno}`)
        }
      },
      judge: text => judgeBlock(this.#source, text, id.seqno),
    })
  }
}

function masterBlock(id: tonNode_blockIdExt): tonNode_blockIdExt {
  if (id.workchain === -1 && id.shard === wholeShard && id.seqno >= 0) return id
  throw new MoneyError('chain-answer', 'The block is not of the masterchain')
}

function knownBlock(id: tonNode_blockIdExt, proof: Cell): KnownBlock {
  const block = readBlock(provenRoot(proof, id.rootHash.toString('hex')))
  if (block.workchain !== -1 || block.seqno !== id.seqno) throw anotherBlock()
  const head = { seqno: block.seqno, timeS: block.timeS, rootHash: id.rootHash.toString('hex') }
  return { id, head, stateHash: block.stateHash }
}

/** The state of the newest block names all before it: one link back reaches every one. */
function stateProofOf([link, ...more]: readonly liteServer_BlockLink[]): Buffer {
  if (link?.kind === 'liteServer.blockLinkBack' && more.length === 0) return link.stateProof
  throw new MoneyError('chain-answer', 'The proof of an earlier block is not one link back')
}

function anotherBlock(): MoneyError {
  return new MoneyError('chain-answer', 'The block is another one by its own cells')
}
