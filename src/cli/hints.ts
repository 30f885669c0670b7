/** What the command line adds to an error: the engine says what to do, this says by which flag. */
import type { PlainError } from '#shared/errors'

/**
 * The command or flag that does what an error asks for.
 *
 * @returns null where its message says all, or nothing typed here would help
 */
export function hintFor({ code, details }: Pick<PlainError, 'code' | 'details'>): string | null {
  switch (code) {
    case 'corpus/invalid-line':
    case 'corpus/invalid-encoding':
      return 'assay import … --skip-bad-lines skips and counts them'
    case 'corpus/exists':
      return 'name' in details ? 'assay import … --name OTHER' : null
    case 'study/missing-partition':
      // Where partitions are there, another name is to be written into the study.
      return isEmpty(details['found']) ? 'assay import PROJECT FILES --partition FIELD' : null
    case 'study/missing-domain':
      return details['role'] === 'seed'
        ? `assay import PROJECT FILES --as seed --name ${String(details['missing'])}`
        : null
    case 'study/not-prepared':
      return `assay run ${textOf(details['folder']) ?? 'PROJECT'}`
    case 'storage/missing':
      return 'expected' in details ? `assay new ${String(details['folder'])}` : null
    case 'storage/exists':
      return details['isProject'] === true ? `assay status ${String(details['folder'])}` : null
    case 'storage/read-only':
      return 'assay open PROJECT --read-only, or assay serve PROJECT --read-only'
    case 'tokenizer/invalid':
      return 'id' in details ? 'assay import … --end-of-text-id ID' : null
    case 'backend/unavailable':
      return 'assay doctor'
    case 'usage/invalid':
      if (details['expected'] === 'textFile') return 'assay bench tokenize --data FILE'
      return details['asked'] === 'inPlace' ? 'leave --in-place out' : null
    default:
      return null
  }
}

function isEmpty(found: unknown): boolean {
  return Array.isArray(found) && found.length === 0
}

function textOf(value: unknown): string | null {
  return typeof value === 'string' ? value : null
}
