/** A diagnosis as text: the verdicts as a table, then each with its reason and numbers. */
import { LINE_POINTS } from '#shared/diagnosis'
import type { Diagnosis, Finding, MeasuredNumber } from '#shared/diagnosis'
import { HEADLINE_DOMAIN } from '#shared/evidenceView'
import { formatNumber, textTable } from './format'

/** Numbers of one finding that are printed at most; JSON has all. */
const PRINTED = 12

/** All verdicts of a study, with what they follow from. */
export function describeDiagnosis(diagnosis: Diagnosis): string {
  const { findings } = diagnosis
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
    ...findings.flatMap((one) => ['', ...describeFinding(one)]),
    ...describeProposals(diagnosis),
    ...describeLines(diagnosis)
  ].join('\n')
}

function describeProposals({ proposed, whyNoneProposed }: Diagnosis): string[] {
  if (whyNoneProposed !== null) return ['', `TRAIN MORE: ${whyNoneProposed}`]
  if (proposed.length === 0) return []
  const rows = proposed.map(({ mixture, information, reason }) => [
    mixture,
    formatNumber(information, 3),
    reason
  ])
  const head = ['mixture', 'tells, nats', 'why']
  return [
    '',
    'TRAIN THESE MORE, the first tell most; --add keeps them in the study (sequential.design)',
    '',
    textTable(head, rows)
  ]
}

function describeLines({ lines, lineModelsLeft }: Diagnosis): string[] {
  const told = lines.flatMap(({ kind, from, to, domains }) => {
    const mean = domains.find(({ domain }) => domain === HEADLINE_DOMAIN)
    if (!mean) return []
    return [
      [kind, from, to, ...mean.losses.map((one) => formatNumber(one)), formatNumber(mean.barrier)]
    ]
  })
  const left =
    lineModelsLeft > 0
      ? ['', `Lines in weight space: ${lineModelsLeft} models would have to be measured (--lines).`]
      : []
  if (told.length === 0) return left
  const head = ['line', 'from', 'to', ...LINE_POINTS.map((t) => `t = ${t}`), 'barrier']
  return [
    '',
    `LOSS ALONG STRAIGHT LINES, nats/token, mean over all domains (${HEADLINE_DOMAIN})`,
    '',
    textTable(head, told),
    ...left
  ]
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
