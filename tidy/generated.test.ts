import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { test } from 'node:test'
import { expectNone, read, repository } from './repository.ts'

test('the codec is the one that the schema gives', () => {
  const generate = ['packages/wire/generate/main.ts', '--check']
  const { status, stderr } = spawnSync(process.execPath, generate, { cwd: repository, encoding: 'utf8' })
  assert.equal(status, 0, stderr)
})

test('what TypeScript knows of the contracts is what their sources give', () => {
  const generate = ['packages/money/generate/main.ts', '--check']
  const { status, stderr } = spawnSync(process.execPath, generate, { cwd: repository, encoding: 'utf8' })
  assert.equal(status, 0, stderr)
})

interface LockedPackage {
  version?: string
  resolved?: string
  integrity?: string
  optionalDependencies?: Record<string, string>
}

const { packages } = JSON.parse(read('package-lock.json')) as { packages: Record<string, LockedPackage> }

test('the lock file names no place of download', () => {
  expectNone(
    Object.entries(packages)
      .filter(([, { resolved }]) => resolved?.includes('://'))
      .map(([path]) => `${path}: has an address`),
  )
})

test('everything that is downloaded is known by its hash', () => {
  expectNone(
    Object.entries(packages)
      .filter(([path, { version, integrity }]) => path.includes('node_modules/') && version && !integrity)
      .map(([path]) => `${path}: has no integrity`),
  )
})

/** `npm ci` takes no lock file that lacks one of them, also where it is not installed. */
test('what is optional is locked for every platform', () => {
  const locked = new Set(
    Object.keys(packages).map(path => path.slice(path.lastIndexOf('node_modules/') + 13)),
  )
  expectNone(
    Object.entries(packages).flatMap(([path, { optionalDependencies = {} }]) =>
      Object.keys(optionalDependencies)
        .filter(name => !locked.has(name))
        .map(name => `${path || 'the repository'}: ${name} is not in the lock file`),
    ),
  )
})

test('every platform gets Node 24', () => {
  const { optionalDependencies } = JSON.parse(read('package.json')) as {
    optionalDependencies: Record<string, string>
  }
  expectNone(
    Object.entries(optionalDependencies)
      .filter(([name, version]) => !name.startsWith('node-') || !version.startsWith('24.'))
      .map(([name, version]) => `${name} ${version}: is no Node 24`),
  )
})
