import {
  clientGetEvidence,
  clientGetOffers,
  clientGetWorkerTypes,
  clientGetWorkerTypesV2,
  type ClientOffer,
  clientOffers,
  clientWorkerTypes,
  clientWorkerTypesV2,
  type Connection,
  decode,
  type SealedWorkerEvidence,
  sealedWorkerEvidence,
  WireError,
} from '@cocoon/wire'
import { ClientError } from './error.ts'
import type { ModelOffer } from './network.ts'

const offersTimeoutMs = 10_000
const unknownModel = 621

/** What a proxy offers: worker by worker, or what the oldest version tells. */
export async function askModels(connection: Connection, version: number | undefined): Promise<ModelOffer[]> {
  if (version === 0) {
    const ask = { _: 'client.getWorkerTypes' as const }
    const data = await connection.query(clientGetWorkerTypes, ask, offersTimeoutMs)
    return decode(clientWorkerTypes, data).types.map(({ name, activeWorkers, coefficientMin }) => ({
      id: name,
      workers: Array.from({ length: Math.min(Math.max(0, activeWorkers), 1) }, () => ({
        coefficient: coefficientMin,
        runningRequests: 0,
        maxRunningRequests: 0,
      })),
    }))
  }
  const ask = { _: 'client.getWorkerTypesV2' as const }
  const data = await connection.query(clientGetWorkerTypesV2, ask, offersTimeoutMs)
  return decode(clientWorkerTypesV2, data).types.map(({ name, workers }) => ({
    id: name,
    workers: workers.map(worker => ({
      coefficient: worker.coefficient,
      runningRequests: worker.activeRequests,
      maxRunningRequests: worker.maxActiveRequests,
    })),
  }))
}

/** The machines that a query for a model can be sealed to, as the proxy has it. Rejects with `model-not-found`. */
export async function askOffers(connection: Connection, model: string): Promise<ClientOffer[]> {
  const ask = { _: 'client.getOffers' as const, model }
  try {
    return decode(clientOffers, await connection.query(clientGetOffers, ask, offersTimeoutMs)).offers
  } catch (cause) {
    if (!(cause instanceof WireError && cause.peerCode === unknownModel)) throw cause
    const name = JSON.stringify(model.slice(0, 80))
    throw new ClientError('model-not-found', `No worker offers the model ${name}.`, { cause })
  }
}

/** What a machine shows of itself, as the proxy has it. */
export async function askEvidence(
  connection: Connection,
  identity: Uint8Array,
): Promise<SealedWorkerEvidence> {
  const ask = { _: 'client.getEvidence' as const, identity }
  return decode(sealedWorkerEvidence, await connection.query(clientGetEvidence, ask, offersTimeoutMs))
}
