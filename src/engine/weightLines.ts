/** Loss along straight lines between the models of a study, for whoever asks: the command line. */
import type { Study } from '#shared/records'
import type { ProjectSession } from './projectSession'
import type { RunOptions } from './runContexts'
import { measureLines as measureOn } from './studies/measureLines'
import { needsBranchesError, readOnlyError } from './studies/refusals'

/**
 * Measures what lines of a study lack; a stop leaves what is measured by then.
 *
 * @throws WorkbenchError `study/from-tables`, `study/not-prepared`, `run/missing` where branches are
 *   not trained, `storage/locked` where the project is open for reading only
 */
export async function measureLines(
  session: ProjectSession,
  study: Study,
  options: Pick<RunOptions, 'onEvent' | 'signal'> = {}
): Promise<void> {
  if (session.isFromTables) throw needsBranchesError()
  await measureOn(await session.workOn(study, options), () => {
    if (session.isReadOnly) throw readOnlyError(session.readOnlyBecause)
  })
}
