#!/usr/bin/env node
import { fileURLToPath } from 'node:url'
import { become } from './node24.mjs'

/**
 * A relay makes much short-lived garbage and keeps little. A small young generation keeps its pauses short and
 * its memory low: docs/BENCHMARKS.md has the figures.
 */
const flags = ['--max-semi-space-size=8']

become([...flags, fileURLToPath(new URL('../src/main.ts', import.meta.url)), ...process.argv.slice(2)])
