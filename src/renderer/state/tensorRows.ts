/** Tensors of an inspected model as a table: filtered, sorted, as CSV, with small histograms. Pure. */
import { csvTable } from '#shared/csvText'
import type { TensorInspection, TensorValues } from '#shared/modelInspection'
import { inOrder } from './rowOrder'
import type { RowOrder } from './rowOrder'

export const TENSOR_COLUMNS = [
  { name: 'name', label: 'Tensor' },
  { name: 'shape', label: 'Shape' },
  { name: 'dtype', label: 'Type' },
  { name: 'parameters', label: 'Values' },
  { name: 'min', label: 'Min' },
  { name: 'max', label: 'Max' },
  { name: 'mean', label: 'Mean' },
  { name: 'standardDeviation', label: 'Std. dev.' },
  { name: 'nans', label: 'NaN' }
] as const
export type TensorColumn = (typeof TENSOR_COLUMNS)[number]['name']

export type TensorOrder = RowOrder<TensorColumn>

export const shapeWords = (shape: readonly number[]) => shape.join(' × ')

function valueOf(tensor: TensorInspection, column: TensorColumn): string | number | null {
  switch (column) {
    case 'name':
    case 'dtype':
    case 'parameters':
      return tensor[column]
    case 'shape':
      return shapeWords(tensor.shape)
    case 'min':
    case 'max':
    case 'mean':
    case 'standardDeviation':
    case 'nans':
      return tensor.values?.[column] ?? null
  }
}

/** Tensors whose name or part holds all words, in the order of a column, or as the files have them. */
export function tensorRows(
  tensors: readonly TensorInspection[],
  words: string,
  order: TensorOrder | null
): TensorInspection[] {
  const wanted = words.toLowerCase().split(/\s+/).filter(Boolean)
  const found = tensors.filter(({ name, block }) =>
    wanted.every((word) => `${name} ${block}`.toLowerCase().includes(word))
  )
  return inOrder(found, order, valueOf)
}

export function tensorsCsv(model: string, tensors: readonly TensorInspection[]): string {
  return csvTable(
    [
      'model',
      'tensor',
      'block',
      'layer',
      'shape',
      'values',
      'dtype',
      'file',
      'min',
      'max',
      'mean',
      'standard_deviation',
      'zeros',
      'nans',
      'infinities',
      'histogram_from',
      'histogram_width',
      'histogram_counts'
    ],
    tensors.map(({ name, block, layer, shape, parameters, dtype, file, values }) => [
      model,
      name,
      block,
      layer,
      shape.join('x'),
      parameters,
      dtype,
      file,
      values?.min ?? null,
      values?.max ?? null,
      values?.mean ?? null,
      values?.standardDeviation ?? null,
      values?.zeros ?? null,
      values?.nans ?? null,
      values?.infinities ?? null,
      values?.histogram.from ?? null,
      values?.histogram.width ?? null,
      values ? values.histogram.counts.join(' ') : null
    ])
  )
}

/** A value of a tensor with three digits, however small. */
export function tensorNumber(value: number | null | undefined): string {
  if (value === null || value === undefined) return '–'
  if (value === 0) return '0'
  const size = Math.abs(value)
  const text = size < 1e-3 || size >= 1e5 ? value.toExponential(2) : value.toPrecision(3)
  return text.replaceAll('-', '−')
}

/**
 * The outline of a histogram as an SVG path, bars from the bottom.
 *
 * @returns empty where there is nothing to draw
 */
export function histogramPath(
  { counts }: TensorValues['histogram'],
  width: number,
  height: number
): string {
  const most = Math.max(0, ...counts)
  if (most === 0) return ''
  const step = width / counts.length
  const bars = counts.map((count, i) => {
    // What is there at all is seen.
    const top = height - (count === 0 ? 0 : Math.max(0.75, (count / most) * height))
    return `V${round(top)}H${round((i + 1) * step)}`
  })
  return `M0,${height}${bars.join('')}V${height}Z`
}

const round = (value: number) => Math.round(value * 100) / 100

/** Where a histogram lies, in words. */
export function histogramWords({ histogram, zeros }: TensorValues): string {
  const { from, width, counts } = histogram
  if (counts.length === 0) return 'no numbers'
  const to = from + width * counts.length
  return `from ${tensorNumber(from)} to ${tensorNumber(to)}, ${counts.length} intervals of ${tensorNumber(width)}; ${zeros} zeros`
}
