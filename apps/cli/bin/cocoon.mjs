#!/usr/bin/env node
import { fileURLToPath } from 'node:url'
import { become } from './node24.mjs'

/**
 * A relay makes much short-lived garbage and keeps little. A small young generation keeps its pauses short; and
 * buffers of large messages, which count as old at once, must not start a full collection every few of them.
 * docs/BENCHMARKS.md has the figures.
 */
const flags = ['--max-semi-space-size=8', '--initial-old-space-size=64']

become([...flags, fileURLToPath(new URL('../src/main.ts', import.meta.url)), ...process.argv.slice(2)])
