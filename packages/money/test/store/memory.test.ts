import { MemoryStore } from '../../src/index.ts'
import { storeCompliance } from './compliance.ts'

storeCompliance('memory', async () => new MemoryStore())
