/** Places outside a project that studies read: only who sits at the machine may name new ones. */
import { WorkbenchError } from '#shared/errors'
import { clusterCommands, clusterSettingsOf } from '#shared/executors'
import type { Study } from '#shared/records'

/** What a study reads that lies outside its project. */
function placesOf({ seed, tokenizer }: Study): string[] {
  return [
    ...(seed.source === 'checkpoint' ? [seed.path] : []),
    ...(tokenizer.kind === 'file' ? [tokenizer.path] : [])
  ]
}

/**
 * Refuses a study from a screen that names a place outside which no study of the project names yet:
 * a screen may be far away, and is to open no file of this machine by its path.
 *
 * @param known the project's studies
 * @param setsCommands true where the screen is this machine's own application: whoever sits there may say by
 *   which commands a cluster is used
 * @throws WorkbenchError `study/invalid` with the place, or for a trainer or a cluster's commands that no study of
 *   the project has
 */
export function assertKnownPlaces(
  study: Study,
  known: readonly Study[],
  setsCommands = false
): void {
  assertKnownTrainer(study, known)
  if (!setsCommands) assertKnownCluster(study, known)
  const places = new Set(known.flatMap(placesOf))
  const unknown = placesOf(study).find((place) => !places.has(place))
  if (unknown === undefined) return
  throw new WorkbenchError(
    'study/invalid',
    `The study reads ${unknown}, which lies outside of the project, and none of the project's studies reads it yet. A window cannot name files of the engine's machine: add the study from a file there, then change the rest of it here.`,
    { field: study.seed.source === 'checkpoint' ? 'seed.path' : 'tokenizer.path', found: unknown }
  )
}

/** A command from a screen would be the screen's to run: none is taken that is not there as it stands. */
function assertKnownTrainer({ trainer }: Study, known: readonly Study[]): void {
  if (!trainer) return
  const text = JSON.stringify(trainer)
  if (known.some((one) => JSON.stringify(one.trainer) === text)) return
  throw new WorkbenchError(
    'study/invalid',
    `The study would be trained by the command "${trainer.command}", and no study of the project has this trainer as it stands. A window cannot set one: add the study from a file on the engine's machine, then change the rest of it here.`,
    { field: 'trainer', found: trainer.command }
  )
}

/**
 * Commands and places on a cluster are taken as one study has them, all together: what each does depends on
 * the others.
 */
function assertKnownCluster(study: Study, known: readonly Study[]): void {
  if (isKnownCluster(study, known)) return
  const asked = clusterCommands(clusterSettingsOf(study.executor))
  const fields = Object.keys(asked).map((name) => `executor.${name}`)
  throw new WorkbenchError(
    'study/invalid',
    `The study sets ${fields.join(', ')}, and no study of the project has these as they stand. They are commands and places on the cluster, which a window away from the engine's machine cannot set: add the study from a file there, then change the rest of it here.`,
    { field: fields[0]!, fields, found: JSON.stringify(asked) }
  )
}

/**
 * True where a study's cluster is used without commands, or by those of another study as they stand. One that is
 * kept while the study runs here counts as one that is used: what is known to be kept may be used again.
 */
export function isKnownCluster({ executor }: Study, known: readonly Study[]): boolean {
  const textOf = (one: Study['executor']) => JSON.stringify(clusterCommands(clusterSettingsOf(one)))
  const text = textOf(executor)
  return text === textOf(undefined) || known.some((one) => textOf(one.executor) === text)
}
