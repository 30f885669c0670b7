/** Adds to what is told of work how fast it goes and how long it still takes. */
import type { EngineEvent } from '#shared/contract'
import type { Progress } from '#shared/records'
import type { StudyEvent } from '../studies/runContext'

type Tell = (event: EngineEvent) => void

/**
 * Tells progress under a key; its rate is counted from where its activity or label began.
 *
 * @returns told something without a rate
 */
export function pacedProgress(
  key: string,
  tell: Tell
): (progress: Omit<Progress, 'rate' | 'secondsLeft'>) => void {
  let piece = ''
  let beganAt = 0
  let first = 0
  return (progress) => {
    const own = `${progress.activity}\n${progress.activity === 'read' ? '' : progress.label}`
    if (own !== piece) {
      piece = own
      beganAt = performance.now()
      first = progress.done
    }
    const seconds = Math.max(0.001, (performance.now() - beganAt) / 1000)
    const rate = (progress.done - first) / seconds
    const left = progress.total === null ? null : progress.total - progress.done
    const secondsLeft = left === null || rate === 0 ? null : left / rate
    tell({ kind: 'progress', key, progress: { ...progress, rate, secondsLeft } })
  }
}

/** Tells of models measured one by one as of one piece of work. */
export function measuredProgress(key: string, tell: Tell): (event: StudyEvent) => void {
  const beganAt = performance.now()
  return (event) => {
    if (event.kind !== 'measured') return
    const { label, done, total } = event
    const rate = done / Math.max(0.001, (performance.now() - beganAt) / 1000)
    const secondsLeft = (total - done) / rate
    const progress = { activity: 'measure', label, done, total, unit: 'models' as const }
    tell({ kind: 'progress', key, progress: { ...progress, rate, secondsLeft } })
  }
}
