const decoder = new TextDecoder()

/** Of an answer's end: where its usage stands. */
const tailBytes = 4_096

/** What an answer itself states of its tokens, wherever that stands near its end. */
export class StatedUsage {
  #pieces: Uint8Array[] = []
  #bytes = 0

  push(bytes: Uint8Array): void {
    if (bytes.length === 0) return
    this.#pieces.push(bytes)
    this.#bytes += bytes.length
    while (this.#pieces.length > 1 && this.#bytes - this.#pieces[0]!.length >= tailBytes) {
      this.#bytes -= this.#pieces.shift()!.length
    }
  }

  /** Counts of the model's tokens; undefined where none is stated. */
  stated(): { promptTokens: number | undefined; completionTokens: number | undefined } {
    const text = this.#pieces.map(piece => decoder.decode(piece.subarray(-tailBytes))).join('')
    return {
      promptTokens: lastNumber(text, '"prompt_tokens"'),
      completionTokens: lastNumber(text, '"completion_tokens"'),
    }
  }
}

/** The number after the last such key. Inside of a JSON string its quotes would be escaped. */
function lastNumber(text: string, key: string): number | undefined {
  const at = text.lastIndexOf(key)
  const digits =
    at < 0 ? undefined : /^\s*:\s*(\d{1,15})/.exec(text.slice(at + key.length, at + key.length + 40))
  return digits?.[1] === undefined ? undefined : Number(digits[1])
}
