/** A diagnosis as text: the verdicts as a table, then each with its reason and numbers. */
import type { Diagnosis, Finding, MeasuredNumber } from '#shared/diagnosis'
import { formatNumber, textTable } from './format'

/** Numbers of one finding that are printed at most; JSON has all. */
const PRINTED = 12

/** All verdicts of a study, with what they follow from. */
export function describeDiagnosis({ findings }: Diagnosis): string {
  const rows = findings.map((one) => [
    one.claim,
    one.budget ?? '',
    one.verdict,
    formatNumber(one.measure.value),
    String(one.threshold),
    one.measure.unit
  ])
  return [
    'WHY THE PROXY MAY FAIL. yes: the study fails in this way; docs/diagnosis.md has every threshold.',
    '',
    textTable(['claim', 'truth budget', 'verdict', 'measured', 'threshold', 'unit'], rows),
    ...findings.flatMap((one) => ['', ...describeFinding(one)])
  ].join('\n')
}

function describeFinding(one: Finding): string[] {
  const about = one.budget === null ? one.claim : `${one.claim}, ${one.budget}`
  const printed = one.numbers.slice(0, PRINTED)
  const left = one.numbers.length - printed.length
  return [
    `${one.statement} (${about}): ${one.verdict}`,
    `  ${one.why}`,
    ...[one.measure, ...printed].map((number) => `  ${describeNumber(number)}`),
    ...(left > 0 ? [`  … and ${left} more with --json`] : [])
  ]
}

function describeNumber({ name, value, unit }: MeasuredNumber): string {
  const isCount = value !== null && Number.isInteger(value)
  return `${name}: ${formatNumber(value, isCount ? 0 : 4)} ${unit}`.trimEnd()
}
