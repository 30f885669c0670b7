/** What benches of training and of evaluation share. */
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus'
import type { DecoderConfig } from '#shared/records'
import { parameterCount } from './cost'

/** Ids drawn evenly from the vocabulary, the same for the same seed. */
export function randomTokens(
  length: number,
  config: DecoderConfig,
  randomSeed: number
): Int32Array {
  const generator = xoroshiro128plus(randomSeed)
  return Int32Array.from({ length }, () => (generator.next() >>> 0) % config.vocabularySize)
}

/** A shape in one line, as bench tables name it. */
export function describeShape(config: DecoderConfig, batchSize: number): string {
  const millions = (parameterCount(config) / 1e6).toFixed(1)
  return (
    `${millions}M parameters: ${config.hiddenLayers} layers, ${config.hiddenSize} wide, ` +
    `${config.attentionHeads} heads, vocabulary ${config.vocabularySize}, ` +
    `batch ${batchSize} × ${config.contextLength}`
  )
}
