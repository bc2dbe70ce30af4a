import type { World } from '@cocoon/wire'
import { hourOf, inOrder, TallySheet } from './sheet.ts'
import type { Tally, TallyEntry, TallyRow } from './tally.ts'

/** Hours that a tally in memory keeps. */
const maxHours = 48

/** A tally that ends with the process. */
export class MemoryTally implements Tally {
  readonly #world: Pick<World, 'now'>
  readonly #sheets: TallySheet[] = []

  constructor(world: Pick<World, 'now'>) {
    this.#world = world
  }

  add(entry: TallyEntry): void {
    let sheet = this.#sheets.at(-1)
    const hourS = hourOf(this.#world.now(), sheet?.hourS ?? 0)
    if (sheet?.hourS !== hourS) {
      this.#sheets.push((sheet = new TallySheet(hourS)))
      if (this.#sheets.length > maxHours) this.#sheets.shift()
    }
    sheet.add(entry)
  }

  async rows({ fromS, toS }: { fromS: number; toS: number }): Promise<TallyRow[]> {
    const sheets = this.#sheets.filter(({ hourS }) => fromS <= hourS && hourS < toS)
    return inOrder(sheets.flatMap(sheet => sheet.rows()))
  }

  async [Symbol.asyncDispose](): Promise<void> {}
}
