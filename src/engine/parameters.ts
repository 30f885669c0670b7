/** Named float32 arrays with shapes: what training emits, merging averages and storage keeps. */
import { WorkbenchError } from '#shared/errors'

/** One parameter of a model. `data.length` is the product of `shape`. */
export interface Parameter {
  shape: number[]
  data: Float32Array
}

/** All parameters of one model by Hugging Face's Llama names, in the order of the model. */
export type ParameterSet = Map<string, Parameter>

/** Where parameters come from, by ranges of a tensor, so that no model needs to be held whole. */
export interface ParameterSource {
  /** Says in errors which checkpoint this is: a run's name, a folder. */
  readonly label: string
  /** Names with shapes, in the order of the model. */
  readonly shapes: ReadonlyMap<string, readonly number[]>
  /** True when the values lie in memory, so that small ranges cost nothing. */
  readonly isHeld: boolean
  /**
   * The values of one tensor from element `from` up to `to`, all of them by default; the receiver
   * must not change them.
   */
  read(name: string, from?: number, to?: number): Float32Array | Promise<Float32Array>
}

/** Where parameters go, one tensor at a time. */
export interface ParameterSink {
  /** Memory to compute a tensor in, where the sink has some already: fresh pages are dear. */
  memoryFor?(name: string, length: number): Float32Array | undefined
  write(name: string, shape: readonly number[], data: Float32Array): Promise<void>
}

/** Values of a tensor of a shape. */
export function elementsOf(shape: readonly number[]): number {
  return shape.reduce((product, side) => product * side, 1)
}

/** Values of all tensors of a model. */
export function elementsOfAll(shapes: ReadonlyMap<string, readonly number[]>): number {
  let elements = 0
  for (const shape of shapes.values()) elements += elementsOf(shape)
  return elements
}

/** Reads a set held in memory as a source. */
export function sourceOf(parameters: ParameterSet, label: string): ParameterSource {
  return {
    label,
    shapes: new Map([...parameters].map(([name, parameter]) => [name, parameter.shape])),
    isHeld: true,
    read: (name, from, to) => {
      const parameter = parameters.get(name)
      if (!parameter) throw new Error(`no parameter ${name} in ${label}`)
      return from === undefined ? parameter.data : parameter.data.subarray(from, to)
    }
  }
}

/** Collects written tensors into a set held in memory, reusing what the set holds already. */
export function sinkTo(parameters: ParameterSet): ParameterSink {
  return {
    memoryFor: (name, length) => {
      const data = parameters.get(name)?.data
      return data?.length === length ? data : undefined
    },
    write: (name, shape, data) => {
      parameters.set(name, { shape: [...shape], data })
      return Promise.resolve()
    }
  }
}

/** True where no value is NaN or infinite. */
export function isFiniteThroughout(values: Float32Array): boolean {
  let sum = 0
  // Zero times a number is zero; times infinity, or what is no number, it is NaN.
  for (let i = 0; i < values.length; i++) sum += values[i]! * 0
  return sum === 0
}

/** The first parameter that holds NaN or infinity; null where all values are numbers. */
export function firstNotFinite(parameters: ParameterSet): string | null {
  for (const [name, { data }] of parameters) if (!isFiniteThroughout(data)) return name
  return null
}

/** What is told of a model with a parameter that holds NaN or infinity. */
export function notFiniteError(label: string, parameter: string): WorkbenchError {
  return new WorkbenchError(
    'checkpoint/invalid',
    `The parameter ${parameter} of ${label} holds values that are no numbers (NaN or infinity). Expected numbers: such a model is neither measured nor averaged. Train it again at a lower peakLearningRate.`,
    { model: label, parameter }
  )
}
