/**
 * A worker's process without a worker: on devices that WITHOUT_MEMORY names it finds too little memory, as where
 * another user has it; on others it is done at once, or never, for a job that is called "long".
 */
const full = (process.env['WITHOUT_MEMORY'] ?? '').split(',')
const device = process.env['ASSAY_DEVICE']
/** Measured together, so many find memory. */
const fitting = Number(process.env['FITTING_AT_ONCE'] ?? Infinity)
const { mkdirSync, readdirSync, rmSync } = require('node:fs')

process.on('message', ({ id, kind, input, stop }) => {
  if (stop !== undefined) process.send({ id: stop, stopped: true })
  if (id === undefined) return
  const lacks = () => {
    const message =
      'There was too little memory: OOM when allocating tensor on device:GPU:0 by allocator GPU_0_bfc.'
    const details = { of: 'device' }
    const error = { code: 'backend/out-of-memory', message, details, stack: null, cause: null }
    process.send({ id, error })
  }
  if (full.includes(device)) return lacks()
  if (kind !== 'bench') {
    if (input.label !== 'long') process.send({ id, result: { nats: [] } })
    return
  }
  // Who trains beside it is seen by folders.
  const place = process.env['TRAINING']
  mkdirSync(`${place}/${process.pid}`)
  setTimeout(() => {
    const atOnce = readdirSync(place).length
    setTimeout(() => {
      rmSync(`${place}/${process.pid}`, { recursive: true })
      if (atOnce > fitting) lacks()
      else process.send({ id, result: { steadyTokensPerSecond: 100 } })
    }, 300)
  }, 300)
})
process.on('disconnect', () => process.exit())
