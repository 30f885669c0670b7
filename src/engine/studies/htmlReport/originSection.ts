/** Where the numbers come from: versions, devices, fingerprints, runs. */
import { duration, grouped, short } from '#shared/numberWords'
import type { ReportContents } from './contents'
import { factsOf, markup, section, tableOf } from './markup'
import type { Piece } from './markup'
import { figure, fourDigits } from './numbers'

const TRUST = {
  passed: 'passed the conformance suite there',
  failed: 'FAILED the conformance suite there: do not believe these numbers',
  none: 'not verified by the conformance suite'
}

/** Enough to find the same results again, or to see that others are others. */
export function originSection({ results, facts }: ReportContents): Piece {
  const { prepared, runs, tables, domains } = results
  const devices = facts.devices.map(
    ({ backend, device, verification }) => `${device} (${backend}): ${TRUST[verification]}`
  )
  const code = (fingerprint: string) => markup`<code>${fingerprint}</code>`
  const parts = tables
    ? tables.files.map(({ name, sha256 }) => ({ what: `table ${name}`, fingerprint: sha256 }))
    : [
        { what: 'tokenizer', fingerprint: prepared.tokenizer.fingerprint },
        ...prepared.partitions
          .flatMap(({ baseUnits }) => baseUnits)
          .map(({ name, fingerprint }) => ({ what: `base unit ${name}`, fingerprint })),
        ...domains.map(({ name, fingerprint }) => ({ what: `domain ${name}`, fingerprint }))
      ]
  return section(
    'origin',
    'Origin',
    factsOf([
      ['Project', facts.project],
      ['Study', results.study.name],
      ['Written by', `Assay ${facts.version}, ${facts.writtenAt}`],
      ['Trained on', devices.length > 0 ? devices.map((one) => [one, markup`<br>`]) : 'not known'],
      ['Runs', runs.length === 0 ? 'none' : `${grouped(runs.length)} finished`]
    ]),
    markup`<details><summary>Fingerprints, SHA-256: ${parts.length}</summary>
${tableOf(
  'Fingerprints of what was measured and trained on',
  [
    { head: 'Of', cell: ({ what }) => what },
    { head: 'SHA-256', cell: ({ fingerprint }) => code(fingerprint) }
  ],
  parts
)}</details>
`,
    runs.length === 0
      ? null
      : markup`<details><summary>Finished training runs: ${runs.length}</summary>
${tableOf(
  'Training runs',
  [
    { head: 'Run', cell: ({ name }) => name },
    { head: 'Role', cell: ({ role }) => role },
    { head: 'Chosen by', cell: ({ chosenBy }) => chosenBy ?? '—' },
    { head: 'Tokens', isNumber: true, cell: ({ tokens }) => figure(tokens, grouped) },
    { head: 'Steps', isNumber: true, cell: ({ steps }) => figure(steps, grouped) },
    {
      head: 'Final loss, nats/token',
      isNumber: true,
      cell: ({ finalLoss }) => figure(finalLoss, fourDigits)
    },
    { head: 'Time', isNumber: true, cell: ({ elapsedMs }) => figure(elapsedMs / 1000, duration) },
    {
      head: 'Tokens/s',
      isNumber: true,
      cell: ({ tokensPerSecond }) => figure(tokensPerSecond, short)
    },
    { head: 'Fingerprint', cell: ({ fingerprint }) => code(fingerprint.slice(0, 16)) }
  ],
  runs
)}</details>
`
  )
}
