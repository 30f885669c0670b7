/** What a model that is handed on says of itself: `README.md` with the front matter of a model card. */
import { stringify } from 'yaml'
import { bitsPerByte, perplexity } from '#shared/metrics'
import type { StoredDtype } from '#shared/modelExport'
import type { ModelNode } from '#shared/modelInspection'
import type { DecoderConfig, DomainKind, RunRole } from '#shared/records'
import { parameterCount } from '#engine/model/config'
import type { UnitDraw } from '#engine/workers/jobs'

/** All that a model card tells. */
export interface ModelFacts {
  title: string
  made: 'trained' | 'merged'
  version: string
  study: string
  config: DecoderConfig
  /** Of the float32 model that was measured. */
  fingerprint: string
  /** Null where it is not known. */
  startedFrom: ModelNode | null
  dtype: StoredDtype
  /** SHA-256 of its tokenizer. */
  tokenizer: string
  /** What it was measured on, summed over documents. */
  measured: {
    domain: string
    kind: DomainKind
    nats: number
    tokens: number
    bytes: number
    fingerprint: string
  }[]
  merge?: {
    kind: string
    mixture: string
    parts: { unit: string; fingerprint: string; weight: number }[]
  }
  run?: {
    name: string
    role: RunRole
    mixture: string | null
    tokens: number
    steps: number
    randomSeed: number
    draws: readonly UnitDraw[]
  }
}

/** Digits of a fingerprint that tables show. */
const SHOWN = 16

/**
 * The text of a model card.
 *
 * @see https://huggingface.co/docs/hub/model-cards
 */
export function modelCard(facts: ModelFacts): string {
  const { title, measured, merge, run } = facts
  return (
    [
      `---\n${stringify(frontMatter(facts), { lineWidth: 0 })}---`,
      `# ${plain(title)}`,
      whatItIs(facts),
      ...(merge ? ['## Mixture', mixtureTable(merge)] : []),
      ...(run ? ['## Training text', drawsTable(run.draws)] : []),
      '## Perplexity',
      measured.length === 0
        ? 'Nothing was measured of this model yet.'
        : `${perplexityTable(measured)}\n\n${measuredNote(facts)}`,
      '## Use',
      '```python\nfrom transformers import AutoModelForCausalLM, AutoTokenizer\n\nmodel = AutoModelForCausalLM.from_pretrained("PATH/OF/THIS/FOLDER", dtype="auto")\ntokenizer = AutoTokenizer.from_pretrained("PATH/OF/THIS/FOLDER")\n```',
      '## Fingerprints',
      fingerprints(facts)
    ].join('\n\n') + '\n'
  )
}

/** What the Hub reads; an ancestor that was trained here is named by its fingerprint. */
function frontMatter({ startedFrom, made, measured }: ModelFacts): Record<string, unknown> {
  const base = baseModel(startedFrom)
  return {
    library_name: 'transformers',
    pipeline_tag: 'text-generation',
    ...(base === null
      ? {}
      : { base_model: base, base_model_relation: made === 'merged' ? 'merge' : 'finetune' }),
    tags: ['assay', ...(made === 'merged' ? ['merge', 'model-merging'] : ['data-mixture'])],
    ...(measured.length === 0 ? {} : { metrics: ['perplexity'] })
  }
}

function baseModel(node: ModelNode | null): string | null {
  if (!node) return null
  const { id, name } = node
  if (id.startsWith('weights:')) return name
  return id.startsWith('run:') ? `assay-seed-${id.slice(4, 16)}` : null
}

function whatItIs({ made, study, version, config, dtype, merge, run, startedFrom }: ModelFacts) {
  const size = `${parameterCount(config).toLocaleString('en-US')} parameters`
  const stored = { F32: 'float32', F16: 'float16', BF16: 'bfloat16' }[dtype]
  const from = startedFrom
    ? `started from ${plain(startedFrom.name)} (\`${startedFrom.id}\`)`
    : 'started from what is not known'
  const how =
    made === 'merged'
      ? `The average of the parameters of ${merge!.parts.length} models that were each trained on one base unit of text, in place of a model trained on the mixture *${plain(merge!.mixture)}*. All of them ${from}.`
      : run!.steps === 0
        ? `A model (${run!.role}) that was trained elsewhere. It ${from}.`
        : `A model (${run!.role}) trained for ${run!.steps.toLocaleString('en-US')} steps on ${run!.tokens.toLocaleString('en-US')} tokens. It ${from}.`
  return `${how} Made by Assay ${version} in the study *${plain(study)}*: ${size}, context of ${config.contextLength} tokens, weights stored as ${stored}.`
}

function mixtureTable({ parts }: NonNullable<ModelFacts['merge']>): string {
  return table(
    ['base unit', 'weight', 'fingerprint of its branch'],
    parts.map(({ unit, weight, fingerprint }) => [unit, String(weight), short(fingerprint)])
  )
}

function drawsTable(draws: readonly UnitDraw[]): string {
  return table(
    ['base unit', 'sequences'],
    draws.map(({ unit, sequences }) => [unit.name, String(sequences)])
  )
}

function perplexityTable(measured: ModelFacts['measured']): string {
  return table(
    ['held-out text', 'kind', 'perplexity', 'bits per byte', 'tokens', 'fingerprint'],
    measured.map(({ domain, kind, fingerprint, ...sum }) => [
      domain,
      kind,
      perplexity(sum).toFixed(3),
      bitsPerByte(sum).toFixed(4),
      String(sum.tokens),
      short(fingerprint)
    ])
  )
}

function measuredNote({ dtype, config }: ModelFacts): string {
  const rounded =
    dtype === 'F32' ? '' : ' Measured on the float32 weights, of which these are rounded.'
  return `Each document alone behind an end-of-text token, in windows of ${config.contextLength} tokens, pooled over tokens.${rounded}`
}

function fingerprints({ fingerprint, startedFrom, tokenizer }: ModelFacts): string {
  return table(
    ['of', 'fingerprint'],
    [
      ['model', fingerprint],
      ['what it started from', startedFrom?.id ?? 'not known'],
      ['tokenizer', tokenizer]
    ]
  )
}

function table(header: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.map(plain).join(' | ')} |`
  return [line(header), line(header.map(() => '---')), ...rows.map(line)].join('\n')
}

function short(fingerprint: string): string {
  return fingerprint.slice(0, SHOWN)
}

/** A name that somebody chose, without anything that Markdown would read. */
function plain(text: string): string {
  return text.replace(/\s+/g, ' ').replace(/[\\`*_[\]<>|#]/g, (one) => `\\${one}`)
}
