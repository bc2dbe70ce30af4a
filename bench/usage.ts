import { readFileSync } from 'node:fs'

/** Clock ticks that Linux counts CPU time in. */
const tickMs = 10

/** User and system time that a process has used so far, all threads, milliseconds; NaN where there is no /proc. */
export function cpuMs(pid: number): number {
  const stat = read(`/proc/${pid}/stat`)
  // The program's name, in parentheses, may hold spaces: fields are counted from behind it.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return (Number(fields[11]) + Number(fields[12])) * tickMs
}

/**
 * CPU time that all cores have been busy for so far, milliseconds: with every process of the machine, and with
 * what the host took away from it.
 */
export function machineCpuMs(): number {
  const ticks = /^cpu +(.*)/.exec(read('/proc/stat'))?.[1]?.split(' ').map(Number) ?? []
  const idleTicks = (ticks[3] ?? Number.NaN) + (ticks[4] ?? Number.NaN)
  // The first eight make up the whole time; guests behind them are counted in the others already.
  return (ticks.slice(0, 8).reduce((sum, each) => sum + each, 0) - idleTicks) * tickMs
}

/** Resident memory, MB; NaN where there is no /proc. */
export function residentMb(pid: number): number {
  return Number(/^VmRSS:\s*(\d+) kB/m.exec(read(`/proc/${pid}/status`))?.[1] ?? Number.NaN) / 1024
}

function read(path: string): string {
  try {
    return readFileSync(path, 'latin1')
  } catch {
    return ''
  }
}
