/** Named model shapes. */
import type { DecoderShape } from '#shared/records'

function shape(
  hiddenSize: number,
  hiddenLayers: number,
  attentionHeads: number,
  intermediateSize: number,
  contextLength: number,
  more: Partial<DecoderShape> = {}
): DecoderShape {
  return {
    hiddenSize,
    hiddenLayers,
    attentionHeads,
    keyValueHeads: attentionHeads,
    intermediateSize,
    contextLength,
    ropeTheta: 10000,
    rmsNormEpsilon: 1e-5,
    tieEmbeddings: false,
    initializerRange: 0.02,
    ...more
  }
}

/**
 * Shapes from a model that trains in minutes on a laptop to the paper's largest.
 *
 * `130m` and `1.1b` have the widths, heads and layers of the paper's two models, in Llama form:
 * an attention output projection, no biases, no query and key norms, an intermediate size of
 * 8/3 of the width. So their parameter counts differ from the authors'.
 *
 * @see Na et al. 2024, arXiv 2410.15661
 */
export const PRESETS: Readonly<Record<string, DecoderShape>> = {
  '1m': shape(128, 4, 4, 344, 128),
  '3m': shape(192, 6, 6, 512, 256, { tieEmbeddings: true }),
  '9m': shape(256, 6, 4, 672, 256),
  '20m': shape(384, 8, 6, 1024, 512),
  '60m': shape(640, 10, 10, 1728, 1024, { tieEmbeddings: true }),
  '130m': shape(768, 12, 12, 2048, 2048, { tieEmbeddings: true }),
  '350m': shape(1024, 24, 16, 2816, 2048, { tieEmbeddings: true }),
  '1.1b': shape(2048, 24, 16, 5504, 2048, { tieEmbeddings: true })
}
