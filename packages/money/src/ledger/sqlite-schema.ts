import type { DiskSchema } from '../database/disk.ts'

/** Statements by their number. */
export const statement = {
  readBook: 0,
  readClients: 1,
  readWorkers: 2,
  readCharges: 3,
  writeBook: 4,
  writeClient: 5,
  writeWorker: 6,
  writeCharge: 7,
  pruneCharges: 8,
  writeNote: 9,
  readNotes: 10,
  dropNote: 11,
} as const

const version1 = `
  CREATE TABLE book (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    contract TEXT NOT NULL,
    last_seqno INTEGER NOT NULL,
    is_waiting INTEGER NOT NULL,
    last_charge INTEGER NOT NULL,
    spent TEXT NOT NULL,
    earned TEXT NOT NULL
  ) STRICT;
  CREATE TABLE client (
    id INTEGER PRIMARY KEY,
    owner TEXT NOT NULL UNIQUE,
    paid TEXT NOT NULL,
    stake TEXT NOT NULL,
    charged TEXT NOT NULL,
    total TEXT NOT NULL,
    announced TEXT,
    committed TEXT NOT NULL,
    signed TEXT NOT NULL
  ) STRICT;
  CREATE TABLE worker (
    id INTEGER PRIMARY KEY,
    owner TEXT NOT NULL UNIQUE,
    paid TEXT NOT NULL,
    total TEXT NOT NULL,
    announced TEXT,
    committed TEXT NOT NULL,
    signed TEXT NOT NULL
  ) STRICT;
  CREATE TABLE charge (
    number INTEGER PRIMARY KEY,
    request_id TEXT NOT NULL,
    client INTEGER NOT NULL,
    worker INTEGER NOT NULL,
    asked TEXT NOT NULL,
    charged TEXT NOT NULL
  ) STRICT;
`

const version2 = `
  CREATE TABLE note (
    number INTEGER PRIMARY KEY,
    request_id TEXT NOT NULL,
    bytes BLOB NOT NULL,
    charged TEXT NOT NULL
  ) STRICT;
  CREATE INDEX note_request ON note (request_id);
`

const version3 = "ALTER TABLE client ADD COLUMN credit_lt TEXT NOT NULL DEFAULT '0'"

/** Totals are of now; a charge is kept to know it again. */
export const ledgerSchema: DiskSchema = {
  // "Cled"
  applicationId: 0x436c6564,
  what: 'ledger',
  migrations: [version1, version2, version3],
  statements: [
    'SELECT * FROM book',
    'SELECT * FROM client ORDER BY id',
    'SELECT * FROM worker ORDER BY id',
    'SELECT * FROM charge ORDER BY number',
    'INSERT OR REPLACE INTO book VALUES (1, ?, ?, ?, ?, ?, ?)',
    `INSERT INTO client VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO UPDATE SET
      (paid, stake, charged, total, announced, committed, signed, credit_lt) = (excluded.paid, excluded.stake,
      excluded.charged, excluded.total, excluded.announced, excluded.committed, excluded.signed, excluded.credit_lt)`,
    `INSERT INTO worker VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO UPDATE SET
      (paid, total, announced, committed, signed) = (excluded.paid, excluded.total, excluded.announced,
      excluded.committed, excluded.signed)`,
    'INSERT INTO charge VALUES (?, ?, ?, ?, ?, ?)',
    'DELETE FROM charge WHERE number <= ?',
    'INSERT INTO note (request_id, bytes, charged) VALUES (?, ?, ?)',
    'SELECT request_id, bytes, charged FROM note ORDER BY number LIMIT ?',
    'DELETE FROM note WHERE request_id = ?',
  ],
}
