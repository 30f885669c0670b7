/** What must be said beside the numbers of a series. Pure. */
import { widerInterval } from './evidenceView'
import { counted, withInterval } from './numberWords'
import type { SeriesKind } from './series'
import type { SeriesResult, SeriesRow } from './seriesView'

/** True where the result is an effect for each partition. */
export function isOfEffects(kind: SeriesKind): boolean {
  return kind === 'leave-one-out' || kind === 'swap-one'
}

/** What must be known of a series before it is read. */
export function cautionsOf(rows: readonly SeriesRow[], notRun: readonly string[]): string[] {
  const distinct = [...new Map(rows.map((row) => [row.study, row])).values()]
  const left = distinct.filter(({ runsLeft }) => runsLeft > 0)
  const altered = distinct.filter(({ isAltered }) => isAltered)
  const named = (list: readonly SeriesRow[]) => list.map(({ study }) => study).join(', ')
  return [
    ...(notRun.length > 0 ? [`Not run yet: ${notRun.join(', ')}.`] : []),
    ...left.map(({ study, runsLeft }) => `${study}: ${counted(runsLeft, 'run')} left.`),
    ...(altered.length > 0
      ? [`Not what the study that they were varied from would give now: ${named(altered)}.`]
      : [])
  ]
}

/** What effects may be read as: mixtures of two sizes stand behind each. */
export function effectsCaution({ kind, rows }: SeriesResult): string {
  const [own] = rows
  const ranks =
    own && own.spearman.value !== null
      ? ` The merge orders them as training does at ρ ${withInterval(own.spearman.value, widerInterval(own.spearman))}, n ${own.n}.`
      : ''
  const common = kind === 'leave-one-out' ? 'all of them' : 'those kept alone'
  return `Changes are in nats per token. Compare partitions with one another: their mixtures are of one size. Against ${common} the merge has another number of branches, which shifts all of its bars alike, and with the sum budget the sequential model another number of tokens. One run stands behind each: small differences may be noise.${ranks}`
}

/** What the numbers of a series are, and how far they may be read. */
export function meaningOf(result: SeriesResult): string {
  if (isOfEffects(result.kind)) return effectsCaution(result)
  if (result.kind === 'rolling-windows') {
    return 'Losses in nats per token. Next to a window are the partition before and the one behind it.'
  }
  return 'ρ and accuracy are among mixtures of one size, on the mean over all domains; intervals are the wider of that over mixtures and that with one partition left out. Losses are means in nats per token; gain is that of branches over the seed on their own partition.'
}
