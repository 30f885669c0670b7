/** Straight lines between models in the space of their weights: which ones, and the merges along them. Pure. */
import { LINE_POINTS } from '#shared/diagnosis'
import type { LineKind } from '#shared/diagnosis'
import type { WeightedBranch } from '#engine/workers/jobs'
import type { ModelToMeasure } from './measureModels'
import { mergeFingerprint } from './plannedMerges'
import type { StudyPlan } from './plan'
import { firstByHash } from './subsets'

/**
 * Lines of one kind at most: each costs up to three models to be measured, and a mean over twelve
 * says what one over hundreds does.
 */
const MOST_LINES = 12

/** A line from one model, t = 0, to another, t = 1. */
export interface PlannedLine {
  kind: LineKind
  from: string
  to: string
  points: LinePoint[]
}

/** A model on a line: an average of the models that the line is between. */
interface LinePoint {
  t: number
  fingerprint: string
  /** Weights sum to 1; one alone is that model itself. */
  parts: WeightedBranch[]
}

/** An end of a line, or what lies between. */
interface End {
  name: string
  parts: WeightedBranch[]
}

/**
 * The lines of a study: from the seed to each branch, between branches, and from each branch to the
 * even merge of all.
 *
 * Of each kind at most twelve, between twelve branches that are drawn by a hash of the study's random
 * seed and their names, so that the same study has the same lines and a further branch disturbs few. Without a seed that branches
 * go on from there are none from it; of two branches the line to their merge is half the line
 * between them, and left out.
 */
export function planLines(plan: StudyPlan, randomSeed: number): PlannedLine[] {
  const drawn = inOrder(plan.branches, randomSeed)
  const branches = drawn.map(({ name, fingerprint }): End => ({
    name,
    parts: [{ fingerprint, weight: 1 }]
  }))
  const seed = startOf(plan)
  const all: End = {
    name: 'merge of all',
    parts: plan.branches.map(({ fingerprint }) => ({
      fingerprint,
      weight: 1 / plan.branches.length
    }))
  }
  const line = (kind: LineKind, from: End, to: End) => ({
    name: `${kind} ${from.name} ${to.name}`,
    kind,
    from,
    to
  })
  const kinds = [
    seed === null ? [] : branches.map((branch) => line('seed-branch', seed, branch)),
    branches.flatMap((b, i) => branches.slice(0, i).map((a) => line('branch-branch', a, b))),
    plan.branches.length < 3 ? [] : branches.map((branch) => line('branch-merge', branch, all))
  ]
  return kinds.flatMap((lines) =>
    inOrder(lines, randomSeed).map(({ kind, from, to }) => ({
      kind,
      from: from.name,
      to: to.name,
      points: LINE_POINTS.map((t) => pointBetween(from, to, t))
    }))
  )
}

/** The first by hash, in the order they were given. */
function inOrder<Item extends { name: string }>(items: Item[], randomSeed: number): Item[] {
  const drawn = new Set(firstByHash(items, MOST_LINES, randomSeed))
  return items.filter((one) => drawn.has(one))
}

/** The models of lines, to be measured; several lines share their ends. */
export function modelsOnLines(
  lines: readonly PlannedLine[],
  { seedCheckpoint }: StudyPlan
): ModelToMeasure[] {
  const models = lines.flatMap(({ from, to, points }) =>
    points.map(({ t, fingerprint, parts }): ModelToMeasure => {
      const label = `${from} to ${to}, t = ${t}`
      const outside = parts.some((one) => one.fingerprint === seedCheckpoint?.fingerprint)
        ? { fingerprint: seedCheckpoint!.fingerprint, folder: seedCheckpoint!.folder }
        : null
      if (parts.length > 1) {
        const model = { kind: 'merge' as const, branches: parts, ...(outside ? { outside } : {}) }
        return { label, role: 'merge', fingerprint, model, isProbe: true }
      }
      if (outside) {
        const model = { kind: 'checkpoint' as const, folder: outside.folder }
        return { label, role: 'seed', fingerprint, model, isProbe: true }
      }
      const model = { kind: 'run' as const, fingerprint }
      return { label, role: 'branch', fingerprint, model, isProbe: true }
    })
  )
  return [...new Map(models.map((one) => [one.fingerprint, one])).values()]
}

/** The seed that branches go on from; null where they start from random weights. */
function startOf({ branches, seedCheckpoint }: StudyPlan): End | null {
  const start = branches[0]?.start
  const fingerprint = start?.kind === 'run' ? start.fingerprint : seedCheckpoint?.fingerprint
  if (!start || start.kind === 'initialize' || fingerprint === undefined) return null
  return { name: 'seed', parts: [{ fingerprint, weight: 1 }] }
}

function pointBetween(from: End, to: End, t: number): LinePoint {
  const weights = new Map<string, number>()
  const add = (parts: readonly WeightedBranch[], share: number): void => {
    for (const { fingerprint, weight } of parts) {
      weights.set(fingerprint, (weights.get(fingerprint) ?? 0) + share * weight)
    }
  }
  add(from.parts, 1 - t)
  add(to.parts, t)
  const parts = [...weights]
    .filter(([, weight]) => weight > 0)
    .map(([fingerprint, weight]) => ({ fingerprint, weight }))
  return { t, fingerprint: mergeFingerprint(parts), parts }
}
