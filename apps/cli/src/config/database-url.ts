/** Whether `db_path` names a PostgreSQL, and no folder. */
export function isDatabaseUrl(dbPath: string | undefined): dbPath is string {
  return dbPath !== undefined && /^postgres(?:ql)?:/.test(dbPath)
}
