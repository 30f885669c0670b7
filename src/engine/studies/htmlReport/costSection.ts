/** What the answer cost, beside what other ways of answering would. */
import { evaluationFlopsPerToken, trainingFlopsPerToken } from '#engine/model/config'
import { duration, grouped, inFlops, short } from '#shared/numberWords'
import type { DecoderConfig } from '#shared/records'
import { costFigure } from './costFigure'
import { costSummary } from './costLines'
import type { CostLine, CostSummary } from './costLines'
import type { ReportContents } from './contents'
import { schematicFigure } from './schematicFigure'
import { absent, htmlTable, markup, section } from './markup'
import type { Piece, ShownColumn, ShownTable } from './markup'
import { figure, fourDigits } from './numbers'

/** Runs, tokens, FLOPs and time of each way, break-even, and the figure. */
export function costSection({ results, facts }: ReportContents): Piece {
  if (facts.cost === null) {
    return section('cost', 'Cost', absent('The tables do not say what training cost.'))
  }
  const { config } = facts.cost
  const perToken = trainingFlopsPerToken(config)
  const summary = costSummary(results, facts.cost)
  const measured = summary.measuredTokens * evaluationFlopsPerToken(config)
  return section(
    'cost',
    'Cost',
    htmlTable(costTable(summary, config)),
    markup`<p>Branches pay for themselves once the mixtures asked about hold more than ${summary.units} base units together: with the
${summary.unitsPerMixture.toFixed(1)} units of a mixture here, from the ${ordinal(summary.breakEven)} mixture on. ${
      summary.tokensPerSecond === null
        ? null
        : markup`Times are of one run after another at the mean rate of the finished runs, ${figure(summary.tokensPerSecond, short)} tokens/s; that of what was spent is added up over runs as they were timed. `
    }Measuring what is here read ${figure(summary.measuredTokens, short)} tokens, ${figure(measured, inFlops)}. Compute is the model’s own
count: ${figure(perToken, inFlops)} per trained token.</p>
`,
    schematicFigure({
      mixtures: results.mixtures,
      units: [
        ...new Set(results.mixtures.flatMap(({ units }) => units.map(({ unit }) => unit)))
      ].sort(),
      hasSeed: facts.cost.seedTokens > 0,
      summary
    }),
    costFigure(summary.members)
  )
}

/** Ways of answering with what each takes. */
export function costTable({ lines }: CostSummary, config: DecoderConfig): ShownTable<CostLine> {
  const perToken = trainingFlopsPerToken(config)
  const columns: ShownColumn<CostLine>[] = [
    { head: 'Way', cell: ({ what }) => what },
    { head: 'Counted as', cell: ({ how }) => how },
    { head: 'Runs', isNumber: true, cell: ({ runs }) => figure(runs, runsWords) },
    { head: 'Tokens', isNumber: true, cell: ({ tokens }) => figure(tokens, tokenWords) },
    {
      head: 'Training compute',
      isNumber: true,
      cell: ({ tokens }) => figure(tokens * perToken, inFlops)
    },
    { head: 'Training time', isNumber: true, cell: ({ seconds }) => figure(seconds, timeWords) }
  ]
  return {
    caption: 'Ways to answer, each with the seed model once but for the evidence',
    columns,
    rows: lines
  }
}

const runsWords = (value: number) => (value < 1e6 ? grouped(value) : fourDigits(value))
const tokenWords = (value: number) => (value < 1e15 ? short(value) : fourDigits(value))

function timeWords(seconds: number): string {
  if (seconds < 172_800) return duration(seconds)
  const days = seconds / 86_400
  return days < 1000 ? `${Math.round(days)} days` : `${fourDigits(days / 365.25)} years`
}

function ordinal(value: number): string {
  const isTeen = value % 100 > 10 && value % 100 < 14
  const ending = isTeen ? 'th' : (['th', 'st', 'nd', 'rd'][value % 10] ?? 'th')
  return `${grouped(value)}${ending}`
}
