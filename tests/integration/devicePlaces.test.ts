import { mkdir, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test, vi } from 'vitest'
import type { LocalDevice } from '#engine/backends/devices'
import { DevicePlaces } from '#engine/executors/devicePlaces'
import { LocalExecutor } from '#engine/executors/localExecutor'
import type { TrainJob } from '#engine/workers/jobs'
import { WorkbenchError } from '#shared/errors'
import { LOCAL } from '#shared/executors'
import { RecipeSchema } from '#shared/records'
import { SMALLEST, plainPool } from '../support/plainPool'
import { pretendSmi } from '../support/pretendedSmi'
import { temporaryFolder } from '../support/temporaryFolder'

const RECIPE = RecipeSchema.parse({ batchSize: 2, peakLearningRate: 1e-3, schedule: 'constant' })
const signal = new AbortController().signal

/** Devices of a list, in a project of their own. */
async function placed(devices: LocalDevice[]) {
  const device = () => Promise.resolve({ name: 'a GPU', isGpu: true })
  const project = await temporaryFolder()
  return { pool: plainPool(), project, device, list: () => Promise.resolve(devices) }
}

const gpu = (index: number): LocalDevice => ({
  index,
  name: 'NVIDIA H100',
  isPretended: false,
  memoryBytes: 80e9
})

test('how many small runs share a device is measured with real trainings, and kept', async () => {
  // Memory for two, which real pretended devices do not say.
  const device = { index: 0, name: 'pretended 0', isPretended: true, memoryBytes: 3e9 }
  const options = await placed([device])
  const places = new DevicePlaces(LOCAL, options)
  const choice = await places.choose(SMALLEST, { recipe: RECIPE, runs: 4 })
  expect(choice).toMatchObject({ devices: [0], names: ['pretended 0'] })
  expect([1, 2]).toContain(choice!.perDevice)
  expect(options.pool.devices[0]!.pids).toHaveLength(2)
  expect(await readdir(join(options.project, 'cache'))).toHaveLength(1)

  // Nothing works any more: what was kept is enough.
  await options.pool.close()
  const again = new DevicePlaces(LOCAL, options)
  expect(await again.choose(SMALLEST, { recipe: RECIPE, runs: 4 })).toEqual(choice)
}, 60_000)

test('one GPU with one run at once is no choice; what the study asks for is', async () => {
  const options = await placed([gpu(0)])
  const choose = (settings: object) =>
    new DevicePlaces({ ...LOCAL, ...settings }, options).choose(SMALLEST, {
      recipe: RECIPE,
      runs: 1
    })
  expect(await choose({})).toBe(null)
  expect(await choose({ devices: [0] })).toBe(null)
  expect(await choose({ runsPerDevice: 3 })).toMatchObject({ devices: [0], perDevice: 3 })
  await expect(choose({ devices: [1] })).rejects.toMatchObject({ code: 'executor/invalid' })
  expect(options.pool.devices.flatMap(({ pids }) => pids)).toEqual([])
})

test('a GPU that the environment hides is refused by its number, and the others keep theirs', async () => {
  await pretendSmi('for i in 0 1 2 3; do echo "$i, GPU-a$i, NVIDIA H100, 0, 4, 81559, 30"; done')
  vi.stubEnv('CUDA_VISIBLE_DEVICES', '2,3')
  const { list: _, ...options } = await placed([])
  const choose = (devices: number[]) =>
    new DevicePlaces({ ...LOCAL, devices }, options).choose(SMALLEST, { perDevice: 1 })
  expect(await choose([3])).toMatchObject({ devices: [3], names: ['NVIDIA H100 (GPU 3)'] })
  await expect(choose([0])).rejects.toMatchObject({
    code: 'executor/invalid',
    message: expect.stringMatching(
      /0 is not among .*: 2 \(NVIDIA H100\), 3 .* hides others \(CUDA_VISIBLE_DEVICES=2,3\)/
    ) as string
  })
})

test('where the driver does not list GPUs one is used, which is said, and it is asked again', async () => {
  const failure = new WorkbenchError('backend/unavailable', 'It did not answer within 45 s.')
  let answers = () => Promise.reject<LocalDevice[]>(failure)
  const told: string[] = []
  const options = {
    ...(await placed([])),
    list: () => answers(),
    onSetAside: (device: string, reason: string) => void told.push(`${device}: ${reason}`)
  }
  const places = new DevicePlaces(LOCAL, options)
  const choose = () => places.choose(SMALLEST, { perDevice: 1 })
  expect([await choose(), await choose()]).toEqual([null, null])
  expect(told).toEqual([
    'any further GPU: TensorFlow computes on a GPU, and which there are is not known. It did not answer within 45 s. One is used.'
  ])
  const pinned = new DevicePlaces({ ...LOCAL, devices: [1] }, options)
  await expect(pinned.choose(SMALLEST, { perDevice: 1 })).rejects.toMatchObject({
    code: 'executor/invalid',
    message: expect.stringContaining('It did not answer within 45 s. Try again') as string
  })
  answers = () => Promise.resolve([gpu(0), gpu(1)])
  expect(await choose()).toMatchObject({ devices: [0, 1] })
  expect(await pinned.choose(SMALLEST, { perDevice: 1 })).toMatchObject({ devices: [1] })

  const device = () => Promise.resolve({ name: 'a processor', isGpu: false })
  answers = () => Promise.reject(failure)
  const onProcessor = new DevicePlaces(LOCAL, { ...options, device })
  expect(await onProcessor.choose(SMALLEST, { perDevice: 1 })).toBe(null)
  expect(told).toHaveLength(1)
})

test('where tensors are on the processor, GPUs are not placed on', async () => {
  const options = await placed([gpu(0), gpu(1)])
  const device = () => Promise.resolve({ name: 'a processor', isGpu: false })
  const places = new DevicePlaces(LOCAL, { ...options, device })
  expect(await places.choose(SMALLEST, { recipe: RECIPE, runs: 1 })).toBe(null)
})

test('a GPU that TensorFlow does not find trains nothing on the processor: it is set aside', async () => {
  const told: string[] = []
  const onSetAside = (device: string) => void told.push(device)
  const executor = new LocalExecutor(LOCAL, { ...(await placed([gpu(0), gpu(1)])), onSetAside })
  await executor.begin({ config: SMALLEST, evaluationBatch: 1, recipes: [RECIPE] })
  expect(await executor.placeTraining(RECIPE, 2)).toEqual({ lane: 'devices', atOnce: 2 })
  const project = await temporaryFolder()
  const job = { project, fingerprint: 'a', recipe: RECIPE } as TrainJob
  const training = executor.train(job, { lane: 'devices', signal })
  await expect(training).rejects.toMatchObject({
    code: 'backend/unavailable',
    message: expect.stringMatching(
      /H100 \(GPU 0\): 2 jobs.*does not find the GPU.*H100 \(GPU 1\): 2 jobs.*does not find the GPU/s
    ) as string
  })
  expect(told).toEqual(['NVIDIA H100 (GPU 0)', 'NVIDIA H100 (GPU 1)'])
}, 60_000)

/** Two GPUs with so many MiB in use, those of the first by somebody else's process. */
const smiOf = (first: number, second: number) => `case "$1" in
--query-gpu*) echo "0, GPU-aa, NVIDIA H100, 0, ${first}, 81559, 30"; echo "1, GPU-bb, NVIDIA H100, 0, ${second}, 81559, 30" ;;
*) echo "GPU-aa, 999999, ${first}, /opt/conda/bin/python3" ;;
esac`

test('a run that finds too little memory on a GPU avoids it, and a second one sets it aside with who has it', async () => {
  await pretendSmi(smiOf(79000, 4))
  vi.stubEnv('WITHOUT_MEMORY', 'NVIDIA H100 (GPU 0)')
  const told: string[] = []
  const options = {
    ...(await placed([gpu(0), gpu(1)])),
    pool: plainPool('tests/support/fullDevice.cjs'),
    onSetAside: (device: string, reason: string) => void told.push(`${device}: ${reason}`)
  }
  const executor = new LocalExecutor({ ...LOCAL, runsPerDevice: 1 }, options)
  await executor.begin({ config: SMALLEST, evaluationBatch: 1, recipes: [RECIPE] })
  const { lane } = await executor.placeTraining(RECIPE, 4)
  const places: string[] = []
  const train = (fingerprint: string, label = fingerprint, ended = signal) =>
    executor.train({ project: options.project, fingerprint, label, recipe: RECIPE } as TrainJob, {
      lane,
      signal: ended,
      onPlaced: (device) => void places.push(`${label} on ${device.slice(-6)}`)
    })
  const asked = new AbortController()
  // The second GPU is the free one.
  const long = train('x', 'long', asked.signal)
  await vi.waitFor(() => expect(places).toEqual(['long on GPU 1)']))
  const short = { code: 'backend/out-of-memory' }
  await expect(train('a')).rejects.toMatchObject(short)
  // It waits for the other one, however long that takes, as its next try.
  const again = train('a')
  await expect(train('b')).rejects.toMatchObject(short)
  expect(told).toEqual([
    expect.stringMatching(
      /^NVIDIA H100 \(GPU 0\): 2 jobs in a row failed on it, the last for want of its memory: There was too little memory: .* nvidia-smi said last: 2\.68 GB of its 85\.5 GB were free for this program; process 999999 \(python3\) has 82\.8 GB\.$/
    )
  ])
  asked.abort(new Error('asked to stop'))
  await expect(long).rejects.toThrow('asked to stop')
  await again
  await train('b')
  const [first, second] = ['GPU 0)', 'GPU 1)']
  expect(places.slice(1)).toEqual([
    `a on ${first}`,
    `b on ${first}`,
    `a on ${second}`,
    `b on ${second}`
  ])
}, 30_000)

test('where memory is short for more at once, the last number that fitted is taken, and measured another time', async () => {
  const say = await pretendSmi(smiOf(4, 4))
  const training = join(await temporaryFolder(), 'training')
  await mkdir(training)
  vi.stubEnv('TRAINING', training)
  vi.stubEnv('FITTING_AT_ONCE', '2')
  const options = {
    ...(await placed([gpu(0), gpu(1)])),
    pool: plainPool('tests/support/fullDevice.cjs')
  }
  const choose = (runs: number) =>
    new DevicePlaces(LOCAL, options).choose(SMALLEST, { recipe: RECIPE, runs })
  expect(await choose(8)).toMatchObject({ devices: [0, 1], perDevice: 2 })
  await expect(readdir(join(options.project, 'cache'))).rejects.toThrow('ENOENT')
  // Somebody else leaves room for no second process on one of them.
  say(smiOf(79500, 4))
  expect(await choose(8)).toMatchObject({ perDevice: 1 })
  expect(options.pool.devices.flatMap(({ pids }) => pids)).toEqual([])
}, 30_000)
