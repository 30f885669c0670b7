/** AdamW on TensorFlow's own variables: one sweep over memory, in place. */
import { scalar, tidy } from '@tensorflow/tfjs-core'
import type { Tensor, Tensor1D } from '@tensorflow/tfjs-core'
import type { FlatOptimizer } from './backend'
import { attributesOf } from './operations'
import type { NodeBackend } from './operations'

/** Variables live under names in a container of the process; two optimizers must not meet there. */
let created = 0

/**
 * Keeps weights and moments in resource variables and updates them with `ResourceApplyAdam`.
 *
 * That operation knows Adam as first published, with ε inside the bias correction, and no decay:
 * PyTorch's AdamW is the same with ε·√(1−β₂ᵗ) for ε, after the weights were scaled by 1−ηλ.
 * A variable whose value is held elsewhere is copied before it changes: dispose what
 * `parameters()` gave before `update`.
 *
 * @see https://www.tensorflow.org/api_docs/python/tf/raw_ops/ResourceApplyAdam
 */
export function createResourceOptimizer(
  backend: NodeBackend,
  parameters: Tensor1D,
  first: Tensor1D,
  second: Tensor1D
): FlatOptimizer {
  const attribute = attributesOf(backend)
  const float = attribute.float('dtype')
  const run = (
    name: string,
    attributes: Parameters<NodeBackend['executeMultipleOutputs']>[1],
    inputs: Tensor[]
  ) => {
    backend.executeMultipleOutputs(name, attributes, inputs, 0)
  }
  const read = (handle: Tensor): Tensor1D =>
    backend.executeSingleOutput('ReadVariableOp', [float], [handle]) as Tensor1D
  const serial = ++created
  const variables = [parameters, first, second].map((value, index) => {
    const handle = backend.executeSingleOutput(
      'VarHandleOp',
      [
        float,
        attribute.shape('shape', value.shape),
        attribute.text('container', ''),
        attribute.text('shared_name', `assay-${process.pid}-${serial}-${index}`)
      ],
      []
    )
    run('AssignVariableOp', [float, attribute.flag('validate_shape', false)], [handle, value])
    value.dispose()
    return handle
  }) as [Tensor, Tensor, Tensor]
  const [weights, moment1, moment2] = variables

  return {
    parameters: () => read(weights),
    moments: () => [read(moment1), read(moment2)],
    update(gradient, { learningRate, beta1, beta2, epsilon, weightDecay, step }) {
      tidy(() => {
        if (weightDecay > 0 && learningRate > 0) {
          const decay = scalar(1 - learningRate * weightDecay)
          const decayed = backend.executeSingleOutput(
            'Mul',
            [attribute.float('T')],
            [read(weights), decay]
          )
          run(
            'AssignVariableOp',
            [float, attribute.flag('validate_shape', false)],
            [weights, decayed]
          )
        }
      })
      tidy(() => {
        const correction = Math.sqrt(1 - beta2 ** step)
        run(
          'ResourceApplyAdam',
          [
            attribute.float('T'),
            attribute.flag('use_locking', false),
            attribute.flag('use_nesterov', false)
          ],
          [
            weights,
            moment1,
            moment2,
            scalar(beta1 ** step),
            scalar(beta2 ** step),
            scalar(learningRate),
            scalar(beta1),
            scalar(beta2),
            scalar(epsilon * correction),
            gradient
          ]
        )
      })
    },
    dispose() {
      for (const handle of variables) {
        run('DestroyResourceOp', [attribute.flag('ignore_lookup_error', true)], [handle])
        handle.dispose()
      }
    }
  }
}
