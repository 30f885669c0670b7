/** What a measurement means: the part of its identity besides model and domain. */
import { createHash } from 'node:crypto'
import type { MeasuredText } from '#engine/workers/jobs'
import type { MeasuredPart } from '#shared/preparedText'
import type { Study } from '#shared/records'
import type { RunContext } from './runContext'

/**
 * Names how perplexity is measured: windows of T predicted tokens, each document alone behind an
 * end-of-text token, the last window topped up with left context.
 *
 * @see docs/perplexity.md; Na et al. 2024 and its evaluator (method 5.2)
 */
export function measurementDefinition(study: Pick<Study, 'model'>): string {
  const window = study.model.contextLength
  const text = `windows of ${window} predicted tokens, stride ${window}, end-of-text first, last window topped up`
  return createHash('sha256').update(text).digest('hex').slice(0, 16)
}

/**
 * The text that models of a study are measured on, and how, as every job that measures is told it.
 *
 * @param domains of the study's, or other answers to their items; all domains unless given
 */
export function measuredText(
  { project, study, prepared, plan }: Pick<RunContext, 'project' | 'study' | 'prepared' | 'plan'>,
  domains: readonly MeasuredPart[] = prepared.domains
): Omit<MeasuredText, 'heldBytes' | 'keepTokens'> {
  return {
    project: project.folder,
    config: plan.config,
    definition: measurementDefinition(study),
    domains: domains.map(({ name, fingerprint }) => ({ name, fingerprint })),
    window: study.model.contextLength,
    batchSize: study.evaluation.batchSize,
    endOfTextId: prepared.tokenizer.endOfTextId
  }
}
