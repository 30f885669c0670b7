/** What a run of a study tells, as screens hear it. Pure. */
import type { EngineEvent, StudyNews } from '#shared/contract'
import type { RunSummary, StudyEvent } from '../studies/run'

/** Training begins when the text is prepared; all else is told as it is. */
export function told(event: StudyEvent): EngineEvent {
  return event.kind === 'begun' ? { kind: 'ended', key: 'prepare' } : event
}

/** How a study ended, in words: what failed, else what was set aside. */
export function outcomeOf({ failed, held, wasStopped }: RunSummary): {
  state: StudyNews['state']
  message: string | null
} {
  const failures = failed.map(({ name, message }) => `${name}: ${message}`).join('\n')
  if (wasStopped) return { state: 'stopped', message: null }
  if (failures !== '') return { state: 'failed', message: failures }
  if (held.length === 0) return { state: 'done', message: null }
  const message = `${held.length} ${held.length === 1 ? 'run is' : 'runs are'} held: ${held.join(', ')}. Release what is to be trained, and run the study again.`
  return { state: 'stopped', message }
}
