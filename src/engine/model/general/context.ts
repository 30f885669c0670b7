/** What the layers of one forward pass of the general decoder share. */
import { dispose, tensor2d } from '@tensorflow/tfjs-core'
import type { Tensor2D } from '@tensorflow/tfjs-core'
import type { Positions, RotaryScaling } from '#shared/architecture'
import type { FusedKernels } from '#engine/backends/backend'
import { HIDDEN } from '../context'
import type { GeneralConfig } from './names'

/** Tensors for sequences of one length, T. */
export interface GeneralContext {
  config: GeneralConfig
  kernels: FusedKernels
  time: number
  /** [T, width / 2] each; null where positions are learned. */
  rotation: [cosine: Tensor2D, sine: Tensor2D] | null
  /** By layer, [T, T]: 0 where attention may look; layers of one window share one. */
  masks: Tensor2D[]
}

/** Makes the context for sequences of `time` tokens. The receiver disposes it. */
export function createGeneralContext(
  config: GeneralConfig,
  kernels: FusedKernels,
  time: number
): GeneralContext {
  const { positions, windows } = config.architecture
  const byWindow = new Map<number, Tensor2D>()
  const maskFor = (window: number | null) => {
    const reach = Math.min(window ?? time, time)
    const known = byWindow.get(reach) ?? windowMask(time, reach)
    byWindow.set(reach, known)
    return known
  }
  const masks = windows.map(maskFor)
  const rotation = positions.kind === 'rotary' ? rotationOf(positions, time) : null
  return { config, kernels, time, rotation, masks }
}

/** Frees what {@link createGeneralContext} made. */
export function disposeGeneralContext({ rotation, masks }: GeneralContext): void {
  dispose([...new Set(masks)])
  if (rotation) dispose(rotation)
}

function windowMask(time: number, reach: number): Tensor2D {
  const mask = new Float32Array(time * time).fill(HIDDEN)
  for (let row = 0; row < time; row++) {
    mask.fill(0, row * time + Math.max(0, row + 1 - reach), row * time + row + 1)
  }
  return tensor2d(mask, [time, time])
}

/** Angles in float64, rounded once. @see Su et al. 2021, arXiv 2104.09864 */
function rotationOf(
  positions: Extract<Positions, { kind: 'rotary' }>,
  time: number
): [Tensor2D, Tensor2D] {
  const half = positions.width / 2
  const frequencies = Array.from({ length: half }, (_, pair) =>
    scaled(positions.theta ** ((-2 * pair) / positions.width), positions.scaling)
  )
  const values = (f: (angle: number) => number) => {
    const all = new Float32Array(time * half)
    for (let place = 0; place < all.length; place++) {
      all[place] = f(Math.floor(place / half) * frequencies[place % half]!)
    }
    return tensor2d(all, [time, half])
  }
  return [values(Math.cos), values(Math.sin)]
}

/**
 * A rotary frequency as stretched for longer texts.
 *
 * @see Dubey et al. 2024, arXiv 2407.21783, and transformers' modeling_rope_utils: Llama 3 keeps
 *   short waves, divides long ones by the factor, and goes smoothly between the two
 */
function scaled(frequency: number, scaling: RotaryScaling | null): number {
  if (!scaling) return frequency
  if (scaling.kind === 'linear') return frequency / scaling.factor
  const { factor, lowFrequencyFactor: low, highFrequencyFactor: high } = scaling
  const turns = (scaling.originalLength * frequency) / (2 * Math.PI)
  if (turns < low) return frequency / factor
  if (turns > high) return frequency
  const share = (turns - low) / (high - low)
  return (1 - share) * (frequency / factor) + share * frequency
}
