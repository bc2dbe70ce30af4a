import type { Writable } from 'node:stream'
import { tinted } from './context.ts'

/** Tells a person how far something is: one line that changes on a terminal, one line a step elsewhere. */
export interface Progress extends Disposable {
  step(text: string): void
}

const frames = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏']
const frameMs = 80
const clearLine = '\r\u001b[2K'

/** `silent` says nothing at all, for output that programs read. */
export function createProgress(stream: Writable & { isTTY?: boolean }, silent: boolean): Progress {
  if (silent) return { step: () => {}, [Symbol.dispose]: () => {} }
  return stream.isTTY ? new Spinner(stream) : new Lines(stream)
}

class Lines implements Progress {
  readonly #stream: Writable
  #last = ''

  constructor(stream: Writable) {
    this.#stream = stream
  }

  step(text: string): void {
    if (text === this.#last) return
    this.#last = text
    this.#stream.write(`${text}\n`)
  }

  [Symbol.dispose](): void {}
}

class Spinner implements Progress {
  readonly #stream: Writable
  readonly #timer: NodeJS.Timeout
  #frame = 0
  #text = ''

  constructor(stream: Writable) {
    this.#stream = stream
    this.#timer = setInterval(() => this.#draw(), frameMs)
    this.#timer.unref()
  }

  step(text: string): void {
    this.#text = text
    this.#draw()
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer)
    this.#stream.write(clearLine)
  }

  #draw(): void {
    const sign = frames[this.#frame++ % frames.length] ?? ''
    if (this.#text !== '')
      this.#stream.write(`${clearLine}${tinted('faint', sign, this.#stream)} ${this.#text}`)
  }
}
