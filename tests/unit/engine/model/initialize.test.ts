import { expect, it } from 'vitest'
import { PRESETS, parameterShapes } from '#engine/model/config'
import { initializeParameters } from '#engine/model/initialize'

const config = { ...PRESETS['1m']!, vocabularySize: 512 }

function deviation(values: Float32Array): number {
  return Math.sqrt(values.reduce((sum, value) => sum + value * value, 0) / values.length)
}

it('draws the same weights from the same seed and others from another', () => {
  const once = initializeParameters(config, 1)
  expect(initializeParameters(config, 1)).toEqual(once)
  expect(initializeParameters(config, 2)).not.toEqual(once)
})

it('gives every parameter its name and shape', () => {
  const shapes = [...initializeParameters(config, 1)].map(([name, { shape }]) => [name, shape])
  expect(shapes).toEqual([...parameterShapes(config)])
})

it('spreads matrices by the initializer range, residual ones by less, and norms not at all', () => {
  const parameters = initializeParameters(config, 1)
  const of = (name: string) => parameters.get(`model.layers.1.${name}.weight`)!.data
  const within = (found: number, expected: number) =>
    expect(Math.abs(found / expected - 1)).toBeLessThan(0.03)
  within(deviation(of('self_attn.q_proj')), 0.02)
  within(deviation(of('self_attn.o_proj')), 0.02 / Math.sqrt(8))
  within(deviation(of('mlp.down_proj')), 0.02 / Math.sqrt(8))
  expect(new Set(of('input_layernorm'))).toEqual(new Set([1]))
})
