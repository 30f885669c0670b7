/** A diagnosis as the Evidence screen shows and copies it. Pure. */
import { csvTable } from '#shared/csvText'
import type { Finding, MeasuredNumber } from '#shared/diagnosis'
import { significant } from '../format'

/** What a verdict means for whoever reads it. */
export const VERDICT_WORDS: Record<Finding['verdict'], string> = {
  yes: 'fails so',
  no: 'does not',
  'cannot tell': 'cannot tell'
}

/** A number with its unit; counts without digits behind the point. */
export function numberWords({ value, unit }: MeasuredNumber): string {
  const digits = value !== null && Number.isInteger(value) ? String(value) : significant(value)
  return `${digits.replace('-', '−')} ${unit}`.trimEnd()
}

/** Every number of every finding, with full precision. */
export function diagnosisCsv(findings: readonly Finding[]): string {
  const head = ['claim', 'budget', 'verdict', 'threshold', 'number', 'value', 'unit']
  const lines = findings.flatMap((one) =>
    [one.measure, ...one.numbers].map(({ name, value, unit }) => [
      one.claim,
      one.budget,
      one.verdict,
      one.threshold,
      name,
      value,
      unit
    ])
  )
  return csvTable(head, lines)
}
