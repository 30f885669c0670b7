/** Runs TensorFlow operations by name, beyond those that TensorFlow.js knows. */
import type { Tensor } from '@tensorflow/tfjs-core'

/** One attribute of a TensorFlow operation, as tfjs-node's addon takes it. */
export interface OperationAttribute {
  name: string
  type: number
  value: number | boolean | string | number[]
}

/** The part of tfjs-node's backend that runs any registered operation. */
export interface NodeBackend {
  binding: Record<string, number>
  isUsingGpuDevice: boolean
  executeSingleOutput(name: string, attributes: OperationAttribute[], inputs: Tensor[]): Tensor
  executeMultipleOutputs(
    name: string,
    attributes: OperationAttribute[],
    inputs: Tensor[],
    outputs: number
  ): Tensor[]
}

/** Builds attributes with the numbers that this copy of TensorFlow gives their kinds. */
export function attributesOf(backend: NodeBackend) {
  const code = (name: string): number => {
    const value = backend.binding[name]
    if (value === undefined) throw new Error(`tfjs-node has no ${name}`)
    return value
  }
  const attribute =
    (kind: number) =>
    (name: string, value: OperationAttribute['value']): OperationAttribute => ({
      name,
      type: kind,
      value
    })
  const type = attribute(code('TF_ATTR_TYPE'))
  return {
    float: (name: string) => type(name, code('TF_FLOAT')),
    complex: (name: string) => type(name, code('TF_COMPLEX64')),
    flag: attribute(code('TF_ATTR_BOOL')),
    shape: attribute(code('TF_ATTR_SHAPE')),
    text: attribute(code('TF_ATTR_STRING'))
  }
}
