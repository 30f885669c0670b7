/** What documents cost a model, in nats. */
import { gather, tensor1d, tensor2d, tidy } from '@tensorflow/tfjs-core'
import { WorkbenchError } from '#shared/errors'
import type { DecoderConfig } from '#shared/records'
import type { FusedKernels } from '#engine/backends/backend'
import { packParameters } from '#engine/model/layout'
import { openDecoder } from '#engine/model/openDecoder'
import type { DeviceModel } from '#engine/model/openDecoder'
import type { ParameterSet } from '#engine/parameters'
import { batchesOf, windowsOf } from './windows'
import type { Window } from './windows'

export interface MeasureOptions {
  /** Predicted tokens per forward pass, T. */
  window: number
  /** Full windows per forward pass; of shorter ones, as many more as make the same tokens. */
  batchSize: number
  /** Stands before every document, and fills what batches leave free. */
  endOfTextId: number
  /** Tokens that each window after a document's first scores; `window` when left out. */
  stride?: number
  /** Of each document, leading tokens that are seen and not scored; none when left out. */
  contexts?: readonly number[]
}

/** Given the loss of one token of a document, in nats. */
type TakeLoss = (document: number, position: number, loss: number) => void

/** Measures one model after another on documents. */
export interface Evaluator {
  /** Uploads weights in place of those before. @throws WorkbenchError `checkpoint/mismatch` */
  load(parameters: ParameterSet): void
  /** Takes over weights that are on the device already, as a trainer gives them. */
  use(model: DeviceModel): void
  /** Frees the weights, as before a trainer's next step. */
  release(): void
  /**
   * @param documents token ids of each, without end-of-text
   * @param onProgress told predicted tokens so far and in all
   * @returns nats summed per document over its scored tokens; 0 for an empty one
   * @throws the signal's reason when aborted, between two batches
   */
  measure(
    documents: readonly Int32Array[],
    options: MeasureOptions,
    signal?: AbortSignal,
    onProgress?: (done: number, total: number) => void
  ): Promise<Float64Array>
  /**
   * As {@link measure}, but token by token: what an average of probabilities is made of.
   *
   * @returns nats of every scored token, document after document
   */
  measureTokens(
    documents: readonly Int32Array[],
    options: MeasureOptions,
    signal?: AbortSignal
  ): Promise<Float32Array>
  dispose(): void
}

/**
 * Prepares to measure models of one configuration; weights come by `load` or `use`.
 *
 * Each document is scored alone: end-of-text first, so that its first token counts, then windows
 * as docs/perplexity.md says. Logits are made for scored positions only, and losses leave the device
 * as one number per token, summed here in float64.
 *
 * @see Na et al. 2024, arXiv 2410.15661: perplexity on an arbitrary evaluation domain
 */
export function createEvaluator(config: DecoderConfig, kernels: FusedKernels): Evaluator {
  const decoder = openDecoder(config, kernels)
  let model: DeviceModel | null = null

  const use = (next: DeviceModel | null) => {
    model?.dispose()
    model = next
  }
  const score = async (
    documents: readonly Int32Array[],
    { window, batchSize, endOfTextId, stride = window, contexts }: MeasureOptions,
    take: TakeLoss,
    hooks: { signal?: AbortSignal; onProgress?: (done: number, total: number) => void }
  ): Promise<void> => {
    const loaded = model
    if (!loaded) throw new Error('an evaluator measures only after load or use')
    const windows = documents.flatMap((ids, document) => {
      checkTokens(ids, document, config.vocabularySize)
      return windowsOf(document, ids.length, window, { stride, context: contexts?.[document] ?? 0 })
    })
    const total = windows.reduce((sum, { scored }) => sum + scored, 0)
    let done = 0
    for (const batch of batchesOf(windows, batchSize * window)) {
      hooks.signal?.throwIfAborted()
      const losses = await batchLosses(loaded, documents, batch, endOfTextId)
      let index = 0
      for (const { document, from, length, scored } of batch) {
        const first = from + length - scored
        for (let count = 0; count < scored; count++) take(document, first + count, losses[index++]!)
        done += scored
      }
      hooks.onProgress?.(done, total)
    }
    loaded.forgetContexts()
  }
  return {
    load(parameters) {
      const flat = packParameters(decoder.layout, parameters, 'the model to measure')
      use(decoder.place(flat))
      flat.dispose()
    },
    use,
    release: () => use(null),
    async measure(documents, options, signal, onProgress) {
      const nats = new Float64Array(documents.length)
      await score(documents, options, (document, _, loss) => void (nats[document]! += loss), {
        ...(signal ? { signal } : {}),
        ...(onProgress ? { onProgress } : {})
      })
      return nats
    },
    async measureTokens(documents, options, signal) {
      let tokens = 0
      const begins = documents.map((ids, document) => {
        const context = options.contexts?.[document] ?? 0
        return (tokens += ids.length - context) - ids.length
      })
      const nats = new Float32Array(tokens)
      const take: TakeLoss = (document, position, loss) => {
        nats[begins[document]! + position] = loss
      }
      await score(documents, options, take, signal ? { signal } : {})
      return nats
    },
    dispose() {
      use(null)
      decoder.forgetContexts()
    }
  }
}

/** Losses of a batch's scored tokens, window after window. */
async function batchLosses(
  model: DeviceModel,
  documents: readonly Int32Array[],
  batch: readonly Window[],
  endOfTextId: number
): Promise<Float32Array> {
  // Lengths are rounded up, so that a few contexts serve all batches.
  const longest = batch[0]!.length
  const time = longest <= 16 ? longest : Math.ceil(longest / 16) * 16
  const inputs = new Int32Array(batch.length * time).fill(endOfTextId)
  const rows: number[] = []
  const targets: number[] = []
  batch.forEach(({ document, from, length, scored }, row) => {
    const ids = documents[document]!
    for (let index = 0; index < length; index++) {
      const position = from + index
      if (position > 0) inputs[row * time + index] = ids[position - 1]!
      if (index >= length - scored) {
        rows.push(row * time + index)
        targets.push(ids[position]!)
      }
    }
  })
  const measure = async (areExtreme: boolean): Promise<Float32Array> => {
    const losses = lossesOf(areExtreme)
    const values = (await losses.data()) as Float32Array
    losses.dispose()
    return values
  }
  const lossesOf = (areExtreme: boolean) =>
    tidy(() => {
      const hidden = model.hiddenStates(tensor2d(inputs, [batch.length, time], 'int32'))
      const isWhole = rows.length === hidden.shape[0]
      const scored = isWhole ? hidden : gather(hidden, tensor1d(rows, 'int32'))
      return model.tokenLosses(scored, tensor1d(targets, 'int32'), areExtreme)
    })
  const values = await measure(false)
  return values.every(Number.isFinite) ? values : measure(true)
}

function checkTokens(ids: Int32Array, document: number, vocabularySize: number): void {
  for (const id of ids) {
    if (id < 0 || id >= vocabularySize) {
      throw new WorkbenchError(
        'checkpoint/mismatch',
        `Document ${document} holds token ${id}; the model's vocabulary has ${vocabularySize}. ` +
          'The text was cut by another tokenizer than the model was made for.',
        { document, token: id, vocabularySize }
      )
    }
  }
}
