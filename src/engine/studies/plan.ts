/** From a study and its prepared text to the runs and merges it consists of. Pure. */
import type {
  BaseUnit,
  BudgetKind,
  ChosenBy,
  DecoderConfig,
  Mixture,
  Prepared,
  Recipe,
  RunRole,
  Study
} from '#shared/records'
import type { RunStart, SeedCheckpoint, UnitDraw } from '#engine/workers/jobs'
import { completeRun, runBasis } from './runBasis'
import type { RunBasis } from './runBasis'
import { importedConfig, importedRun } from './importedRuns'
import { planAverages } from './plannedMerges'
import type { PlannedEnsemble, PlannedMerge } from './plannedMerges'
import { addedMixtures, bySizeThenName, enumerateMixtures } from './mixtures'
import {
  chooseSequential,
  designedMixtures,
  pickedMixtures,
  repeatedMixtures,
  spreadOverSizes
} from './sequentialChoice'
import type { KnownOfMixtures } from './sequentialChoice'
import { partSequences, wholeUnit } from './unitParts'

/** One training that the study needs; the same fingerprint is never trained twice. */
export interface PlannedRun {
  fingerprint: string
  role: RunRole
  name: string
  mixture: string | null
  budget: BudgetKind | null
  /** Why a sequential model is trained. */
  chosenBy: ChosenBy | null
  /** Base units it reads, counted once each. */
  baseUnits: number
  draws: UnitDraw[]
  steps: number
  /** Predicted tokens it consumes: steps × batch × T. */
  tokens: number
  recipe: Recipe
  /** Null where it was trained elsewhere, from what nobody said. */
  start: RunStart | null
  replay: BaseUnit | null
  randomSeed: number
  keepMoments: boolean
  /** True where it was trained elsewhere, or would have to be: there is no text here. */
  isImported?: boolean
  /** The random seed, where it trains again what the study has trained under its own; else null. */
  repeat: number | null
}

/** All that a study consists of, whether it exists already or not. */
export interface StudyPlan {
  config: DecoderConfig
  /** Null when branches start from a checkpoint or from random weights. */
  seed: PlannedRun | null
  /** Set when branches start from a checkpoint from outside. */
  seedCheckpoint: SeedCheckpoint | null
  branches: PlannedRun[]
  /** In the order of training: spread over sizes, so that stopping early leaves a fair sample. */
  sequentials: PlannedRun[]
  merges: PlannedMerge[]
  ensembles: PlannedEnsemble[]
  /** The same models again under other random seeds, one list per seed. */
  repeats: PlannedRepeat[]
  mixtures: Mixture[]
  sequentialMixtures: string[]
  /** Those of them that were picked besides what the study chose. */
  pickedMixtures: string[]
  /** Those that somebody waits for, picked or proposed: their models are trained first. */
  awaitedMixtures: string[]
}

/** Models of a study trained again: the same text, start and recipe, another order of data. */
export interface PlannedRepeat {
  randomSeed: number
  branches: PlannedRun[]
  sequentials: PlannedRun[]
  /** Of the mixtures that are trained sequentially. */
  merges: PlannedMerge[]
  ensembles: PlannedEnsemble[]
}

/** What earlier runs of a project settled: what was once drawn at random and used stays. */
export interface PlanHistory {
  /** Members that mixtures were drawn from before, one list per time. */
  members: readonly (readonly string[])[]
  /** Fingerprints of trained sequential models whose mixtures nobody picked by hand. */
  trained: ReadonlySet<string>
  /** Fingerprints of all trained sequential models: what was repeated is repeated on. */
  sequentials: ReadonlySet<string>
}

/** What a plan reads of a study's prepared text. */
export interface PlannedText {
  tokenizer: Prepared['tokenizer']
  partitions: readonly { baseUnits: BaseUnit[] }[]
  seed: { baseUnits: BaseUnit[] } | null
}

const NO_HISTORY: PlanHistory = { members: [], trained: new Set(), sequentials: new Set() }

/** Every training of a plan, in the order of training. */
export function runsOf(plan: StudyPlan): PlannedRun[] {
  return trainingPhases(plan).flatMap(({ runs }) => runs)
}

/** Trainings that may be done at once, each list when those before it are done. */
export function trainingPhases(plan: StudyPlan): { what: string; runs: readonly PlannedRun[] }[] {
  const { seed, branches, sequentials, repeats } = plan
  return [
    { what: 'seed', runs: seed ? [seed] : [] },
    { what: 'branches', runs: branches },
    { what: 'sequential models', runs: sequentials },
    ...repeats.flatMap((repeat) => [
      { what: 'repeated branches', runs: repeat.branches },
      { what: 'repeated sequential models', runs: repeat.sequentials }
    ])
  ]
}

/** Every training of a repeat, in the order of training. */
export function repeatedRuns({ branches, sequentials }: PlannedRepeat): PlannedRun[] {
  return [...branches, ...sequentials]
}

/** Runs each once, as first listed: a sequential model of one unit is that unit's branch. */
export function distinctRuns(runs: readonly PlannedRun[]): PlannedRun[] {
  const distinct = new Map<string, PlannedRun>()
  for (const run of runs) {
    if (!distinct.has(run.fingerprint)) distinct.set(run.fingerprint, run)
  }
  return [...distinct.values()]
}

/**
 * Lists the runs and merges of a study.
 *
 * Sequential models read what their mixture's units would have read as branches (`sum`), or a
 * fixed number of tokens shared by weight (`fixed`). The sequential model of a single unit with
 * the sum budget has its branch's fingerprint, and so is that branch.
 *
 * @param seedCheckpoint for `seed.source: 'checkpoint'`, as `assertStartsFrom` found it fit
 * @param history what stays although partitions were added since
 * @throws WorkbenchError from mixtures: `study/missing-partition`, `study/invalid-weights`;
 *   `study/invalid` when a batch is larger than what a run reads
 */
export function planStudy(
  study: Study,
  prepared: PlannedText,
  seedCheckpoint: SeedCheckpoint | null = null,
  history: PlanHistory = NO_HISTORY
): StudyPlan {
  // A checkpoint may have more rows of embedding than its tokenizer has entries.
  const outside = importedConfig(study) ?? seedCheckpoint?.config
  const config: DecoderConfig = {
    ...study.model,
    vocabularySize: outside?.vocabularySize ?? prepared.tokenizer.vocabularySize,
    ...(outside?.architecture ? { architecture: outside.architecture } : {})
  }
  const units = prepared.partitions.flatMap((partition) => partition.baseUnits)
  const unitsByName = new Map(units.map((unit) => [unit.name, unit]))
  const listed = enumerateMixtures(study.mixtures, units, study.randomSeed, history.members)
  const isListed = new Set(listed.map(({ name }) => name))
  const added = addedMixtures(study.mixtures, units).filter(({ name }) => !isListed.has(name))
  const mixtures = [...listed, ...added].sort(bySizeThenName)
  const seed = planSeed(study, prepared, config)

  const bases = new Map<Recipe, RunBasis>()
  const basisOf = (recipe: Recipe): RunBasis => {
    const known = bases.get(recipe)
    if (known) return known
    const { start, identity } = startOf(study, recipe, seed, seedCheckpoint)
    const replay = recipe.replay > 0 ? (prepared.seed?.baseUnits[0] ?? null) : null
    const { trainer } = study
    const from = { recipe, start, startIdentity: identity, replay, trainer }
    const basis = runBasis(prepared, config, from)
    bases.set(recipe, basis)
    return basis
  }
  const planRun = (
    role: RunRole,
    name: string,
    mixture: string | null,
    budget: BudgetKind | null,
    draws: UnitDraw[],
    chosenBy: ChosenBy | null,
    randomSeed: number
  ): PlannedRun => {
    if (study.models) {
      const asked = { role, name, mixture, budget, draws, chosenBy }
      return importedRun(study, study.models, asked, seedCheckpoint)
    }
    const recipe = (role === 'sequential' ? study.sequential.recipe : null) ?? study.branch
    const isRepeat = randomSeed !== study.randomSeed
    return completeRun(basisOf(recipe), draws, randomSeed, {
      role,
      name: isRepeat ? `${name} (random seed ${randomSeed})` : name,
      mixture,
      budget,
      chosenBy,
      keepMoments: false,
      repeat: isRepeat ? randomSeed : null
    })
  }

  const branchesUnder = (randomSeed: number) =>
    units.map((unit) => {
      const draws = [{ unit, sequences: branchSequences(unit, study) }]
      return planRun('branch', unit.name, null, null, draws, null, randomSeed)
    })
  const branches = branchesUnder(study.randomSeed)
  const branchOf = new Map(branches.map((run) => [run.name, run.fingerprint]))
  const sequentialsOf = (mixture: Mixture, chosenBy: ChosenBy, randomSeed = study.randomSeed) =>
    study.sequential.budgets.map((budget) => {
      const draws = drawsOf(mixture, budget, study, unitsByName)
      const name = `${mixture.name} (${budget})`
      return planRun('sequential', name, mixture.name, budget, draws, chosenBy, randomSeed)
    })
  // With units in parts, or a recipe of its own, what is drawn stays what it is without.
  const wholes = new Map(units.map(wholeUnit).map((unit) => [unit.name, unit]))
  const trainings = new Set(
    [...wholes.values()].map((unit) => {
      const draws = [{ unit, sequences: study.unit.sequences }]
      const { name } = unit
      return planRun('sequential', name, null, null, draws, null, study.randomSeed).fingerprint
    })
  )
  const byChoice = CHOSEN_BY[study.sequential.choose.kind]
  const known: KnownOfMixtures = {
    isAdded: ({ name }) => !isListed.has(name),
    isBranch: (mixture) =>
      wholesOf(mixture, unitsByName).length === 1 &&
      sequentialsOf(mixture, byChoice).every((run) => trainings.has(run.fingerprint)),
    isTrained: (mixture) =>
      history.trained.size > 0 &&
      sequentialsOf(mixture, byChoice).some((run) => history.trained.has(run.fingerprint))
  }
  const chosen = chooseSequential(study.sequential, mixtures, study.randomSeed, known)
  const picked = pickedMixtures(study.sequential.added, mixtures, chosen)
  const top = pickedMixtures(study.sequential.top, mixtures, [...chosen, ...picked])
  const designed = designedMixtures(study.sequential, mixtures, [...chosen, ...picked, ...top])
  // What somebody asked for by hand is waited for: it comes first.
  const inOrder = spreadOverSizes(chosen, study.randomSeed)
  const sequentials = [
    ...picked.flatMap((mixture) => sequentialsOf(mixture, 'user')),
    ...top.flatMap((mixture) => sequentialsOf(mixture, 'top')),
    ...designed.flatMap((mixture) => sequentialsOf(mixture, 'design')),
    ...inOrder.flatMap((one) => sequentialsOf(one, byChoice))
  ]
  const trained = [...chosen, ...picked, ...top, ...designed]
  const seeds = repeatSeeds(study)
  const again = repeatedMixtures(inOrder, seeds.length > 0 ? study.repeats.sequential : 0, {
    isBranch: known.isBranch,
    isRepeated: (mixture) =>
      history.sequentials.size > 0 &&
      seeds
        .flatMap((randomSeed) => sequentialsOf(mixture, byChoice, randomSeed))
        .some((run) => history.sequentials.has(run.fingerprint))
  })
  const repeats = seeds.map((randomSeed): PlannedRepeat => {
    const own = study.repeats.branches ? branchesUnder(randomSeed) : []
    const ownOf = new Map(own.map((run, i) => [units[i]!.name, run.fingerprint]))
    const merged = own.length > 0 ? trained : []
    return {
      randomSeed,
      branches: own,
      sequentials: again.flatMap((one) => sequentialsOf(one, byChoice, randomSeed)),
      ...planAverages(merged, study, ownOf)
    }
  })
  return {
    config,
    seed,
    seedCheckpoint,
    branches,
    sequentials,
    ...planAverages(mixtures, study, branchOf),
    repeats,
    mixtures,
    sequentialMixtures: [...trained].sort(bySizeThenName).map(({ name }) => name),
    pickedMixtures: [...picked, ...top].map(({ name }) => name),
    awaitedMixtures: [...picked, ...top, ...designed].map(({ name }) => name)
  }
}

/** Each other random seed once; under the study's own nothing would be new. */
function repeatSeeds({ repeats, randomSeed }: Study): number[] {
  return [...new Set(repeats.randomSeeds)].filter((one) => one !== randomSeed)
}

/** Why the models of a choice are trained: drawn, all of them, or picked by the user. */
const CHOSEN_BY = { random: 'random', all: 'design', none: 'design', list: 'user' } as const

function planSeed(study: Study, prepared: PlannedText, config: DecoderConfig): PlannedRun | null {
  if (study.seed.source !== 'text') return null
  const unit = prepared.seed?.baseUnits[0]
  if (!unit) throw new Error('the seed text was not prepared')
  const sequences = Math.floor(study.seed.tokenBudget / study.model.contextLength)
  const start: RunStart = { kind: 'initialize', randomSeed: study.randomSeed }
  const recipe: Recipe = { ...study.seed.recipe, start: 'none' }
  const { trainer } = study
  const from = { recipe, start, startIdentity: start, replay: null, trainer }
  const basis = runBasis(prepared, config, from)
  return completeRun(basis, [{ unit, sequences }], study.randomSeed, {
    role: 'seed',
    name: 'seed',
    mixture: null,
    budget: null,
    chosenBy: null,
    keepMoments: true,
    repeat: null
  })
}

/**
 * A short unit is repeated and a joined one sub-sampled: every branch trains equally long. Parts of
 * a unit share its steps, so that together they train as long as the whole.
 */
function branchSequences({ partOf }: BaseUnit, { unit, branch }: Study): number {
  if (!partOf) return unit.sequences
  const steps = Math.floor(unit.sequences / branch.batchSize)
  return partSequences(steps, partOf.place, partOf.parts) * branch.batchSize
}

function startOf(
  study: Study,
  recipe: Recipe,
  seed: PlannedRun | null,
  checkpoint: SeedCheckpoint | null
): { start: RunStart; identity: unknown } {
  if (recipe.start !== 'none') {
    if (seed) {
      const start: RunStart = {
        kind: 'run',
        fingerprint: seed.fingerprint,
        carryMoments: recipe.start === 'weights-and-moments'
      }
      return { start, identity: start }
    }
    if (checkpoint) {
      const carryMoments = recipe.start === 'weights-and-moments'
      return {
        start: { kind: 'checkpoint', folder: checkpoint.folder, carryMoments },
        identity: { kind: 'checkpoint', fingerprint: checkpoint.fingerprint, carryMoments }
      }
    }
  }
  const start: RunStart = { kind: 'initialize', randomSeed: study.randomSeed }
  return { start, identity: start }
}

/** What a sequential model reads of a mixture: whole units, however branches share them. */
function wholesOf(
  mixture: Mixture,
  units: ReadonlyMap<string, BaseUnit>
): { unit: BaseUnit; weight: number }[] {
  const parts = mixture.units.map(({ unit, microWeight }) => ({
    unit: units.get(unit)!,
    weight: microWeight
  }))
  // With ten thousand mixtures it tells that most studies have no parts to put together.
  if (parts.every(({ unit }) => !unit.partOf)) return parts
  const wholes = new Map<string, { unit: BaseUnit; weight: number }>()
  for (const { unit: name, microWeight } of mixture.units) {
    const unit = wholeUnit(units.get(name)!)
    const weight = (wholes.get(unit.name)?.weight ?? 0) + microWeight
    wholes.set(unit.name, { unit, weight })
  }
  return [...wholes.values()]
}

function drawsOf(
  mixture: Mixture,
  budget: BudgetKind,
  study: Study,
  units: ReadonlyMap<string, BaseUnit>
): UnitDraw[] {
  const perUnit = study.unit.sequences
  const wholes = wholesOf(mixture, units)
  const isWeighted = mixture.members.some((member) => member.weight !== null)
  if (budget === 'sum' && !isWeighted) {
    return wholes.map(({ unit }) => ({ unit, sequences: perUnit }))
  }
  const total =
    budget === 'sum'
      ? perUnit * wholes.length
      : Math.floor(
          (study.sequential.fixedTokens ?? 2 * perUnit * study.model.contextLength) /
            study.model.contextLength
        )
  return shareOut(wholes, total)
}

/** Shares a number of sequences by weight, the largest remainders rounded up. */
function shareOut(
  wholes: readonly { unit: BaseUnit; weight: number }[],
  total: number
): UnitDraw[] {
  const exact = wholes.map(({ weight }) => weight * total)
  const counts = exact.map(Math.floor)
  const missing = total - counts.reduce((sum, value) => sum + value, 0)
  exact
    .map((value, index) => ({ index, rest: value - Math.floor(value) }))
    .sort((a, b) => b.rest - a.rest || a.index - b.index)
    .slice(0, missing)
    .forEach(({ index }) => counts[index]!++)
  return wholes
    .map(({ unit }, index) => ({ unit, sequences: counts[index]! }))
    .filter((draw) => draw.sequences > 0)
}
