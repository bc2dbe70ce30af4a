import { connect, createServer, type Server, type Socket } from 'node:net'
import { once } from 'node:events'

export type Cut = 'before the server' | 'before the answer'

/** A line to a PostgreSQL server that is cut when it is told to: with the next question, or with its answer. */
export class CutLine implements AsyncDisposable {
  readonly #server: Server
  readonly #sockets = new Set<Socket>()
  /** What the next statement that contains the word meets. */
  #next: { cut: Cut; word: string } | undefined
  #isDown = false

  private constructor(socketFolder: string) {
    this.#server = createServer(near => this.#join(near, connect(`${socketFolder}/.s.PGSQL.5432`)))
  }

  static async open(socketFolder: string): Promise<CutLine> {
    const line = new CutLine(socketFolder)
    line.#server.listen(0, '127.0.0.1')
    await once(line.#server, 'listening')
    return line
  }

  get url(): string {
    const address = this.#server.address()
    if (address === null || typeof address === 'string') throw new Error('The line is not open')
    return `postgres://cocoon@127.0.0.1:${address.port}/postgres`
  }

  /** The next question that has the word in it, which may be the name of a prepared statement, fails. */
  cutNext(cut: Cut, word: string): void {
    this.#next = { cut, word }
  }

  /** Ends every connection, and each new one. */
  down(): void {
    this.#isDown = true
    for (const socket of this.#sockets) socket.destroy()
  }

  up(): void {
    this.#isDown = false
  }

  get isCut(): boolean {
    return this.#next === undefined
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#sockets) socket.destroy()
    this.#server.close()
    await once(this.#server, 'close')
  }

  #join(near: Socket, far: Socket): void {
    let isAnswerCut = false
    const end = (): void => {
      near.destroy()
      far.destroy()
    }
    for (const socket of [near, far]) {
      this.#sockets.add(socket)
      socket.on('error', () => {}).on('close', end)
    }
    if (this.#isDown) return end()
    near.on('data', (bytes: Buffer) => {
      if (this.#next !== undefined && bytes.includes(this.#next.word)) {
        const { cut } = this.#next
        this.#next = undefined
        if (cut === 'before the server') return end()
        isAnswerCut = true
      }
      far.write(bytes)
    })
    far.on('data', (bytes: Buffer) => {
      if (isAnswerCut) end()
      else near.write(bytes)
    })
  }
}
