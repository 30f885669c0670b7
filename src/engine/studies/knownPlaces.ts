/** Places outside a project that studies read: only who sits at the machine may name new ones. */
import { WorkbenchError } from '#shared/errors'
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
 * @throws WorkbenchError `study/invalid` with the place
 */
export function assertKnownPlaces(study: Study, known: readonly Study[]): void {
  const places = new Set(known.flatMap(placesOf))
  const unknown = placesOf(study).find((place) => !places.has(place))
  if (unknown === undefined) return
  throw new WorkbenchError(
    'study/invalid',
    `The study reads ${unknown}, which lies outside of the project, and none of the project's studies reads it yet. A window cannot name files of the engine's machine: add the study from a file there, then change the rest of it here.`,
    { field: study.seed.source === 'checkpoint' ? 'seed.path' : 'tokenizer.path', found: unknown }
  )
}
