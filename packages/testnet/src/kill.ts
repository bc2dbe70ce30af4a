import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { killRoles } from './kill/killed-network.ts'

const { values: flags } = parseArgs({ options: { kills: { type: 'string', default: '200' } } })

const directory = await mkdtemp(join(tmpdir(), 'cocoon-kill-'))
try {
  const result = await killRoles({
    directory,
    kills: Number(flags.kills),
    progress: line => console.log(line),
  })
  const { proxy, client, worker } = result.kills
  console.log(
    `${proxy + client + worker} kills in ${(result.durationMs / 1000).toFixed()} s: ` +
      `${proxy} of the proxy, ${client} of the client, ${worker} of the worker`,
  )
  console.log(`${result.acknowledged} answers, ${result.acknowledgedTokens} tokens acknowledged`)
  console.log(`${result.served} requests reached the model`)
  console.log(`On the chain: ${result.chargedTokens} tokens charged, ${result.paidTokens} paid`)
  console.log(
    `Nanotons: ${result.topUpsNano} paid in, ${result.balancesNano} left to clients, ` +
      `${result.toWorkersNano} to workers, ${result.toProxyOwnerNano} taken and ${result.commissionNano} ` +
      `to be taken by the proxy; nothing is missing`,
  )
} catch (error) {
  console.error(error instanceof Error ? error.message : error)
  process.exitCode = 1
} finally {
  await rm(directory, { recursive: true, force: true })
}
