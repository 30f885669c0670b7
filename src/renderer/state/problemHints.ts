/** What can be done from the window about an error, where the engine's own words cannot say it. Pure. */
import type { PlainError } from '#shared/errors'

/** Quoted for a shell, since it is meant to be copied. */
function quoted(text: unknown): string {
  return `'${String(text).replaceAll("'", `'\\''`)}'`
}

/** The call that confirms the commands of a study and runs it, in the project's folder. */
export function confirmingCall(study: string | null): string {
  return `assay run .${study === null ? '' : ` --study=${quoted(study)}`} --trust-commands`
}

/** The study whose commands somebody must confirm before what was asked for is done; null without. */
export function unconfirmedStudy({ code, details }: PlainError): string | null {
  const { study } = details
  return code === 'study/unconfirmed' && typeof study === 'string' ? study : null
}

/**
 * An error as the window shows it.
 *
 * @param mayConfirm whether this window may confirm commands, so that it need not say who else may
 */
export function problemWords(error: PlainError, mayConfirm = false): string {
  if (error.code !== 'study/unconfirmed' || mayConfirm) return error.message
  const call = confirmingCall(unconfirmedStudy(error))
  return `${error.message}\nA browser cannot confirm it. The desktop application on the engine's machine can; or call there, in the project's folder,\n${call}\nIt confirms the commands and runs the study; from then on the study runs from here too.`
}
