/** Settings out of what a file or the page says of them. */
import { LEAVING_WAYS } from '#shared/shell'
import type { ShellSettings } from '#shared/shell'

const USUAL: ShellSettings = { notifies: true, staysAwake: true, whenClosing: 'ask' }

/**
 * The settings with a change; what is not said, or is nothing that can be wished, stays.
 *
 * @param change of any form: it was typed into a file, or came from the page
 */
export function settingsFrom(change: unknown, before: ShellSettings = USUAL): ShellSettings {
  const said = (typeof change === 'object' && change ? change : {}) as Record<string, unknown>
  const isSo = (value: unknown, otherwise: boolean) =>
    typeof value === 'boolean' ? value : otherwise
  return {
    notifies: isSo(said['notifies'], before.notifies),
    staysAwake: isSo(said['staysAwake'], before.staysAwake),
    whenClosing: LEAVING_WAYS.find((way) => way === said['whenClosing']) ?? before.whenClosing
  }
}
