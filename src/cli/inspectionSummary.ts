/** An inspection of models as text for people. */
import type {
  Inspection,
  LineageCheck,
  ModelDistances,
  ModelInspection
} from '#shared/modelInspection'
import { formatBytes, formatCount, formatNumber, textTable } from './format'

/** All that `assay inspect` prints. */
export function describeInspection(
  { models, lineage, distances }: Inspection,
  options: { tensors: boolean }
): string {
  const parts = models.map((model) => describeModel(model, options))
  if (models.length > 1) parts.push(describeLineage(lineage))
  if (distances) parts.push(describeDistances(distances))
  return parts.join('\n\n')
}

function describeModel(model: ModelInspection, { tensors }: { tensors: boolean }): string {
  const { architecture, tokenizer, ancestry } = model
  const sizes = Object.entries(architecture.sizes).map(([key, value]) => `${key} ${value}`)
  const { vocabulary: entries = null } = tokenizer ?? {}
  const vocabulary = entries === null ? '' : `, ${formatCount(entries)} tokens`
  const rows: [string, string][] = [
    ['Architecture', `${architecture.className ?? 'unknown'} (${architecture.type ?? 'unknown'})`],
    ['Sizes', sizes.join(', ') || '—'],
    [
      'Parameters',
      `${model.parameters.toLocaleString('en-US')}${architecture.isTied ? ', head tied to the embedding' : ''}`
    ],
    [
      'On disk',
      `${formatBytes(model.bytes)} in ${model.files.length} ${model.files.length === 1 ? 'file' : 'files'}`
    ],
    [
      'Tokenizer',
      tokenizer ? `${tokenizer.kind}${vocabulary} (${tokenizer.file})` : 'none in the folder'
    ],
    ['Ancestry', ancestry ? ancestryText(ancestry) : 'the folder does not say'],
    ['Computes', model.whyNotComputed ?? 'yes: can be trained on, measured and merged here'],
    ...model.problems.map((problem): [string, string] => ['Problem', problem])
  ]
  const share = ({ tensors: count, parameters, bytes }: ModelInspection['blocks'][number]) => [
    String(count),
    formatCount(parameters),
    `${((100 * parameters) / Math.max(1, model.parameters)).toFixed(1)} %`,
    formatBytes(bytes)
  ]
  const types = model.dtypes.map(
    ({ dtype, tensors: count, parameters }) =>
      `${dtype} (${count} tensors, ${formatCount(parameters)})`
  )
  return [
    model.model,
    ...rows.map(([title, text]) => `  ${title.padEnd(13)} ${text}`),
    `  ${'Types'.padEnd(13)} ${types.join(', ')}`,
    '',
    textTable(
      ['block', 'tensors', 'parameters', 'share', 'bytes'],
      model.blocks.map((block) => [block.block, ...share(block)])
    ),
    ...(tensors ? ['', tensorTable(model)] : [])
  ].join('\n')
}

function tensorTable({ tensors }: ModelInspection): string {
  const digits = (value: number | null | undefined) =>
    value === null || value === undefined ? '—' : value.toPrecision(4)
  return textTable(
    ['tensor', 'shape', 'type', 'min', 'max', 'mean', 'std', 'NaN'],
    tensors.map(({ name, shape, dtype, values }) => [
      name,
      `[${shape.join(', ')}]`,
      dtype,
      digits(values?.min),
      digits(values?.max),
      digits(values?.mean),
      digits(values?.standardDeviation),
      values ? String(values.nans) : '—'
    ])
  )
}

function ancestryText({
  made,
  parents,
  ancestor,
  source
}: NonNullable<ModelInspection['ancestry']>) {
  const of = parents.map(({ name }) => name).join(', ')
  const start = ancestor && made === 'merged' ? `, all from ${ancestor.name}` : ''
  return `${made}${of === '' ? '' : ` from ${of}`}${start} (${source})`
}

function describeLineage(lineage: LineageCheck): string {
  const verdict = lineage.isMergeable
    ? `These models may be merged. Their ancestor: ${lineage.ancestry}.`
    : 'These models cannot be merged:'
  const more = lineage.unlisted > 0 ? [`  … and ${lineage.unlisted} more differences`] : []
  return [
    verdict,
    ...lineage.differences.map(
      ({ kind, subject, model, found, reference, expected }) =>
        `  ${kind}: ${subject} is ${found} in ${model}, ${expected} in ${reference}`
    ),
    ...more,
    ...lineage.warnings.map((warning) => `  note: ${warning}`)
  ].join('\n')
}

function describeDistances(distances: ModelDistances): string {
  const { models, relativeDistances, cosines, ways } = distances
  const rows = models.flatMap((a, i) =>
    models
      .slice(i + 1)
      .map((b, j) => [
        a,
        b,
        formatNumber(relativeDistances[i]![i + 1 + j], 5),
        formatNumber(cosines[i]![i + 1 + j], 6),
        ...(ways ? [formatNumber(ways.cosines[i]![i + 1 + j], 4)] : [])
      ])
  )
  const way = ways ? [`cosine of ways from ${ways.from}`] : []
  return `How far they are apart, over all weights\n${textTable(['model', 'other', 'distance', 'cosine', ...way], rows)}`
}
