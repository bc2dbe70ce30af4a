import { randomInt } from 'node:crypto'
import { createServer } from 'node:http'
import { CliError, reasonOf } from '../error.ts'

/** Why a port cannot be listened on, and which flag or key chooses another one. */
export function listenError(cause: unknown, host: string, port: number, setting: string): CliError {
  const { code } = cause as NodeJS.ErrnoException
  if (code === 'EADDRINUSE') {
    return new CliError('port-in-use', `Port ${port} of ${host} is in use by another program.`, {
      cause,
      advice: `Stop that program, or choose another port with ${setting}.`,
    })
  }
  if (code === 'EACCES') {
    return new CliError('config', `Port ${port} of ${host} is reserved for the administrator.`, {
      cause,
      advice: `Choose a port above 1023 with ${setting}.`,
    })
  }
  return new CliError('config', `Port ${port} of ${host} cannot be opened: ${reasonOf(cause)}.`, {
    cause,
    advice: `Choose another port with ${setting}, or an address of this machine with --host.`,
  })
}

/** Whether nobody outside of this machine reaches an address. */
export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127(\.\d{1,3}){3}$/.test(host)
}

/** Opens and closes a port: the one that was free. Rejects as listening does. 0 finds one. */
export function probePort(host: string, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer()
    server.once('error', reject)
    server.listen({ host, port, exclusive: true }, () => {
      const address = server.address()
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : port))
    })
  })
}

/** Below the ports that systems give to connections, one of which could have it before it is opened. */
const chosenPorts = { first: 20_000, end: 32_000 } as const
const portTries = 20

/** A port that was free, for what has to know it before it opens it. Rejects as listening does. */
export async function choosePort(host: string): Promise<number> {
  for (let tries = 0; tries < portTries; tries++) {
    try {
      return await probePort(host, randomInt(chosenPorts.first, chosenPorts.end))
    } catch {
      // Another program has it.
    }
  }
  return probePort(host, 0)
}
