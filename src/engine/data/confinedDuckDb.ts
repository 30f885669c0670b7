/** DuckDB for expressions that users write: in memory, without files, network or extensions. */
import { DuckDBInstance } from '@duckdb/node-api'
import type { DuckDBConnection, DuckDBValue } from '@duckdb/node-api'
import { WorkbenchError } from '#shared/errors'

/** Memory that a condition may take: one batch of documents is a few megabytes. */
const MEMORY = '512MB'

/**
 * Set one after the other, the lock last: from then on no statement can change any of them.
 *
 * @see https://duckdb.org/docs/stable/operations_manual/securing_duckdb/overview
 */
const CONFINEMENT = [
  // Nothing is put aside on the disk either.
  "SET temp_directory = ''",
  'SET autoinstall_known_extensions = false',
  'SET autoload_known_extensions = false',
  'SET allow_community_extensions = false',
  'SET enable_external_access = false',
  'SET lock_configuration = true'
]

/** So long a query that was told to stop may take to do so before it is left to itself, in ms. */
const STOPPING_MS = 5000

/** A database that holds nothing and reaches nothing. */
export interface ConfinedDuckDb {
  /**
   * Rows of one statement.
   *
   * @throws WorkbenchError `partition/invalid` when it takes longer than the limit, or is several
   *   statements; whatever DuckDB says of it
   */
  rows(sql: string, values: DuckDBValue[]): Promise<readonly unknown[][]>
  close(): void
}

/** @param limitMs time that one statement may take */
export async function openConfined(limitMs: number): Promise<ConfinedDuckDb> {
  const instance = await DuckDBInstance.create(':memory:', { threads: '1', memory_limit: MEMORY })
  const connection = await instance.connect()
  for (const statement of CONFINEMENT) await connection.run(statement)
  let isStuck = false
  return {
    rows: async (sql, values) => {
      await assertOne(connection, sql)
      const running = connection.runAndReadAll(sql, values).then((result) => result.getRows())
      const done = await ended(running, limitMs, () => connection.interrupt())
      if (done === 'stuck') isStuck = true
      if (done === 'stuck' || done === 'stopped') throw tooLong(limitMs)
      return running
    },
    close: () => {
      // Closing would wait for a function that hears no interrupt.
      if (isStuck) return
      connection.closeSync()
      instance.closeSync()
    }
  }
}

async function assertOne(connection: DuckDBConnection, sql: string): Promise<void> {
  const { count } = await connection.extractStatements(sql)
  if (count === 1) return
  throw new WorkbenchError(
    'partition/invalid',
    `A condition is one expression over the columns, such as year < 2000; found ${count} statements. Leave out what stands behind the semicolon.`,
    { statements: count }
  )
}

/** Waits for a query, tells it to stop when it takes too long, and says how it ended. */
async function ended(
  running: Promise<unknown>,
  limitMs: number,
  stop: () => void
): Promise<'done' | 'stopped' | 'stuck'> {
  const settled = running.then(
    () => 'done' as const,
    () => 'done' as const
  )
  if ((await within(settled, limitMs)) === 'done') return 'done'
  stop()
  return (await within(settled, STOPPING_MS)) === 'done' ? 'stopped' : 'stuck'
}

async function within<Value>(settled: Promise<Value>, ms: number): Promise<Value | 'late'> {
  let timer: ReturnType<typeof setTimeout> | undefined
  const late = new Promise<'late'>((resolve) => {
    timer = setTimeout(() => resolve('late'), ms)
  })
  const first = await Promise.race([settled, late])
  clearTimeout(timer)
  return first
}

function tooLong(limitMs: number): WorkbenchError {
  return new WorkbenchError(
    'partition/invalid',
    `The conditions took more than ${limitMs / 1000} s for a few hundred documents, where milliseconds were expected. Write them as comparisons of columns, without queries inside.`,
    { limitMs }
  )
}
