import { collectDefaultMetrics, Counter, Gauge, Registry } from 'prom-client'
import type { RoleName } from '../roles/role.ts'

/** One metric: its value, or its values by one label, read when somebody asks. */
export interface Metric {
  readonly kind: 'counter' | 'gauge'
  /** Without the prefix of the role. */
  readonly name: string
  readonly help: string
  /** Values by this label, a small closed set; absent for a single value. */
  readonly label?: string
  read(): number | Record<string, number>
}

/** A registry of a role's metrics and those of its process. */
export function metricsOf(role: RoleName, metrics: readonly Metric[]): Registry {
  const registry = new Registry()
  collectDefaultMetrics({ register: registry })
  for (const metric of metrics) register(registry, role, metric)
  return registry
}

function register(registry: Registry, role: RoleName, metric: Metric): void {
  const { kind, help, label, read } = metric
  const name = `cocoon_${role}_${metric.name}`
  const options = { name, help, registers: [registry], labelNames: label === undefined ? [] : [label] }
  const set = (put: (value: number, labels: Record<string, string>) => void): void => {
    const value = read()
    if (typeof value === 'number') return put(value, {})
    for (const [text, single] of Object.entries(value)) put(single, { [label ?? 'kind']: text })
  }
  if (kind === 'gauge') {
    new Gauge({
      ...options,
      collect() {
        set((value, labels) => this.set(labels, value))
      },
    })
  } else {
    new Counter({
      ...options,
      collect() {
        this.reset()
        set((value, labels) => this.inc(labels, value))
      },
    })
  }
}
