#!/usr/bin/env node
import { fileURLToPath } from 'node:url'
import { become } from './node24.mjs'
import { isRuntime } from './runtime.mjs'

const main = new URL('../src/main.ts', import.meta.url)
if (isRuntime) await import(main.href)
else become([fileURLToPath(main), ...process.argv.slice(2)])
