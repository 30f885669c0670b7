import { execFileSync } from 'node:child_process'
import { resolve } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { threadEnvironment } from '#engine/backends/environment'
import { WorkerPool } from '#engine/workers/pool'

function newPool(): WorkerPool {
  const environment = (precision: 'float32' | 'tf32') => threadEnvironment(1, precision)
  const pool = new WorkerPool({
    processEntry: resolve('out/main/workerProcess.cjs'),
    workerEntry: resolve('out/main/worker.cjs'),
    lanes: { wide: { workers: 1, environment }, narrow: { workers: 1, environment } }
  })
  onTestFinished(() => pool.close())
  return pool
}

/** Worker processes of this one, each with what it was told of matrix products. */
function workers(): { pid: string; precision: string }[] {
  const children = execFileSync('ps', ['-o', 'pid=,args=', '--ppid', String(process.pid)], {
    encoding: 'utf8'
  })
  return children
    .split('\n')
    .filter((line) => line.includes('workerProcess.cjs'))
    .map((line) => {
      const pid = line.trim().split(' ')[0]!
      const environment = execFileSync('cat', [`/proc/${pid}/environ`], { encoding: 'utf8' })
      return { pid, precision: /NVIDIA_TF32_OVERRIDE=(.)/.exec(environment)![1]! }
    })
}

test('a lane at rest has no process, and answers anew when it is asked', async () => {
  const pool = newPool()
  const first = await pool.run('device', {})
  const [before] = workers()
  await pool.rest('narrow')
  expect(workers()).toEqual([before])
  await pool.rest('wide')
  expect(workers()).toEqual([])
  expect(await pool.run('device', {})).toEqual(first)
  expect(workers()).toHaveLength(1)
})

test('a job of another matrix precision gets a process that was born with it', async () => {
  const pool = newPool()
  await pool.run('device', {})
  expect(workers().map((one) => one.precision)).toEqual(['0'])
  await pool.run('device', {}, { matmulPrecision: 'tf32' })
  await pool.run('device', {}, { matmulPrecision: 'tf32' })
  expect(workers().map((one) => one.precision)).toEqual(['1'])
})

test('a worker that is killed fails its job by name, and the next job is done', async () => {
  const pool = newPool()
  await pool.run('device', {})
  const { pid } = workers()[0]!
  const config = {
    vocabularySize: 64,
    hiddenSize: 16,
    hiddenLayers: 1,
    attentionHeads: 1,
    keyValueHeads: 1,
    intermediateSize: 32,
    contextLength: 16,
    ropeTheta: 10000,
    rmsNormEpsilon: 1e-5,
    tieEmbeddings: false,
    initializerRange: 0.02
  }
  const job = pool.run('bench', {
    what: 'train',
    config,
    batchSize: 2,
    repetitions: 1e9,
    seconds: 60
  })
  setTimeout(() => process.kill(Number(pid), 'SIGKILL'), 300)
  await expect(job).rejects.toMatchObject({ code: 'worker/died' })
  expect(await pool.run('device', {})).toMatchObject({ isGpu: expect.any(Boolean) as boolean })
})
