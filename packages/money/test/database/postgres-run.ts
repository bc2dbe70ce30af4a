import { PostgresServer } from './postgres-server.ts'

// A PostgreSQL for programs outside the tests: prints its address, and ends when its standard input does.

await using server = await PostgresServer.start({ isDurable: true })
console.log(server.url)
await new Promise(resolve => process.stdin.once('close', resolve).resume())
