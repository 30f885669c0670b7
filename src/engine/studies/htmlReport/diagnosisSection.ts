/** Why the proxy may fail, claim by claim, and loss along lines where it was measured. */
import { LINE_KINDS, LINE_POINTS, LINE_WORDS } from '#shared/diagnosis'
import type { Finding, LineLosses, MeasuredNumber, ProposedMixture } from '#shared/diagnosis'
import { HEADLINE_DOMAIN } from '#shared/evidenceView'
import type { ReportContents } from './contents'
import { lineFigure } from './lineFigure'
import { markup, section, tableOf } from './markup'
import type { Piece } from './markup'
import { figure } from './numbers'

/** Verdicts with the numbers behind each, what should be trained next, and lines. */
export function diagnosisSection({ diagnosis }: ReportContents): Piece {
  const { findings, proposed, whyNoneProposed, lines } = diagnosis
  return section(
    'diagnosis',
    'Why the proxy may fail',
    markup`<p>Each known reason for a proxy to fail, held against what was measured. Thresholds were fixed before any study was
diagnosed; <em>yes</em>: the study fails so. Losses are means over all domains in nats per token.</p>
`,
    tableOf(
      'Claims and verdicts',
      [
        { head: 'Claim', cell: ({ statement }) => statement },
        { head: 'Truth budget', cell: ({ budget }) => budget ?? '' },
        { head: 'Verdict', cell: ({ verdict }) => markup`<strong>${verdict}</strong>` },
        { head: 'Measured', isNumber: true, cell: ({ measure }) => figure(measure.value) },
        { head: 'Threshold', isNumber: true, cell: ({ threshold }) => threshold },
        { head: 'Unit', cell: ({ measure }) => measure.unit }
      ],
      findings
    ),
    findings.map(numbersBehind),
    proposals(proposed, whyNoneProposed),
    alongLines(lines)
  )
}

function numbersBehind({ statement, budget, verdict, why, measure, numbers }: Finding): Piece {
  const about = budget === null ? '' : `, truth budget ${budget}`
  const caption = `Numbers behind “${statement}”${about}`
  return markup`<details><summary>${statement}${about}: ${verdict}</summary>
<p>${why}</p>
${tableOf<MeasuredNumber>(
  caption,
  [
    { head: 'Number', cell: ({ name }) => name },
    { head: 'Value', isNumber: true, cell: ({ value }) => figure(value) },
    { head: 'Unit', cell: ({ unit }) => unit }
  ],
  [measure, ...numbers]
)}</details>
`
}

function proposals(proposed: readonly ProposedMixture[], whyNone: string | null): Piece {
  if (whyNone !== null) return markup`<p>${whyNone}</p>\n`
  if (proposed.length === 0) return null
  return tableOf(
    'Mixtures that would tell most if they were trained next',
    [
      { head: 'Mixture', cell: ({ mixture }) => mixture },
      { head: 'Size', isNumber: true, cell: ({ size }) => size },
      { head: 'Tells, nats', isNumber: true, cell: ({ information }) => figure(information) },
      { head: 'Why', cell: ({ reason }) => reason }
    ],
    proposed
  )
}

interface LineRow {
  line: LineLosses
  mean: LineLosses['domains'][number]
}

function alongLines(lines: readonly LineLosses[]): Piece {
  const rows = lines.flatMap((line): LineRow[] => {
    const mean = line.domains.find(({ domain }) => domain === HEADLINE_DOMAIN)
    return mean ? [{ line, mean }] : []
  })
  if (rows.length === 0) {
    return markup`<p class="quiet">Loss along straight lines between seed, branches and their merge was not measured.</p>\n`
  }
  const kinds = LINE_KINDS.map((kind) => ({
    kind,
    own: rows.filter(({ line }) => line.kind === kind).map(({ mean }) => mean.above)
  })).filter(({ own }) => own.length > 0)
  const values = kinds.flatMap(({ own }) => own.flat())
  return [
    markup`<h3>Loss along straight lines</h3>
<p>Weights are (1 − t) of one model and t of the other. Drawn is the mean loss over all domains less what lies straight between both ends: what rises above 0 is a barrier.</p>
<div class="panels">
${kinds.map(({ kind, own }) => lineFigure(LINE_WORDS[kind], own, values))}</div>
`,
    tableOf(
      `Loss along each line, nats per token (${HEADLINE_DOMAIN})`,
      [
        { head: 'Line', cell: ({ line }: LineRow) => `${line.from} to ${line.to}` },
        { head: 'Kind', cell: ({ line }: LineRow) => LINE_WORDS[line.kind] },
        ...LINE_POINTS.map((t, i) => ({
          head: `t = ${t}`,
          isNumber: true,
          cell: ({ mean }: LineRow) => figure(mean.losses[i])
        })),
        { head: 'Barrier', isNumber: true, cell: ({ mean }: LineRow) => figure(mean.barrier) }
      ],
      rows
    )
  ]
}
