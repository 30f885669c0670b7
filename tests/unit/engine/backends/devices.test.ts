import { expect, test } from 'vitest'
import {
  deviceEnvironment,
  givenDevice,
  listDevices,
  nameOfDevice,
  visibleGpus
} from '#engine/backends/devices'
import { askNvidiaSmi, parseGpuReadings, readGpus } from '#engine/backends/nvidiaSmi'
import { pretendSmi } from '../../../support/pretendedSmi'

const GPUS = parseGpuReadings(
  [
    '0, GPU-aa11, NVIDIA H100, 0, 1, 81559, 30',
    '1, GPU-ab22, NVIDIA H100, 0, 1, 81559, 31',
    '2, GPU-cc33, NVIDIA T4, 0, 1, 15360, 40'
  ].join('\n')
)

test.each([
  [undefined, [0, 1, 2]],
  ['2,0', [2, 0]],
  ['1', [1]],
  ['GPU-ab, GPU-cc33', [1, 2]],
  // CUDA takes what stands before the first that it does not know.
  ['0,7,1', [0]],
  ['0,0,1', [0]],
  ['-1', []],
  ['', []],
  ['NoDevFiles', []]
])('of CUDA_VISIBLE_DEVICES %s the GPUs %j are seen', (words, expected) => {
  const environment = words === undefined ? {} : { CUDA_VISIBLE_DEVICES: words }
  expect(visibleGpus(GPUS, environment).map(({ index }) => index)).toEqual(expected)
})

test('a worker of a GPU sees that one alone, by its number in the order of the bus', () => {
  const device = { index: 2, name: 'NVIDIA T4', isPretended: false, memoryBytes: 15e9 }
  const environment = deviceEnvironment(device, 4, 'tf32')
  expect(environment).toMatchObject({
    CUDA_DEVICE_ORDER: 'PCI_BUS_ID',
    CUDA_VISIBLE_DEVICES: '2',
    TF_NUM_INTRAOP_THREADS: '4',
    NVIDIA_TF32_OVERRIDE: '1'
  })
  expect(givenDevice(environment)).toEqual({ name: 'NVIDIA T4 (GPU 2)', isGpu: true })
  expect(nameOfDevice(device)).toBe('NVIDIA T4 (GPU 2)')
})

test('pretended devices have one thread each, and no GPU to find', async () => {
  const devices = await listDevices({ ASSAY_PRETENDED_DEVICES: '2', CUDA_VISIBLE_DEVICES: '0' })
  expect(devices.map(({ index, name }) => [index, name])).toEqual([
    [0, 'pretended 0'],
    [1, 'pretended 1']
  ])
  const environment = deviceEnvironment(devices[1]!, 8, 'float32')
  expect(environment['TF_NUM_INTRAOP_THREADS']).toBe('1')
  expect(environment).not.toHaveProperty('CUDA_VISIBLE_DEVICES')
  expect(givenDevice(environment)).toEqual({ name: 'pretended 1', isGpu: false })
  expect(givenDevice({})).toBe(null)
})

test.each(['two', '-1', '1.5', '65'])('%s is no number of pretended devices', async (text) => {
  await expect(listDevices({ ASSAY_PRETENDED_DEVICES: text })).rejects.toMatchObject({
    code: 'usage/invalid',
    message: expect.stringContaining(`found "${text}"`) as string
  })
})

test('a driver that fails is told in its own words, and its answer is taken once it gives one', async () => {
  const say = await pretendSmi('echo "Failed to initialize NVML: Unknown Error"; exit 255')
  const failed =
    /^The GPUs of this machine are not listed: nvidia-smi failed: Failed to initialize NVML/
  await expect(listDevices({})).rejects.toMatchObject({
    code: 'backend/unavailable',
    message: expect.stringMatching(failed) as string
  })
  expect(await askNvidiaSmi()).toEqual({
    gpus: [],
    reason: expect.stringContaining('Unknown Error') as string
  })
  say('echo "0, GPU-aa11, NVIDIA H100, 0, 1000, 81559, 30"')
  expect(await listDevices({})).toMatchObject([{ index: 0, name: 'NVIDIA H100' }])
  expect(await readGpus()).toHaveLength(1)
})
