/** TensorFlow through tfjs-node: how it is loaded, and the operations TensorFlow.js leaves out. */
import { cpus, totalmem } from 'node:os'
import { backend, ready, reshape, setBackend, tidy } from '@tensorflow/tfjs-core'
import type { Tensor, Tensor2D } from '@tensorflow/tfjs-core'
import type { ComputeBackend, Device, FusedKernels } from './backend'
import { givenDevice } from './devices'
import { attributesOf } from './operations'
import type { NodeBackend } from './operations'
import { measureMatmulRate } from './measureMatmulRate'
import { askNvidiaSmi, firstVisible } from './nvidiaSmi'
import { portableKernels } from './portable'
import { createResourceOptimizer } from './tensorflowOptimizer'

/** TensorFlow on the processor, or on an NVIDIA GPU where its GPU flavour is laid. */
export const tensorflowBackend: ComputeBackend = {
  name: 'tensorflow',
  async probe() {
    try {
      const { node } = await load()
      return withoutGivenGpu(node)
    } catch (error) {
      return `TensorFlow's native library does not load: ${(error as Error).message}`
    }
  },
  async activate() {
    const { node, version } = await load()
    await setBackend('tensorflow')
    return {
      device: await describeDevice(node, version),
      kernels: tensorflowKernels(node),
      measureMatmulRate: () => measureMatmulRate()
    }
  }
}

interface Loaded {
  node: NodeBackend
  version: string
}

let loading: Promise<Loaded> | null = null

function load(): Promise<Loaded> {
  loading ??= loadOnce()
  return loading
}

async function loadOnce(): Promise<Loaded> {
  // tfjs-node 4.22 calls this function of Node, which Node 23 removed.
  const nodeUtil = process.getBuiltinModule('node:util') as unknown as Record<string, unknown>
  nodeUtil['isNullOrUndefined'] ??= (value: unknown) => value === null || value === undefined
  await import('@tensorflow/tfjs-node-gpu')
  await setBackend('tensorflow')
  await ready()
  const node = backend() as unknown as NodeBackend
  return { node, version: String(node.binding['TF_Version'] ?? 'unknown') }
}

/** TensorFlow computes on the processor, without a word, where a GPU does not answer. */
function withoutGivenGpu(node: NodeBackend): string | null {
  const given = givenDevice()
  if (!given?.isGpu || node.isUsingGpuDevice) return null
  return `TensorFlow does not find the GPU that this process was given, ${given.name}`
}

let device: Promise<Device> | null = null

function describeDevice(node: NodeBackend, version: string): Promise<Device> {
  device ??= node.isUsingGpuDevice ? describeGpu(version) : Promise.resolve(describeCpu(version))
  return device
}

function describeCpu(version: string): Device {
  const name = cpus()[0]?.model.trim() ?? 'processor'
  return { backend: 'tensorflow', name, isGpu: false, memoryBytes: totalmem(), version }
}

/** TensorFlow.js says only that there is a GPU; the driver knows which. */
async function describeGpu(version: string): Promise<Device> {
  const { gpus } = await askNvidiaSmi()
  const gpu = firstVisible(gpus, process.env)
  const { name = 'NVIDIA GPU', memoryBytes = null } = gpu ?? {}
  return { backend: 'tensorflow', name, isGpu: true, memoryBytes, version }
}

function tensorflowKernels(node: NodeBackend): FusedKernels {
  const attribute = attributesOf(node)
  const float = attribute.float('T')
  const complex = attribute.complex('T')
  const toComplex = [float, attribute.complex('type')]
  const toFloat = [complex, attribute.float('type')]

  /** A pair of floats is a complex number bit for bit, so one product turns them all. */
  function rotatePairs(x: Tensor2D, factors: Tensor2D): Tensor2D {
    return tidy(() => {
      const pairs = factors.size / 2
      const cast = (value: Tensor) => node.executeSingleOutput('Bitcast', toComplex, [value])
      const turned = node.executeSingleOutput(
        'Mul',
        [complex],
        [cast(reshape(x, [-1, pairs, 2])), cast(reshape(factors, [pairs, 2]))]
      )
      const floats = node.executeSingleOutput('Bitcast', toFloat, [turned])
      return reshape(floats, x.shape)
    })
  }

  return {
    ...portableKernels,
    name: 'tensorflow',
    rotatePairs,
    createOptimizer: (parameters, first, second) =>
      createResourceOptimizer(node, parameters, first, second)
  }
}
