import { expect, test } from 'vitest'
import {
  firstVisible,
  parseGpuProcesses,
  parseGpuReadings,
  parseGpus
} from '#engine/backends/nvidiaSmi'

const TWO = parseGpus('NVIDIA H200, 143771, 570.86.15\nNVIDIA T4, [N/A], 535.1\n')

test('reads one GPU a line, memory in bytes', () => {
  expect(TWO).toEqual([
    { name: 'NVIDIA H200', memoryBytes: 143_771 * 2 ** 20, driver: '570.86.15' },
    { name: 'NVIDIA T4', memoryBytes: null, driver: '535.1' }
  ])
})

test.each([
  [undefined, 'NVIDIA H200'],
  ['1', 'NVIDIA T4'],
  ['1,0', 'NVIDIA T4'],
  ['', undefined],
  ['GPU-8f3a', undefined],
  ['7', undefined]
])('of CUDA_VISIBLE_DEVICES=%s the first is used', (visible, name) => {
  const environment = { CUDA_DEVICE_ORDER: 'PCI_BUS_ID', CUDA_VISIBLE_DEVICES: visible }
  expect(firstVisible(TWO, environment)?.name).toBe(name)
})

test('of unlike GPUs in an order of their own none is named', () => {
  expect(firstVisible(TWO, {})).toBe(null)
  expect(firstVisible([TWO[0]!, TWO[0]!], {})?.name).toBe('NVIDIA H200')
})

test('readings of GPUs are shares and bytes; what is not said is null', () => {
  const text =
    '0, GPU-8a1f, NVIDIA H200, 93, 12345, 143771, 61\n1, GPU-77c0, NVIDIA T4, [N/A], [N/A], 15360, [N/A]\n'
  expect(parseGpuReadings(text)).toEqual([
    {
      index: 0,
      uuid: 'GPU-8a1f',
      name: 'NVIDIA H200',
      load: 0.93,
      usedBytes: 12345 * 2 ** 20,
      totalBytes: 143771 * 2 ** 20,
      temperature: 61
    },
    {
      index: 1,
      uuid: 'GPU-77c0',
      name: 'NVIDIA T4',
      load: null,
      usedBytes: null,
      totalBytes: 15360 * 2 ** 20,
      temperature: null
    }
  ])
})

test('processes on GPUs are read, whatever their programs are called', () => {
  const text =
    'GPU-8a1f, 4711, 77000, /opt/conda/bin/python3.11\nGPU-77c0, 12, [N/A], /a, b\nNo running processes found\n'
  expect(parseGpuProcesses(text)).toEqual([
    { uuid: 'GPU-8a1f', pid: 4711, name: '/opt/conda/bin/python3.11', usedBytes: 77000 * 2 ** 20 },
    { uuid: 'GPU-77c0', pid: 12, name: '/a, b', usedBytes: null }
  ])
  expect(parseGpuProcesses('')).toEqual([])
})
