import { test } from 'node:test'
import { expectNone, list, read, type Source, sources } from './repository.ts'

const packageFiles = sources('packages/**/*.ts')
const packageSources = packageFiles.filter(({ path }) => /^packages\/[^/]+\/src\//.test(path))
const everything = sources(
  'packages/**/*.ts',
  'apps/**/*.ts',
  'bench/**/*.ts',
  'scripts/**/*.ts',
  'tidy/**/*.ts',
)
const texts = list('**/*', '.ci/*', '.*rc', '.*rc.json').filter(
  path => !/\.(?:bin|gguf|png|ico)$/.test(path) && path !== 'package-lock.json',
)

/** Clock, timers, randomness and the process enter a package by argument. */
const ambient: readonly (readonly [what: string, pattern: RegExp])[] = [
  ['the clock', /\bDate\.now\b|\bnew Date\(\)|\bperformance\.now\b|\bhrtime\b/],
  ['a timer', /(?<![.\w])set(?:Timeout|Interval|Immediate)\b|node:timers/],
  ['randomness', /\bMath\.random\b|\bgetRandomValues\b|\brandom(?:Bytes|UUID|Int|FillSync)\b/],
  ['the process', /\bprocess\.(?:env|exit|exitCode|argv|on|cwd)\b/],
]

/** Files that stand for the outside world, or begin a process of their own. */
const outside: readonly (readonly [path: RegExp, what: readonly string[]])[] = [
  [/^packages\/wire\/src\/system-world\.ts$/, ['the clock', 'a timer', 'randomness']],
  // A library has no main of its own that could pass it a world.
  [/^packages\/client\/src\/sdk\/ambient-world\.ts$/, ['the clock', 'a timer', 'randomness']],
  [/^packages\/worker\/src\/backend\//, ['the clock', 'a timer', 'randomness']],
  // The name of a draft file that nobody else may guess.
  [/^packages\/worker\/src\/model\/tiny-model\.ts$/, ['randomness']],
  [/^packages\/testnet\/src\//, ['the clock', 'a timer', 'randomness', 'the process']],
]

test('packages take the outside world by argument', () => {
  expectNone(
    ambient.flatMap(([what, pattern]) =>
      packageSources
        .filter(({ path }) => !outside.some(([file, allowed]) => file.test(path) && allowed.includes(what)))
        .flatMap(source => linesWith(source, pattern).map(line => `${line}: takes ${what} by itself`)),
    ),
  )
})

test('only a main reads the environment and ends the process', () => {
  const mains = /^apps\/[^/]+\/src\/main\.ts$/
  expectNone(
    everything
      .filter(({ path }) => /^apps\/[^/]+\/src\//.test(path) && !mains.test(path))
      .flatMap(source => linesWith(source, /\bprocess\.(?:env|exit)\b/))
      .map(line => `${line}: belongs into the main`),
  )
})

test('packages write to no console', () => {
  expectNone(
    packageSources
      .filter(({ path }) => !path.startsWith('packages/testnet/'))
      .flatMap(source => linesWith(source, /\bconsole\.\w/))
      .map(line => `${line}: log through the role's own events`),
  )
})

test('files of packages have at most 500 lines, tests 700', () => {
  expectNone(
    packageFiles
      .map(({ path, text }) => ({ path, lines: text.split('\n').length - 1 }))
      .filter(({ path, lines }) => lines > (path.includes('/test/') ? 700 : 500))
      .map(({ path, lines }) => `${path}: ${lines} lines`),
  )
})

test('files are named after what they hold, in kebab-case', () => {
  expectNone(
    everything
      .map(({ path }) => path)
      .filter(path => {
        const name = path.slice(path.lastIndexOf('/') + 1).replace(/(?:\.test|\.generated|\.d)?\.ts$/, '')
        return (
          !/^[a-z\d]+(?:-[a-z\d]+)*$/.test(name) ||
          /^(?:utils?|helpers?|common|manager|base|misc)$/.test(name)
        )
      })
      .map(path => `${path}: name the thing that it is`),
  )
})

test('nothing is left to be done', () => {
  expectNone(
    everything
      .filter(({ path }) => path !== 'tidy/bans.test.ts')
      .flatMap(({ path, text }) => places(path, text, /\b(?:TODO|FIXME|XXX)\b/))
      .map(place => `${place}: do it, or leave it out`),
  )
})

test('nothing names a place of the machine that it was written on', () => {
  const pattern = /(?<![\w.@-])\/(?:work|home|root|Users|mnt|srv)\/\w/
  expectNone(
    texts
      .filter(path => path !== 'tidy/bans.test.ts')
      .flatMap(path => places(path, read(path), pattern))
      .map(place => `${place}: a path of one machine`),
  )
})

test('addresses of the Web are those of the few places that the project speaks of', () => {
  const known =
    /^(?:localhost|127\.0\.0\.1|\[::1\]|(?:[\w.-]+\.)?example(?:\.com|\.org)?|[\w-]+\.lan|host|elsewhere|(?:api|certificates)\.trustedservices\.intel\.com|www\.apache\.org|www\.w3\.org|standards\.iso\.org|trustedcomputinggroup\.org|(?:(?:nras|rim)\.attestation|ocsp\.ndis)\.nvidia\.com|\$\{.*)$/i
  expectNone(
    texts.flatMap(path =>
      [...read(path).matchAll(/https?:\/\/([^\s/'"`<>()|\\]+)/g)]
        .map(([, host = '']) => host.replace(/:[^:]*$/, '').replace(/[.,;]$/, ''))
        .filter(host => !known.test(host))
        .map(host => `${path}: names the host ${host}`),
    ),
  )
})

function linesWith(source: Source, pattern: RegExp): string[] {
  return source.code.flatMap((line, index) => (pattern.test(line) ? [`${source.path}:${index + 1}`] : []))
}

function places(path: string, text: string, pattern: RegExp): string[] {
  return text.split('\n').flatMap((line, index) => (pattern.test(line) ? [`${path}:${index + 1}`] : []))
}
