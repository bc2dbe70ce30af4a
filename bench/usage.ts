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

/** CPU time that all processes have used so far on all cores, and what other machines on the same host took, milliseconds. */
export function machineCpuMs(): number {
  const [user, nice, system, , , irq, softirq, steal] =
    /^cpu +(.*)/.exec(read('/proc/stat'))?.[1]?.split(' ').map(Number) ?? []
  return [user, nice, system, irq, softirq, steal].reduce<number>(
    (sum, ticks) => sum + (ticks ?? Number.NaN) * tickMs,
    0,
  )
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
