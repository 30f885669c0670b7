/** What is wrong with files that are about to be imported, in words. Pure. */
import type { SourceDescription } from '#shared/sourceDescription'
import { counted, grouped } from '../format'

/** What an import would leave out, or stop at; null where nothing was found. */
export function faultsInWords(
  { bad, empty, lookedAt }: SourceDescription,
  isSkipping: boolean
): string | null {
  const what = isSkipping ? 'would be left out' : 'would end the import'
  const faults = [
    bad.records === 0
      ? null
      : `${counted(bad.records, 'record')} cannot be read and ${what}. The first: ${bad.first}`,
    empty === 0
      ? null
      : `${grouped(empty)} of ${counted(lookedAt, 'document')} ${empty === 1 ? 'has' : 'have'} no text and would be left out.`
  ]
  return faults.filter((one) => one !== null).join('\n') || null
}

/** Why there is nothing to import, in words; null where there is. */
export function whyNothing(
  { withText, lookedAt, likelyTextField }: SourceDescription,
  textField: string,
  isTask = false
): string | null {
  if (withText > 0) return null
  if (lookedAt === 0) return 'There is no document in these files.'
  if (isTask) {
    return 'None of the documents looked at is an item by these fields: choose those of the context, the choices and which is right.'
  }
  const field = textField || likelyTextField
  return field === null
    ? 'None of the documents looked at has text.'
    : `None of the documents looked at has text in “${field}”: choose the field that holds it.`
}
