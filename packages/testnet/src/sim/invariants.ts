import { check } from '../error.ts'
import type { Cast } from './cast.ts'
import type { SimNetwork } from './network.ts'
import { simModel } from './plan.ts'
import type { Queries } from './queries.ts'

/** A connection gives its peer up at 64 MiB, and one more frame of 16 MiB may be on top. */
const maxQueuedBytes = 81 << 20

/** What holds at every moment. */
export function checkAlways(cast: Cast, queries: Queries, network: SimNetwork): void {
  for (const { role: proxy, ledger, name } of cast.proxies) {
    ledger.assertConserved()
    if (proxy === undefined) continue
    check(proxy.state !== 'disabled', `${name} has disabled itself`)
    check(proxy.running >= 0, `${name} runs ${proxy.running} queries`)
    for (const worker of proxy.workers) {
      const { running, limit } = worker
      check(running >= 0 && running <= limit, `${name} has ${running} of ${limit} queries at ${worker.name}`)
    }
  }
  for (const client of cast.clients) {
    const running = client.role?.running ?? 0
    const open = queries.openOf(client)
    check(
      client.role === undefined || running === open,
      `${client.name} runs ${running} queries, not ${open}`,
    )
  }
  for (const { role: worker, backend, name } of cast.workers) {
    check((worker?.running ?? 0) >= 0, `${name} runs ${worker?.running} queries`)
    check(backend.running >= 0, `the model of ${name} runs ${backend.running} requests`)
  }
  network.living()
  const { peakQueuedBytes } = network
  check(peakQueuedBytes <= maxQueuedBytes, `${peakQueuedBytes} bytes waited for a peer`)
}

/** Who still has something to do or holds something, if anybody: undefined is a network at rest. */
export function whoIsBusy(cast: Cast): string | undefined {
  for (const { role: proxy, ledger, name } of cast.proxies) {
    if (proxy === undefined) return `${name} is down`
    if (proxy.running > 0) return `${name} runs ${proxy.running} queries`
    if (ledger.openReservations > 0) return `${name} has ${ledger.openReservations} reservations open`
    if (proxy.market.waitingFor(simModel) > 0) return `queries wait for a worker in ${name}`
    if (proxy.queryBudget.usedBytes !== 0)
      return `${name} holds ${proxy.queryBudget.usedBytes} bytes of queries`
    if (proxy.frameBudget.usedBytes !== 0)
      return `${name} holds ${proxy.frameBudget.usedBytes} bytes of frames`
    for (const link of [...proxy.clients, ...proxy.workers]) {
      if (link.running > 0) return `${name} counts ${link.running} queries for ${link.name}`
    }
  }
  for (const { role: worker, backend, name } of cast.workers) {
    if (worker === undefined) return `${name} is down`
    if (worker.running > 0) return `${name} runs ${worker.running} queries`
    if (backend.running > 0) return `the model of ${name} runs ${backend.running} requests`
  }
  for (const { role: client, name } of cast.clients) {
    if (client === undefined) return `${name} is down`
    if (client.running > 0) return `${name} runs ${client.running} queries`
  }
  return undefined
}

/** Everybody is connected to every proxy, once, and nobody else is. */
export function checkSessions({ proxies, clients, workers }: Cast): void {
  for (const { role: proxy, name } of proxies) {
    const found = { clients: proxy!.clients.size, workers: proxy!.workers.size }
    check(
      found.clients === clients.length,
      `${name} has ${found.clients} connections of ${clients.length} clients`,
    )
    check(
      found.workers === workers.length,
      `${name} has ${found.workers} connections of ${workers.length} workers`,
    )
    const asks = proxy!.market.books.get(simModel)?.size
    check(asks === workers.length, `${name} has ${asks} asks of ${workers.length} workers on its market`)
  }
}
