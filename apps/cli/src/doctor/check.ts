/** One thing that was looked at. */
export interface Check {
  /** What was looked at, as a noun: `Node`, `port 11001`, `proxy 127.0.0.1:11002: TLS`. */
  name: string
  result: 'ok' | 'failed' | 'skipped'
  /** What was found. */
  found: string
  /** What to do about it; with `failed` always. */
  advice?: string
}

export function passed(name: string, found: string): Check {
  return { name, result: 'ok', found }
}

export function failed(name: string, found: string, advice: string): Check {
  return { name, result: 'failed', found, advice }
}

export function skipped(name: string, found: string): Check {
  return { name, result: 'skipped', found }
}
