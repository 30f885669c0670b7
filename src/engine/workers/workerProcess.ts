/**
 * A process that holds worker threads and passes messages on.
 *
 * TensorFlow's thread pool belongs to the process and is sized by the environment it was started
 * with. So each lane of the pool (all threads for one run, one thread for each of many) is a
 * process of its own, and a native crash takes neither the engine nor the window down.
 */
import { Worker } from 'node:worker_threads'
import { toPlain } from '#shared/errors'
import type { FromWorker, Routed, ThreadDied, ToWorker } from './jobs'

const [workerEntry, threads] = process.argv.slice(2)
if (!workerEntry || !threads || !process.send) {
  throw new Error('the worker process is started by the pool: workerProcess ENTRY THREADS')
}

const workers: (Worker | null)[] = new Array<null>(Number(threads)).fill(null)

function tell(message: Routed<FromWorker> | ThreadDied): void {
  // The host may be gone already: then there is nobody to tell, and nothing to do.
  if (process.connected) process.send?.(message)
}

// A thread that ended is started anew by the next job: one that dies at once cannot spin.
function startThread(thread: number, entry: string): Worker {
  const worker = new Worker(entry)
  let reason: unknown = new Error('its thread ended')
  worker.on('message', (message: FromWorker) => tell({ thread, message }))
  worker.on('error', (error) => (reason = error))
  worker.on('exit', () => {
    workers[thread] = null
    tell({ thread, died: toPlain(reason) })
  })
  workers[thread] = worker
  return worker
}

process.on('message', ({ thread, message }: Routed<ToWorker>) => {
  const worker = workers[thread] ?? startThread(thread, workerEntry)
  worker.postMessage(message)
})
// The host went away: nothing that is worked on here can reach anybody.
process.on('disconnect', () => process.exit(0))
