/** Why a project refuses to be worked on just now. */
import { WorkbenchError } from '#shared/errors'

/** Said where something is to be written into a project that is open for reading only. */
export function readOnlyError(because: string | null): WorkbenchError {
  return new WorkbenchError(
    'storage/locked',
    because ?? 'The project is open for reading only. Open it where nobody else has it open.'
  )
}

/** Said where something cannot go on beside a study that runs. */
export function runningError(study: string): WorkbenchError {
  return new WorkbenchError(
    'study/running',
    `The study "${study}" is running. Stop it first, or wait for it.`,
    { study }
  )
}

/** Said where branches are wanted before the text is prepared. */
export function notPreparedError(study: string): WorkbenchError {
  return new WorkbenchError(
    'study/not-prepared',
    `The text of the study "${study}" is not prepared yet, or has changed since. Run the study: its branches are trained first.`,
    { study }
  )
}

/** Said where branches are wanted of a study that has none. */
export function needsBranchesError(): WorkbenchError {
  return new WorkbenchError(
    'study/from-tables',
    'The study was made from tables and has no branches: its mixtures can be ranked, but not searched.'
  )
}
