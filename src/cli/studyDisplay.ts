/** A running study on the terminal: a bar per run, and how far the whole is. */
import type { StudyEvent } from '#engine'
import { formatBytes, formatCount, formatSeconds } from './format'
import type { ProgressDisplay } from './progress'

/** Returns a listener that shows what a running study tells. */
export function studyDisplay(progress: ProgressDisplay): (event: StudyEvent) => void {
  const whole = { runs: 0, tokens: 0, ended: 0, beganAt: 0, doneAtBeginning: 0 }
  /** Tokens read by each run, as last told. */
  const read = new Map<string, number>()

  let isWaiting = false

  const showWhole = (key: string, done: number) => {
    const now = performance.now()
    if (!read.has(key)) {
      // A run that goes on where it was stopped begins with what it read then.
      whole.doneAtBeginning += done
      if (whole.beganAt === 0) whole.beganAt = now
    }
    read.set(key, done)
    const sum = [...read.values()].reduce((a, b) => a + b, 0)
    const rate = (sum - whole.doneAtBeginning) / Math.max(1, now - whole.beganAt)
    const left =
      rate > 0 ? `, ${formatSeconds((whole.tokens - sum) / rate / 1000)} of training left` : ''
    const share = Math.floor((sum / Math.max(1, whole.tokens)) * 100)
    progress.headline(
      `${whole.ended} of ${whole.runs} runs trained, ${share} % of ${formatCount(whole.tokens)} tokens${left}`
    )
  }

  return (event) => {
    switch (event.kind) {
      case 'begun':
        progress.end('prepare')
        whole.runs = event.runs
        whole.tokens = event.tokens
        return
      case 'progress':
        showWhole(event.key, event.progress.done)
        progress.update(event.key, event.progress)
        return
      case 'ended':
        progress.end(event.key)
        return
      case 'measured':
        progress.update('measure', {
          activity: 'measure',
          label: event.label,
          done: event.done,
          total: event.total,
          unit: 'models',
          rate: null,
          secondsLeft: null
        })
        if (event.done === event.total) progress.end('measure')
        return
      case 'device':
        progress.log(`set aside ${event.device}: ${event.reason}`)
        return
      case 'disk':
        // What was being prepared is begun anew.
        if (event.waiting) progress.end('prepare')
        if (event.waiting && !isWaiting) {
          const { freeBytes, floorBytes } = event.waiting
          progress.log(
            `waiting for disk space: ${formatBytes(freeBytes)} free, floor ${formatBytes(floorBytes)}. It goes on when there is space.`
          )
        }
        if (!event.waiting && isWaiting) progress.log('there is disk space again: going on')
        isWaiting = event.waiting !== null
        return
      case 'run':
        showRun(event.record, progress)
        if (event.record.state === 'done') whole.ended++
    }
  }
}

function showRun(
  run: Extract<StudyEvent, { kind: 'run' }>['record'],
  progress: ProgressDisplay
): void {
  if (run.state === 'done') {
    progress.log(
      `trained ${run.role === 'seed' ? '' : `${run.role} `}${run.name}: loss ${run.finalLoss?.toFixed(3)} nats per token, ` +
        `${formatSeconds(run.elapsedMs / 1000)}, ${formatCount(run.tokensPerSecond)} tokens/s`
    )
  } else if (run.state === 'running' && run.error) {
    progress.log(`again ${run.name}: ${run.error.message}`)
  } else if (run.state === 'failed') {
    progress.log(`failed ${run.name}: ${run.error?.message}`)
  }
}
