/** What a measurement means: the part of its identity besides model and domain. */
import { createHash } from 'node:crypto'
import type { Study } from '#shared/records'

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
