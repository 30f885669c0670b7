import { readFileSync, readdirSync } from 'node:fs'
import { expect, test } from 'vitest'
import { threadEnvironment } from '#engine/backends/environment'
import { SMALLEST, plainPool } from '../support/plainPool'

/** Worker processes of this one, each with what it was told of matrix products. */
function workers(): { pid: number; precision: string }[] {
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name))
  return pids.flatMap((pid) => {
    const read = (name: string) => readFileSync(`/proc/${pid}/${name}`, 'utf8')
    try {
      // The name of the program, in parentheses, may hold anything; the parent comes second after it.
      const parent = Number(read('stat').split(') ').at(-1)!.split(' ')[1])
      if (parent !== process.pid || !read('cmdline').includes('workerProcess.cjs')) return []
      const precision = /NVIDIA_TF32_OVERRIDE=(.)/.exec(read('environ'))![1]!
      return [{ pid: Number(pid), precision }]
    } catch {
      return []
    }
  })
}

test('a lane at rest has no process, and answers anew when it is asked', async () => {
  const pool = plainPool()
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
  const pool = plainPool()
  await pool.run('device', {})
  expect(workers().map((one) => one.precision)).toEqual(['0'])
  await pool.run('device', {}, { matmulPrecision: 'tf32' })
  await pool.run('device', {}, { matmulPrecision: 'tf32' })
  expect(workers().map((one) => one.precision)).toEqual(['1'])
})

test('a process that cannot be started fails its job by name', async () => {
  const pool = plainPool()
  const { execPath } = process
  try {
    process.execPath = '/there/is/no/node'
    await expect(pool.run('device', {})).rejects.toMatchObject({
      code: 'worker/died',
      message: expect.stringContaining('could not be started') as string
    })
  } finally {
    process.execPath = execPath
  }
  expect(await pool.run('device', {})).toMatchObject({ isGpu: expect.any(Boolean) as boolean })
})

test('a worker that is killed fails its job by name, and the next job is done', async () => {
  const pool = plainPool()
  await pool.run('device', {})
  const { pid } = workers()[0]!
  const job = pool.run('bench', {
    what: 'train',
    config: SMALLEST,
    batchSize: 2,
    repetitions: 1e9,
    seconds: 60
  })
  setTimeout(() => process.kill(pid, 'SIGKILL'), 300)
  await expect(job).rejects.toMatchObject({ code: 'worker/died' })
  expect(await pool.run('device', {})).toMatchObject({ isGpu: expect.any(Boolean) as boolean })
})

test('jobs for devices get a process of their device, and wait for it alone', async () => {
  const pool = plainPool()
  pool.addDevices(
    [0, 1].map((index) => ({
      index,
      name: `device ${index}`,
      environment: (precision) => threadEnvironment(1 + index, precision)
    }))
  )
  const on: string[] = []
  const run = (devices: number[], signal?: AbortSignal) =>
    pool.run(
      'device',
      {},
      {
        lane: 'devices',
        place: { devices, perDevice: 1, onPlaced: ({ name }) => void on.push(name) },
        ...(signal ? { signal } : {})
      }
    )
  const stopping = new AbortController()
  const first = run([0])
  const waiting = run([0], stopping.signal)
  // It does not wait behind the one before it: its device is free.
  const second = run([1])
  expect(on).toEqual(['device 0', 'device 1'])
  expect(pool.devices.map(({ jobs }) => jobs)).toEqual([['device'], ['device']])
  stopping.abort(new Error('enough'))
  await expect(waiting).rejects.toThrow('enough')
  await Promise.all([first, second])
  expect(workers()).toHaveLength(2)
  expect(pool.devices.map(({ jobs }) => jobs)).toEqual([[], []])
  await pool.rest('devices')
  expect(workers()).toEqual([])
})
