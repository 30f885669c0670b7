/** What came of checking a project, as text. */
import type { ProjectCheck } from '#engine'
import { formatBytes } from './format'

/** Counts, then each damaged file with what was expected, what was found, and what is to be done. */
export function describeCheck(check: ProjectCheck, project: string, isRepaired: boolean): string {
  const { files, bytes, unsealed, damaged, inUse, movedTo } = check
  const counts = `${files} files, ${formatBytes(bytes)}`
  const old =
    unsealed === 0
      ? []
      : [
          `${unsealed} of them have no checksum (of an earlier version, or not Assay's): these could not be checked.`
        ]
  const busy =
    inUse.length === 0
      ? []
      : [`In use, and not checked, since they are being trained: ${inUse.join(', ')}`]
  if (damaged.length === 0) {
    return [`${counts}: all as they were written.`, ...old, ...busy].join('\n')
  }
  const list = damaged.flatMap(({ file, expected, found, redoing, isRedone }) => [
    file,
    `  expected ${expected}, found ${found}`,
    `  ${isRedone ? 'redone' : 'NOT redone by itself'}: ${redoing}`
  ])
  const isMovable = damaged.some(({ aside }) => aside !== null)
  const next: string[] = []
  if (movedTo !== null) {
    next.push(`What was damaged lies in ${movedTo} of the project. Redo it: assay run ${project}`)
  } else if (isMovable && !isRepaired) {
    next.push(`Set aside what is damaged: assay verify ${project} --repair`)
  }
  if (damaged.some(({ file, isRedone }) => file.endsWith('/trace.jsonl') && !isRedone)) {
    next.push(
      `Train runs again that lost their curve alone: assay verify ${project} --repair --redo-curves`
    )
  }
  return [`${counts}; damaged: ${damaged.length}`, '', ...list, '', ...old, ...busy, ...next].join(
    '\n'
  )
}
