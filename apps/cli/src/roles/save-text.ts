import { rename, writeFile } from 'node:fs/promises'

/** Writes a file for its owner alone, whole or not at all. */
export async function saveText(path: string, text: string): Promise<void> {
  const draft = `${path}.draft`
  await writeFile(draft, text, { mode: 0o600 })
  await rename(draft, path)
}
