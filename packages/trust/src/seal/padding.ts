import { allocate, type Codec, encodedSize, writeBoxed, Writer } from '@cocoon/wire'
import { u32 } from './labels.ts'

const lengthBytes = 4
const smallBuckets = [256, 512, 1024] as const

/**
 * The size that `sizeBytes` is padded to: 256, 512 or 1024; above, Padmé, which tells of the size no more than
 * log log of it and adds 12 % at most.
 */
export function bucketOf(sizeBytes: number): number {
  for (const bucket of smallBuckets) if (sizeBytes <= bucket) return bucket
  const exponent = Math.floor(Math.log2(sizeBytes))
  const kept = Math.floor(Math.log2(exponent)) + 1
  const step = 2 ** (exponent - kept)
  return Math.ceil(sizeBytes / step) * step
}

/**
 * `u32 length ‖ content ‖ zeros`, in a bucket, or in exactly `sizeBytes`, which then have to hold it. Behind it is
 * `roomBytes` for who seals it in place.
 */
export function padded(
  content: Uint8Array,
  sizeBytes = bucketOf(lengthBytes + content.length),
  roomBytes = 0,
): Uint8Array {
  if (lengthBytes + content.length > sizeBytes) throw new RangeError('The content is larger than its frame.')
  const frame = emptyFrame(content.length, sizeBytes + roomBytes)
  frame.set(content, lengthBytes)
  return frame
}

/** `padded` of a value in its boxed form, in a bucket. */
export function paddedValue<T>(codec: Codec<T>, value: T, roomBytes = 0): Uint8Array {
  const contentBytes = encodedSize(codec, value)
  const frame = emptyFrame(contentBytes, bucketOf(lengthBytes + contentBytes) + roomBytes)
  writeBoxed(new Writer(frame, lengthBytes), codec, value)
  return frame
}

function emptyFrame(contentBytes: number, sizeBytes: number): Uint8Array {
  const frame = allocate(sizeBytes)
  frame.set(u32(contentBytes))
  return frame
}

/** What `padded` was given: a view. Undefined where the length or the zeros are not right. */
export function unpadded(frame: Uint8Array): Uint8Array | undefined {
  if (frame.length < lengthBytes) return undefined
  const length = (frame[0]! | (frame[1]! << 8) | (frame[2]! << 16) | (frame[3]! << 24)) >>> 0
  const end = lengthBytes + length
  if (end > frame.length) return undefined
  for (let at = end; at < frame.length; at++) if (frame[at] !== 0) return undefined
  return frame.subarray(lengthBytes, end)
}

/** How much a frame of a constant size holds. */
export function frameRoom(sizeBytes: number): number {
  return sizeBytes - lengthBytes
}
