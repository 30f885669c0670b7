/** Where jobs run and how many at once, by the memory there is. */
import type { Recipe } from '#shared/records'
import {
  evaluationMemoryBytes,
  evaluationsThatFit,
  trainingMemoryBytes,
  trainingsThatFit
} from '#engine/model/config'
import type { LaneName } from '#engine/workers/pool'
import type { PlannedRun } from './plan'
import type { RunContext } from './runContext'

/** What decides how many jobs go at once. */
export interface Memory {
  isGpu: boolean
  /** Bytes that were free before anything was begun; null on a GPU, which does not say. */
  bytes: number | null
}

/** A lane, and how many jobs are given to it at once. */
export interface Placement {
  lane: LaneName
  atOnce: number
}

/** Branches of merges stay in a worker's memory up to so many bytes. */
const HELD_BYTES = 1 << 30

/** Share of the memory that workers' held branches and domains may fill; the rest is computed in. */
const HELD_SHARE = 0.25

/** Bytes that this machine, or the container it is, could still fill. */
export function availableMemory(): number {
  return process.availableMemory()
}

/**
 * Looks at the memory before anything starts: every recipe that is still to be trained must fit,
 * and so must measuring.
 *
 * @param missing runs that are still to be trained
 * @throws WorkbenchError `model/out-of-memory`
 */
export async function findMemory(
  missing: readonly PlannedRun[],
  context: RunContext
): Promise<Memory> {
  const { plan, pool, study } = context
  const { isGpu } = await context.device()
  if (isGpu) return { isGpu, bytes: null }
  const recipes = [...new Set(missing.map((run) => run.recipe))]
  const wanted = Math.max(
    evaluationMemoryBytes(plan.config, study.evaluation.batchSize),
    ...recipes.map((recipe) => trainingMemoryBytes(plan.config, recipe))
  )
  if (wanted * pool.width('narrow') > availableMemory()) {
    // What workers hold from before may be what is lacking.
    await pool.rest('wide')
    await pool.rest('narrow')
  }
  const memory = { isGpu, bytes: availableMemory() }
  for (const recipe of recipes) trainingsThatFit(plan.config, recipe, memory.bytes)
  const free = memory.bytes * (1 - HELD_SHARE)
  evaluationsThatFit(plan.config, study.evaluation.batchSize, free)
  return memory
}

/** In which lane the runs of a recipe train, and how many of them at once. */
export async function placeTraining(
  recipe: Recipe,
  runs: number,
  memory: Memory,
  context: RunContext
): Promise<Placement> {
  const { config } = context.plan
  const fitting = trainingsThatFit(config, recipe, memory.bytes)
  const placement = place(runs, fitting, memory, context)
  const each = trainingMemoryBytes(config, recipe)
  await makeRoom(each, placement, memory, context)
  // What this lane's workers hold of measuring may be wanted too.
  if (2 * each * placement.atOnce > (memory.bytes ?? Infinity)) {
    await context.pool.rest(placement.lane)
  }
  return placement
}

/**
 * In which lane models are measured, how many at once, and how many bytes of branches each worker
 * may hold.
 *
 * @param ownLane of the run that was just trained: its worker measures it
 */
export async function placeMeasuring(
  models: number,
  memory: Memory,
  context: RunContext,
  ownLane?: LaneName
): Promise<Placement & { heldBytes: number }> {
  const { config } = context.plan
  const { batchSize } = context.study.evaluation
  const free = memory.bytes === null ? null : memory.bytes * (1 - HELD_SHARE)
  const fitting = evaluationsThatFit(config, batchSize, free)
  const placement = ownLane ? { lane: ownLane, atOnce: 1 } : place(models, fitting, memory, context)
  await makeRoom(evaluationMemoryBytes(config, batchSize), placement, memory, context)
  const held = (memory.bytes ?? availableMemory()) * HELD_SHARE
  const share = held / context.pool.width('narrow')
  return { ...placement, heldBytes: Math.min(HELD_BYTES, share) }
}

function place(jobs: number, fitting: number, { isGpu }: Memory, { pool }: RunContext): Placement {
  const atOnce = Math.min(jobs, fitting, pool.width('narrow'))
  // Several small models on one GPU may be faster; nobody has measured it yet.
  return isGpu || atOnce < 2 ? { lane: 'wide', atOnce: 1 } : { lane: 'narrow', atOnce }
}

/** Lets the other lane's workers go where what they hold from before is wanted. */
async function makeRoom(
  each: number,
  { lane, atOnce }: Placement,
  memory: Memory,
  { pool }: RunContext
): Promise<void> {
  const other = lane === 'wide' ? 'narrow' : 'wide'
  if (each * (atOnce + pool.width(other)) > (memory.bytes ?? Infinity)) await pool.rest(other)
}
