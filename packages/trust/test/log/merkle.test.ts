import assert from 'node:assert/strict'
import { globSync, readFileSync } from 'node:fs'
import { test } from 'node:test'
import fc from 'fast-check'
import { fromBase64 } from '../../src/bytes.ts'
import {
  consistencyProof,
  emptyRoot,
  inclusionProof,
  leafHash,
  type TiledTree,
  treeRoot,
  verifyConsistency,
  verifyInclusion,
} from '../../src/log/index.ts'
import { edgeRoot, emptyEdge, extendEdge } from '../../src/log/edge.ts'
import { nodeHash, prefixRoots, splitPoint } from '../../src/log/merkle.ts'
import { leafOf, prefixProof } from '../../src/log/proof.ts'
import { crypto, entryOf } from './fixture.ts'

const { sha256 } = crypto
const vectors = new URL('../../../../vectors/log/merkle/', import.meta.url)

interface Vector {
  desc: string
  wantErr: boolean
  proof: string[] | null
}

function read<T>(folder: string): (Vector & T)[] {
  const paths = globSync(`${folder}/**/*.json`, { cwd: vectors })
  return paths.map(path =>
    JSON.parse(readFileSync(new URL(encodeURIComponent(path).replaceAll('%2F', '/'), vectors), 'utf8')),
  )
}

const bytes = (base64: string): Uint8Array => fromBase64(base64)!
const proofOf = ({ proof }: Vector): Uint8Array[] => (proof ?? []).map(bytes)

test('inclusion vectors of transparency-dev/merkle', () => {
  const cases = read<{ leafIdx: number; treeSize: number; root: string; leafHash: string }>('inclusion')
  assert.ok(cases.length > 40)
  for (const vector of cases) {
    const { leafIdx: index, treeSize: size } = vector
    const claim = {
      index,
      size,
      root: bytes(vector.root),
      leaf: bytes(vector.leafHash),
      proof: proofOf(vector),
    }
    assert.equal(verifyInclusion(sha256, claim), !vector.wantErr, vector.desc)
  }
})

test('consistency vectors of transparency-dev/merkle', () => {
  const cases = read<{ size1: number; size2: number; root1: string; root2: string }>('consistency')
  assert.ok(cases.length > 30)
  for (const vector of cases) {
    const { size1: oldSize, size2: size } = vector
    const claim = {
      oldSize,
      oldRoot: bytes(vector.root1),
      size,
      root: bytes(vector.root2),
      proof: proofOf(vector),
    }
    assert.equal(verifyConsistency(sha256, claim), !vector.wantErr, vector.desc)
  }
})

/** MTH of RFC 6962, section 2.1, as it is written there. */
function mth(leaves: readonly Uint8Array[]): Uint8Array {
  if (leaves.length === 0) return emptyRoot(sha256)
  if (leaves.length === 1) return leaves[0]!
  const split = splitPoint(leaves.length)
  return nodeHash(sha256, mth(leaves.slice(0, split)), mth(leaves.slice(split)))
}

const leaves = Array.from({ length: 70_000 }, (_, index) => leafHash(sha256, entryOf(index).entry))

/** A tree whose tiles come from appending in pieces of these lengths. */
function treeOf(pieces: readonly number[]): { tree: TiledTree; root: Uint8Array } {
  const tiles = new Map<string, Uint8Array>()
  let edge = emptyEdge
  for (const length of pieces) {
    const extended = extendEdge(sha256, edge, leaves.slice(edge.size, edge.size + length))
    for (const { level, index, hashes } of extended.tiles) tiles.set(`${level}/${index}`, hashes)
    edge = extended.edge
  }
  const source: TiledTree['tiles'] = async ({ level, index, width }) => {
    const tile = tiles.get(`${level}/${index}`)
    assert.equal(tile!.length >= width * 32, true)
    return tile!.subarray(0, width * 32)
  }
  return { tree: { size: edge.size, tiles: source, sha256 }, root: edgeRoot(sha256, edge) }
}

const pieces = fc.array(fc.oneof(fc.nat(3), fc.nat(700)), { minLength: 1, maxLength: 5 })

test('every proof of a tree of tiles holds, and with any bit changed none does', async () => {
  await fc.assert(
    fc.asyncProperty(pieces, fc.nat(), fc.nat(), fc.nat(), async (lengths, a, b, flip) => {
      const { tree, root } = treeOf(lengths)
      const { size } = tree
      assert.deepEqual(root, mth(leaves.slice(0, size)))
      assert.deepEqual(await treeRoot(tree), root)
      if (size === 0) return
      const index = a % size
      const leaf = await leafOf(tree, index)
      assert.deepEqual(leaf, leaves[index])
      const inclusion = { index, size, root, leaf, proof: await inclusionProof(tree, index) }
      assert.ok(verifyInclusion(sha256, inclusion))
      for (const changed of changes(inclusion, flip)) assert.ok(!verifyInclusion(sha256, changed))

      const oldSize = b % (size + 1)
      const oldRoot = mth(leaves.slice(0, oldSize))
      const consistency = { oldSize, oldRoot, size, root, proof: await consistencyProof(tree, oldSize) }
      assert.ok(verifyConsistency(sha256, consistency))
      // From nothing, anything follows, and of the new root nothing is said.
      if (oldSize === 0) return
      for (const changed of changes(consistency, flip)) assert.ok(!verifyConsistency(sha256, changed))
      assert.deepEqual(prefixRoots(sha256, { oldSize, size, proof: await prefixProof(tree, oldSize) }), {
        old: oldRoot,
        new: root,
      })
    }),
    { numRuns: 150 },
  )
})

test('small sizes and those around a full tile have every proof', async () => {
  for (const size of [...Array(33).keys(), 255, 256, 257]) {
    const { tree, root } = treeOf([size])
    for (let index = 0; index < size; index += size < 40 ? 1 : 17) {
      const proof = await inclusionProof(tree, index)
      assert.ok(verifyInclusion(sha256, { index, size, root, leaf: leaves[index]!, proof }))
      const oldRoot = mth(leaves.slice(0, index))
      const old = await consistencyProof(tree, index)
      assert.ok(verifyConsistency(sha256, { oldSize: index, oldRoot, size, root, proof: old }))
    }
  }
})

test('a tree of three levels of tiles', async () => {
  const { tree, root } = treeOf([65_535, 1, 0, 4464])
  assert.equal(tree.size, 70_000)
  assert.deepEqual(root, mth(leaves))
  for (const index of [0, 255, 256, 65_535, 65_536, 69_999]) {
    const proof = await inclusionProof(tree, index)
    assert.ok(verifyInclusion(sha256, { index, size: 70_000, root, leaf: leaves[index]!, proof }))
    const old = { oldSize: index + 1, oldRoot: mth(leaves.slice(0, index + 1)) }
    const consistency = { ...old, size: 70_000, root, proof: await consistencyProof(tree, index + 1) }
    assert.ok(verifyConsistency(sha256, consistency))
  }
})

test('no proof is made for what is not in the tree', async () => {
  const { tree } = treeOf([5])
  await assert.rejects(inclusionProof(tree, 5), { code: 'log-malformed' })
  await assert.rejects(inclusionProof(tree, -1), { code: 'log-malformed' })
  await assert.rejects(consistencyProof(tree, 6), { code: 'log-malformed' })
})

/** A claim with one bit of each hash changed, with hashes missing, and with one too many. */
function* changes<Claim extends { proof: readonly Uint8Array[]; root: Uint8Array }>(
  claim: Claim,
  flip: number,
): Generator<Claim> {
  const flipped = (hash: Uint8Array): Uint8Array =>
    hash.map((byte, at) => (at === flip % 32 ? byte ^ (1 << (flip % 8)) : byte))
  yield { ...claim, root: flipped(claim.root) }
  if ('leaf' in claim) yield { ...claim, leaf: flipped(claim.leaf as Uint8Array) }
  if ('oldRoot' in claim) yield { ...claim, oldRoot: flipped(claim.oldRoot as Uint8Array) }
  for (const [at, hash] of claim.proof.entries()) {
    yield { ...claim, proof: claim.proof.with(at, flipped(hash)) }
    yield { ...claim, proof: claim.proof.toSpliced(at, 1) }
  }
  yield { ...claim, proof: [...claim.proof, claim.root] }
}
