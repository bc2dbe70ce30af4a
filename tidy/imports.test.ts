import { test } from 'node:test'
import { expectNone, list, read, type Source, sources, workspaceOf } from './repository.ts'

/** Who may import whom, by package. Apps and benchmarks import any of them. docs/ARCHITECTURE.md says why. */
const arrows: Readonly<Record<string, readonly string[]>> = {
  wire: [],
  trust: ['wire'],
  money: ['wire'],
  client: ['trust', 'money', 'wire'],
  proxy: ['trust', 'money', 'wire'],
  worker: ['trust', 'money', 'wire'],
  testnet: ['client', 'proxy', 'worker', 'trust', 'money', 'wire'],
}

const everything = sources(
  'packages/**/*.ts',
  'apps/**/*.ts',
  'bench/**/*.ts',
  'scripts/**/*.ts',
  'tidy/**/*.ts',
)
const packageSources = everything.filter(({ path }) => /^packages\/[^/]+\/src\//.test(path))

test('every package has its arrows', () => {
  const packages = list('packages/*/package.json').map(path => path.split('/')[1]!)
  expectNone([
    ...packages.filter(name => !(name in arrows)).map(name => `packages/${name} has no arrows in this test`),
    ...Object.keys(arrows)
      .filter(name => !new RegExp(`^\\| \`packages/${name}\` +\\|`, 'm').test(read('docs/ARCHITECTURE.md')))
      .map(name => `packages/${name} has no row in docs/ARCHITECTURE.md`),
  ])
})

test('packages import along their arrows', () => {
  expectNone(
    violations(everything, ({ path }, from) => {
      const [, importer] = /^packages\/([^/]+)\//.exec(path) ?? []
      const [, imported] = /^@cocoon\/([^/]+)/.exec(from) ?? []
      if (importer === undefined || imported === undefined || imported === importer) return false
      return !arrows[importer]?.includes(imported)
    }),
  )
})

test('what a package exports is all that others see of it', () => {
  const declared = new Set(
    list('packages/*/package.json').flatMap(path => {
      const { name, exports } = JSON.parse(read(path)) as { name: string; exports: Record<string, string> }
      return Object.keys(exports).map(entry => name + entry.slice(1))
    }),
  )
  expectNone(
    violations(everything, ({ path }, from, target) => {
      if (from.startsWith('@cocoon/')) return !declared.has(from)
      return (
        target !== undefined && workspaceOf(target) !== workspaceOf(path) && !isSharedByTests(path, target)
      )
    }),
  )
})

test('only money knows TON', () => {
  expectNone(
    violations(
      everything,
      ({ path }, from) => from.startsWith('@ton/') && !path.startsWith('packages/money/'),
    ),
  )
})

test('only the TCP files of wire open sockets, and the connection to liteservers', () => {
  /** Looks whether a port is free before a role is started on it; stands for model servers of other makers. */
  const outside = /^apps\/cli\/src\/roles\/port\.ts$|^packages\/testnet\/src\/(?:soak|kill)\//
  expectNone(
    violations(
      everything.filter(({ path }) => /^(?:packages|apps)\/[^/]+\/src\//.test(path) && !outside.test(path)),
      ({ path }, from) =>
        /^(?:node:)?(?:net|tls|dgram)$/.test(from) &&
        !/^packages\/(?:wire\/src\/tcp[\w-]*|money\/src\/chain\/adnl-connection)\.ts$/.test(path),
    ),
  )
})

test("HTTP is served by the client's endpoint, by the devnet and by apps, and spoken to backends by undici", () => {
  expectNone(
    violations(
      packageSources,
      ({ path }, from) =>
        (/^(?:node:)?(?:http|https|http2)$/.test(from) &&
          !/^packages\/(?:client\/src\/http|money\/src\/devnet\/http|testnet\/src\/soak)\//.test(path)) ||
        (from === 'undici' && path !== 'packages/worker/src/backend/http.ts'),
    ),
  )
})

test('native inference is one backend, loaded only when it is used', () => {
  expectNone(
    everything.flatMap(({ path, imports }) =>
      imports
        .filter(({ from }) => from === 'node-llama-cpp')
        .filter(
          ({ kind }) => kind === 'value' || !/^packages\/worker\/(?:src|test)\/backend\/llama/.test(path),
        )
        .map(({ kind, from }) => `${path}: ${kind} import of ${from}`),
    ),
  )
})

test('what runs in a browser needs nothing of Node', () => {
  const inBrowser = [
    ...reach('packages/wire/src/index.ts'),
    ...reach('packages/trust/src/index.ts'),
    ...reach('packages/trust/src/nvidia/index.ts'),
    ...reach('packages/trust/src/event-log/index.ts'),
    ...reach('packages/trust/src/seal/index.ts'),
    ...reach('packages/trust/src/log/index.ts'),
    ...reach('packages/client/src/index.ts'),
    // The core of the role needs nothing of Node by itself; its endpoint, and money below it, do.
    ...packageSources.filter(({ path }) => /^packages\/client\/src\/[\w-]+\.ts$/.test(path)),
  ]
  expectNone(violations(inBrowser, (_source, from) => from.startsWith('node:')))
  /** The faster functions of Node are taken where they are there, and done without where not. */
  const asks = /typeof Buffer === 'undefined'|\{ Buffer \} = globalThis/
  expectNone(
    inBrowser
      .filter(
        ({ text, code }) => code.some(line => /\b(?:Buffer|process|NodeJS)\b/.test(line)) && !asks.test(text),
      )
      .map(({ path }) => `${path}: uses a global of Node`),
  )
})

/** What packages give to those that run in a browser, and what is taken there in place of what needs Node. */
const entries: ReadonlyMap<string, string> = new Map([
  ['@cocoon/wire', 'packages/wire/src/index.ts'],
  ['@cocoon/trust', 'packages/trust/src/index.ts'],
  ['@cocoon/trust/seal', 'packages/trust/src/seal/index.ts'],
  ['@cocoon/trust/log', 'packages/trust/src/log/index.ts'],
  ['@cocoon/money/pricing', 'packages/money/src/pricing.ts'],
  ['#crypto', 'packages/client/src/sdk/crypto-portable.ts'],
])

/** The files that an entry of a package reaches by its own imports and by those of other packages. */
function reach(entry: string, reached = new Map<string, Source>()): Source[] {
  const source = everything.find(({ path }) => path === entry)
  if (source !== undefined && !reached.has(entry)) {
    reached.set(entry, source)
    for (const { from, path, kind } of source.imports) {
      if (kind === 'type') continue
      if (path !== undefined) reach(path, reached)
      else if (entries.has(from)) reach(entries.get(from)!, reached)
    }
  }
  return [...reached.values()]
}

function violations(
  among: readonly Source[],
  isWrong: (source: Source, from: string, target: string | undefined) => boolean,
): string[] {
  return among.flatMap(source =>
    source.imports
      .filter(({ from, path }) => isWrong(source, from, path))
      .map(({ from }) => `${source.path}: imports ${from}`),
  )
}

/** Tests may stand on what the tests of another package stand on, such as a clock that is set by hand. */
function isSharedByTests(path: string, target: string): boolean {
  const inTests = /^(?:packages|apps)\/[^/]+\/test\//
  return inTests.test(path) && inTests.test(target) && !target.endsWith('.test.ts')
}
