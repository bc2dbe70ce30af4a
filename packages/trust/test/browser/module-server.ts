import { readFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import { createRequire, stripTypeScriptTypes } from 'node:module'
import type { AddressInfo } from 'node:net'
import { join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { caseFiles } from '../verify/vectors.ts'

const repository = fileURLToPath(new URL('../../../../', import.meta.url))
const here = '/packages/trust/test/browser'
/** Whose dependencies are taken. */
export const trust = join(repository, 'packages/trust/src/index.ts')

/** Where modules of this name lie, as the module that is named finds them, by their path on the server. */
export function folderOf(name: string, from: string): string {
  const paths = createRequire(from).resolve.paths(name) ?? []
  const require = createRequire(from)
  for (const path of paths) {
    try {
      require.resolve(join(path, name, 'package.json'))
      return `/${relative(repository, join(path, name))}/`
    } catch {
      // Not in this folder: the next one further up is looked at.
    }
  }
  throw new Error(`${name} is not installed.`)
}

/** What a browser is to take for the modules that tests name, and for those that are named here besides. */
function importMap(more: Readonly<Record<string, string>>): object {
  const curves = folderOf('@noble/curves', trust)
  return {
    imports: {
      '@cocoon/wire': '/packages/wire/src/index.ts',
      '@noble/curves/': curves,
      '@noble/hashes/': folderOf('@noble/hashes', trust),
      'fast-check': `${folderOf('fast-check', trust)}lib/fast-check.js`,
      'pure-rand/': `${folderOf('pure-rand', trust)}lib/esm/`,
      'node:test': `${here}/test-runner.ts`,
      'node:assert/strict': `${here}/assertions.ts`,
      '/packages/trust/src/crypto/node.ts': `${here}/backends.ts`,
      '/packages/trust/test/verify/vectors.ts': `${here}/vectors.ts`,
      ...more,
    },
    scopes: {
      [curves]: { '@noble/hashes/': folderOf('@noble/hashes', join(repository, curves, 'nist.js')) },
    },
  }
}

export interface ModuleServer extends AsyncDisposable {
  readonly url: string
}

/** Serves the modules of this repository to a browser on loopback; types are stripped, and nothing is bundled. */
export async function startModuleServer(more: Readonly<Record<string, string>> = {}): Promise<ModuleServer> {
  const page = `<!doctype html><script type="importmap">${JSON.stringify(importMap(more))}</script>`
  const server = createServer((request, response) => {
    const path = new URL(request.url ?? '/', 'http://localhost').pathname
    if (path === '/') return response.writeHead(200, { 'content-type': 'text/html' }).end(page)
    if (path === '/cases') {
      return response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(caseFiles))
    }
    void moduleText(path).then(
      text => response.writeHead(200, { 'content-type': 'text/javascript' }).end(text),
      () => response.writeHead(404).end(),
    )
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise(resolve => server.close(resolve))
    },
  }
}

async function moduleText(path: string): Promise<string> {
  // Packages that name their modules without an ending mean JavaScript.
  const file = join(repository, /\.[jt]s$/.test(path) ? path : `${path}.js`)
  if (!file.startsWith(repository)) throw new Error('No module.')
  const text = await readFile(file, 'utf8')
  return file.endsWith('.ts') ? stripTypeScriptTypes(text) : text
}
