/** A merge as text before it is done: weights, sizes, memory, disk. */
import type { MergePlan } from '#shared/merging'
import { formatBytes, formatCount, formatNumber, textTable } from './format'

/** What will be merged by what, and what that needs. */
export function describeMergePlan(plan: MergePlan): string {
  const rows = plan.inputs.map(({ folder, role, weight, effective }) => [
    role,
    formatNumber(weight, 4),
    formatNumber(effective, 6),
    folder
  ])
  const types = Object.entries(plan.types).map(([type, values]) =>
    Object.keys(plan.types).length === 1 ? type : `${formatCount(values)} as ${type}`
  )
  return [
    `${plan.method}: ${plan.inputs.length} models into ${plan.folder}`,
    '',
    textTable(['', 'weight', 'effective', 'model'], rows),
    '',
    `${plan.tensors} tensors, ${formatCount(plan.parameters)} parameters, ${types.join(', ')}`,
    `reads ${formatBytes(plan.bytesRead)}, writes ${formatBytes(plan.bytesWritten)} (${formatBytes(plan.bytesFree)} free)`,
    `memory at most about ${formatBytes(plan.peakBytes)} (largest tensor as float32: ${formatBytes(plan.largestTensorBytes)})`,
    ...(plan.byTensor.length > 0 ? [`by tensor: ${plan.byTensor.join(', ')}`] : []),
    ...(plan.copied > 0 ? [`copied where all models agree: ${plan.copied} tensors`] : []),
    ...plan.warnings.map((warning) => `note: ${warning}`)
  ].join('\n')
}
