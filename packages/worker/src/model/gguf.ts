/** A metadata value. Numbers are 32-bit: unsigned unless they are marked as `float`. */
type GgufValue = string | boolean | number | { float: number } | string[] | { int32: number[] }

export interface GgufTensor {
  name: string
  /** Row-major: the last dimension is contiguous. */
  shape: number[]
  type: 'f32' | 'f16'
  values: Float32Array
}

export interface GgufModel {
  metadata: Record<string, GgufValue>
  tensors: GgufTensor[]
}

const alignmentBytes = 32

const valueTypes = { uint32: 4, int32: 5, float32: 6, bool: 7, string: 8, array: 9 }
const tensorTypes = { f32: 0, f16: 1 }

/**
 * A model file in the GGUF format, version 3, little endian:
 *
 *     magic:"GGUF" version:u32 tensor_count:u64 metadata_count:u64
 *     metadata: ( key:string type:u32 value )*
 *     tensors:  ( name:string dimension_count:u32 dimensions:u64* type:u32 offset:u64 )*
 *     padding to 32, then each tensor's data at its offset, padded to 32
 *
 * where `string` is a u64 length and that many bytes. Dimensions are written innermost first.
 */
export function writeGguf(model: GgufModel): Uint8Array {
  const head = new Writer()
  head.raw(Buffer.from('GGUF'))
  head.u32(3)
  head.u64(model.tensors.length)
  head.u64(Object.keys(model.metadata).length)
  for (const [key, value] of Object.entries(model.metadata)) {
    head.string(key)
    head.value(value)
  }
  const data = model.tensors.map(tensorData)
  let offset = 0
  for (const [index, tensor] of model.tensors.entries()) {
    head.string(tensor.name)
    head.u32(tensor.shape.length)
    for (const size of tensor.shape.toReversed()) head.u64(size)
    head.u32(tensorTypes[tensor.type])
    head.u64(offset)
    offset += padded(data[index]?.length ?? 0)
  }
  head.pad()
  for (const bytes of data) {
    head.raw(bytes)
    head.pad()
  }
  return head.bytes()
}

function tensorData(tensor: GgufTensor): Buffer {
  const values = tensor.type === 'f32' ? tensor.values : Float16Array.from(tensor.values)
  return Buffer.from(values.buffer, values.byteOffset, values.byteLength)
}

function padded(sizeBytes: number): number {
  return Math.ceil(sizeBytes / alignmentBytes) * alignmentBytes
}

class Writer {
  private readonly parts: Buffer[] = []
  private sizeBytes = 0

  raw(bytes: Buffer): void {
    this.parts.push(bytes)
    this.sizeBytes += bytes.length
  }

  u32(value: number): void {
    const bytes = Buffer.alloc(4)
    bytes.writeUInt32LE(value)
    this.raw(bytes)
  }

  u64(value: number): void {
    const bytes = Buffer.alloc(8)
    bytes.writeBigUInt64LE(BigInt(value))
    this.raw(bytes)
  }

  string(text: string): void {
    const bytes = Buffer.from(text)
    this.u64(bytes.length)
    this.raw(bytes)
  }

  pad(): void {
    this.raw(Buffer.alloc(padded(this.sizeBytes) - this.sizeBytes))
  }

  value(value: GgufValue): void {
    if (typeof value === 'string') {
      this.u32(valueTypes.string)
      this.string(value)
    } else if (typeof value === 'boolean') {
      this.u32(valueTypes.bool)
      this.raw(Buffer.from([value ? 1 : 0]))
    } else if (typeof value === 'number') {
      this.u32(valueTypes.uint32)
      this.u32(value)
    } else if (Array.isArray(value)) {
      this.u32(valueTypes.array)
      this.u32(valueTypes.string)
      this.u64(value.length)
      for (const text of value) this.string(text)
    } else if ('float' in value) {
      this.u32(valueTypes.float32)
      const bytes = Buffer.alloc(4)
      bytes.writeFloatLE(value.float)
      this.raw(bytes)
    } else {
      this.u32(valueTypes.array)
      this.u32(valueTypes.int32)
      this.u64(value.int32.length)
      const bytes = Buffer.alloc(4 * value.int32.length)
      for (const [index, number] of value.int32.entries()) bytes.writeInt32LE(number, 4 * index)
      this.raw(bytes)
    }
  }

  bytes(): Uint8Array {
    return Buffer.concat(this.parts)
  }
}
