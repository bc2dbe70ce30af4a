import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { test } from 'node:test'
import { expectNone, read, repository } from './repository.ts'

test('the codec is the one that the schema gives', () => {
  const generate = ['packages/wire/generate/main.ts', '--check']
  const { status, stderr } = spawnSync(process.execPath, generate, { cwd: repository, encoding: 'utf8' })
  assert.equal(status, 0, stderr)
})

interface LockedPackage {
  version?: string
  resolved?: string
  link?: true
  integrity?: string
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
      .filter(([path, { integrity, link }]) => path.includes('node_modules/') && !link && integrity === undefined)
      .map(([path]) => `${path}: has no integrity`),
  )
})

test('one version of Node for every platform that has it', () => {
  const { optionalDependencies } = JSON.parse(read('package.json')) as {
    optionalDependencies: Record<string, string>
  }
  expectNone(
    Object.entries(optionalDependencies)
      .filter(([name, version]) => !/^node-/.test(name) || !version.startsWith('24.'))
      .map(([name, version]) => `${name} ${version}: is no Node 24`),
  )
})
