/** What models on straight lines cost beside what lies straight between the lines' ends. Pure. */
import type { LineLosses } from '#shared/diagnosis'
import { chosenDocuments } from '../results'
import type { DocumentChoice, MeasuredLine, StudyResults } from '../results'
import { domainMeans, domainsWithText, lossOn, meanOver } from './scores'

/**
 * Reads loss along every line that is wholly measured, on each domain and on the log means.
 *
 * A domain on which a point is missing is left out, and a line with none left.
 */
export function readLines(results: StudyResults, documents: DocumentChoice): LineLosses[] {
  const domains = domainsWithText(results, documents)
  const chosen = domains.map((domain) => chosenDocuments(domain, documents))
  const means = domainMeans(domains).filter(({ isLog }) => isLog)
  return results.lines.flatMap(({ kind, from, to, points }: MeasuredLine) => {
    const plain = points.map((point) =>
      domains.map((domain, d) => lossOn(point, domain, chosen[d]!))
    )
    const named = [
      ...domains.map(({ name }, d) => ({ name, losses: plain.map((own) => own[d]!) })),
      ...means.map((mean) => ({
        name: mean.name,
        losses: plain.map((own) => meanOver(mean, (d) => own[d]!))
      }))
    ]
    const places = points.map(({ t }) => t)
    const told = named
      .filter(({ losses }) => losses.every(Number.isFinite))
      .map(({ name, losses }) => ({ domain: name, losses, ...barrierOf(places, losses) }))
    return told.length > 0 ? [{ kind, from, to, domains: told }] : []
  })
}

/**
 * How far losses along a line lie above what is straight between its ends.
 *
 * @param places from 0 to 1, both among them, in order
 * @param losses at these places
 * @returns at each place loss(t) − ((1 − t) loss(0) + t loss(1)), and the highest of these
 * @see Frankle et al. 2020, arXiv 1912.05671, "error barrier height", there of the error
 */
export function barrierOf(
  places: readonly number[],
  losses: readonly number[]
): { above: number[]; barrier: number } {
  const [first, last] = [losses[0]!, losses.at(-1)!]
  const above = places.map((t, i) => losses[i]! - ((1 - t) * first + t * last))
  return { above, barrier: above.reduce((most, value) => Math.max(most, value), 0) }
}
