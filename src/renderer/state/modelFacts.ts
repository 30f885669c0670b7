/** What an inspection says of each model, a line per fact. Pure. */
import type { ModelInspection } from '#shared/modelInspection'
import { counted, grouped, inBytes } from '../format'

export interface ModelFact {
  label: string
  /** One per model. */
  values: string[]
  isBad?: boolean
}

function ancestryWords({ ancestry }: ModelInspection): string {
  if (!ancestry) return 'the folder does not say'
  const { made, parents, ancestor, source } = ancestry
  const of = parents.map(({ name }) => name).join(', ')
  const start = ancestor && made === 'merged' ? `, all from ${ancestor.name}` : ''
  return `${made}${of === '' ? '' : ` from ${of}`}${start} (${source})`
}

function tokenizerWords({ tokenizer }: ModelInspection): string {
  if (!tokenizer) return 'none beside the weights'
  const { kind, vocabulary, file, sha256 } = tokenizer
  const many = vocabulary === null ? '' : `, ${counted(vocabulary, 'token')}`
  return `${kind}${many} (${file}, ${sha256.slice(0, 8)})`
}

/** Sizes are a line each, under the keys of the configuration; those that no model has are left out. */
export function modelFacts(models: readonly ModelInspection[]): ModelFact[] {
  const line = (label: string, say: (model: ModelInspection) => string): ModelFact => ({
    label,
    values: models.map(say)
  })
  const keys = [...new Set(models.flatMap(({ architecture }) => Object.keys(architecture.sizes)))]
  const isBroken = models.some(({ problems }) => problems.length > 0)
  return [
    line(
      'Architecture',
      ({ architecture: { className, type } }) => `${className ?? 'unknown'} (${type ?? 'unknown'})`
    ),
    ...keys.map((key) =>
      line(key, ({ architecture }) =>
        architecture.sizes[key] === undefined ? '–' : grouped(architecture.sizes[key])
      )
    ),
    line(
      'Parameters',
      ({ parameters, architecture }) =>
        `${grouped(parameters)}${architecture.isTied ? ', head tied to the embedding' : ''}`
    ),
    line('Weights', ({ bytes, files }) => `${inBytes(bytes)} in ${counted(files.length, 'file')}`),
    line('Types', ({ dtypes }) =>
      dtypes.map(({ dtype, tensors }) => `${dtype} (${counted(tensors, 'tensor')})`).join(', ')
    ),
    line('Tokenizer', tokenizerWords),
    line('Came of', ancestryWords),
    line('Computes here', ({ whyNotComputed }) => whyNotComputed ?? 'yes'),
    ...(isBroken
      ? [{ ...line('Wrong', ({ problems }) => problems.join('\n') || '–'), isBad: true }]
      : [])
  ]
}
