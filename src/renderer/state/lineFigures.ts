/** What the figures of a diagnosis draw: loss along lines, and cosines of branches' ways. Pure. */
import { csvTable } from '#shared/csvText'
import { LINE_KINDS, LINE_POINTS, LINE_WORDS } from '#shared/diagnosis'
import type { BranchGeometry, LineLosses } from '#shared/diagnosis'

/** What of a line is drawn: its loss, or that less what lies straight between its ends. */
export type LineHeight = 'above' | 'losses'

/** Lines of one kind on one domain. */
export interface LinePanel {
  title: string
  lines: { name: string; barrier: number; values: readonly number[] }[]
}

/** Domains on which every line is told, in the engine's order. */
export function lineDomains(lines: readonly LineLosses[]): string[] {
  return [...new Set(lines.flatMap(({ domains }) => domains.map(({ domain }) => domain)))]
}

/** Panels by kind of line; kinds without a line on the domain are left out. */
export function linePanels(
  lines: readonly LineLosses[],
  domain: string,
  height: LineHeight
): LinePanel[] {
  return LINE_KINDS.map((kind) => ({
    title: LINE_WORDS[kind],
    lines: lines.flatMap((line) => {
      const found = line.domains.find((one) => one.domain === domain)
      if (line.kind !== kind || !found) return []
      const name = `${line.from} to ${line.to}`
      return [{ name, barrier: found.barrier, values: found[height] }]
    })
  })).filter((panel) => panel.lines.length > 0)
}

/** What the panels draw, a row per line and place. */
export function linePanelsCsv(panels: readonly LinePanel[]): string {
  return csvTable(
    ['kind', 'line', 't', 'nats_per_token', 'barrier'],
    panels.flatMap(({ title, lines }) =>
      lines.flatMap(({ name, barrier, values }) =>
        values.map((value, i) => [title, name, LINE_POINTS[i]!, value, barrier])
      )
    )
  )
}

/** Cosines of all branches' ways from the seed, a row per branch. */
export function cosinesCsv({ branches, cosines }: BranchGeometry): string {
  const names = branches.map(({ name }) => name)
  return csvTable(
    ['branch', 'relative_distance', ...names],
    branches.map(({ name, relativeDistance }, i) => [name, relativeDistance, ...cosines[i]!])
  )
}

/** Shade of a cosine from −1 to 1, as the heat map's classes have it: ways that part are orange. */
export function cosineShade(cosine: number | null): number | null {
  return cosine === null ? null : -cosine
}
