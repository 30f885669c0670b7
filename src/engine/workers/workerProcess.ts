/**
 * A process with one worker thread, which passes messages on.
 *
 * TensorFlow's thread pool belongs to the process and is sized by the environment it was started
 * with; the addon keeps names in a set that two threads may not share (docs/decisions/0004); and a
 * native crash takes neither the engine nor the window down. The work is done in the thread, so
 * that a word to stop is always heard here.
 */
import { Worker } from 'node:worker_threads'
import { toPlain } from '#shared/errors'
import type { FromWorker, ToWorker } from './jobs'

const [workerEntry] = process.argv.slice(2)
if (!workerEntry || !process.send) {
  throw new Error('the worker process is started by the pool: workerProcess ENTRY')
}

let worker: Worker | null = null

function tell(message: FromWorker): void {
  // The host may be gone already: then there is nobody to tell, and nothing to do.
  if (process.connected) process.send?.(message)
}

// A thread that ended is started anew by the next job: one that dies at once cannot spin.
function startThread(entry: string): Worker {
  const started = new Worker(entry)
  let reason: unknown = new Error('its thread ended')
  started.on('message', tell)
  started.on('error', (error) => (reason = error))
  started.on('exit', () => {
    worker = null
    tell({ died: toPlain(reason) })
  })
  return started
}

// A batch system that takes a job away signals all its processes, as a system that shuts down does: the host
// decides what becomes of the work, and asks this thread to save it.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGUSR2'] as const) {
  process.on(signal, () => undefined)
}

process.on('message', (message: ToWorker) => {
  worker ??= startThread(workerEntry)
  worker.postMessage(message)
})
// The host went away: nothing that is worked on here can reach anybody. The thread may be deep
// in native code, which a plain exit would wait for.
process.on('disconnect', () => process.kill(process.pid, 'SIGKILL'))
