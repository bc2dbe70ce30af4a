import { MemoryLogStore } from '@cocoon/trust/log'
import { logStoreCompliance } from './log-store-suite.ts'

logStoreCompliance('memory', async () => new MemoryLogStore())
