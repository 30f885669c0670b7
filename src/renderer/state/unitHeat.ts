/** Which data helps where, as a heat map has it. Pure. */
import { csvTable } from '#shared/csvText'
import type { UnitChanges } from '#shared/unitChanges'
import { significant } from '../format'

/** One row: a base unit, or a partition as the mean of its units. */
export interface HeatRow {
  name: string
  partition: string
  changes: (number | null)[]
}

/** Rows of base units, or of partitions. */
export function heatRows({ units, domains }: UnitChanges, of: 'units' | 'partitions'): HeatRow[] {
  if (of === 'units') return units.map(({ unit, ...rest }) => ({ name: unit, ...rest }))
  const partitions = [...new Set(units.map(({ partition }) => partition))]
  return partitions.map((partition) => {
    const own = units.filter((unit) => unit.partition === partition)
    const changes = domains.map((_, d) => {
      const known = own.flatMap((unit) => unit.changes[d] ?? [])
      return known.length === 0 ? null : known.reduce((sum, one) => sum + one, 0) / known.length
    })
    return { name: partition, partition, changes }
  })
}

/** Rows by what they do to a domain, the greatest help first; those not measured last. */
export function sortedBy(rows: readonly HeatRow[], domain: number | null): HeatRow[] {
  if (domain === null) return [...rows]
  return [...rows].sort((a, b) => (a.changes[domain] ?? Infinity) - (b.changes[domain] ?? Infinity))
}

/** Furthest from the seed that anything is, by domain: of all of them alike, or of each its own. */
export function heatReach(rows: readonly HeatRow[], domains: number, isOwn: boolean): number[] {
  const reach = Array.from({ length: domains }, (_, d) =>
    rows.reduce((most, { changes }) => Math.max(most, Math.abs(changes[d] ?? 0)), 0)
  )
  const widest = Math.max(0, ...reach)
  return reach.map((own) => (isOwn ? own : widest) || 1)
}

/** A change as it is read: the sign is said, and a minus is a minus. */
export function changeWords(change: number | null): string {
  if (change === null) return '–'
  return `${change > 0 ? '+' : ''}${significant(change)}`.replace('-', '−')
}

/** A cell in words. */
export function cellWords(row: HeatRow, domain: string, change: number | null): string {
  if (change === null) return `${row.name} on ${domain}: not measured`
  const how = change < 0 ? 'better than' : change > 0 ? 'worse than' : 'as'
  return `${row.name} on ${domain}: ${changeWords(change)} nats per token, ${how} the seed`
}

/** All rows with full precision. */
export function heatCsv({ domains }: UnitChanges, rows: readonly HeatRow[]): string {
  return csvTable(
    ['unit', 'partition', ...domains.map(({ name }) => name)],
    rows.map(({ name, partition, changes }) => [name, partition, ...changes])
  )
}
