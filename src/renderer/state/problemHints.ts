/** What can be done from the window about an error, where the engine's own words cannot say it. Pure. */
import type { ErrorCode, PlainError } from '#shared/errors'

/** Quoted for a shell, since it is meant to be copied. */
function quoted(text: unknown): string {
  return `'${String(text).replaceAll("'", `'\\''`)}'`
}

/** What confirms, at the command line. */
const FLAGS: Partial<Record<ErrorCode, string>> = {
  'trainer/unconfirmed': '--trust-trainer',
  'executor/unconfirmed': '--trust-cluster'
}

/** Null where the error says all there is to do. */
function hintOf({ code, details }: PlainError): string | null {
  const flag = FLAGS[code]
  if (flag === undefined) return null
  const study = details['study'] === undefined ? '' : ` --study=${quoted(details['study'])}`
  return `No window can confirm it. On the engine's machine, in the project's folder, call\nassay run .${study} ${flag}\nIt confirms what stands above and runs the study; from then on the study runs from here too.`
}

/** An error as the window shows it. */
export function problemWords(error: PlainError): string {
  const hint = hintOf(error)
  return hint === null ? error.message : `${error.message}\n${hint}`
}
